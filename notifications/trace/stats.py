"""How many notifications were emitted, by time and dimension: exact at any moment. What the tallies
have is taken from them, the rest is counted, both in one snapshot."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from django.db import connection

from notifications.models.patience import TooMuch, rows_within
from notifications.models.querysets import Apps, Extent, id_after
from notifications.models.tally import MARK, counted
from notifications.protocol.identity import EPOCH, first_id_at
from notifications.protocol.window import DAY, Window

MOST_CELLS = 50_000
LONGEST_QUERY = "20s"
HOUR = timedelta(hours=1)
ANY, NONE = "any", "none"  # values of the finding that are no code
_UNSTORABLE = re.compile("[\0\ud800-\udfff]")  # so in no notification


class Dimension(StrEnum):
    MESSAGE_TYPE = "message_type"
    RESULT = "result"
    APP = "app_id"
    PLATFORM = "platform"
    SOURCE = "source"
    FINDING = "finding"


class Interval(StrEnum):
    HOUR = "hour"
    DAY = "day"


_COLUMN = {each: "codes" if each is Dimension.FINDING else str(each) for each in Dimension}
_TABLE = {
    Interval.HOUR: "notifications_hourlytally",
    Interval.DAY: "notifications_dailytally",
}
_WHOLE = "%(since)s::timestamptz"  # the one bucket where there is no interval
# Each part is counted over its table alone, so that few rows are carried on.
_TALLIED = """
    SELECT {bucket} AS at {columns}, sum(count) AS count, 0 AS uncounted
    FROM {table}
    WHERE starts_at >= %(since{place})s AND starts_at < %(until{place})s
        AND (SELECT below FROM mark) > '0'::xid8 AND {condition}
    GROUP BY 1 {columns}
"""
_UNCOUNTED = """
    SELECT
        {bucket} AS at {columns},
        {sign} * sum(count) AS count, GREATEST({sign} * sum(count), 0) AS uncounted
    FROM ({around_the_mark}) AS uncounted
    WHERE {condition}
    GROUP BY 1 {columns}
"""
# What is above the mark is added, up to the bound if there is one. What is between the bound and a
# mark beyond it is taken away again. LEAST and GREATEST pass over nulls.
_SIGN = "CASE WHEN %(below)s::xid8 < (SELECT below FROM mark) THEN -1 ELSE 1 END"
# The mark is read within the statement, so in its snapshot. As the planner cannot know it then, a
# mark ``known`` from before is given as well: by that it chooses the index.
_AROUND_THE_MARK = counted(
    "recorded_xid >= LEAST(%(known)s::xid8, %(below)s::xid8)"
    " AND recorded_xid >= LEAST((SELECT below FROM mark), %(below)s::xid8)"
    " AND (%(below)s::xid8 IS NULL"
    " OR recorded_xid < GREATEST((SELECT below FROM mark), %(below)s::xid8))"
    " AND id >= %(first)s AND id < %(end)s"
    " AND emitted_at >= %(since)s AND emitted_at < %(until)s"
)
# What was counted by codes, by finding.
_BY_FINDING = """
    SELECT at, {names}, sum(count)::bigint AS count
    FROM told CROSS JOIN LATERAL unnest(
        CASE WHEN codes = '{{}}' THEN ARRAY['{none}'] ELSE codes END
    ) AS each_finding (finding)
    GROUP BY at, {names}
