"""Keeping the tallies: notifications are counted once each, in recording order, whole transactions
at a time. Recording is not touched; what is not counted yet, an answer counts itself."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from notifications.models.tally import DIMENSIONS, MARK, counted

BATCH = 50_000  # notifications counted in one transaction, or one whole transaction of more
BEHIND = timedelta(minutes=10)

_log = logging.getLogger(__name__)

_DIMENSIONS = ", ".join(DIMENSIONS)
_COLUMNS = f"key, starts_at, {_DIMENSIONS}, count"
# Of the hours that are counted, the days. The numbers are of the columns, as both have these names.
_DAYS = f"""
    SELECT date_trunc('day', starts_at, 'UTC') AS starts_at, {_DIMENSIONS},
        sum(count)::integer AS count
    FROM hours GROUP BY 1, 2, 3, 4, 5, 6, 7
"""  # noqa: S608 - of constants
# The start enters the key as a number: as a text it would depend on the session's time zone.
_KEYED = f"""
    SELECT
        sha256(convert_to(jsonb_build_array(
            extract(epoch FROM starts_at)::bigint, {_DIMENSIONS}
        )::text, 'UTF8')) AS key,
        starts_at, {_DIMENSIONS}, count
    FROM {{rows}}
"""  # noqa: S608 - of constants
_RANGE = "recorded_xid >= %s::xid8 AND recorded_xid < %s::xid8"
_IS_LEFT = """
    SELECT EXISTS (
        SELECT FROM notifications_notification
        WHERE recorded_xid >= %s::xid8 AND recorded_xid < pg_snapshot_xmin(pg_current_snapshot())
    )
"""
# The last transaction of a batch is the one that its last notification is of; none: all are in it.
_LAST_OF_BATCH = f"""
    SELECT recorded_xid::text FROM notifications_notification
    WHERE {_RANGE} ORDER BY recorded_xid OFFSET {BATCH - 1} LIMIT 1
"""  # noqa: S608 - of constants
# Whoever writes to the tallies has the mark's lock, so none waits for another among them. The rows
# go in the order of the keys, as in every table here.
_ADDED = f"""
    INSERT INTO {{table}} AS tally ({_COLUMNS})
    SELECT {_COLUMNS} FROM {{rows}} ORDER BY key
    ON CONFLICT (key) DO UPDATE SET count = tally.count + excluded.count
"""  # noqa: S608 - of constants
_FOLD = f"""
    WITH hours AS MATERIALIZED ({counted(_RANGE)}),
        days AS ({_DAYS}),
        keyed_hours AS ({_KEYED.format(rows="hours")}),
        keyed_days AS ({_KEYED.format(rows="days")}),
        added_hours AS ({_ADDED.format(table="notifications_hourlytally", rows="keyed_hours")}),
        added_days AS ({_ADDED.format(table="notifications_dailytally", rows="keyed_days")})
    SELECT COALESCE(sum(count), 0) FROM hours
"""  # noqa: S608 - of constants
_FIRST_UNCOUNTED = """
    SELECT recorded_at FROM notifications_notification
    WHERE recorded_xid >= %s::xid8 ORDER BY recorded_xid, id LIMIT 1
"""
_MOVE = """
    UPDATE notifications_tallymark SET below = %s::xid8, moved_at = statement_timestamp()
"""
_BELOW = f"recorded_xid < (SELECT below FROM ({MARK}) AS mark)"  # noqa: S608 - of constants
_DIFFERENCES = f"""
    WITH hours AS MATERIALIZED ({counted(_BELOW)}),
        days AS ({_DAYS}),
        derived AS (
            SELECT 'day' AS unit, * FROM ({_KEYED.format(rows="days")}) AS keyed
            UNION ALL SELECT 'hour', * FROM ({_KEYED.format(rows="hours")}) AS keyed
        ),
        stored AS (
            SELECT 'day' AS unit, {_COLUMNS} FROM notifications_dailytally
            UNION ALL SELECT 'hour', {_COLUMNS} FROM notifications_hourlytally
        )
    SELECT
        unit, COALESCE(derived.starts_at, stored.starts_at),
        COALESCE(stored.count, 0), COALESCE(derived.count, 0)
    FROM derived FULL JOIN stored USING (unit, key)
    WHERE derived.* IS DISTINCT FROM stored.*
    ORDER BY 1, 2, key
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class HowFar:
    """How far notifications are counted: whether that ``has_begun``, as else no tally can be relied
    on, and when the first that is in none was recorded; None: all are."""

    has_begun: bool
    waiting_since: datetime | None


