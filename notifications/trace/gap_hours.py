"""How many gaps there were in each hour, kept by the worker for all hours on record: those around
now again and again by the overview, which looks for them anyway; all others once, and once more
when something was recorded that they may rest on."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.db import connection, transaction

from notifications.models import GapHour, GapLook, GapMark
from notifications.models.patience import TooMuch
from notifications.protocol.message import later
from notifications.protocol.reasons import CountsAs
from notifications.protocol.window import HOUR, Window

from .entries import Entry
from .gap_grounds import Grounds, begun, read_grounds, rest_until, touch_what_rests_on_else
from .gap_notes import acknowledgements, is_acknowledged
from .gap_touches import touch_hours
from .gaps import Gaps, find_gaps
from .kept_gaps import written

# Today in any time zone, on the longest day and where clocks are ahead: what the overview looks at.
AROUND = 25 * HOUR
AT_ONCE = 24  # hours in one look, or less where that is too much
NEGLECTED = timedelta(minutes=10)  # an hour that the overview should have looked at
SECOND = timedelta(seconds=1)
SOONEST = timedelta(minutes=1)  # until an hour is looked at again for no other reason than time
SLOWER = 8  # by so much less often what was too much, the longer ago the hour is

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('notifications_gap_hours'))"
_WRITE_LOCK = "SELECT pg_advisory_xact_lock(hashtext('notifications_gap_hours_write'))"
_DUE = """
    (
        SELECT hour FROM notifications_gaplook
        WHERE touched_at IS NOT NULL AND {which} ORDER BY hour DESC LIMIT %(most)s
    ) UNION (
        SELECT hour FROM notifications_gaplook
        WHERE again_at <= %(now)s AND {which} ORDER BY again_at LIMIT %(most)s
    )
    ORDER BY hour DESC LIMIT %(most)s
"""
_ELSEWHERE = """(
    hour < %(since)s OR hour >= %(until)s
    OR looked_at IS NULL OR looked_at < clock_timestamp() - %(neglected)s
)"""
_NEXT = _DUE.format(which=_ELSEWHERE)
_LOOKED = """
    INSERT INTO notifications_gaplook AS look (
        hour, looked_at, again_at, unjudged, too_much, rests_on, rests_until, found
    )
    SELECT hour, %(begun)s, again_at, %(unjudged)s, %(too_much)s, rests_on, rests_until, found
    FROM unnest(
        %(hours)s::timestamptz[], %(again)s::timestamptz[], %(rests_on)s::text[],
        %(rests_until)s::timestamptz[], %(found)s::text[]
    ) AS given (hour, again_at, rests_on, rests_until, found)
    WHERE hour = ANY(%(with_gaps)s)
        OR EXISTS (SELECT FROM notifications_gaplook AS known WHERE known.hour = given.hour)
    ORDER BY hour
    ON CONFLICT (hour) DO UPDATE SET
        looked_at = excluded.looked_at, again_at = excluded.again_at,
        unjudged = excluded.unjudged, too_much = excluded.too_much,
        rests_on = excluded.rests_on, rests_until = excluded.rests_until,
        found = CASE WHEN look.found = excluded.found THEN look.found ELSE excluded.found END,
        touched_at = CASE WHEN look.touched_at > excluded.looked_at THEN look.touched_at END
"""

# What the gaps of an hour are counted by.
Cell: TypeAlias = tuple[datetime, str, str, str, str | None, str | None]
Counted: TypeAlias = dict[Cell, tuple[int, int]]


def around(now: datetime) -> Window:
    """The hours that the overview looks at."""
    hour = hour_of(now)
    return Window(hour - AROUND, hour + AROUND)


def hour_of(moment: datetime) -> datetime:
    return moment.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Begun:
    """What a look rests on at least: it began ``at``, by the clock of the database."""

    at: datetime
    grounds: Grounds


def begin(now: datetime) -> Begun:
    """What is known of sources comes first: where that has changed when gaps are looked for, they
    are looked for again."""
    grounds = read_grounds(now)
    return Begun(begun(), grounds)


def keep_gap_hours(now: datetime) -> bool:
    """Marks the hours that evidence recorded since touches, and where all of that is gone through,
    as what is left may touch the same ones, looks at the newest of those that have to be looked at,
    a day of them at most; whether there may be more to do at once."""
    _note_work(now)
    if touch_hours():
        return True
    touch_what_rests_on_else(now)
    return _look_at_next(now)


def write_hours(
    window: Window,
    found: Sequence[Entry],
    *,
    now: datetime,
    since: Begun,
    unjudged: int = 0,
    too_much: bool = False,
) -> None:
    """The hours of ``window`` as what was ``found`` in it tells. What was written of a look that
    began later stays."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_LOCK)
        after = GapLook.objects.filter(
            hour__gte=window.since, hour__lt=window.until, looked_at__gt=since.at
        )
        newer = set(after.values_list("hour", flat=True))
        told = {cell: each for cell, each in _counted(found).items() if cell[0] not in newer}
        _replace(window, told, newer)
        by_hour = {each: list[Entry]() for each in _hours(window) if each not in newer}
        for entry in found:
            if (hour := hour_of(entry.at)) in by_hour:
                by_hour[hour].append(entry)
        looks = [_look(*each, now, since.grounds) for each in by_hour.items()]
        if too_much:
            looks = [_Look(_retry(hour, now)) for hour in by_hour]
        given: dict[str, Any] = {
            "hours": list(by_hour),
            "again": [each.again_at for each in looks],
            "rests_on": [each.rests_on for each in looks],
            "rests_until": [each.rests_until for each in looks],
            "found": [None if unjudged else each.found for each in looks],
            "with_gaps": [cell[0] for cell in told],
            "begun": since.at,
            "unjudged": unjudged,
            "too_much": too_much,
        }
        with connection.cursor() as cursor:
            cursor.execute(_LOOKED, given)


