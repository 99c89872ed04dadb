"""The traces as people and programs get them: no view without its access record."""

from datetime import datetime

from notifications.models import AccessRecord
from notifications.protocol.window import Window

from .access import Viewer, record_access
from .device import trace_device
from .entries import Timeline, Trace, UserTrace
from .operation import trace_operation
from .recipient import trace_user
from .since_then import told_since

Action = AccessRecord.Action


def view_device(
    activation: str,
    window: Window,
    viewer: Viewer,
    *,
    now: datetime,
    as_of: datetime | None = None,
) -> Trace:
    """``as_of`` an earlier moment, with what has become of it since. Raises ``TooMuch``; so do the
    others."""
    trace = told_since(
        lambda moment: trace_device(activation, window, now=now, apps=viewer.apps, as_of=moment),
        as_of,
    )
    _record(viewer, Action.DEVICE_TRACE, activation, window, as_of)
    return trace


def view_user(
    recipient: int,
    window: Window,
    viewer: Viewer,
    *,
    now: datetime,
    as_of: datetime | None = None,
) -> UserTrace:
    trace = told_since(
        lambda moment: trace_user(recipient, window, now=now, apps=viewer.apps, as_of=moment),
        as_of,
    )
    _record(viewer, Action.USER_TRACE, str(recipient), window, as_of)
    return trace


def view_operation(
    operation: str, viewer: Viewer, *, now: datetime, as_of: datetime | None = None
) -> Timeline:
    timeline = told_since(
        lambda moment: trace_operation(operation, now=now, apps=viewer.apps, as_of=moment),
        as_of,
    )
    record_access(viewer, action=Action.OPERATION_TIMELINE, subject=operation, as_of=as_of)
    return timeline


def _record(
    viewer: Viewer,
    action: AccessRecord.Action,
    subject: str,
    window: Window,
    as_of: datetime | None,
) -> None:
    record_access(
        viewer,
        action=action,
        subject=subject,
        since=window.since,
        until=window.until,
        as_of=as_of,
    )
