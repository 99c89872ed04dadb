"""What happened in minutes from noon, as envelopes and events tell it, and the answers about it."""

from datetime import datetime, timedelta
from typing import Any

from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    Report,
    record_events,
)
from notifications.models import Coverage, Source
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.identity import timestamp
from notifications.protocol.reasons import Reason, Rule
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from notifications.trace.entries import Entry, Trace
from notifications.trace.gaps import find_gaps
from tests.conftest import DEVICE, NOW, OPERATION

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


def stored(minutes: float, name: str, user: str = USER, apps: tuple[str, ...] = (APP,)) -> Report:
    """As a row of the Push Server's inbox."""
    return InboxReport(
        key=None, observed_at=at(minutes), user_id=user, apps=apps, inbox_message_id=name
    )


def happened(*reports: Report, source: str = "powerauth") -> None:
    record_events(reports, source=source)


def covered(*intervals: tuple[float, float], source: str = "bank") -> None:
    for began, ended in intervals:
        Coverage.objects.create(
            source=Source.objects.get(slug=source), began_at=at(began), ended_at=at(ended)
        )


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
