"""What is asked as of a moment is answered as it was then, whatever has come since."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import msgspec
import pytest
from django.db import connection

from notifications.ingest.contacts import note_contact
from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    Report,
    record_events,
)
from notifications.ingest.recorder import record
from notifications.models import (
    AccessRecord,
    Activation,
    ContactKind,
    Operation,
    PushComparing,
    PushServerReading,
    Recipient,
)
from notifications.models.querysets import Apps
from notifications.protocol.deliveries import Outcome
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.reasons import Reason
from notifications.protocol.window import Window
from notifications.trace.access import Viewer
from notifications.trace.device import trace_device
from notifications.trace.documents import of_gaps, of_timeline, of_trace, of_user_trace
from notifications.trace.gap_notes import working_list
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from notifications.trace.sentences import as_known
from notifications.trace.viewing import view_device, view_operation
from tests.conftest import DEVICE, FINISHED, INIT, NOW, OPERATION

from . import happening
from .conftest import UNTIL
from .happening import (
    REGISTERED,
    UNREGISTERED,
    USER,
    at,
    covered,
    happened,
    life,
    push,
    sent,
    status,
)
from .stories import PHONE, TABLET, finish, init, to
from .test_limits import MINE, envelopes_of_all_apps

pytestmark = pytest.mark.django_db

PUSH_SERVER, POWERAUTH = "push-server", "powerauth"
VIEWER = Viewer("support", AccessRecord.Via.ADMIN)
LONG_AGO = timedelta(hours=30)


def clock() -> datetime:
    """The database's, between what is on record by then and what is not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment


# --- A troubled day that ends in two hours, recorded in two parts and in no order


@dataclass
class Part:
    """What is recorded at a time, by source; copies with what their gateways answered."""

    envelopes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    reports: dict[str, list[Report]] = field(default_factory=lambda: defaultdict(list))
    outcomes: list[Outcome] = field(default_factory=list)

    def record(self) -> None:
        for source, envelopes in self.envelopes.items():
            ids = tell(*envelopes, source=source)
            if source == PUSH_SERVER:
                now = datetime.now(UTC)
                pairs = zip(ids, self.outcomes, strict=True)
                record_deliveries(
                    [
                        DeliveryTold(notification=key, key=None, outcome=outcome, observed_at=now)
                        for key, outcome in pairs
                    ],
                    source=source,
                )
        for source, reports in self.reports.items():
            record_events(reports, source=source)


def tell(*envelopes: dict[str, Any], source: str = "bank") -> list[Any]:
    now = datetime.now(UTC)
    told = [{name: value for name, value in each.items() if name != "source"} for each in envelopes]
    return list(record([emission_from(each, now=now) for each in told], source=source).ids)


def dated(at: datetime, envelope: dict[str, Any]) -> dict[str, Any]:
    return {**envelope, "emitted_at": at.isoformat()}


def troubled_day(seed: int, now: datetime, parts: int) -> list[Part]:
    """Anything of it may be recorded in any part."""
    chance = Random(seed)  # noqa: S311
    shift = now.replace(microsecond=0) + timedelta(hours=2) - UNTIL
    found = [Part() for _ in range(parts)]
    for number, told in enumerate(envelopes_of_all_apps(seed)):
        each = {**told, "emitted_at": (_at(told) + shift).isoformat(), "message_id": f"{number}"}
        chance.choice(found).envelopes[each["source"]].append(each)
        if chance.random() < 0.3 and each.get("user_id"):
            part = chance.choice(found)
            part.envelopes[PUSH_SERVER].append(_copy(each, chance))
            part.outcomes.append(chance.choice(list(Outcome)))
        if chance.random() < 0.4:
            for report, source in _events(each, chance):
                chance.choice(found).reports[source].append(report)
    return found


