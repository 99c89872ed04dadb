"""That a source was in contact, and what of its reports was refused. Moments are of the database's
clock: what another clock says of them would prove nothing."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from notifications.models import ContactKind

MAX_POINTER = 200
HIDDEN = "…"
MOST_PLACES = 100  # of the errors of one source; what else is wrong is told without its place

# One at a time for each source, or two would both begin an interval.
_LOCK = "SELECT pg_advisory_xact_lock(hashtext('notifications_coverage'), hashtext(%(source)s))"
_SOURCE = "INSERT INTO notifications_source (slug) VALUES (%(source)s) ON CONFLICT DO NOTHING"
_EXTEND = """
    UPDATE notifications_coverage SET
        ended_at = GREATEST(ended_at, contact.at),
        kinds = CASE WHEN %(kind)s = ANY(kinds) THEN kinds ELSE kinds || %(kind)s::varchar END
    FROM (SELECT LEAST(%(at)s::timestamptz, clock_timestamp()) AS at) AS contact
    WHERE id = (
        SELECT id FROM notifications_coverage WHERE source_id = %(source)s
        ORDER BY ended_at DESC LIMIT 1
    ) AND ended_at >= contact.at - %(silence)s
    RETURNING began_at, ended_at
"""
_BEGIN = """
    INSERT INTO notifications_coverage (source_id, began_at, ended_at, kinds)
    SELECT %(source)s, contact.at, contact.at, ARRAY[%(kind)s]
    FROM (SELECT LEAST(%(at)s::timestamptz, clock_timestamp()) AS at) AS contact
    RETURNING began_at, ended_at
"""
_WITHDRAW = """
    UPDATE notifications_coverage SET ended_at = GREATEST(began_at, %(since)s)
    WHERE source_id = %(source)s AND kinds = ARRAY[%(kind)s]::varchar[] AND ended_at > %(since)s
"""
# The whole hours of a day and the one that goes on are counted for themselves, so that what was
# refused lately is told apart from what was years ago.
_ERRORS = """
    INSERT INTO notifications_sourceerror AS known (
        source_id, code, pointer, count, by_hour, first_at, last_at
    )
    SELECT %(source)s, code, place, sum(count), jsonb_build_object(hour, sum(count)), now, now
    FROM (
        SELECT code, count, CASE WHEN is_known OR %(most)s >= (
            SELECT count(*) FROM notifications_sourceerror WHERE source_id = %(source)s
        ) + count(*) FILTER (WHERE NOT is_known) OVER (ORDER BY number)
        THEN pointer ELSE '' END AS place
        FROM (
            SELECT *, EXISTS (
                SELECT FROM notifications_sourceerror AS other
                WHERE other.source_id = %(source)s AND other.code = told.code
                    AND other.pointer = told.pointer
            ) AS is_known
            FROM unnest(%(codes)s::text[], %(pointers)s::text[], %(counts)s::bigint[])
                WITH ORDINALITY AS told (code, pointer, count, number)
        ) AS given
    ) AS placed
    CROSS JOIN (
        SELECT now, to_char(now AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24') AS hour
        FROM clock_timestamp() AS now
    ) AS moment
    GROUP BY code, place, now, hour
    ORDER BY code, place
    ON CONFLICT (source_id, code, pointer) DO UPDATE SET
        count = known.count + excluded.count,
        last_at = GREATEST(known.last_at, excluded.last_at),
        by_hour = (
            SELECT jsonb_object_agg(hour, total) FROM (
                SELECT hour, sum(number::bigint) AS total FROM (
                    SELECT * FROM jsonb_each_text(known.by_hour)
                    UNION ALL SELECT * FROM jsonb_each_text(excluded.by_hour)
                ) AS counted (hour, number)
                WHERE hour >= to_char(
                    (excluded.last_at - interval '24 hours') AT TIME ZONE 'UTC',
                    'YYYY-MM-DD"T"HH24'
                )
                GROUP BY hour
            ) AS lately
        )
"""


@dataclass(frozen=True, slots=True)
class Contacted:
    """The interval of coverage that a contact extended, or began (``is_new``)."""

    began_at: datetime
    ended_at: datetime
    is_new: bool


def note_contact(source: str, kind: ContactKind, *, at: datetime | None = None) -> Contacted:
    """``source`` (a slug) was in contact just now, or ``at`` a moment ago; never in the future.
    What lies since its last contact is covered, if that was at most ``COVERAGE_SILENCE`` before."""
    given: dict[str, Any] = {
        "source": source,
        "kind": str(kind),
        "at": at,
        "silence": settings.COVERAGE_SILENCE,
    }
    with connection.cursor() as cursor:
        if at is None:
            cursor.execute(_EXTEND, given)  # nearly always; the lock of the row is enough then
            if found := cursor.fetchone():
                return Contacted(found[0], found[1], is_new=False)
        with transaction.atomic():
            cursor.execute(_SOURCE, given)
            cursor.execute(_LOCK, given)
            cursor.execute(_EXTEND, given)
            if found := cursor.fetchone():
                return Contacted(found[0], found[1], is_new=False)
            cursor.execute(_BEGIN, given)
            began, ended = cursor.fetchone()
            return Contacted(began, ended, is_new=True)


def withdraw_polls(source: str, *, since: datetime) -> None:
    """What was read of ``source`` from then on proved nothing, as is known only now: what its polls
    cover ends there."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_LOCK, {"source": source})
        cursor.execute(_WITHDRAW, {"source": source, "since": since, "kind": str(ContactKind.POLL)})


def place_of(pointer: str, known: Collection[str]) -> str:
    """``pointer``, a JSON Pointer as a URI fragment, with ``…`` for each step that is none of the
    ``known`` names: a step may be anything that somebody sent."""
    root, *steps = pointer.split("/")
    return "/".join([root, *(step if step in known else HIDDEN for step in steps)])


def note_error(source: str, *, code: str, pointer: str = "") -> None:
    """Something that ``source`` sent was refused, or was of no use. Neither ``code`` nor
    ``pointer`` may hold what was sent: see ``place_of``."""
    note_errors(source, {(code, pointer): 1})


def note_errors(source: str, counts: Mapping[tuple[str, str], int]) -> None:
    """The same of several at once: how often which code at which pointer."""
    if not counts:
        return
    codes, pointers = zip(*counts, strict=True)
    given: dict[str, Any] = {
        "source": source,
        "codes": list(codes),
        "pointers": [pointer[:MAX_POINTER] for pointer in pointers],
        "counts": list(counts.values()),
        "most": MOST_PLACES,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_SOURCE, given)
        cursor.execute(_ERRORS, given)
