"""Rows of ``push_inbox`` as events: an inbox message was posted, by whomever. Whether a push was
wanted for it is not in the table, and its texts are not read."""

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo
from typing import Protocol

from notifications.ingest.attributes import Attributes
from notifications.ingest.events import InboxReport

from .registration_events import readings_of


class Row(Protocol):
    """One row, with the apps that it is for. ``inbox_id`` is what the API and the extras of a push
    call the message; ``told`` is its time as text."""

    @property
    def id(self) -> int: ...
    @property
    def inbox_id(self) -> str: ...
    @property
    def user_id(self) -> str: ...
    @property
    def told(self) -> str | None: ...
    @property
    def apps(self) -> Sequence[str]: ...


def inbox_reports(
    rows: Iterable[Row], *, zone: tzinfo, observed_at: datetime, is_live: bool = False
) -> list[InboxReport]:
    """One for each of ``rows``. Of a time that clocks repeat it is the latest by now where the row
    was not there a moment ago (``is_live``), else the first."""
    return [_report(row, zone, observed_at, is_live=is_live) for row in rows]


def _report(row: Row, zone: tzinfo, observed_at: datetime, *, is_live: bool) -> InboxReport:
    told = {
        "inboxId": row.inbox_id,
        "userId": row.user_id,
        "applications": list(row.apps),
        "timestampCreated": row.told,
    }
    attributes = Attributes(told, zone=zone)
    by_now = [each for each in readings_of(row.told, zone) if each <= observed_at]
    happened_at = attributes.moment("timestampCreated")
    if is_live and by_now:
        happened_at = by_now[-1]
    return InboxReport(
        key=f"inbox/{row.id}/{row.told}",
        inbox_message_id=attributes.identifier("inboxId"),
        user_id=attributes.text("userId"),
        apps=attributes.texts("applications"),
        happened_at=happened_at,
        observed_at=observed_at,
        findings=tuple(attributes.findings),
    )
