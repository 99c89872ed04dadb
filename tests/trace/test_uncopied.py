"""E7 on record: the device that got no copy, in its trace, its user's, the operation's timeline and
among the gaps of a window."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from django.db import connection

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import ActivationReport
from notifications.ingest.recorder import record
from notifications.models import (
    Activation,
    ClockDay,
    Operation,
    PushServerReading,
    Recipient,
    RuleSetting,
    Source,
)
from notifications.models.clock import write_clock
from notifications.models.querysets import Extent
from notifications.protocol.clocks import Clock
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.gates import Says
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.trace import uncopied
from notifications.trace import uncopied_requests as requests
from notifications.trace.device import trace_device
from notifications.trace.entries import Entry
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from notifications.trace.rules import set_rule
from tests.conftest import FINISHED, INBOX_NEW, INIT, NOW, OPERATION, STATUS_CHANGE

from .happening import APP, DAY, USER, at, covered, happened, sent
from .stories import PHONE, TABLET

pytestmark = pytest.mark.django_db

MIRROR, SENDER, PUSH_SERVER = "bank", "sender", "push-server"
LONG_AGO, AFTER = -400, 175  # minutes from noon


def here(device: str, minutes: float = LONG_AGO, **told: Any) -> ActivationReport:
    """As the Push Server's table of registrations has it."""
    about = {"activation_id": device, "user_id": USER, "apps": (APP,), "token": f"of {device}"}
    return ActivationReport(
        key=None,
        observed_at=at(minutes),
        **{"kind": ActivationEventKind.REGISTERED, "push_active": True} | about | told,
    )


def asked(*told: Emission) -> None:
    record(told, source=MIRROR)


def copied(*told: Emission) -> None:
    record(told, source=PUSH_SERVER)


def wide(extras: dict[str, Any], minutes: float = 0, **told: Any) -> Emission:
    envelope = {"addressed_to": "user", "activation_id": None} | told
    return emission_from(sent(extras, minutes, **envelope), now=NOW)


def copy(extras: dict[str, Any], minutes: float, device: str, **told: Any) -> Emission:
    made = {"addressed_to": "user", "per_device": True, "activation_id": device} | told
    return emission_from(sent(extras, minutes, **made), now=NOW)


def of_nobody(made: Emission) -> Emission:
    """As the import tells a copy whose registration was not observed."""
    return msgspec.structs.replace(made, activation_id=None)


@pytest.fixture
def recorded(db: None) -> None:
    """The user's two phones, and copies that were reported all the while."""
    happened(here(PHONE), here(TABLET), source=PUSH_SERVER)
    others = {"user_id": "another", "operationId": None}
    for minutes in (LONG_AGO, AFTER):
        extras = {**INIT, "operationId": f"{minutes}"}
        asked(wide(extras, minutes, user_id=others["user_id"]))
        copied(copy(extras, minutes, "another phone", user_id=others["user_id"]))
    covered((LONG_AGO - 10, AFTER + 5), source=PUSH_SERVER)
    compared(at(AFTER))


def compared(moment: datetime | None) -> None:
    """All its registrations, for the last time then."""
    PushServerReading.objects.update_or_create(
        source=Source.objects.get(slug=PUSH_SERVER),
        defaults={"zone": "UTC", "registrations_at": moment},
    )


def e7(entries: tuple[Entry, ...]) -> list[tuple[Reason | None, str | None]]:
    return [(each.reason, each.activation) for each in entries if each.rule is Rule.E7]


def left_out() -> None:
    """The user's operation, whose finish the second phone got no copy of."""
    asked(wide(INIT), wide(FINISHED, 1))
    copied(*(copy(INIT, 0.01, each) for each in (PHONE, TABLET)), copy(FINISHED, 1.01, PHONE))


# --- Where it is told