def _look_at_next(now: datetime) -> bool:
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
            if cursor.fetchone() == (False,):
                return False
            recent = around(now)
            given: dict[str, Any] = {
                "since": recent.since,
                "until": recent.until,
                "neglected": NEGLECTED,
                "now": now,
                "most": AT_ONCE,
            }
            cursor.execute(_NEXT, given)
            hours = [hour for (hour,) in cursor.fetchall()]
        if not hours:
            return False
        first = min(each for each in hours if hours[0] - each < AT_ONCE * HOUR)
        for part, since, gaps in _found(Window(first, hours[0] + HOUR), now):
            if gaps is None:
                write_hours(part, (), now=now, since=since, too_much=True)
            else:
                write_hours(part, gaps.entries, now=now, since=since, unjudged=gaps.unjudged)
    return True


def _found(window: Window, now: datetime) -> Iterable[tuple[Window, Begun, Gaps | None]]:
    """Of the whole, or of either half where that is too much; None of an hour that is."""
    since = begin(now)
    try:
        yield window, since, find_gaps(window, now=now)
    except TooMuch:
        hours = (window.until - window.since) // HOUR
        if hours < 2:
            yield window, since, None
            return
        middle = window.since + hours // 2 * HOUR
        yield from _found(Window(window.since, middle), now)
        yield from _found(Window(middle, window.until), now)


def _counted(found: Sequence[Entry]) -> Counted:
    notes = acknowledgements(found)
    count: Counter[Cell] = Counter()
    still: Counter[Cell] = Counter()
    for each in found:
        cell = (
            hour_of(each.at), str(each.rule), str(each.reason), str(each.counts_as),
            each.app, each.source,
        )  # fmt: skip
        count[cell] += 1
        still[cell] += not is_acknowledged(each, notes)
    return {cell: (number, still[cell]) for cell, number in count.items()}


def _replace(window: Window, told: Counted, kept: set[datetime]) -> None:
    """The rows of ``window`` become what is ``told``, but for those of the hours that are ``kept``;
    only what differs is written, as most of what is looked at again and again does not."""
    rows = GapHour.objects.filter(hour__gte=window.since, hour__lt=window.until)
    known = {_cell(row): row for row in rows if row.hour not in kept}
    gone = [row.pk for cell, row in known.items() if cell not in told]
    changed = []
    for cell, (count, still) in told.items():
        row = known.get(cell)
        if row is not None and (row.count, row.open) != (count, still):
            row.count, row.open = count, still
            changed.append(row)
    if gone:
        GapHour.objects.filter(pk__in=gone).delete()
    if changed:
        GapHour.objects.bulk_update(changed, ["count", "open"])
    GapHour.objects.bulk_create(
        GapHour(
            hour=hour, rule=rule, reason=reason, counts_as=counts_as, app_id=app, source=source,
            count=count, open=still,
        )
        for (hour, rule, reason, counts_as, app, source), (count, still) in told.items()
        if (hour, rule, reason, counts_as, app, source) not in known
    )  # fmt: skip


def _cell(row: GapHour) -> Cell:
    return row.hour, row.rule, row.reason, row.counts_as, row.app_id, row.source


def _hours(window: Window) -> list[datetime]:
    return [window.since + n * HOUR for n in range((window.until - window.since) // HOUR)]


@dataclass(frozen=True, slots=True)
class _Look:
    again_at: datetime | None
    rests_on: str = ""
    rests_until: datetime | None = None
    found: str | None = None


def _look(hour: datetime, found: Sequence[Entry], now: datetime, grounds: Grounds) -> _Look:
    """Whatever is still to come may be about an hour up to some moment: it is looked at again then,
    and when a gap comes due before."""
    until = rest_until(hour, found)
    if now < until:
        pending = (each.due for each in found if each.counts_as is CountsAs.PENDING)
        due = min((later(each, SECOND) for each in pending if each is not None), default=until)
        return _Look(max(min(due, until), now + SOONEST))
    return _Look(None, grounds.until(until), until, written(found))


def _retry(hour: datetime, now: datetime) -> datetime:
    return now + max(SOONEST, abs(now - hour) / SLOWER)


def _note_work(now: datetime) -> None:
    """That somebody saw to it, every now and then: a write each turn would be many for nothing."""
    lately = GapMark.objects.exclude(worked_at__gt=now - SOONEST / 2, worked_at__lte=now)
    lately.update(worked_at=now)
