"""Which sources could have told something, and whether they were listening: read from the record,
for each kind of answer."""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.ingest.contacts import note_contact
from notifications.ingest.events import ActivationReport
from notifications.models import ContactKind, Coverage, MessageStorage, PushServerReading, Recipient
from notifications.models.querysets import Extent
from notifications.protocol.coverage import SourceCoverage, Tells
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from notifications.trace.documents import of_gaps, of_timeline, of_trace, of_user_trace
from notifications.trace.gap_notes import working_list
from notifications.trace.gaps import Wanted, find_gaps, with_coverage
from notifications.trace.listeners import ask_who_listened
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from notifications.trace.reporting import reporting_of
from notifications.trace.silence import NOBODY
from tests.conftest import DEVICE, FINISHED, INIT, NOW, OPERATION

from .happening import APP, DAY, OTHER, USER, at, covered, happened, life, posted, sent, status

pytestmark = pytest.mark.django_db
Tell = Callable[..., None]
HOUR = Window(at(0), at(60))
ALL = Extent()


def listened(
    apps: Collection[str] | None = None, extent: Extent = ALL, **more: Any
) -> dict[str, SourceCoverage]:
    asked = {"window": HOUR, "now": NOW, "named": {}, **more}
    reporting = reporting_of(asked["now"], extent)
    found = ask_who_listened(reporting=reporting, as_of=extent.as_of, apps=apps, **asked)()
    return {each.source: each for each in found}


def contacts(source: str, kind: ContactKind, *minutes: float) -> None:
    for each in minutes:
        note_contact(source, kind, at=at(each))


def every(step: int, since: int, until: int) -> range:
    return range(since, until + 1, step)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (ContactKind.HEARTBEAT, "heartbeats"),
        (ContactKind.PROBE, "probes"),
        (ContactKind.POLL, "polls"),
    ],
)
def test_each_kind_of_contact_proves_that_somebody_listened(
    tell: Tell, kind: ContactKind, words: str
) -> None:
    tell([sent(INIT, 10), sent(FINISHED, 11)])
    contacts("bank", kind, *every(4, -8, 68))
    contacts("bank", ContactKind.REPORT, 12)
    trace = trace_device(DEVICE, HOUR, now=NOW)
    assert trace.recorded == f"Recorded throughout: bank ({words} and reports)."
    (bank,) = trace.coverage
    assert bank.shown.share == 1
    assert bank.kinds == (kind, ContactKind.REPORT)
    assert (bank.contact_before, bank.contact_after) == (None, None)


def test_of_two_sources_one_was_down(tell: Tell) -> None:
    tell([sent(INIT, 10), sent(FINISHED, 11)], "bank")
    tell([sent(INIT, 10), sent(FINISHED, 11)], "mirror")
    contacts("bank", ContactKind.HEARTBEAT, *every(4, -8, 68))
    contacts("mirror", ContactKind.PROBE, *every(4, -8, 20), *every(4, 40, 68))
    trace = trace_device(DEVICE, HOUR, now=NOW)
    assert trace.recorded == (
        "Recorded throughout: bank (heartbeats)."
        " Not recorded 2026-03-14 06:46:53 to 07:06:53 UTC: mirror."
    )
    mirror = trace.coverage[1]
    assert mirror.shown.holes == ((at(20), at(40)),)
    assert mirror.shown.share == pytest.approx(2 / 3)


def test_where_nothing_is_measured_first_and_last_reports_are_all(tell: Tell) -> None:
    tell([sent(INIT, -89), sent(INIT | {"operationId": "b"}, 90)])
    (bank,) = trace_device(DEVICE, HOUR, now=NOW).coverage
    assert (bank.first_report, bank.last_report) == (at(-89), at(90))  # any before the window
    assert (bank.kinds, bank.shown.share, bank.shown.holes) == ((), None, ())