def test_the_trace_of_the_device_has_the_gap_in_place_of_the_request(recorded: None) -> None:
    left_out()
    trace = trace_device(TABLET, DAY, now=NOW)
    *_, gap = trace.entries
    assert (gap.rule, gap.reason, gap.certainty) == (Rule.E7, Reason.NO_COPY, "known")
    assert gap.sentence == (
        f"operationFinished was sent at {at(1):%Y-%m-%d %H:%M:%S} UTC, and no copy of it was made"
        f" for this device, which was registered for push. Copies were made for {PHONE}."
    )
    assert (trace.counts.emitted, trace.counts.missing) == (trace.counts.expected - 1, 1)
    assert [each.rule for each in trace_device(PHONE, DAY, now=NOW).entries if each.rule] == []


def test_the_users_trace_has_it_in_the_cell_of_the_device(recorded: None) -> None:
    left_out()
    trace = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    row = next(each for each in trace.rows if each.entry.message_type == FINISHED["messageType"])
    assert row.devices[TABLET].reason is Reason.NO_COPY
    assert row.devices[PHONE].reason is None
    assert row.entry.reason is None
    assert trace.counts.missing == 1
    assert "1 missing (sent, and no copy made for this device)" in trace.verdict


def test_of_a_message_that_nobody_got_a_copy_of_the_users_trace_has_the_gaps_alone(
    recorded: None,
) -> None:
    asked(wide(INBOX_NEW))
    trace = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    (row,) = trace.rows
    assert {device: cell.reason for device, cell in row.devices.items()} == {
        PHONE: Reason.NO_COPY,
        TABLET: Reason.NO_COPY,
    }
    assert (trace.counts.missing, trace.counts.emitted) == (2, 0)


def test_the_timeline_has_a_lane_for_it_and_no_other_rule_claims_the_same(recorded: None) -> None:
    left_out()
    timeline = trace_operation(OPERATION, now=NOW)
    assert e7(timeline.entries) == [(Reason.NO_COPY, TABLET)]
    assert TABLET in timeline.lanes
    assert timeline.counts.missing == 1


def test_a_device_that_events_alone_tell_of_has_a_lane(recorded: None) -> None:
    asked(wide(INIT))
    copied(copy(INIT, 0.01, PHONE))
    timeline = trace_operation(OPERATION, now=NOW)
    assert e7(timeline.entries) == [(Reason.NO_COPY, TABLET)]


def test_in_the_timeline_the_gap_stands_in_place_of_a_request_that_named_the_device(
    recorded: None,
) -> None:
    asked(emission_from(sent(INIT, activation_id=PHONE, addressed_to="activation"), now=NOW))
    timeline = trace_operation(OPERATION, now=NOW)
    assert e7(timeline.entries) == [(Reason.NO_COPY, PHONE)]
    assert timeline.counts.emitted == 0


def test_it_is_among_the_gaps(recorded: None) -> None:
    left_out()
    assert e7(find_gaps(DAY, now=NOW).entries) == [(Reason.NO_COPY, TABLET)]


# --- What forbids it


def test_a_copy_for_a_device_that_is_not_known_makes_it_undecided(recorded: None) -> None:
    asked(wide(INBOX_NEW))
    copied(copy(INBOX_NEW, 0.01, PHONE), of_nobody(copy(INBOX_NEW, 0.02, TABLET)))
    (gap,) = [each for each in trace_device(TABLET, DAY, now=NOW).entries if each.rule]
    assert (gap.reason, gap.counts_as) == (Reason.DEVICE_NOT_KNOWN, CountsAs.UNDECIDED)
    assert e7(find_gaps(DAY, now=NOW).entries) == [(Reason.DEVICE_NOT_KNOWN, TABLET)]


def test_nothing_is_claimed_before_the_registrations_were_compared(recorded: None) -> None:
    left_out()
    due = at(1) + timedelta(minutes=2)
    for moment, expected in (
        (None, []),
        (due - timedelta(milliseconds=1), []),
        (due, [(Reason.NO_COPY, TABLET)]),
    ):
        compared(moment)
        assert e7(find_gaps(DAY, now=NOW).entries) == expected


