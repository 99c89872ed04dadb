"""What the home page is read from says what the record does, and costs what it may."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications.models import Overview, Source
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import Window
from notifications.trace import gaps, last_contacts, overview
from notifications.trace.gaps import find_gaps
from notifications.trace.overview import keep_overview, read_overview
from tests.conftest import FINISHED, INIT, NOW
from tests.trace.stories import PAYMENT, PHONE, STORIES

Tell = Callable[..., None]
LATER = NOW + timedelta(hours=8)
DAY = Window(datetime(2026, 3, 14, tzinfo=NOW.tzinfo), datetime(2026, 3, 15, tzinfo=NOW.tzinfo))


@pytest.mark.django_db
def test_nothing_is_told_before_it_was_made() -> None:
    assert read_overview() is None


def test_it_has_the_gaps_of_the_day(tell: Tell) -> None:
    tell(STORIES[0])
    assert keep_overview(LATER)
    told = read_overview()
    assert told is not None
    assert told.gaps is not None
    assert told.as_of == LATER
    counted = find_gaps(DAY, now=LATER).counts
    assert told.gaps.counted(DAY) == {"missing": counted.missing} == {"missing": 1}
    (gap,) = told.gaps.newest
    assert (gap.operation, gap.activation) == (PAYMENT, PHONE)
    assert (gap.rule, gap.reason) == (Rule.E1, Reason.FINISHED_ELSEWHERE)
    assert gap.counts_as is CountsAs.MISSING
    assert gap.at in DAY
    assert gap.due is not None


def test_only_the_newest_are_named_and_all_are_counted(tell: Tell) -> None:
    count = overview.NEWEST + 5
    tell(
        {
            "emitted_at": (NOW + timedelta(minutes=n)).isoformat(),
            "extras": INIT | {"operationId": f"00000000-0000-4000-8000-{n:012}"},
            "activation_id": f"phone-{n}",
        }
        for n in range(count)
    )
    at = (NOW + timedelta(hours=6)).isoformat()  # so that the source sends such, and was heard
    tell([{"emitted_at": at, "extras": extras} for extras in (INIT, FINISHED)])
    keep_overview(LATER)
    told = read_overview()
    assert told is not None
    assert told.gaps is not None
    assert told.gaps.counted(DAY)[CountsAs.MISSING] == count
    times = [each.at for each in told.gaps.newest]
    assert times == sorted(times, reverse=True)
    assert len(times) == overview.NEWEST
    assert times[0] == NOW + timedelta(minutes=count - 1)


def test_too_much_is_told_and_no_number(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    tell(STORIES[0])
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    assert keep_overview(LATER)
    told = read_overview()
    assert told is not None
    assert told.gaps is None
    assert [each.source for each in told.contacts] == ["bank"]


def test_what_is_too_much_at_once_is_looked_for_in_parts(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = [NOW + timedelta(hours=n) for n in range(-12, 4, 3)]
    tell(
        {
            "emitted_at": at.isoformat(),
            "extras": INIT | {"operationId": f"00000000-0000-4000-8000-{n:012}"},
            "activation_id": "phone",
        }
        for n, at in enumerate(times)
    )
    at = (NOW + timedelta(hours=6)).isoformat()
    tell([{"emitted_at": at, "extras": extras} for extras in (INIT, FINISHED)])
    keep_overview(LATER)
    at_once = read_overview()
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 1)
    keep_overview(LATER + overview.EVERY)
    in_parts = read_overview()
    assert at_once is not None
    assert in_parts is not None
    assert in_parts.gaps == at_once.gaps
    assert in_parts.gaps is not None
    assert [each.at for each in in_parts.gaps.newest] == times[::-1]


@pytest.mark.django_db
def test_its_patience_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Window] = []

    def look(window: Window, **_: object) -> None:
        asked.append(window)
        raise gaps.TooMuch("this test")

    monkeypatch.setattr(overview, "gaps_of", look)
    monkeypatch.setattr(overview, "PATIENCE", timedelta(seconds=-1))
    keep_overview(LATER)
    assert len(asked) == 1


@pytest.mark.django_db
def test_it_is_made_again_when_it_is_due_and_not_before() -> None:
    assert keep_overview(NOW)
    assert not keep_overview(NOW + overview.EVERY / 2)
    assert keep_overview(NOW + overview.EVERY)
    assert keep_overview(NOW)  # the clock was set back


@pytest.mark.django_db
def test_what_takes_long_is_made_less_often() -> None:
    keep_overview(NOW)
    Overview.objects.update(took=timedelta(seconds=20))
    assert not keep_overview(NOW + timedelta(seconds=199))
    assert keep_overview(NOW + timedelta(seconds=200))


@contextmanager
def another_worker(name: str) -> Iterator[None]:
    """Is making it meanwhile."""
    is_made, may_end = Event(), Event()

    def work() -> None:
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(overview._LOCK)
                is_made.set()
                assert may_end.wait(60)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            assert is_made.wait(60)
            yield
        finally:
            may_end.set()
        working.result()


def test_one_worker_at_a_time_makes_it(committed_db: str) -> None:
    with another_worker(committed_db):
        assert not keep_overview(NOW)
    assert keep_overview(NOW)


def test_while_it_is_made_the_record_goes_on_to_be_complete(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else neither tallies nor the feed would get beyond this worker's transaction."""
    numbers = []

    def look(*_: object, **__: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id_if_assigned()")
            numbers.extend(cursor.fetchone())
        raise gaps.TooMuch("this test")

    monkeypatch.setattr(overview, "gaps_of", look)
    keep_overview(NOW)
    assert set(numbers) == {None}


def contacts_at(now: datetime) -> dict[str, datetime | None]:
    slugs = list(Source.objects.values_list("slug", flat=True))
    return {each.source: each.emitted_at for each in last_contacts.last_contacts(slugs, now)}


@pytest.mark.parametrize("looked_through", [0, 1, 10_000])
@pytest.mark.parametrize(
    "extras", [INIT, {}, {"messageType": "x"}, {"messageType": ""}, {"messageType": "zzz"}]
)
def test_a_contact_is_of_any_type_and_up_to_now(
    tell: Tell, monkeypatch: pytest.MonkeyPatch, looked_through: int, extras: dict[str, str]
) -> None:
    monkeypatch.setattr(last_contacts, "LOOKED_THROUGH", looked_through)
    last = NOW + timedelta(hours=2)
    for source, moment, told in (
        ("bank", NOW, INIT),
        ("bank", last, extras),
        ("bank", LATER + timedelta(seconds=1), INIT),  # its clock is ahead
        ("other", NOW - timedelta(hours=9), FINISHED),
        ("ahead", LATER + timedelta(days=1), INIT),
    ):
        tell([{"emitted_at": moment.isoformat(), "extras": told}], source=source)
    assert contacts_at(LATER) == {
        "bank": last,
        "other": NOW - timedelta(hours=9),
        "ahead": None,
    }


def test_a_source_that_invents_types_is_heard_all_the_same(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_contacts, "MOST_TYPES", 3)
    tell(
        {"emitted_at": (NOW + timedelta(seconds=n)).isoformat(), "extras": {"messageType": f"t{n}"}}
        for n in range(9)
    )
    assert contacts_at(LATER) == {"bank": NOW + timedelta(seconds=8)}
    monkeypatch.setattr(last_contacts, "LOOKED_THROUGH", 0)
    tell([{"emitted_at": (NOW + timedelta(hours=1)).isoformat(), "extras": FINISHED}])
    assert contacts_at(LATER) == {"bank": NOW + timedelta(hours=1)}  # of the specification


def test_contacts_cost_the_same_for_many_sources(tell: Tell) -> None:
    costs = []
    for size in (1, 30):
        for number in range(size):
            tell(
                [{"emitted_at": NOW.isoformat(), "extras": INIT}], source=f"source-{size}-{number}"
            )
        with CaptureQueriesContext(connection) as queries:
            contacts_at(LATER)
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_contacts_are_found_by_index(tell: Tell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_contacts, "LOOKED_THROUGH", 1)
    for source in ("bank", "other"):
        tell(
            (
                {"emitted_at": (NOW + timedelta(seconds=n)).isoformat(), "extras": INIT}
                for n in range(300)
            ),
            source=source,
        )
    tell([{"emitted_at": LATER.isoformat(), "extras": INIT}], source="third")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
        with CaptureQueriesContext(connection) as queries:
            contacts_at(LATER)
        sent = [each["sql"] for each in queries if "notifications_notification" in each["sql"]]
        assert len(sent) == 3
        for statement in sent:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT TEXT) {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on notifications_notification_y2026m03" not in plan