def _at(envelope: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(envelope["emitted_at"])


def _copy(envelope: dict[str, Any], chance: Random) -> dict[str, Any]:
    return {
        **envelope,
        "per_device": True,
        "activation_id": envelope.get("activation_id") or PHONE,
        "emitted_at": (_at(envelope) + timedelta(seconds=chance.random())).isoformat(),
    }


def _events(envelope: dict[str, Any], chance: Random) -> Iterator[tuple[Report, str]]:
    """What else may be told of its device, its operation and its user."""
    at = _at(envelope) + timedelta(minutes=chance.uniform(-90, 30))
    about: dict[str, Any] = {
        "key": None,
        "observed_at": at,
        "user_id": envelope.get("user_id"),
        "apps": (envelope["app_id"],) if envelope["app_id"] else (),
    }
    device = envelope.get("activation_id")
    if device:
        kind = chance.choice(["registered", "unregistered", "push_status", "status"])
        status = chance.choice(["ACTIVE", "BLOCKED", "REMOVED"]) if kind == "status" else None
        flag = None if kind in ("status", "unregistered") else chance.random() < 0.7
        report = ActivationReport(
            **about,
            kind=ActivationEventKind(kind),
            activation_id=device,
            token=f"of {device}" if kind == "registered" else None,
            push_active=flag,
            status=status,
        )
        yield report, POWERAUTH if kind == "status" else PUSH_SERVER
    operation = envelope["extras"].get("operationId")
    if isinstance(operation, str) and about["user_id"]:
        status = chance.choice(["PENDING", "APPROVED", "EXPIRED"])
        yield OperationReport(**about, operation_id=operation, status=status), POWERAUTH
        other = f"{operation[:-4]}{chance.randrange(10_000):04}"
        yield OperationReport(**about, operation_id=other, status="PENDING"), POWERAUTH
    elif about["user_id"]:
        yield InboxReport(**about, silent=False, inbox_message_id=None), "mirror"


def in_contact() -> datetime:
    """All sources, and the registrations compared; the last moment of that."""
    for source in ("bank", "mirror", PUSH_SERVER):
        kind = ContactKind.POLL if source == PUSH_SERVER else ContactKind.HEARTBEAT
        note_contact(source, kind)
    moment = clock()
    PushComparing.objects.create(source_id=PUSH_SERVER, compared_at=moment)
    PushServerReading.objects.update_or_create(
        source_id=PUSH_SERVER, defaults={"zone": "UTC", "registrations_at": moment}
    )
    return moment


def answers(
    apps: Apps, keys: dict[str, list[Any]], window: Window, now: datetime, as_of: datetime | None
) -> list[Any]:
    """To every question there is."""
    more: dict[str, Any] = {"now": now, "apps": apps, "as_of": as_of}
    gaps = find_gaps(window, **more)
    found = [of_gaps(working_list(gaps), gaps.entries)]
    for key in keys["operations"]:
        timeline = trace_operation(key, **more)
        found.append(of_timeline(timeline, timeline.entries))
    for key in keys["devices"]:
        trace = trace_device(key, window, **more)
        found.append(of_trace(trace, trace.entries))
    for key in keys["users"]:
        of_user = trace_user(key, window, **more)
        found.append(of_user_trace(of_user, of_user.rows))
    return found


def all_keys() -> dict[str, list[Any]]:
    return {
        "operations": list(Operation.objects.order_by("pk").values_list("pk", flat=True)[::9]),
        "devices": list(Activation.objects.order_by("pk").values_list("pk", flat=True)[::6]),
        "users": list(Recipient.objects.order_by("pk").values_list("pk", flat=True)[::9]),
    }


def said_then(answer: dict[str, Any], as_of: datetime) -> dict[str, Any]:
    """What was answered at that moment, as it is told as of it later."""
    moment = f"{as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{as_of.microsecond // 1000:03}Z"
    return {**answer, "as_of": moment, "verdict": as_known(answer["verdict"], as_of)}


def lasting(answer: dict[str, Any]) -> dict[str, Any]:
    """Without what is kept of the latest moment alone: the last contact of an interval that has
    grown since, and the last comparing of registrations."""
    names = ("source", "tells", "measured_since", "holes", "first_report_at", "last_report_at")
    coverage = [{name: each[name] for name in names} for each in answer["coverage"]]
    return {**answer, "coverage": coverage, "recorded": None}


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_as_of_a_moment_is_the_one_that_was_given_then(seed: int) -> None:
    now = clock()
    window = Window(now - timedelta(hours=26), now + timedelta(hours=3))
    note_contact("bank", ContactKind.HEARTBEAT, at=now - LONG_AGO)
    for minutes in range(720, 0, -2):
        at = now - timedelta(minutes=minutes)
        note_contact(PUSH_SERVER, ContactKind.HEARTBEAT, at=at)
        if not 240 < minutes < 300:
            note_contact("bank", ContactKind.HEARTBEAT, at=at)
    first, second = troubled_day(seed, now, parts=2)
    first.envelopes["bank"].append(dated(now - timedelta(minutes=1), to(PHONE, init())))
    second.envelopes["bank"].append(dated(now - timedelta(seconds=9), to(PHONE, finish())))
    first.record()
    in_contact()
    then, keys = clock(), all_keys()
    given = [answers(apps, keys, window, then, None) for apps in (None, MINE)]
    second.record()
    in_contact()
    later = clock() + timedelta(hours=1)
    for apps, of_apps in zip((None, MINE), given, strict=True):
        again = answers(apps, keys, window, later, then)
        said = [said_then(each, then) for each in of_apps]
        assert [lasting(each) for each in again] == [lasting(each) for each in said]
    assert given[0] != answers(None, keys, window, later, None)
    reasons = {each["reason"] for each in given[0][0]["results"]}
    assert {"never_finished", "not_due", "eligibility_unknown"} <= reasons
    assert len(reasons) > 9


# --- What the record of then lacked, each by itself


def owed(as_of: datetime) -> list[Reason | None]:
    """The reasons of the day's gaps; those of other people's rounds are all in order."""
    found = find_gaps(happening.DAY, now=NOW, as_of=as_of).entries
    return [each.reason for each in found if each.operation not in ("-300", "175")]


def test_a_status_that_was_told_later_of_earlier_hides_no_change(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0))
    then = clock()
    happened(status("BLOCKED", -30))
    assert owed(then) == [Reason.CHANGE_UNTOLD]
    at_last = [each.at for each in find_gaps(happening.DAY, now=NOW).entries]
    assert at_last == [at(-30)]