def test_an_empty_trace_says_who_could_have_told(tell: Tell) -> None:
    tell([sent(INIT, 10)])
    covered((-60, 20), (50, 120))
    trace = trace_device(OTHER, HOUR, now=NOW)
    assert not trace.entries
    assert trace.recorded == "Not recorded 2026-03-14 06:46:53 to 07:16:53 UTC: bank."
    long_ago = Window(at(-9_000), at(-8_000))
    assert trace_device(OTHER, long_ago, now=NOW).recorded == NOBODY


def test_what_a_source_tells_is_learned_from_what_it_told(tell: Tell) -> None:
    tell([sent(INIT, 10)], "mirror")
    tell([sent(INIT, 10, per_device=True)], "push-server")
    happened(status("ACTIVE", 0), life("PENDING", 10))
    happened(posted(5), source="inbox")
    assert {source: each.tells for source, each in listened({APP}).items()} == {
        "inbox": (Tells.INBOX,),
        "mirror": (Tells.NOTIFICATIONS,),
        "powerauth": (Tells.REGISTRATIONS, Tells.OPERATIONS),
        "push-server": (Tells.COPIES,),
    }


def test_a_source_of_other_apps_could_not_have_told(tell: Tell) -> None:
    tell([sent(INIT, 10)], "mine")
    tell([sent(INIT, 10, app_id="wholesale")], "other")
    tell([sent(INIT, 10, app_id=None)], "of-no-app")
    tell([sent(INIT, 10, app_id=None), sent(INIT, 9, app_id="wholesale")], "of-other-and-none")
    assert listened({APP}).keys() == {"mine", "of-no-app"}
    assert listened(None).keys() == {"mine", "other", "of-no-app", "of-other-and-none"}
    # One that told something of the device is named whatever it usually tells.
    named = {"of-other-and-none": frozenset({Tells.NOTIFICATIONS})}
    assert listened({APP}, named=named).keys() == {"mine", "of-no-app", "of-other-and-none"}


def test_accounts_of_some_apps_learn_of_no_source_that_told_nothing_of_these(tell: Tell) -> None:
    tell([sent(INIT, 10)], "mine")
    tell([sent(INIT, 10, app_id="wholesale")], "other")
    tell([sent(INIT, 10, app_id=None)], "of-no-app")
    happened(status("ACTIVE", 0), source="powerauth")
    for source in ("mine", "other", "of-no-app", "powerauth"):
        covered((-60, 20), (30, 175), source=source)
    limited = Extent(apps=[APP])
    assert listened(None, limited).keys() == {"mine", "powerauth"}
    assert listened({"wholesale"}, limited) == {}
    trace = trace_device(DEVICE, HOUR, now=NOW, apps=[APP])
    assert "other" not in str(of_trace(trace, trace.entries))
    assert {each.source for each in trace.coverage} == {"mine", "powerauth"}


def test_what_was_known_before_a_hole_was(tell: Tell) -> None:
    """What was recorded has the time of the database, so all of this is around now."""
    tell([sent(INIT, 10)])
    start = timezone.now() + timedelta(minutes=1)
    minutes = [start + timedelta(minutes=each) for each in range(100)]
    for began, ended in ((0, 10), (40, 90)):
        Coverage.objects.create(source_id="bank", began_at=minutes[began], ended_at=minutes[ended])
    hour = Window(minutes[0], minutes[60])

    def holes(then: int, extent: Extent) -> Any:
        return listened({APP}, extent, window=hour, now=minutes[then])["bank"].shown.holes

    assert holes(99, ALL) == ((minutes[10], minutes[40]),)
    for then, known in ((9, ()), (13, ()), (20, ((minutes[10], minutes[20]),))):
        assert holes(then, Extent(as_of=minutes[then])) == known
    assert listened({APP}, Extent(as_of=at(99)), window=hour, now=minutes[99]) == {}