@dataclass(frozen=True, slots=True)
class Folded:
    """How many notifications were counted, and whether more could be at once."""

    count: int
    more: bool


@dataclass(frozen=True, slots=True)
class DifferentTally:
    """A row that has ``stored`` where the notifications tell ``told``, or is another combination's
    where the two are equal."""

    unit: str
    starts_at: datetime
    stored: int
    told: int

    def __str__(self) -> str:
        start = self.starts_at.isoformat()
        return f"the {self.unit} from {start}: {self.stored:,} stored, {self.told:,} told"


NOTHING = Folded(0, more=False)


def fold_tallies() -> Folded:
    """Counts the next batch, in a transaction of its own. Does nothing while another worker does
    the same, and writes nothing when there is nothing to count."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SELECT below::text FROM ({MARK}) AS mark")  # noqa: S608 - of constants
        cursor.execute(_IS_LEFT, cursor.fetchone())
        if cursor.fetchone() == (False,):
            return NOTHING
        cursor.execute("SELECT below::text FROM notifications_tallymark FOR UPDATE SKIP LOCKED")
        if (row := cursor.fetchone()) is None:
            return NOTHING
        # Asked behind the lock: what moved the mark had an earlier horizon than this one.
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        (horizon,) = cursor.fetchone()
        mark = row[0]
        cursor.execute("SET LOCAL jit = off")  # compiling takes longer than all the rest
        if int(mark) > int(horizon):
            _log.warning("the mark of the tallies is of another database cluster: counting anew")
            _forget(cursor)
            mark = "0"
        cursor.execute(_LAST_OF_BATCH, [mark, horizon])
        last = cursor.fetchone()
        upper = horizon if last is None else str(int(last[0]) + 1)
        cursor.execute(_FOLD, [mark, upper])
        (count,) = cursor.fetchone()
        cursor.execute(_MOVE, [upper])
        return Folded(count, more=last is not None)


def how_far() -> HowFar:
    """By index alone, so that a page can ask it."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT below::text FROM ({MARK}) AS mark")  # noqa: S608 - of constants
        (below,) = cursor.fetchone()
        cursor.execute(_FIRST_UNCOUNTED, [below])
        row: tuple[datetime] | None = cursor.fetchone()
    return HowFar(has_begun=int(below) > 0, waiting_since=None if row is None else row[0])


def find_differences() -> list[DifferentTally]:
    """The rows that are not as the notifications below the mark tell, in one snapshot. Reads every
    notification."""
    with connection.cursor() as cursor:
        cursor.execute(_DIFFERENCES)
        return [DifferentTally(*row) for row in cursor.fetchall()]


def forget_tallies() -> None:
    """Has everything counted again, by ``fold_tallies``; until then answers count it themselves."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_tallymark (id, below) VALUES (1, '0')"
            " ON CONFLICT (id) DO UPDATE SET below = '0'"  # waits for whoever is folding
        )
        _forget(cursor)


def waiting_since(now: datetime) -> datetime | None:
    """When the first notification that is not counted was recorded, if counting is far behind."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT below::text, moved_at FROM ({MARK}) AS mark")  # noqa: S608
        below, moved_at = cursor.fetchone()
        if moved_at is not None and moved_at >= now - BEHIND:
            return None
        cursor.execute(_FIRST_UNCOUNTED, [below])
        row: tuple[datetime] | None = cursor.fetchone()
    return row[0] if row is not None and row[0] < now - BEHIND else None


def _forget(cursor: CursorWrapper) -> None:
    cursor.execute("DELETE FROM notifications_hourlytally")
    cursor.execute("DELETE FROM notifications_dailytally")
