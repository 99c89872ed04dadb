"""The traces as people and programs get them: no view without its access record."""

from datetime import datetime

from notifications.models import AccessRecord
from notifications.protocol.window import Window

from .access import Viewer, record_access
from .device import trace_device
from .entries import Timeline, Trace, UserTrace
from .operation import trace_operation
from .recipient import trace_user

Action = AccessRecord.Action


def view_device(activation: str, window: Window, viewer: Viewer, *, now: datetime) -> Trace:
    """Raises ``TooMuch``; so do the others."""
    trace = trace_device(activation, window, now=now, apps=viewer.apps)
    _record(viewer, Action.DEVICE_TRACE, activation, window)
    return trace


def view_user(recipient: int, window: Window, viewer: Viewer, *, now: datetime) -> UserTrace:
    trace = trace_user(recipient, window, now=now, apps=viewer.apps)
    _record(viewer, Action.USER_TRACE, str(recipient), window)
    return trace


def view_operation(operation: str, viewer: Viewer, *, now: datetime) -> Timeline:
    timeline = trace_operation(operation, now=now, apps=viewer.apps)
    record_access(viewer, action=Action.OPERATION_TIMELINE, subject=operation)
    return timeline


def _record(viewer: Viewer, action: AccessRecord.Action, subject: str, window: Window) -> None:
    record_access(viewer, action=action, subject=subject, since=window.since, until=window.until)
