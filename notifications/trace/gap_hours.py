"""How many gaps there were in each hour, kept by the worker for all hours on record: those around
now again and again by the overview, which looks for them anyway; all others once, and once more
when something was recorded that they may rest on."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from django.db import connection, transaction

from notifications.models import GapHour, GapLook, GapMark
from notifications.models.patience import TooMuch
from notifications.protocol.reasons import CountsAs, Reason
from notifications.protocol.window import Window

from .entries import Entry
from .gap_notes import acknowledgements, is_acknowledged
from .gap_touches import touch_hours
from .gaps import Gaps, find_gaps

HOUR = timedelta(hours=1)
# Today in any time zone, on the longest day and where clocks are ahead: what the overview looks at.
AROUND = 25 * HOUR
AT_ONCE = 24  # hours in one look, or less where that is too much
NEGLECTED = timedelta(minutes=10)  # an hour that the overview should have looked at
SOONEST = timedelta(minutes=1)  # until an hour is looked at again for no other reason than time
SLOWER = 8  # by so much less often, the longer ago the hour is
# What rests on a source as a whole, which goes on to report: at other times, or for the first time.
UNSETTLED = (
    Reason.SOURCE_SILENT,
    Reason.SOURCE_NEVER_SENDS,
    Reason.RECORDING_BEGAN,
    Reason.NOT_COVERED,
)

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('notifications_gap_hours'))"
_WRITE_LOCK = "SELECT pg_advisory_xact_lock(hashtext('notifications_gap_hours_write'))"
_BEGUN = "SELECT clock_timestamp()"
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
    INSERT INTO notifications_gaplook AS look (hour, looked_at, again_at, unjudged, too_much)
    SELECT hour, %(begun)s, again_at, %(unjudged)s, %(too_much)s
    FROM unnest(%(hours)s::timestamptz[], %(again)s::timestamptz[]) AS given (hour, again_at)
    WHERE hour = ANY(%(with_gaps)s)
        OR EXISTS (SELECT FROM notifications_gaplook AS known WHERE known.hour = given.hour)
    ORDER BY hour
    ON CONFLICT (hour) DO UPDATE SET
        looked_at = excluded.looked_at, again_at = excluded.again_at,
        unjudged = excluded.unjudged, too_much = excluded.too_much,
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


def begun() -> datetime:
    """By the clock of the database, which says of when what it is asked next is at least."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGUN)
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


def keep_gap_hours(now: datetime) -> bool:
    """Marks the hours that evidence recorded since touches, and looks at the newest of those that
    have to be looked at, a day of them at most; whether there may be more to do at once."""
    more = touch_hours()
    looked = _look_at_next(now)
    _note_work(now)
    return more or looked


def write_hours(
    window: Window,
    found: Sequence[Entry],
    *,
    now: datetime,
    since: datetime,
    unjudged: int = 0,
    too_much: bool = False,
) -> None:
    """The hours of ``window`` as what was ``found`` in it tells; the look began at ``since`` by the
    clock of the database. What was written of a look that began later stays."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_WRITE_LOCK)
        later = GapLook.objects.filter(
            hour__gte=window.since, hour__lt=window.until, looked_at__gt=since
        )
        newer = set(later.values_list("hour", flat=True))
        told = {cell: each for cell, each in _counted(found).items() if cell[0] not in newer}
        _replace(window, told, newer)
        hours = [each for each in _hours(window) if each not in newer]
        again = _again(found, now)
        given: dict[str, Any] = {
            "hours": hours,
            "again": [again.get(each, _retry(each, now) if too_much else None) for each in hours],
            "with_gaps": [cell[0] for cell in told],
            "begun": since,
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


def _found(window: Window, now: datetime) -> Iterable[tuple[Window, datetime, Gaps | None]]:
    """Of the whole, or of either half where that is too much; None of an hour that is."""
    since = begun()
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


def _again(found: Iterable[Entry], now: datetime) -> Mapping[datetime, datetime]:
    """When each hour is to be looked at again though nothing of it is recorded: when the first of
    its gaps comes due, and ever less often while what others are depends on what is yet to come."""
    when: dict[datetime, datetime] = {}
    for each in found:
        hour = hour_of(each.at)
        if each.counts_as is CountsAs.PENDING and each.due is not None:
            at = max(each.due + timedelta(seconds=1), now + SOONEST)
        elif each.reason in UNSETTLED:
            at = _retry(hour, now)
        else:
            continue
        when[hour] = min(at, when.get(hour, at))
    return when


def _retry(hour: datetime, now: datetime) -> datetime:
    return now + max(SOONEST, abs(now - hour) / SLOWER)


def _note_work(now: datetime) -> None:
    """That somebody saw to it, every now and then: a write each turn would be many for nothing."""
    lately = GapMark.objects.exclude(worked_at__gt=now - SOONEST / 2, worked_at__lte=now)
    lately.update(worked_at=now)