def test_a_push_server_says_when_it_was_compared_and_that_it_stores_nothing(tell: Tell) -> None:
    tell([sent(INIT, 10, per_device=True)], "push-server")
    reading = PushServerReading.objects.create(
        source_id="push-server",
        zone="UTC",
        registrations_at=at(50),
        storage=MessageStorage.OFF,
        storage_since=at(-30),
    )
    told = listened({APP})["push-server"]
    assert (told.compared, told.stores_nothing_since) == (at(50), at(-30))
    recorded = trace_device(DEVICE, HOUR, now=NOW).recorded
    assert "push-server stores no messages, as was seen first at" in recorded
    # What was kept later than the moment that is asked about was not known then.
    before = listened({APP}, Extent(as_of=at(-40)), named={"push-server": frozenset(Tells)})
    assert before["push-server"].compared is None
    assert before["push-server"].stores_nothing_since is None
    reading.storage = MessageStorage.ON
    reading.save()
    assert listened({APP})["push-server"].stores_nothing_since is None


def test_every_answer_says_it(bank: Tell) -> None:
    bank([sent(INIT, 10), sent(FINISHED, 11)])
    happened(status("ACTIVE", 0), life("APPROVED", 11))
    covered((-400, 175))
    user = Recipient.objects.get(user_id=USER).pk
    of_user = trace_user(user, DAY, now=NOW)
    timeline = trace_operation(OPERATION, now=NOW)
    found = find_gaps(DAY, now=NOW)
    assert (found.coverage, found.recorded) == ((), "")
    gaps = with_coverage(found, now=NOW, wanted=Wanted())
    trace = trace_device(DEVICE, DAY, now=NOW)
    for each in (trace, of_user, timeline, gaps):
        assert [one.source for one in each.coverage] == ["bank", "powerauth"]
        assert "Not measured: powerauth." in each.recorded
    window = timeline.coverage[0].shown.window
    assert window.since <= at(3)  # a life before the announcement
    assert at(11) < window.until
    documents = (
        of_trace(trace, ()), of_user_trace(of_user, ()), of_timeline(timeline, ()),
        of_gaps(working_list(gaps), ()),
    )  # fmt: skip
    assert all(each["coverage"][0]["source"] == "bank" for each in documents)
    assert all("coverage" not in each for each in documents[1]["devices"])


def test_the_document_has_the_longest_holes_and_counts_the_rest(tell: Tell) -> None:
    tell([sent(INIT, 10)])
    covered(*((each, each + 1 - each / 100) for each in range(60)), (61, 175))
    (told,) = of_trace(trace := trace_device(DEVICE, HOUR, now=NOW), ())["coverage"]
    holes = trace.coverage[0].shown.holes
    assert len(told["holes"]) == 20
    assert told["holes_left_out"] == len(holes) - 20 > 30
    assert told["holes"] == sorted(told["holes"], key=lambda each: each["since"])
    uncovered = sum((b - a).total_seconds() for a, b in holes)
    assert told["uncovered_seconds"] == pytest.approx(uncovered)


def test_an_operation_of_which_nothing_is_known_has_none() -> None:
    timeline = trace_operation("nothing", now=NOW)
    assert (timeline.coverage, timeline.recorded) == ((), NOBODY)


def test_any_number_of_sources_takes_three_queries(tell: Tell) -> None:
    costs = []
    for size in (2, 20):
        for each in range(size):
            tell([sent(INIT, 10)], f"source-{size}-{each}")
            covered((-60, 175), source=f"source-{size}-{each}")
        with CaptureQueriesContext(connection) as queries:
            assert len(listened({APP})) >= size
        costs.append(len(queries))
    assert costs == [3, 3]  # what they report, what was set of them, and their coverage


def test_events_that_name_no_app_count_where_their_source_names_none_at_all() -> None:
    owner = {"observed_at": at(0), "kind": ActivationEventKind.STATUS, "status": "ACTIVE"}
    nobody = ActivationReport(key="1", activation_id="a", **owner)
    other = ActivationReport(key="2", activation_id="b", apps=("wholesale",), **owner)
    happened(nobody, source="history")
    happened(nobody, other, source="callbacks")
    assert listened({APP}).keys() == {"history"}
    assert listened({"wholesale"}).keys() == {"history", "callbacks"}
    # What it told of the device itself names it.
    assert "callbacks" in {each.source for each in trace_device("a", HOUR, now=NOW).coverage}
