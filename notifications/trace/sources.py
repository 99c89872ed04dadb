"""How sources do: when they were last in contact, how long their reports take, what of theirs was
refused, and since when they are not covered. Any number of them takes the same number of queries.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection

from notifications.models import Overview, SourceError
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at, time_of

from .last_contacts import LastContact, read_contact

LAG_OF = 100  # notifications, the latest
LATELY = timedelta(hours=24)
EVENTS = ("activationevent", "operationevent", "inboxevent")

# The first and the last interval of each by the index of coverage, and its errors by theirs.
_STANDING = """
    SELECT source.slug, first.began_at, latest.ended_at, latest.kinds, COALESCE(refused.count, 0),
        reading.problem_at, reading.storage = 'off'
    FROM unnest(%(sources)s::text[]) AS source (slug)
    LEFT JOIN LATERAL (
        SELECT began_at FROM notifications_coverage
        WHERE source_id = source.slug ORDER BY ended_at LIMIT 1
    ) AS first ON TRUE
    LEFT JOIN LATERAL (
        SELECT ended_at, kinds FROM notifications_coverage
        WHERE source_id = source.slug ORDER BY ended_at DESC LIMIT 1
    ) AS latest ON TRUE
    LEFT JOIN LATERAL (
        SELECT sum(counted.number::bigint)::bigint AS count
        FROM notifications_sourceerror AS error, jsonb_each_text(error.by_hour)
            AS counted (hour, number)
        WHERE error.source_id = source.slug AND error.last_at >= %(lately)s
            AND counted.hour >= %(hour)s
    ) AS refused ON TRUE
    LEFT JOIN LATERAL (
        SELECT storage, CASE WHEN is_wanted AND problem <> '' THEN problem_at END AS problem_at
        FROM notifications_pushserverreading WHERE source_id = source.slug
    ) AS reading ON TRUE
"""
# A type that is given as a range is not known to be one, so that the index by source and type alone
# has this order. Of a type that is given, the planner takes any index that has the order of ids,
# and in the month in which a source began reads what others reported before it.
_END_OF_TYPE = """
    SELECT id FROM notifications_notification
    WHERE source_id = %(source)s AND message_type >= type.name AND message_type <= type.name
        AND id < %(end)s
    ORDER BY message_type {order}, id {order} LIMIT 1
"""
_TYPES = f"""
    SELECT type.name, first.id, latest.id, latest.emitted_at, latest.recorded_at
    FROM unnest(%(types)s::text[]) AS type (name)
    CROSS JOIN LATERAL ({_END_OF_TYPE.format(order="ASC")}) AS first
    CROSS JOIN LATERAL ({_END_OF_TYPE.format(order="DESC")}) AS last
    CROSS JOIN LATERAL (
        SELECT id, emitted_at, recorded_at FROM notifications_notification
        WHERE source_id = %(source)s AND message_type = type.name AND id <= last.id
        ORDER BY id DESC LIMIT {LAG_OF}
    ) AS latest
