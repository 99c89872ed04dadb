"""Keeping the estimates of how far the clocks of sources are apart, from what several report."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from notifications.models import ClockDay, Notification, Source
from notifications.models.clock import read_clock, write_clock
from notifications.protocol.clocks import Clock
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at, time_of
from notifications.protocol.message import Message, later
from notifications.protocol.skews import estimate_day
from notifications.protocol.window import DAY, HOUR

from .last_contacts import MOST_SOURCES

EVERY = timedelta(minutes=10)  # today is estimated again
PART = 8  # and a day that is over when an eighth of the time since then has gone by
LONGEST = timedelta(days=366)
SAMPLE, LEAST = 40, 5  # reports of an hour and a type: of all sources, and of each
REACH = timedelta(hours=26)  # two sources may take each other's zones for their own
MOST_REPORTS = 50  # of one operation
SAME = timedelta(seconds=1)  # an estimate that differs by less is the same
TYPES = (
    MessageType.OPERATION_INIT,
    MessageType.OPERATION_FINISHED,
    MessageType.INBOX_MESSAGE_NEW,
)

_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('notifications_clocks'))"
_COLUMNS = """
    id, emitted_at, source_id, message_type, result, operation_id, inbox_message_id,
    activation_id, recipient_id, per_device, app_id
"""
# The first few of each hour of a day, source and type, by the index of these; and of what those are
# about all that is told around that day, by the indexes of operations and inbox messages.
_TOLD = f"""
    WITH sampled AS MATERIALIZED (
        SELECT DISTINCT report.operation_id, report.inbox_message_id
        FROM unnest(%(sources)s::text[]) AS source (slug)
        CROSS JOIN unnest(%(types)s::text[]) AS type (name)
        CROSS JOIN unnest(%(froms)s::uuid[], %(tos)s::uuid[]) AS hour (began, ended)
        CROSS JOIN LATERAL (
            SELECT operation_id, inbox_message_id FROM notifications_notification
            WHERE source_id = source.slug AND message_type = type.name
                AND id >= hour.began AND id < hour.ended
            ORDER BY id LIMIT %(sample)s
        ) AS report
    )
    SELECT told.* FROM (
        SELECT DISTINCT operation_id FROM sampled WHERE operation_id IS NOT NULL
    ) AS about
    CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM notifications_notification AS told
        WHERE told.operation_id = about.operation_id AND id >= %(since)s AND id < %(until)s
        ORDER BY id LIMIT {MOST_REPORTS}
    ) AS told
    UNION
    SELECT told.* FROM (
        SELECT DISTINCT inbox_message_id FROM sampled WHERE inbox_message_id IS NOT NULL
    ) AS about
    CROSS JOIN LATERAL (
        SELECT {_COLUMNS} FROM notifications_notification AS told
        WHERE told.inbox_message_id = about.inbox_message_id
            AND id >= %(since)s AND id < %(until)s
        ORDER BY id LIMIT {MOST_REPORTS}
    ) AS told
"""  # noqa: S608 - of constants


def keep_clocks(now: datetime) -> bool:
    """Estimates the day that is due, the latest first, if no other worker is at it; whether another
    one may be due. Nothing is to do where one source alone reports."""
    sources = list(Source.objects.order_by("slug").values_list("slug", flat=True)[:MOST_SOURCES])
    if len(sources) < 2 or next(_due(now), None) is None:
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
            (is_free,) = cursor.fetchone()
        due = list(_due(now)) if is_free else []  # another may have made it just now
        if due:
            _keep(due[0], _estimate(due[0], sources), now)
    return len(due) > 1


def _due(now: datetime) -> Iterator[date]:
    """Days, the latest first. Those that nothing was ever told of are none."""
    first = Notification.objects.in_time_order().values_list("id", flat=True).first()
    if first is None:
        return
    today = now.astimezone(UTC).date()
    begin = max(time_of(first).date(), later(now, -LONGEST).astimezone(UTC).date())
    latest = ClockDay.objects.filter(day__gte=begin).order_by("day", "-id").distinct("day")
    looked_at = dict(latest.values_list("day", "looked_at"))
    for number in range((today - begin).days + 1):
        day = today - number * DAY
        looked = looked_at.get(day)
        if looked is None or now - looked >= max(EVERY, (now - _start(day) - DAY) / PART):
            yield day


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _estimate(day: date, sources: Sequence[str]) -> Sequence[Clock]:
    """What others were measured by before stays what they are measured by."""
    last = ClockDay.objects.exclude(clocks=[]).order_by("-id").values_list("clocks", flat=True)
    measures = {each["source"] for each in last.first() or () if each["against"] is None}
    return estimate_day(_told(day, sources), _start(day), measures)


def _told(day: date, sources: Sequence[str]) -> Iterator[Message]:
    hours = [_start(day) + number * HOUR for number in range(25)]
    given: dict[str, Any] = {
        "sources": sources,
        "types": list(TYPES),
        "froms": [first_id_at(each) for each in hours[:-1]],
        "tos": [first_id_at(each) for each in hours[1:]],
        "sample": max(LEAST, SAMPLE // len(sources)),
        "since": first_id_at(hours[0] - REACH),
        "until": first_id_at(hours[-1] + REACH),
    }
    with connection.cursor() as cursor:
        cursor.execute(_TOLD, given)
        rows = cursor.fetchall()
    for key, at, source, name, result, operation, inbox, activation, user, per_device, app in rows:
        yield Message(
            id=key,
            at=at,
            source=source,
            message_type=name,
            result=result,
            operation=operation,
            inbox_message=inbox,
            activation=activation,
            recipient=user,
            per_device=per_device,
            app=app,
        )


def _keep(day: date, found: Sequence[Clock], now: datetime) -> None:
    """In the row of before, where that says the same: what it says of clocks stays as it is there,
    and so do the answers that rest on it."""
    row = ClockDay.objects.filter(day=day).order_by("-id").first()
    before = [read_clock(each) for each in row.clocks] if row is not None else []
    if row is None or not _is_same(before, found):
        told = [write_clock(each) for each in found]
        ClockDay.objects.create(day=day, clocks=told, looked_at=now)
        return
    row.clocks = [
        write_clock(replace(new, ahead=old.ahead)) for old, new in zip(before, found, strict=True)
    ]
    row.looked_at = now
    row.save(update_fields=["clocks", "looked_at"])


def _is_same(before: Sequence[Clock], found: Sequence[Clock]) -> bool:
    return len(before) == len(found) and all(
        (one.source, one.against, one.since, one.until, bool(one.correction))
        == (other.source, other.against, other.since, other.until, bool(other.correction))
        and abs(one.ahead - other.ahead) < SAME
        for one, other in zip(before, found, strict=True)
    )
