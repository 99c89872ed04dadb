"""Every view of a trace is recorded. Record it before the answer is given: what cannot be recorded
must not be shown."""

from dataclasses import dataclass
from datetime import datetime

from notifications.models import AccessRecord
from notifications.models.querysets import Apps


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: a user name, or that of the operating system for a command. Those limited to
    ``apps`` are answered as if only notifications that name one of them were recorded."""

    who: str
    via: AccessRecord.Via
    case_number: str = ""
    apps: Apps = None


def record_access(
    viewer: Viewer,
    *,
    action: AccessRecord.Action,
    subject: str,
    since: datetime | None = None,
    until: datetime | None = None,
    as_of: datetime | None = None,
) -> None:
    """``subject`` is an activation id, an operation id or a recipient's surrogate key; ``as_of``
    the moment as of which it was looked at, if that was not now."""
    AccessRecord.objects.create(
        who=viewer.who,
        via=viewer.via,
        action=action,
        subject=subject,
        since=since,
        until=until,
        as_of=as_of,
        case_number=viewer.case_number,
    )
