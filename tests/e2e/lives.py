"""Lives to look at: a device with a rich history, one that is known from events alone, an operation
and an inbox message with theirs, of sources of their own."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid5

from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    Report,
    record_events,
)
from notifications.models import Content, Presentation
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind, ActivationStatus, OperationStatus
from notifications.protocol.extras import Code, Finding

from . import troubles

SOURCE = "powerauth"
QUIET, NEIGHBOUR = (str(uuid5(UUID(int=5), name)) for name in ("quiet", "neighbour"))
POWERAUTH_ID = str(uuid5(UUID(int=6), "payment"))
UNANNOUNCED = str(uuid5(UUID(int=6), "unannounced"))
SILENT = str(uuid5(UUID(int=7), "silent"))
HOSTILE = "<b>\u202eKO</b>" + "W" * 200
DAY = 24.0


def tell(now: datetime) -> None:
    record_events(list(_told(now)), source=SOURCE)


def present(notification: str, now: datetime) -> None:
    """Told by a mirror, with the texts, as where they are kept."""
    Presentation.objects.create(
        notification_id=notification, mode="SYNCHRONOUS", priority="HIGH", category="payment",
        sound="default", collapse_key="payment", valid_until=now + timedelta(minutes=2),
        title_length=16, body_length=208,
    )  # fmt: skip
    texts = {"title": "Confirm \u202epayment", "body": "<b>Pay</b> " + "W" * 200}
    Content.objects.create(notification_id=notification, **texts)


def _told(now: datetime) -> Iterator[Report]:
    yield from _phone(now)
    yield from _quiet(now)
    yield from _operations(now)
    for silent, inbox_message in ((False, troubles.INBOX), (True, SILENT)):
        yield InboxReport(
            key=inbox_message, observed_at=now - timedelta(hours=1), user_id=troubles.USER,
            apps=("mobile-bank",), inbox_message_id=inbox_message, silent=silent,
        )  # fmt: skip


def _phone(now: datetime) -> Iterator[Report]:
    status, common = ActivationEventKind.STATUS, {"activation_id": troubles.PHONE}
    life = (
        (25 * DAY, ActivationStatus.CREATED), (25 * DAY - 0.1, ActivationStatus.PENDING_COMMIT),
        (25 * DAY - 0.2, ActivationStatus.ACTIVE), (9 * DAY, ActivationStatus.BLOCKED),
        (7.5 * DAY, ActivationStatus.ACTIVE), (1, ActivationStatus.BLOCKED),
        (0.5, ActivationStatus.ACTIVE),
    )  # fmt: skip
    for ago, name in life:
        yield _event(now, ago, status, status=name, user_id=troubles.USER, **common)
    for n in range(12):  # too short to be drawn by themselves
        name = ActivationStatus.ACTIVE if n % 2 else ActivationStatus.BLOCKED
        yield _event(now, 14 * DAY - n / 60, status, status=name, **common)
    registered = ActivationEventKind.REGISTERED
    more = {"user_id": troubles.USER, "apps": ("mobile-bank",), "platform": Platform.FCM, **common}
    yield _event(now, 24 * DAY, registered, token=_token("first"), is_request=True, **more)
    yield _event(now, 11 * DAY, registered, token=_token("second"), **more)
    push_status = ActivationEventKind.PUSH_STATUS
    yield _event(now, 8.9 * DAY, push_status, push_active=False, status="BLOCKED", **common)
    yield _event(now, 6 * DAY, registered, token=_token("second"), activation_id=NEIGHBOUR)
    yield _event(now, 4 * DAY, registered, token=_token("third"), is_request=True, **more)
    yield _event(now, 2 * DAY, ActivationEventKind.UNREGISTERED, token=_token("third"))
    yield _event(now, 1.5 * DAY, registered, token=_token("fourth"), **more)


def _quiet(now: datetime) -> Iterator[Report]:
    """No notification names it; callbacks tell no time, and a word that nobody knows."""
    common = {"activation_id": QUIET, "user_id": troubles.USER}
    finding = Finding(Code.WRONG_TYPE, "platform", "platform is a number.")
    for ago, name in ((90, "ACTIVE"), (60, HOSTILE), (30, "ACTIVE")):
        yield ActivationReport(
            key=None, observed_at=now - timedelta(hours=ago), kind=ActivationEventKind.STATUS,
            status=name, reason=HOSTILE, findings=(finding,), **common,
        )  # fmt: skip


def _operations(now: datetime) -> Iterator[Report]:
    began = now - timedelta(minutes=400)
    for minutes, name in ((400, OperationStatus.PENDING), (399, OperationStatus.APPROVED)):
        at = now - timedelta(minutes=minutes)
        yield OperationReport(
            key=f"{POWERAUTH_ID}-{name}", observed_at=at + timedelta(seconds=2), happened_at=at,
            user_id=troubles.USER, apps=("mobile-bank",), operation_id=POWERAUTH_ID, status=name,
            name="authorize_payment", external_id=troubles.PAYMENT, activation_id=troubles.PHONE,
            created_at=began, expires_at=began + timedelta(minutes=5),
        )  # fmt: skip
    yield OperationReport(
        key=UNANNOUNCED, observed_at=began, operation_id=UNANNOUNCED, status="EXPIRED", name=HOSTILE
    )


def _event(now: datetime, ago: float, kind: ActivationEventKind, **told: Any) -> ActivationReport:
    """So many hours ago, seen a second later."""
    at = now - timedelta(hours=ago)
    return ActivationReport(
        key=None, happened_at=at, observed_at=at + timedelta(seconds=1), kind=kind, **told
    )


def _token(name: str) -> str:
    return sha256(name.encode()).hexdigest()