def test_operations_are_linked_from_the_first_that_a_message_announced(
    bank: Callable[..., None],
) -> None:
    happened(push(REGISTERED, -60, user_id=USER), status("ACTIVE", -60))
    happened(life("PENDING", 0, operation_id="unannounced"), life("PENDING", 30))
    then = clock()
    bank([sent(INIT, 30)])
    assert owed(then) == []
    assert Reason.CREATED_UNANNOUNCED in owed(clock())


def test_a_device_that_became_known_later_excuses_nothing(bank: Callable[..., None]) -> None:
    happened(life("PENDING", 0))
    bank([sent({**INIT, "operationId": "linked"}, -200, activation_id=None, user_id="another")])
    happened(life("PENDING", -200, operation_id="linked", user_id="another"))
    then = clock()
    happened(push(REGISTERED, -60), push(UNREGISTERED, -50), status("REMOVED", -40))
    assert owed(then)[-1] is Reason.DEVICES_UNKNOWN
    assert owed(clock())[-1] is Reason.NOBODY_TO_TELL


def in_table(kind: ActivationEventKind, minutes: float) -> Report:
    """As the Push Server's table of registrations has it."""
    registered = push(kind, minutes, token="t2", user_id=USER, push_active=True)
    return msgspec.structs.replace(registered, is_request=False, happened_at=None)


def copies_of(*envelopes: dict[str, Any]) -> None:
    tell(*envelopes, source=PUSH_SERVER)


