"""Every view of a trace is recorded before it is shown."""

from dataclasses import dataclass

from notifications.models import AccessRecord

from .window import Window


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: ``who`` is a user name, ``case_number`` what for, if told."""

    who: str
    via: AccessRecord.Via
    case_number: str = ""


def record_access(
    viewer: Viewer, action: AccessRecord.Action, subject: str, window: Window | None = None
) -> None:
    AccessRecord.objects.create(
        who=viewer.who,
        via=viewer.via,
        action=action,
        subject=subject,
        since=window.since if window else None,
        until=window.until if window else None,
        case_number=viewer.case_number,
    )