"""  # noqa: S608 - of constants
_OF_EVENTS = " UNION ALL ".join(
    f"""
        SELECT '{table}', (
            SELECT id FROM notifications_{table}
            WHERE source_id >= %(source)s AND source_id <= %(source)s
            ORDER BY source_id, id LIMIT 1
        ), (
            SELECT id FROM notifications_{table}
            WHERE source_id >= %(source)s AND source_id <= %(source)s
            ORDER BY source_id DESC, id DESC LIMIT 1
        )
    """  # noqa: S608 - of constants
    for table in EVENTS
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceStanding:
    """How ``source`` does. ``measured_since``, ``contact_at`` (its last contact that measures, by
    ``kinds``) are None where it was never measured; ``refused`` counts errors of the last day, by
    whole hours. ``last`` is its last report as the worker kept it, a moment ago.

    Of a Push Server whose database is followed: ``unread_since`` when it cannot be read, and
    ``stores_nothing``: there is nothing to read, since it does not store what it sends."""

    source: str
    measured_since: datetime | None
    contact_at: datetime | None
    kinds: tuple[str, ...]
    refused: int
    unread_since: datetime | None
    stores_nothing: bool
    last: LastContact

    @property
    def is_ill(self) -> bool:
        """Whether something has to be done for its database to be read."""
        return self.unread_since is not None or self.stores_nothing

    @property
    def last_contact(self) -> datetime | None:
        """Of any kind: a report is one, measured or not."""
        told = [each for each in (self.contact_at, self.last.recorded_at) if each is not None]
        return max(told, default=None)

    def is_covered(self, now: datetime) -> bool | None:
        """None where that was never measured."""
        if self.contact_at is None:
            return None
        return now - self.contact_at <= settings.COVERAGE_SILENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What a source reported, a type of message or a kind of event, first and last: by its time."""

    name: str
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceReports:
    """What a source reported up to now: of the types of the specification, and of events. ``lag``
    is the median of its latest ``lag_of`` notifications, None without any."""

    types: Sequence[Reported]
    events: Sequence[Reported]
    last: LastContact
    lag: timedelta | None
    lag_of: int


def standings(
    sources: Collection[str], now: datetime, *, last: Mapping[str, LastContact] | None = None
) -> dict[str, SourceStanding]:
    """Of each of ``sources``, in two queries; in one where their ``last`` reports are known."""
    lately = now - LATELY
    given: dict[str, Any] = {
        "sources": sorted(sources),
        "lately": lately,
        "hour": f"{lately.astimezone(UTC):%Y-%m-%dT%H}",
    }
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, given)
        rows = cursor.fetchall()
    heard = _kept_ahead() if last is None else last
    return {
        slug: SourceStanding(
            source=slug,
            measured_since=began,
            contact_at=ended,
            kinds=tuple(kinds or ()),
            refused=refused,
            unread_since=unread,
            stores_nothing=bool(is_off),
            last=heard.get(slug, LastContact(slug, None, None)),
        )
        for slug, began, ended, kinds, refused, unread, is_off in rows
    }


def reports_of(standing: SourceStanding, now: datetime) -> SourceReports:
    """Of one source, in two queries."""
    given: dict[str, Any] = {
        "source": standing.source,
        "types": list(MessageType),
        "end": first_id_at(now + timedelta(milliseconds=1)),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TYPES, given)
        latest: list[tuple[str, UUID, UUID, datetime, datetime]] = cursor.fetchall()
        cursor.execute(_OF_EVENTS, given)
        events = [row for row in cursor.fetchall() if row[1] is not None]
    latest.sort(key=lambda row: row[2], reverse=True)
    lags = [(recorded - emitted).total_seconds() for *_, emitted, recorded in latest[:LAG_OF]]
    newest = [LastContact(standing.source, *row[3:]) for row in latest[:1]]
    return SourceReports(
        types=_reported((name, first, last) for name, first, last, *_ in reversed(latest)),
        events=_reported(events),
        last=max([standing.last, *newest], key=_recorded),
        lag=timedelta(seconds=median(lags)) if lags else None,
        lag_of=len(lags),
    )


def errors_of(source: str) -> list[SourceError]:
    """The last one first: few, however much was refused."""
    return list(SourceError.objects.filter(source=source).order_by("-last_at", "code", "pointer"))


def _reported(rows: Any) -> list[Reported]:
    """The last row of each name has its last; the one that was reported last comes first."""
    found: Mapping[str, Reported] = {
        name: Reported(name=name, first=time_of(first), last=time_of(last))
        for name, first, last in rows
    }
    return sorted(found.values(), key=lambda each: each.last, reverse=True)


def _recorded(last: LastContact) -> tuple[bool, Any]:
    return last.recorded_at is not None, last.recorded_at


def _kept_ahead() -> dict[str, LastContact]:
    kept = Overview.objects.filter(as_of__isnull=False).values_list("contacts", flat=True).first()
    return {each["source"]: read_contact(each) for each in kept or ()}