"""
# The head comes first, in a row of its own, and moments come as numbers: reading them in each row
# takes longer than counting.
_ANSWER = f"""
    WITH mark AS ({MARK}), told AS (
        SELECT at {{columns}}, sum(count)::bigint AS count, sum(uncounted) AS uncounted
        FROM ({{parts}}) AS parts
        GROUP BY at {{columns}}
        HAVING sum(count) <> 0
    ), head AS (
        SELECT
            below::text, CASE WHEN below > '0'::xid8 THEN moved_at END AS tallied_at,
            COALESCE(sum(count), 0)::bigint AS total,
            COALESCE(sum(uncounted), 0)::bigint AS uncounted
        FROM mark LEFT JOIN told ON true
        GROUP BY below, moved_at
    )
    SELECT head.*, extract(epoch FROM at)::bigint, count {{values}}
    FROM head FULL JOIN ({{cells}}) AS cells ON false
    ORDER BY at NULLS FIRST {{order}} LIMIT {MOST_CELLS + 2}
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Notifications emitted in ``window`` (widened to whole hours, or days when that is the
    ``interval``), counted in buckets of that ``interval``, or in one, ``by`` these dimensions.

    ``where`` has the values wanted of a dimension, any of which will do, None being "not told"; a
    dimension that is left out or has no values wants all. Of the finding they are codes, "any" and
    "none". By finding, a notification counts for each code that it has.
    """

    window: Window
    interval: Interval | None = None
    by: Sequence[Dimension] = ()
    where: Mapping[Dimension, Collection[str | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Cell:
    """``at`` is the start of the bucket; ``values`` are in the order of the question's ``by``, None
    being "not told" and, of the finding, "none" standing for those without any."""

    at: datetime
    values: tuple[str | None, ...]
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """``cells`` in order of time, then of their values; those with nothing in them are left out.

    ``total`` counts each notification once, also by finding. ``uncounted`` of them were in no tally
    yet, which were last carried forward at ``tallied_at`` (None: there are none); these two tell of
    the moment, also where the others are as of a bound.
    """

    window: Window
    cells: tuple[Cell, ...]
    total: int
    uncounted: int
    tallied_at: datetime | None


def count(question: Question, *, apps: Apps = None, below: int | None = None) -> Stats:
    """Of ``apps`` alone, unless that is None. Raises ``TooMuch``.

    With ``below``, of what transactions with a lower number recorded: up to the horizon, the cells
    and the total stay the same for ever, wherever the tallies are.
    """
    window = _widened(question.window, DAY if question.interval is Interval.DAY else HOUR)
    statement, parameters = _statement(question, window, Extent(apps, below))
    known = _mark()
    while True:
        head, *cells = rows_within(LONGEST_QUERY, statement, {**parameters, "known": known})
        mark, tallied_at, total, uncounted = head[:4]
        if int(mark) >= int(known):
            break
        known = mark  # else the mark only grows: all is being counted anew
    if len(cells) > MOST_CELLS:
        raise TooMuch(f"{MOST_CELLS:,} cells")
    return Stats(
        window=window,
        cells=tuple(
            Cell(EPOCH + timedelta(seconds=row[4]), row[6:], count=row[5]) for row in cells
        ),
        total=total,
        uncounted=uncounted,
        tallied_at=tallied_at,
    )


def _mark() -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT below::text FROM ({MARK}) AS mark")  # noqa: S608 - of constants
        (below,) = cursor.fetchone()
        return str(below)


def _statement(question: Question, window: Window, extent: Extent) -> tuple[str, dict[str, Any]]:
    by = [_COLUMN[each] for each in question.by]
    names = ["finding" if each == "codes" else each for each in by]
    columns = _listed(dict.fromkeys(by))
    cells = "TABLE told"
    if Dimension.FINDING in question.by:
        cells = _BY_FINDING.format(names=", ".join(dict.fromkeys(names)), none=NONE)
    condition, wanted = _condition(question.where, extent.apps)
    selects, moments = _selects(question.interval, window, columns, condition)
    statement = _ANSWER.format(
        columns=columns,
        parts=" UNION ALL ".join(selects),
        values=_listed(names),
        cells=cells,
        order=_listed(f'{each} COLLATE "C"' for each in names),
    )
    return statement, {**moments, **wanted, **extent.parameters}


def _listed(columns: Iterable[str]) -> str:
    return "".join(f", {each}" for each in columns)


def _selects(
    interval: Interval | None, window: Window, columns: str, condition: str
) -> tuple[list[str], dict[str, Any]]:
    """What is counted of the window, its tallies and what is in none yet, and the parameters."""
    parameters: dict[str, Any] = {
        "since": window.since,
        "until": window.until,
        "first": first_id_at(window.since),
        "end": id_after(window.until),
    }
    told = {"columns": columns, "condition": condition}
    bucket = _WHOLE if interval is None else f"date_trunc('{interval}', starts_at, 'UTC')"
    selects = [
        _UNCOUNTED.format(bucket=bucket, sign=_SIGN, around_the_mark=_AROUND_THE_MARK, **told)
    ]
    for place, (unit, since, until) in enumerate(_parts(interval, window)):
        bucket = _WHOLE if interval is None else "starts_at"
        selects.append(_TALLIED.format(bucket=bucket, table=_TABLE[unit], place=place, **told))
        parameters |= {f"since{place}": since, f"until{place}": until}
    return selects, parameters


def _parts(interval: Interval | None, window: Window) -> list[tuple[Interval, datetime, datetime]]:
    """Whole days are taken from the days' tallies, unless each hour is asked for."""
    if interval is not None:
        return [(interval, window.since, window.until)]
    first, last = _ceiling(window.since, DAY), _floor(window.until, DAY)
    if first >= last:
        return [(Interval.HOUR, window.since, window.until)]
    parts = [
        (Interval.HOUR, window.since, first),
        (Interval.DAY, first, last),
        (Interval.HOUR, last, window.until),
    ]
    return [part for part in parts if part[1] < part[2]]


def _condition(
    where: Mapping[Dimension, Collection[str | None]], apps: Apps
) -> tuple[str, dict[str, Any]]:
    conditions: list[str] = []
    parameters: dict[str, Any] = {}
    for dimension, values in where.items():
        if not values:
            continue
        texts = [each for each in values if each is not None and not _UNSTORABLE.search(each)]
        if dimension is Dimension.FINDING:
            condition = _finding_condition(values)
        else:
            column = _COLUMN[dimension]
            condition = f"{column} = ANY(%({column})s::text[])"
            condition += f" OR {column} IS NULL" if None in values else ""
        conditions.append(f"({condition})")
        parameters[_COLUMN[dimension]] = texts
    if apps is not None:
        conditions.append("app_id = ANY(%(apps)s::text[])")
    return " AND ".join(conditions) or "true", parameters


def _finding_condition(values: Collection[str | None]) -> str:
    alternatives = ["codes && %(codes)s::text[]"]
    if ANY in values:
        alternatives.append("codes <> '{}'")
    if NONE in values or None in values:
        alternatives.append("codes = '{}'")
    return " OR ".join(alternatives)


def _widened(window: Window, width: timedelta) -> Window:
    return Window(_floor(window.since, width), _ceiling(window.until, width))


def _floor(moment: datetime, width: timedelta) -> datetime:
    return EPOCH + (moment - EPOCH) // width * width


def _ceiling(moment: datetime, width: timedelta) -> datetime:
    floor = _floor(moment, width)
    if floor == moment:
        return moment
    try:
        return floor + width
    except OverflowError:  # the last hour or day of the year 9999
        return datetime.max.replace(tzinfo=UTC)
