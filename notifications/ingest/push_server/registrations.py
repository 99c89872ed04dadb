"""The registrations of a Push Server, compared reading by reading: what changed becomes an interval
of our own and an event, since its table keeps neither what was nor what was deleted."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol

import msgspec
import psycopg
from django.db import connection, transaction

from notifications.ingest.contacts import note_errors
from notifications.ingest.events import MAX_EVENTS, record_events
from notifications.ingest.sending import sending_cursor
from notifications.models import PushComparing, PushServerReading
from notifications.protocol.bindings import Binding
from notifications.protocol.extras import Code
from notifications.protocol.identity import to_millisecond

from . import registration_rows as rows
from .registration_events import registered_at, reports_of
from .registration_rows import Change

TABLE = "push_device_registration"
_CHUNK = MAX_EVENTS // 2  # a change makes two events at most
_COLUMNS = (
    *("number", "activation", "recipient", "app", "platform", "is_active"),
    *("registered_at", "not_before", "seen_at", "last_seen_at", "gone_at"),
)
# Number by number: joined, a planner that takes few for there would read all of the source.
_BINDINGS = """
    SELECT found.*
    FROM unnest(%s::bigint[]) AS given (number)
    CROSS JOIN LATERAL (
        SELECT number, activation_id, recipient_id, app_id, platform, is_active,
            registered_at, not_before, seen_at, last_seen_at, gone_at
        FROM notifications_pushregistration
        WHERE source_id = %s::text AND number = given.number
        ORDER BY seen_at, id
        OFFSET 0
    ) AS found
"""
_END = """
    UPDATE notifications_pushregistration AS registration
    SET last_seen_at = changed.not_before, gone_at = %(moment)s
    FROM pushaudit_changed AS changed
    WHERE registration.id = changed.open_id AND changed.number BETWEEN %(first)s AND %(last)s
"""
# Those of whom no event tells; in the order that all recorders keep.
_RECIPIENTS = """
    INSERT INTO notifications_recipient (user_id)
    SELECT DISTINCT user_id FROM pushaudit_changed AS changed
    WHERE number BETWEEN %(first)s AND %(last)s AND user_id IS NOT NULL AND NOT EXISTS (
        SELECT FROM notifications_recipient AS known WHERE known.user_id = changed.user_id
    )
    ORDER BY user_id
    ON CONFLICT DO NOTHING
"""
_BEGIN = """
    INSERT INTO notifications_pushregistration (
        source_id, number, activation_id, recipient_id, app_id, platform, token, is_active, told_at,
        registered_at, not_before, seen_at
    )
    SELECT %(source)s, changed.number, activation, recipient.id, app, platform, token, is_active,
        told_at, given.registered_at, not_before, %(moment)s
    FROM pushaudit_changed AS changed
    JOIN jsonb_to_recordset(%(times)s::jsonb) AS given (number bigint, registered_at timestamptz)
        ON given.number = changed.number
    LEFT JOIN notifications_recipient AS recipient ON recipient.user_id = changed.user_id
    WHERE is_there
    ORDER BY changed.number
"""


class Database(Protocol):
    """The Push Server's, on a connection that can only read."""

    @property
    def connection(self) -> "psycopg.Connection[Any]": ...

    @property
    def clock(self) -> datetime | None:
        """What the clock there is taken to say; None: what it says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One comparing, by the clock of the database that was read: nothing that it found was later
    than ``begun_at``, or became so after ``moment``."""

    begun_at: datetime
    moment: datetime
    read: int
    begun: int = 0
    ended: int = 0
    events: int = 0
    unusable: int = 0


def compare(
    database: Database,
    *,
    source: str,
    zone: tzinfo,
    numbers: Collection[int] | None = None,
) -> Compared:
    """What changed of all registrations, or of those with these ``numbers``, since they were last
    compared. Nothing is written of those that are as they were.

    At most one at a time of a source: the caller sees to that. Each chunk is a transaction, so that
    what is broken off is taken up by the next. Raises ``psycopg.Error`` and
    ``django.db.DatabaseError``.
    """
    begun_at = to_millisecond(database.clock or rows.begun(database.connection))
    with transaction.atomic():
        now, read = rows.copy_rows(database.connection, source=source, numbers=numbers)
        moment = to_millisecond((database.clock or now) + timedelta(microseconds=999))
        before = _before(source)
        rows.find_changes(source=source, moment=moment, before=before, numbers=numbers)
    done: Counter[str] = Counter()
    for chunk in rows.changes(_CHUNK):
        done += _record(chunk, source=source, moment=moment, zone=zone)
    if numbers is None:
        _note(source, zone, begun_at)
    return Compared(begun_at=begun_at, moment=moment, read=read, **done)


def bindings_of(source: str, numbers: Collection[int]) -> dict[int, list[Binding]]:
    """What is on record of each of these registrations, in order of time; in one query."""
    found: dict[int, list[Binding]] = {each: [] for each in numbers}
    with sending_cursor() as cursor:  # in binary: a backfill reads as many as it has messages
        for row in cursor.execute(_BINDINGS, [list(found), source], binary=True):
            binding = Binding(**dict(zip(_COLUMNS, row, strict=True)))
            found[binding.number].append(binding)
    return found


def _before(source: str) -> datetime | None:
    """When all registrations were compared last."""
    found = PushServerReading.objects.filter(source=source)
    return found.values_list("registrations_at", flat=True).first()


def _record(
    chunk: Sequence[Change], *, source: str, moment: datetime, zone: tzinfo
) -> "Counter[str]":
    """All that ``chunk`` tells, or nothing; what became of it by the names of ``Compared``."""
    reports = [report for each in chunk for report in reports_of(each, moment=moment, zone=zone)]
    times = [
        {"number": each.number, "registered_at": registered_at(each, moment=moment, zone=zone)}
        for each in chunk
        if each.is_there
    ]
    given: dict[str, Any] = {
        "source": source,
        "moment": moment,
        "first": chunk[0].number,
        "last": chunk[-1].number,
        "times": msgspec.json.encode(times).decode(),
    }
    unusable = Counter(
        (str(Code.UNUSABLE_FIELD), f"{TABLE}.{name}")
        for each in chunk
        for name in each.unusable or ()
    )
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_RECIPIENTS, given)
        events = record_events(reports, source=source).recorded
        cursor.execute(_END, given)
        ended = cursor.rowcount
        cursor.execute(_BEGIN, given)
        begun = cursor.rowcount
        if unusable:
            note_errors(source, unusable)
    return Counter(begun=begun, ended=ended, events=events, unusable=unusable.total())


def _note(source: str, zone: tzinfo, begun_at: datetime) -> None:
    """All are compared: what is not among them was not there at ``begun_at``. Noted once what they
    tell is on record."""
    PushComparing.objects.create(source_id=source, compared_at=begun_at)
    kept = PushServerReading.objects.filter(source=source)
    if not kept.update(registrations_at=begun_at):
        PushServerReading.objects.create(
            source_id=source, zone=str(zone), registrations_at=begun_at
        )
