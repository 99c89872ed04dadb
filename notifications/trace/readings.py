"""How far the databases of Push Servers were read, and what is still to come from them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from notifications.models import AwaitedMessage, PushServerReading

MOST_COUNTED = 1_000  # awaited messages; more are told as so many


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How far the database of one Push Server was read. ``polled_at`` is when it was last read to
    its end, ``registrations_at`` when all of its registrations were last compared.

    ``missing`` are ids that were passed over and may still come, ``awaited`` messages that were
    pending and are read again, ``MOST_COUNTED`` at most. ``storage`` says whether the Push Server
    stores what it sends, known since ``storage_since``; ``problem`` why it cannot be read, since
    ``problem_at``. The worker follows it if ``is_wanted``, which ``wanted_by`` said last.
    """

    zone: str
    polled_at: datetime | None
    behind: timedelta | None
    registrations_at: datetime | None
    rows_read: int
    rows_estimate: int | None
    missing: int
    awaited: int
    storage: str
    storage_since: datetime | None
    problem: str
    problem_at: datetime | None
    is_wanted: bool
    wanted_by: str
    wanted_at: datetime | None
    begun_at: datetime | None


def reading_of(source: str, now: datetime) -> Reading | None:
    """Of ``source`` (a slug), in two queries; None where it is no Push Server's database."""
    told = PushServerReading.objects.filter(pk=source).first()
    if told is None:
        return None
    return Reading(
        zone=told.zone,
        polled_at=told.polled_at,
        behind=None if told.polled_at is None else max(now - told.polled_at, timedelta()),
        registrations_at=told.registrations_at,
        rows_read=told.rows_read,
        rows_estimate=told.rows_estimate,
        missing=sum(map(_ids_missing, told.positions.values())),
        awaited=_awaited_of(source),
        storage=told.storage,
        storage_since=told.storage_since,
        problem=told.problem,
        problem_at=told.problem_at,
        is_wanted=told.is_wanted,
        wanted_by=told.wanted_by,
        wanted_at=told.wanted_at,
        begun_at=told.begun_at,
    )


def _ids_missing(position: Any) -> int:
    """Beside where reading stands in each table, more may be kept of the whole."""
    ranges = position.get("missing", ()) if isinstance(position, Mapping) else ()
    return sum(last - first + 1 for first, last, *_ in ranges)


def _awaited_of(source: str) -> int:
    """As many as are counted: a Push Server without a gateway leaves all that it sends pending."""
    awaited = AwaitedMessage.objects.filter(source=source, is_given_up=False)
    return len(awaited.order_by().values_list("id", flat=True)[:MOST_COUNTED])
