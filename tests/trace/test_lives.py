"""Traces, timelines and gaps use what events and coverage tell, from the record to the answer."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    Report,
    record_events,
)
from notifications.models import Coverage, Recipient, Source
from notifications.protocol.audience import Grade
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.identity import timestamp
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import Window
from notifications.trace import suspects
from notifications.trace.device import trace_device
from notifications.trace.entries import Entry, Trace
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, NOW, OPERATION, STATUS_CHANGE

pytestmark = pytest.mark.django_db

APP, USER, OTHER = "retail", "u1", "8a0f4c1e-2d3b-4c5d-9e8f-0a1b2c3d4e5f"
NOON = NOW - timedelta(hours=3)
DAY = Window(NOW - timedelta(hours=12), NOW)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def sent(extras: dict[str, Any], minutes: float = 0, **told: Any) -> dict[str, Any]:
    told = {"app_id": APP, "user_id": USER, "activation_id": DEVICE} | told
    told = {key: value for key, value in told.items() if value is not None}
    return {"extras": extras, "emitted_at": timestamp(at(minutes)), **told}


def status(value: str, minutes: float, of: str = DEVICE) -> ActivationReport:
    return ActivationReport(
        key=None,
        observed_at=at(minutes),
        kind=ActivationEventKind.STATUS,
        activation_id=of,
        status=value,
        user_id=USER,
        apps=(APP,),
    )


def push(kind: ActivationEventKind, minutes: float, **told: Any) -> ActivationReport:
    """As a mirrored request."""
    return ActivationReport(
        key=None,
        observed_at=at(minutes),
        happened_at=at(minutes),
        kind=kind,
        is_request=True,
        apps=(APP,),
        **{"activation_id": DEVICE, "token": "t1"} | told,
    )


REGISTERED, UNREGISTERED = ActivationEventKind.REGISTERED, ActivationEventKind.UNREGISTERED


def life(value: str, minutes: float, **told: Any) -> OperationReport:
    return OperationReport(
        key=None,
        observed_at=at(minutes),
        status=value,
        **{"operation_id": OPERATION, "user_id": USER, "apps": (APP,)} | told,
    )


def posted(minutes: float, silent: bool | None = False) -> InboxReport:
    return InboxReport(key=None, observed_at=at(minutes), user_id=USER, apps=(APP,), silent=silent)


def posted_to(user: str, minutes: float, silent: bool | None) -> InboxReport:
    return InboxReport(key=None, observed_at=at(minutes), user_id=user, apps=(APP,), silent=silent)


# Whoever has an event at all.
EVERY_POST = """
    SELECT DISTINCT recipient_id FROM notifications_inboxevent
    WHERE id >= %(since)s AND id < %(until)s LIMIT %(most)s
"""
EVERY_STATUS = """
    SELECT DISTINCT activation_id FROM notifications_activationevent
    WHERE id >= %(since)s AND id < %(until)s LIMIT %(most)s