def test_copies_are_owed_once_a_source_reported_any_and_compared_what_was_registered() -> None:
    """The Push Server's database was read afterwards, from before the message on."""
    for minutes in (-400, 175):
        others = {"user_id": "another", "activation_id": None, "addressed_to": "user"}
        tell(sent({**INIT, "operationId": f"{minutes}"}, minutes, **others))
    tell(sent(INIT, 0, addressed_to="user", activation_id=None))
    tell(sent(FINISHED, 1, addressed_to="user", activation_id=None))
    unread = clock()
    for minutes in (-400, 175):
        copy = {"user_id": "another", "per_device": True, "activation_id": "another phone"}
        copies_of(sent({**INIT, "operationId": f"{minutes}"}, minutes, **copy))
    happened(in_table(REGISTERED, -400), source=PUSH_SERVER)
    covered((-410, 180), source=PUSH_SERVER)
    uncompared = clock()
    PushComparing.objects.create(source_id=PUSH_SERVER, compared_at=at(175))
    PushServerReading.objects.create(source_id=PUSH_SERVER, zone="UTC", registrations_at=at(175))
    compared = clock()
    reasons = [
        [each.reason for each in trace_device(DEVICE, happening.DAY, now=NOW, as_of=moment).entries]
        for moment in (unread, uncompared, compared)
    ]
    assert reasons[0] == []
    assert Reason.NO_COPY not in reasons[1]
    assert reasons[2] == [Reason.NO_COPY, Reason.NO_COPY]
    happened(in_table(UNREGISTERED, -350), source=PUSH_SERVER)
    assert owed(compared).count(Reason.NO_COPY) == 2
    assert Reason.NO_COPY not in owed(clock())


# --- What has become of it


def test_what_was_said_on_tuesday_and_what_has_become_of_it(bank: Callable[..., None]) -> None:
    bank([sent(INIT, 0)])
    then = clock()
    bank([sent({**FINISHED, "operationName": "renamed"}, 1)])
    trace = view_device(DEVICE, happening.DAY, VIEWER, now=NOW, as_of=then)
    assert trace.verdict == (
        f"As known at {then:%Y-%m-%d %H:%M:%S} UTC: 2 expected, 1 emitted, 1 missing (announced,"
        " and its finish never sent)."
    )
    assert trace.since_then is not None
    assert trace.since_then.sentence == (
        "1 report that it rests on now was recorded later: emitted 1 then and 2 now, missing 1 then"
        " and 0 now."
    )
    assert (trace.since_then.reports, trace.since_then.counts.missing) == (1, 0)
    assert trace_device(DEVICE, happening.DAY, now=NOW).since_then is None
    timeline = view_operation(OPERATION, VIEWER, now=NOW, as_of=clock())
    assert timeline.since_then is not None
    assert timeline.since_then.sentence == (
        "All that it rests on was recorded by then; its counts are the same now."
    )
    told = list(AccessRecord.objects.order_by("pk").values_list("action", "as_of"))
    assert told == [("device_trace", then), ("operation_timeline", timeline.as_of)]


def test_what_was_not_due_then_is_pending_and_has_passed_since() -> None:
    now = clock()
    tell(dated(now - timedelta(minutes=1), to(TABLET, finish(operation="another"), "another")))
    tell(dated(now, to(PHONE, init())))
    then = clock()
    window, later = Window(now - timedelta(hours=1), now + timedelta(hours=1)), timedelta(hours=2)
    trace = view_device(PHONE, window, VIEWER, now=then + later, as_of=then)
    assert trace.counts.pending == 1
    assert trace.since_then is not None
    assert trace.since_then.sentence == (
        "All that it rests on was recorded by then: undecided 0 then and 1 now, pending 1 then and"
        " 0 now."
    )


def test_what_it_is_by_now_is_left_out_where_that_is_too_much(
    bank: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    bank([sent(INIT, 0)])
    then = clock()
    bank([sent(FINISHED, 1)])
    monkeypatch.setattr("notifications.trace.told.MOST", 1)
    trace = view_device(DEVICE, happening.DAY, VIEWER, now=NOW, as_of=then)
    assert (trace.counts.missing, trace.since_then) == (1, None)
