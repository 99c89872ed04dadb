"""Every view of a trace is recorded. Record it before the answer is given: what cannot be recorded
must not be shown."""

from dataclasses import dataclass
from datetime import datetime

from notifications.models import AccessRecord
from notifications.models.querysets import Apps
from notifications.models.statements import fetched

_RECORD = """
    INSERT INTO notifications_accessrecord (
        who, via, action, subject, since, until, as_of, case_number
    ) VALUES (
        %(who)s, %(via)s, %(action)s, %(subject)s, %(since)s, %(until)s, %(as_of)s, %(case_number)s
    ) RETURNING id
"""


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
    given = {
        "who": viewer.who,
        "via": viewer.via,
        "action": action,
        "subject": subject,
        "since": since,
        "until": until,
        "as_of": as_of,
        "case_number": viewer.case_number,
    }
    fetched(_RECORD, given)