"""


def happened(*reports: Report, source: str = "powerauth") -> None:
    record_events(reports, source=source)


def covered(*intervals: tuple[float, float], source: str = "bank") -> None:
    for began, ended in intervals:
        Coverage.objects.create(
            source=Source.objects.get(slug=source), began_at=at(began), ended_at=at(ended)
        )


@pytest.fixture
def bank(tell: Callable[..., None]) -> Callable[..., None]:
    """A bank that has been sending every type to the app since long ago, and goes on."""
    others = {"activation_id": None, "user_id": "another"}
    for minutes in (-300, 175):
        tell(
            sent({**each, "operationId": f"{minutes}"}, minutes, **others)
            for each in (INIT, FINISHED, INBOX_NEW, STATUS_CHANGE | {"activationId": "another"})
        )
    return tell


def traced(device: str = DEVICE) -> Trace:
    trace = trace_device(device, DAY, now=NOW)
    counts = trace.counts
    assert counts.expected == (
        counts.emitted
        - counts.duplicate
        + counts.missing
        + counts.explained
        + counts.undecided
        + counts.pending
    )
    return trace


def only(trace: Trace) -> Entry:
    (entry,) = trace.entries
    return entry


def gaps() -> list[tuple[Rule | None, Reason | None]]:
    """Of the device's operation, user and status; the other users' rounds are all in order."""
    found = find_gaps(DAY, now=NOW).entries
    return [(each.rule, each.reason) for each in found if each.operation not in ("-300", "175")]


# --- What was emitted and kept from a device


def test_a_message_to_a_device_that_is_not_registered_is_explained(
    bank: Callable[..., None],
) -> None:
    happened(push(REGISTERED, -60), push(UNREGISTERED, -10, activation_id=None))
    bank([sent(INIT, addressed_to="activation")])
    trace = traced()
    entry = trace.entries[0]
    assert (entry.grade, entry.reason) == (Grade.NOT_ATTEMPTED, Reason.NOT_REGISTERED)
    assert entry.sentence == (
        "The operation “login” was announced. operationInit could not go to this device: it was not"
        f" registered for push since {at(-10):%Y-%m-%d %H:%M:%S} UTC."
    )
    assert entry.events
    assert trace.counts.emitted == 0
    assert "device not registered for push" in trace.verdict


def test_a_personal_message_to_a_device_that_is_not_push_active_is_explained(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60), status("BLOCKED", -10))
    bank([sent(INIT, personal=True), sent(FINISHED, 1, personal=True)])
    found = [each for each in traced().entries if each.operation]
    assert {each.reason for each in found} == {Reason.INACTIVE_PERSONAL}
    assert {each.grade for each in found} == {Grade.NOT_ATTEMPTED}


def test_a_message_that_is_not_personal_goes_to_blocked_devices_too(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60), status("BLOCKED", -10))
    bank([sent(INIT, personal=False), sent(FINISHED, 1, personal=False)])
    assert [each.grade for each in traced().entries if each.operation] == [Grade.ADDRESSED] * 2


def test_what_names_the_user_is_the_devices_by_its_events_alone(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60, of=OTHER))
    bank([sent(INBOX_NEW, activation_id=None)])
    entry = only(traced(OTHER))
    assert (entry.basis, entry.reason) == ("user_wide", None)


def test_a_users_trace_has_the_devices_that_events_name(bank: Callable[..., None]) -> None:
    bank([sent(INBOX_NEW, activation_id=None)])
    happened(status("ACTIVE", -60, of=OTHER))
    recipient = Recipient.objects.get(user_id=USER).pk
    trace = trace_user(recipient, DAY, now=NOW)
    assert [each.activation for each in trace.devices] == [OTHER]


# --- What operations owe


def test_an_operation_that_was_never_announced_is_missing(bank: Callable[..., None]) -> None:
    bank(
        [
            sent(INIT | {"operationId": "linked"}, -100),
            sent(FINISHED | {"operationId": "linked"}, -99),
        ]
    )
    happened(life("PENDING", 0), life("PENDING", -100, operation_id="linked"))
    happened(status("ACTIVE", -200))
    assert gaps() == [(Rule.E0, Reason.CREATED_UNANNOUNCED)]
    entry = traced().entries[-1]
    assert (entry.rule, entry.operation, entry.certainty) == (Rule.E0, OPERATION, "assumed")
    timeline = trace_operation(OPERATION, now=NOW)
    assert [each.reason for each in timeline.entries] == [Reason.CREATED_UNANNOUNCED]
    assert timeline.counts.missing == 1


def test_an_operation_belongs_to_the_window_in_which_it_was_created(
    bank: Callable[..., None],
) -> None:
    other = {"operationId": "linked"}
    bank([sent(INIT | other, -100), sent(FINISHED | other, -99)])
    happened(status("ACTIVE", -200), life("PENDING", -100, operation_id="linked"))
    happened(life("PENDING", 1, created_at=at(0)), life("REJECTED", 40, created_at=at(0)))
    for since, until, count in ((-1, 0.5, 1), (0.5, 60, 0)):
        window = Window(at(since), at(until))
        assert len(find_gaps(window, now=NOW).entries) == count
        assert len(trace_device(DEVICE, window, now=NOW).entries) == count


def test_an_operation_under_another_name_is_announced(bank: Callable[..., None]) -> None:
    bank([sent(INIT), sent(FINISHED, 1)])
    happened(life("PENDING", 0, operation_id="pa-1", external_id=OPERATION))
    assert gaps() == []


def test_an_operation_that_powerauth_finalised_is_owed_its_finish_at_once(
    bank: Callable[..., None],
) -> None:
    bank([sent(INIT)])
    happened(life("APPROVED", 1))
    assert gaps() == [(Rule.E6, Reason.FINALIZED_UNTOLD)]
    entry = traced().entries[-1]
    assert (entry.reason, entry.due) == (Reason.FINALIZED_UNTOLD, at(3))
    assert entry.sentence.startswith("PowerAuth finalised the operation as APPROVED at")
    assert len(entry.events) == 1


def test_an_operation_lives_as_long_as_its_events_tell(bank: Callable[..., None]) -> None:
    bank([sent(INIT), sent(FINISHED, 25)])
    happened(life("PENDING", 0, expires_at=at(30)))
    assert [each.marks for each in traced().entries] == [(), ()]
    (episode,) = trace_operation(OPERATION, now=NOW).episodes
    assert episode.due == at(32)


# --- What changes of status and inbox messages owe


def test_a_change_of_status_that_was_not_told_is_missing(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0))
    assert gaps() == [(Rule.E4, Reason.CHANGE_UNTOLD)]
    entry = only(traced())
    assert (entry.reason, entry.activation, entry.at) == (Reason.CHANGE_UNTOLD, DEVICE, at(0))


def test_a_change_of_status_that_was_told_is_not(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0))
    bank([sent(STATUS_CHANGE, 0.1)])
    assert gaps() == []
    assert only(traced()).kind == "notification"


def test_an_inbox_message_that_was_not_pushed_is_missing_for_the_users_devices(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60), posted(0), posted(30, silent=True))
    assert gaps() == [(Rule.E5, Reason.POSTED_UNPUSHED)]
    assert only(traced()).reason is Reason.POSTED_UNPUSHED


def test_it_is_not_owed_to_a_device_that_is_not_registered(bank: Callable[..., None]) -> None:
    happened(
        push(REGISTERED, -60, user_id=USER), push(UNREGISTERED, -10, activation_id=None), posted(0)
    )
    entry = only(traced())
    assert (entry.reason, entry.counts_as) == (Reason.NOT_REGISTERED, CountsAs.EXPLAINED)


def test_where_no_device_of_the_user_is_on_record_it_is_undecided(
    bank: Callable[..., None],
) -> None:
    happened(posted(0))
    assert gaps() == [(Rule.E5, Reason.DEVICES_UNKNOWN)]
    recipient = Recipient.objects.get(user_id=USER).pk
    (row,) = trace_user(recipient, DAY, now=NOW).rows
    assert row.entry.reason is Reason.DEVICES_UNKNOWN
    bank([sent(INIT, -200), sent(FINISHED, -199)])  # a message that names one is enough
    assert gaps() == [(Rule.E5, Reason.POSTED_UNPUSHED)]


def test_where_no_device_of_the_user_could_be_sent_to_it_is_explained(
    bank: Callable[..., None],
) -> None:
    happened(
        push(REGISTERED, -60, user_id=USER), push(UNREGISTERED, -10, activation_id=None), posted(0)
    )
    assert gaps() == [(Rule.E5, Reason.NOBODY_TO_TELL)]


def test_rules_apply_to_apps_that_are_sent_to_and_no_others(bank: Callable[..., None]) -> None:
    happened(InboxReport(key=None, observed_at=at(0), user_id=USER, apps=("other",), silent=False))
    assert gaps() == []


# --- Coverage


def test_nothing_is_missing_where_the_source_was_not_recorded(
    bank: Callable[..., None],
) -> None:
    bank([sent(INIT)])
    covered((-200, 2), (42, 180))
    assert gaps() == [(Rule.E1, Reason.NOT_COVERED)]
    entry = traced().entries[-1]
    assert entry.counts_as is CountsAs.UNDECIDED
    assert entry.sentence == (
        "Whether operationFinished was sent is not known: the source was not recorded from"
        f" {at(2):%Y-%m-%d %H:%M:%S} UTC to {at(7):%Y-%m-%d %H:%M:%S} UTC."
    )


def test_where_it_was_recorded_it_is_missing(bank: Callable[..., None]) -> None:
    bank([sent(INIT)])
    covered((-200, 180))
    assert gaps() == [(Rule.E1, Reason.NEVER_FINISHED)]


# --- Limits


def test_what_others_apps_events_tell_is_not_told(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0), posted(0))
    assert trace_device(DEVICE, DAY, now=NOW, apps=["other"]).entries == ()
    assert find_gaps(DAY, now=NOW, apps=["other"]).entries == ()
    assert len(find_gaps(DAY, now=NOW, apps=[APP]).entries) == 2


def test_the_number_of_queries_does_not_grow_with_the_events(
    bank: Callable[..., None],
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            traced()
            find_gaps(DAY, now=NOW)
        return len(queries)

    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0), posted(0))
    happened(life("PENDING", 0))
    before = asked()
    happened(*(status("ACTIVE" if n % 2 else "BLOCKED", n) for n in range(1, 40)))
    happened(*(posted(n) for n in range(1, 40)))
    happened(*(life("PENDING", n, operation_id=f"o-{n}") for n in range(1, 40)))
    assert asked() == before


def test_gaps_are_those_of_judging_every_event(
    bank: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspects are looked for set by set; without that narrowing the answer is the same."""
    users = [f"user-{number}" for number in range(12)]
    for number, user in enumerate(users):
        happened(
            *(
                posted_to(user, number * 3 + n, silent=[False, None, True][number % 3])
                for n in range(number % 4)
            ),
            *(
                status(value, 20 * (number - 6) + 5 * n, of=user)
                for n, value in enumerate(["ACTIVE", "BLOCKED", "ACTIVE"][: number % 4])
            ),
        )
        pushes = [
            sent(
                INBOX_NEW | {"inboxId": f"{user}-{n}"},
                number * 3 + n,
                user_id=user,
                activation_id=None,
                app_id=[APP, None, "other"][n % 3],
            )
            for n in range(number % 3)
        ]
        bank(pushes)
    found = find_gaps(DAY, now=NOW).entries
    monkeypatch.setattr(suspects, "_UNPUSHED", EVERY_POST)
    monkeypatch.setattr(suspects, "_CHANGED", EVERY_STATUS)
    every = find_gaps(DAY, now=NOW).entries
    assert found == every
    assert {each.rule for each in found} >= {Rule.E4, Rule.E5}