def test_where_no_source_reports_copies_nothing_else_is_read(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    happened(here(PHONE), source=PUSH_SERVER)
    asked(wide(INIT))
    covered((LONG_AGO, AFTER), source=PUSH_SERVER)
    monkeypatch.setattr(requests, "_UNCOPIED", "no statement at all")
    assert e7(find_gaps(DAY, now=NOW).entries) == []


def test_what_others_apps_copies_tell_is_not_told(recorded: None) -> None:
    left_out()
    for apps, expected in (([APP], [(Reason.NO_COPY, TABLET)]), (["other"], []), ([], [])):
        assert e7(find_gaps(DAY, now=NOW, apps=apps).entries) == expected
        assert e7(trace_device(TABLET, DAY, now=NOW, apps=apps).entries) == expected


def test_where_it_was_set_for_any_app_it_is_among_the_gaps(recorded: None) -> None:
    given = {"source_id": PUSH_SERVER, "who": "operator", "note": "told so"}
    set_rule(RuleSetting(rule=Rule.E7, says=Says.APPLIES, app="", **given))
    for app, operation in ((APP, OPERATION), ("other", "5f0e63cb-7c50-4bd1-9b63-64c6f0b0c1d2")):
        happened(here(f"{app} phone", apps=(app,)), source=PUSH_SERVER)
        asked(wide({**INIT, "operationId": operation}, app_id=app))
        expected = [(Reason.NO_COPY, f"{app} phone")]
        found = e7(trace_device(f"{app} phone", DAY, now=NOW).entries)
        assert found == expected
        assert expected[0] in e7(find_gaps(DAY, now=NOW).entries)


# --- Set by set


def test_copies_and_registrations_are_looked_up_device_by_device(
    recorded: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many copies there are in the window."""
    monkeypatch.setattr(requests, "_UNCOPIED", f"EXPLAIN {requests._UNCOPIED}")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
    seen = [requests.Seen(APP, DAY.since, DAY.until)]
    plan = [str(each) for each in requests.uncopied_in(DAY, Extent(), seen)]
    copies = [
        plan[place + 1]
        for place, line in enumerate(plan)
        if "notifications_notification_y2026m03 copy" in line
    ]
    events = [
        plan[place + 1]
        for place, line in enumerate(plan)
        if "activation_event_device on notifications_activationevent" in line
    ]
    assert copies
    assert all("earliest) AND (id < " in each for each in copies)
    assert sum("(id < first_id_at(" in each for each in events) == 2
    assert all("Index Cond: (" in each for each in (*copies, *events))
    assert all("(activation_id)::text = (" in each for each in (*copies, *events))


def random_world(seed: int, *, ahead: float = 0) -> None:
    """The clock that copies are told by is so many minutes ``ahead``."""
    rng = Random(seed)  # noqa: S311
    users = [f"user-{seed}-{number}" for number in range(30)]
    for user in users:
        devices = [f"{user}-{n}" for n in range(rng.randrange(4))]
        for device in devices:
            happened(*_life(rng, user, device), source=rng.choice((PUSH_SERVER, "proxy")))
        for number in range(rng.randrange(5)):
            _messages(rng, user, devices, f"{user}-{number}", ahead)


def _life(rng: Random, user: str, device: str) -> Iterator[ActivationReport]:
    """Registrations that are known, asked for, of other tokens or apps, and that ended."""
    if rng.random() < 0.6:
        yield here(device, user_id=user, token=f"{device}-0")
        if rng.random() < 0.5:
            return
    for _ in range(rng.randrange(3)):
        yield here(
            device,
            rng.uniform(-60, 60),
            user_id=rng.choice((user, user, user, None)),
            kind=rng.choice(
                (*[ActivationEventKind.REGISTERED] * 3, ActivationEventKind.UNREGISTERED)
            ),
            token=rng.choice(("one", "one", "two", None)) and f"{device}-{rng.randrange(2)}",
            apps=rng.choice(((APP,), (APP,), (APP,), ("other",), ())),
            push_active=rng.choice((True, True, False, None)),
            is_request=rng.random() < 0.2,
        )


def _messages(rng: Random, user: str, devices: list[str], name: str, ahead: float) -> None:
    """The same asked for once or again soon, by some as told by its sender too, and of most of it
    copies, some a little astray."""
    extras = rng.choice(
        (
            {**INIT, "operationId": name},
            {**FINISHED, "operationId": name},
            {**INBOX_NEW, "inboxId": name},
            STATUS_CHANGE,
        )
    )
    start, app = rng.uniform(-60, 60), rng.choice((APP, APP, "other"))

    def about() -> dict[str, Any]:
        """Any of its reports may not tell the app."""
        return {"user_id": user, "app_id": rng.choice((app, app, app, None))}

    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        minutes = start + rng.uniform(0, 2.5)
        personal = rng.choice((True, False, None))
        named = rng.choice((None, None, *devices))
        to = {"activation_id": named, "addressed_to": "activation" if named else "user"}
        if rng.random() < 0.9:
            told = sent(extras, minutes, personal=personal, **about(), **to)
            asked(emission_from(told, now=NOW))
        if rng.random() < 0.4:
            own = sent(extras, minutes + rng.uniform(0, 0.1), **about(), **to)
            record([emission_from(own, now=NOW)], source=SENDER)
        for device in devices if named is None else [named]:
            made = {"addressed_to": to["addressed_to"], "personal": personal, **about()}
            told = copy(extras, minutes + ahead + rng.uniform(-1.1, 1.1), device, **made)
            if rng.random() < 0.8:
                copied(told if rng.random() < 0.9 else of_nobody(told))


EVERY_REQUEST = """
    SELECT id FROM notifications_notification WHERE NOT per_device
        AND id >= %(since)s AND id < %(until)s
        AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
    ORDER BY id LIMIT %(most)s
"""


@pytest.mark.parametrize(("seed", "ahead"), [(0, 0), (1, 0), (2, 4), (3, -4)])
def test_gaps_are_those_of_judging_every_request_and_of_all_devices(
    recorded: None, monkeypatch: pytest.MonkeyPatch, seed: int, ahead: int
) -> None:
    clock = Clock(PUSH_SERVER, timedelta(minutes=ahead), DAY.since, DAY.until, against=MIRROR)
    rows = [write_clock(clock)]
    ClockDay.objects.create(day=DAY.since.date(), clocks=rows, looked_at=NOW)
    random_world(seed, ahead=ahead)
    found = {
        apps: [each for each in find_gaps(DAY, now=NOW, apps=apps).entries if each.rule is Rule.E7]
        for apps in (None, (APP,))
    }
    assert len(found[None]) > 5
    assert len({each.reason for each in found[None]}) > 1
    for apps, gaps in found.items():
        devices = Activation.objects.values_list("pk", flat=True)
        traced = {
            each.key: each
            for device in devices
            for each in trace_device(device, DAY, now=NOW, apps=apps).entries
            if each.rule is Rule.E7
        }
        assert {each.key: each for each in gaps} == traced
    timelines = (
        each
        for operation in Operation.objects.values_list("pk", flat=True)
        for each in trace_operation(operation, now=NOW).entries
        if each.rule is Rule.E7
    )
    assert [each.key for each in found[None] if each.operation] == [
        each.key for each in sorted(timelines, key=lambda entry: entry.place)
    ]
    monkeypatch.setattr(requests, "_UNCOPIED", EVERY_REQUEST)
    monkeypatch.setattr(uncopied, "TOGETHER", 7)
    for apps, gaps in found.items():
        every = find_gaps(DAY, now=NOW, apps=apps).entries
        assert [each for each in every if each.rule is Rule.E7] == gaps
