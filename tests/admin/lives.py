"""Events that tests of pages tell, of seconds after noon."""

from datetime import timedelta
from typing import Any

from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    record_events,
)
from notifications.protocol.events import ActivationEventKind
from tests.conftest import DEVICE, INBOX, OPERATION

from .conftest import NOON

TOKEN, OTHER_TOKEN = "a1" * 32, "b2" * 32


def tell(*reports: Any, source: str = "powerauth") -> list[str]:
    """Records them; their ids."""
    return [str(each) for each in record_events(reports, source=source).ids]


def at(seconds: float, *, told: bool = True) -> dict[str, Any]:
    """When it happened, and was observed a second later; or only the latter."""
    moment = NOON + timedelta(seconds=seconds)
    seen = moment + timedelta(seconds=1) if told else moment
    return {"key": None, "happened_at": moment if told else None, "observed_at": seen}


def status(seconds: float, name: str, *, told: bool = True, **more: Any) -> ActivationReport:
    fields = {"activation_id": DEVICE, **at(seconds, told=told), **more}
    return ActivationReport(kind=ActivationEventKind.STATUS, status=name, **fields)


def registered(seconds: float, token: str = TOKEN, **more: Any) -> ActivationReport:
    fields = {"activation_id": DEVICE, "apps": ("retail",), **at(seconds), **more}
    return ActivationReport(kind=ActivationEventKind.REGISTERED, token=token, **fields)


def deleted(seconds: float, token: str = TOKEN) -> ActivationReport:
    return ActivationReport(kind=ActivationEventKind.UNREGISTERED, token=token, **at(seconds))


def operation(seconds: float, status: str, **more: Any) -> OperationReport:
    fields = {"operation_id": OPERATION, **at(seconds), **more}
    return OperationReport(status=status, **fields)


def posted(seconds: float, **more: Any) -> InboxReport:
    return InboxReport(**{"inbox_message_id": INBOX, **at(seconds, told=False), **more})
