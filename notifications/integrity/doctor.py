"""What does not add up in the record: each ``Symptom`` says what, where and what to do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from notifications.models import Export, MessageStorage, PushServerReading
from notifications.models.clock import clocks_now
from notifications.models.partitions import partition_name, plan_partitions
from notifications.protocol.clocks import CARRIED, off_by

from .first_reports import find_different_reports
from .projections import plan_rebuild
from .tallies import BEHIND, find_differences, waiting_since

CLOCK_TOLERANCE = timedelta(minutes=1)
CLOCK_APART = timedelta(seconds=30)  # half of what merging bears where nothing is known of clocks
NAMED = 3  # examples in one symptom


@dataclass(frozen=True, slots=True)
class Symptom:
    """``code`` is stable; ``detail`` says what was seen and ``remedy`` what to do about it."""

    code: str
    detail: str
    remedy: str


def examine(now: datetime) -> Iterator[tuple[str, list[Symptom]]]:
    """Each examination by its name, with what it found. Reads every notification several times."""
    for name, examination in EXAMINATIONS.items():
        yield name, list(examination(now))


def _guards(now: datetime) -> Iterator[Symptom]:
    rows = _rows("""
        SELECT guarded.relid::regclass::text, wanted.name
        FROM (
            SELECT relid FROM pg_partition_tree('notifications_notification')
            UNION ALL SELECT 'notifications_accessrecord'::regclass
            UNION ALL SELECT 'notifications_gapnote'::regclass
        ) AS guarded (relid)
        CROSS JOIN (VALUES ('refuse_change'), ('refuse_truncate')) AS wanted (name)
        WHERE NOT EXISTS (
            SELECT FROM pg_trigger
            WHERE tgrelid = guarded.relid AND tgname = wanted.name AND tgenabled = 'A'
                AND tgfoid = 'refuse_change'::regproc
        )
        ORDER BY 1, 2
    """)
    for table, trigger in rows:
        yield Symptom(
            "unguarded",
            f"{table} lacks the trigger {trigger}, or it is not ENABLE ALWAYS: its rows can be"
            " changed",
            "find out who took it away and what was changed meanwhile; then set it again",
        )


def _partitions(now: datetime) -> Iterator[Symptom]:
    for month in plan_partitions(now, ahead=1).to_make:
        yield Symptom(
            "missing_month",
            f"{partition_name(month)} does not exist",
            "run manage.py work, which makes it, or manage.py partitions --apply",
        )
    rows = _rows("""
        SELECT inhrelid::regclass::text FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
        WHERE inhparent = 'notifications_notification'::regclass
            AND pg_get_expr(relpartbound, oid) = 'DEFAULT'
    """)
    for (table,) in rows:
        yield Symptom(
            "default_partition",
            f"{table} is a default partition: a month that it holds can never be made",
            "move its rows into months of their own and drop it",
        )


def _identities(now: datetime) -> Iterator[Symptom]:
    rows = _rows("""
        SELECT source_id, message_id, count(*) FROM notifications_notification
        WHERE message_id IS NOT NULL
        GROUP BY source_id, message_id HAVING count(*) > 1
        ORDER BY source_id, message_id
    """)
    if rows:
        named = ", ".join(
            f"{message} of {source} ({count})" for source, message, count in rows[:NAMED]
        )
        yield Symptom(
            "two_identities",
            f"{len(rows):,} message ids stand under several times of emission: {named}",
            "a retry must repeat emitted_at as well as message_id; tell the source's owner",
        )
    ((odd,),) = _rows("""
        SELECT count(*) FROM notifications_notification
        WHERE ('x' || left(replace(id::text, '-', ''), 12))::bit(48)::bigint
            <> greatest(floor(extract(epoch FROM emitted_at) * 1000), 0)
    """)
    if odd:
        yield Symptom(
            "foreign_id",
            f"the ids of {odd:,} notifications do not carry their time of emission",
            "they were not written by the recorder; find out by whom",
        )


def _clocks(now: datetime) -> Iterator[Symptom]:
    rows = _rows(
        """
        SELECT source_id, count(*), max(emitted_at - recorded_at) FROM notifications_notification
        WHERE emitted_at > recorded_at + %s
        GROUP BY source_id ORDER BY source_id
        """,
        [CLOCK_TOLERANCE],
    )
    for source, count, most in rows:
        yield Symptom(
            "clock_ahead",
            f"{source} reported {count:,} notifications as emitted later than they were recorded,"
            f" by up to {most}",
            "set the clock of that source right; what it told stays as it is",
        )
    rows = _rows(
        """
        WITH transactions AS (
            SELECT recorded_xid, max(recorded_at) AS recorded_at
            FROM notifications_notification GROUP BY recorded_xid
        ), ordered AS (
            SELECT
                recorded_xid, recorded_at,
                lag(recorded_at) OVER (ORDER BY recorded_xid) AS earlier
            FROM transactions
        )
        SELECT recorded_xid::text, earlier, recorded_at FROM ordered
        WHERE recorded_at < earlier - %s ORDER BY recorded_xid
        """,
        [CLOCK_TOLERANCE],
    )
    for xid, earlier, later in rows[:NAMED]:
        yield Symptom(
            "clock_jumped",
            f"the database's clock went back from {earlier:%Y-%m-%d %H:%M:%S} to"
            f" {later:%Y-%m-%d %H:%M:%S} UTC before transaction {xid} ({len(rows):,} such jumps)",
            "let the database's host slew its clock; recording order does not depend on it",
        )


def _clocks_apart(now: datetime) -> Iterator[Symptom]:
    """By what several sources report, as far as a worker compared that lately."""
    for source, shown in sorted(clocks_now(now).items()):
        clock = shown.clock
        is_off = clock.is_steady and abs(clock.ahead) > CLOCK_APART
        if clock.against is None or not is_off or clock.until < now - CARRIED:
            continue
        beyond = ", which is too far to be made up for" if clock.is_beyond else ""
        yield Symptom(
            "clocks_apart",
            f"the clock of {source} is {off_by(clock.ahead)} by that of {clock.against}, told by"
            f" {clock.pairs:,} messages that both reported{beyond}",
            "set the clock of the one that is wrong right, or the zone that its times are taken to"
            " be of",
        )


def _relations(now: datetime) -> Iterator[Symptom]:
    for table, column, key in (
        ("recipient", "recipient_id", "id"),
        ("source", "source_id", "slug"),
    ):
        ((lost,),) = _rows(f"""
            SELECT count(*) FROM notifications_notification AS told
            WHERE {column} IS NOT NULL AND NOT EXISTS (
                SELECT FROM notifications_{table} AS known WHERE known.{key} = told.{column}
            )
        """)  # noqa: S608 - of constants
        if lost:
            yield Symptom(
                f"lost_{table}",
                f"{lost:,} notifications name a {table} that is not there",
                f"somebody deleted it; restore the table of {table}s from a backup",
            )


def _subjects(now: datetime) -> Iterator[Symptom]:
    differences = plan_rebuild()
    if differences:
        named = ", ".join(
            f"{each.projection} {each.key} ({each.fault})" for each in differences[:3]
        )
        yield Symptom(
            "subjects_differ",
            f"{len(differences):,} subjects are not as the notifications tell: {named}",
            "manage.py rebuild; recording never leaves this, so find out who wrote them",
        )


def _first_reports(now: datetime) -> Iterator[Symptom]:
    if differences := find_different_reports():
        named = "; ".join(str(each) for each in differences[:NAMED])
        yield Symptom(
            "first_reports_differ",
            f"{len(differences):,} notes of first reports are not as the evidence tells: {named}",
            "manage.py rebuild; recording never leaves this, so find out who wrote them",
        )


def _tallies(now: datetime) -> Iterator[Symptom]:
    if differences := find_differences():
        named = "; ".join(str(each) for each in differences[:NAMED])
        yield Symptom(
            "tallies_differ",
            f"{len(differences):,} tallies are not as the notifications tell: {named}",
            "manage.py rebuild; counting never leaves this, so find out who wrote them",
        )
    if (since := waiting_since(now)) is not None:
        yield Symptom(
            "tallies_behind",
            f"what was recorded since {since:%Y-%m-%d %H:%M:%S} UTC is in no tally, so statistics"
            " are exact and slow",
            "run manage.py work; if it runs, end what holds a transaction open (pg_stat_activity)",
        )


def _exports(now: datetime) -> Iterator[Symptom]:
    waiting = Export.objects.filter(
        delivery=Export.Delivery.JOB,
        state__in=(Export.State.QUEUED, Export.State.RUNNING),
        due_at__lt=now - BEHIND,
    ).filter(Q(claim=None) | Q(alive_at__lt=now - BEHIND))
    if count := waiting.count():
        yield Symptom(
            "exports_wait",
            f"{count} exports are due for over {BEHIND.seconds // 60} minutes and not being made",
            "run manage.py work",
        )


def _coverage(now: datetime) -> Iterator[Symptom]:
    """Of sources that were ever measured. Whose account is deactivated is meant to be silent."""
    rows = _rows(
        """
        SELECT source.slug, latest.ended_at
        FROM notifications_source AS source
        CROSS JOIN LATERAL (
            SELECT ended_at FROM notifications_coverage
            WHERE source_id = source.slug ORDER BY ended_at DESC LIMIT 1
        ) AS latest
        WHERE latest.ended_at < %s AND NOT EXISTS (
            SELECT FROM notifications_account WHERE username = source.slug AND NOT is_active
        )
        ORDER BY source.slug
        """,
        [now - settings.COVERAGE_SILENCE],
    )
    for source, ended in rows:
        yield Symptom(
            "source_silent",
            f"{source} is measured and was last in contact at {ended:%Y-%m-%d %H:%M:%S} UTC: since"
            " then nothing of it is covered",
            "see that its heartbeat, the probe through its proxy or the command that polls it runs,"
            " and a worker; deactivate the account of a source that is no more",
        )


def _following(now: datetime) -> Iterator[Symptom]:
    """Of Push Servers. One that a command reads is told by its silence, as any source."""
    for each in PushServerReading.objects.order_by("source_id"):
        since = each.polled_at or each.wanted_at
        if each.is_wanted and since is not None and since < now - settings.COVERAGE_SILENCE:
            yield Symptom(
                "push_server_unread",
                f"{each.source_id} is to be followed and was {_last_read(each)}",
                "do what the problem says; without one, see that manage.py work runs with it in its"
                " PUSHAUDIT_PUSH_SERVERS; or stop the following on the source's page",
            )
        if each.storage == MessageStorage.OFF:
            yield Symptom(
                "message_storage_off",
                f"{each.source_id} does not store what it sends, as far as can be seen: there is"
                " nothing to read",
                "set powerauth.push.service.message.storage.enabled=true in the Push Server's"
                " configuration and start it again",
            )


def _last_read(reading: PushServerReading) -> str:
    if reading.polled_at is not None:
        told = f"last read to its end at {reading.polled_at:%Y-%m-%d %H:%M:%S} UTC"
    else:
        told = f"never read to its end ({reading.rows_read:,} rows so far)"
    return f"{told}: {reading.problem}" if reading.problem else told


EXAMINATIONS: dict[str, Callable[[datetime], Iterator[Symptom]]] = {
    "guards": _guards,
    "partitions": _partitions,
    "identities": _identities,
    "clocks": _clocks,
    "skews": _clocks_apart,
    "relations": _relations,
    "subjects": _subjects,
    "first_reports": _first_reports,
    "tallies": _tallies,
    "exports": _exports,
    "coverage": _coverage,
    "following": _following,
}


def _rows(statement: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, list(parameters))
        return list(cursor.fetchall())
