"""Traces over REST, and the gaps of a day, over records of the sizes that are given (100,000 and
1,000,000 without any): against bare SQL for the same rows and the barest authenticated view, and
against that view and all statements that the answer rests on, bare; against one sequential pass
over the rows of the day, as a worker keeps the gaps and where all are looked for, and each size
against the first one. With --keep the databases stay, and are found again."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any
from urllib.parse import urlencode

from bench._asking import asker, milliseconds, p95, seconds_of
from bench._database import migrated
from bench._large import BUSY_DEVICE, DAYS, build, check_room
from bench._lines import UNTIL
from bench._service import Service, service

SIZES = (100_000, 1_000_000)
REQUESTS, UNCOUNTED = 250, 50  # of each kind; the first ones warm the connections of all threads
ROUNDS, GAP_DAYS = 3, 4
DAY = timedelta(days=1)
# The rows that a trace shows: what names the device, and what went to its user as a whole.
OF_DEVICE = (
    "activation_id = %(subject)s OR recipient_id = %(user)s"
    " AND (addressed_to = 'user' OR activation_id IS NULL)"
)
OF_USER, OF_OPERATION = "recipient_id = %(user)s", "operation_id = %(subject)s"
ROWS_OF = (
    "SELECT told.*, user_id FROM notifications_notification AS told"
    " LEFT JOIN notifications_recipient AS people ON people.id = recipient_id"
    " WHERE told.id >= %(since)s AND told.id < %(until)s AND ({}) ORDER BY told.id"
)
# Each row of the day is read from the table once, and something of all that the rules read.
SEQUENTIAL = (
    "SELECT count(*), max(emitted_at), max(operation_id), max(activation_id), max(recipient_id),"
    " max(message_type), max(result), max(app_id), count(*) FILTER (WHERE findings <> '[]')"
    " FROM notifications_notification WHERE id >= %(since)s AND id < %(until)s"
)


# One question: its path, its parameters of SQL, and what answers it in the process.
Asked = tuple[str, Mapping[str, Any], Callable[[], object]]


@dataclass(frozen=True, slots=True)
class Kind:
    """Questions of one kind, and the condition of the rows that each answer shows."""

    name: str
    condition: str
    asked: Sequence[Asked]


@dataclass(slots=True)
class Figures:
    """The 95th percentile of each kind, by size of the record."""

    of: dict[str, dict[int, float]] = field(default_factory=dict)

    def tell(self, kind: str, size: int, seconds: float) -> str:
        known = self.of.setdefault(kind, {})
        known[size] = seconds
        least = min(known)
        return "" if size == least else f"; {seconds / known[least]:.2f} of that of {least:,}"


def main(sizes: Sequence[int], *, is_kept: bool) -> None:
    figures = Figures()
    for size in sizes:
        with migrated(f"large_{size}" if is_kept else None):
            from notifications.models import Notification

            if not Notification.objects.exists():
                check_room(size)
                build(size)
            measure(size, figures)


def measure(size: int, figures: Figures) -> None:
    from notifications.models import Activation, Notification

    days = [UNTIL - (number + 1) * DAY for number in range(GAP_DAYS)]
    devices = Activation.objects.count()
    print(f"{Notification.objects.count():,} notifications, {devices:,} devices, {DAYS} days")
    with service(group="Support") as serving:
        for kind in _kinds():
            measure_kind(serving, kind, size, figures)
    keep_gaps()
    for day in days:
        measure_gaps(day)


def measure_kind(serving: Service, kind: Kind, size: int, figures: Figures) -> None:
    """Question and floors in turn, so that all have the same noise. The question comes first: the
    same rows in SQL, and all that it reads, find its pages in memory."""
    ours, sql, barest, reads, rows = [], [], [], [], []
    with asker(serving) as client, _bare_sql() as fetch:
        statement = ROWS_OF.format(kind.condition)
        for path, values, answer in kind.asked:
            ours.append(client.seconds(path))
            sql.append(seconds_of(lambda values=values: fetch(statement, values)))
            statements = _statements_of(answer)
            reads.append(seconds_of(lambda asked=statements: [fetch(each) for each in asked]))
            barest.append(client.seconds("/barest-answer/"))
            rows.append(len(fetch(statement, values)))
    ours, sql, barest, reads = (each[UNCOUNTED:] for each in (ours, sql, barest, reads))
    view = p95(barest)
    print(
        f"{kind.name} ({median(rows):.0f} rows): {milliseconds(ours)};"
        f" SQL p95 {p95(sql) * 1000:.1f} ms and barest view p95 {view * 1000:.1f} ms;"
        f" ratio {p95(ours) / (p95(sql) + view):.2f}{figures.tell(kind.name, size, p95(ours))};"
        f" all that it reads, bare, p95 {p95(reads) * 1000:.1f} ms,"
        f" ratio to that and the view {p95(ours) / (p95(reads) + view):.2f}",
        flush=True,
    )


def _statements_of(answer: Callable[[], object]) -> list[str]:
    """All that are sent for it, each with its values in it."""
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    reset_queries()  # of which no more than some thousands are kept
    with CaptureQueriesContext(connection) as sent:
        answer()
    return [each["sql"] for each in sent.captured_queries]


def keep_gaps() -> None:
    """As a worker does, all that is to do."""
    from django.utils import timezone

    from notifications.models import GapLook
    from notifications.trace.gap_hours import keep_gap_hours

    def keep() -> None:
        while keep_gap_hours(timezone.now()):
            pass

    took, again = seconds_of(keep), seconds_of(keep)
    count = GapLook.objects.exclude(found=None).count()
    print(f"gaps of {count:,} hours kept: {took:.0f} s; with nothing new {again * 1000:.0f} ms")


def measure_gaps(day: datetime) -> None:
    """In the process, and against one pass over the rows of the day, in turn."""
    from django.utils import timezone

    from notifications.protocol.window import Window
    from notifications.trace.gaps import find_gaps
    from notifications.trace.kept_gaps import gaps_of

    window, now = Window(day, day + DAY), timezone.now()
    found = gaps_of(window, now=now)
    assert found == find_gaps(window, now=now)  # and both are warm
    ours, anew, floor = [], [], []
    with _bare_sql() as fetch:
        bounds = _bounds(window)
        for _ in range(ROUNDS):
            floor.append(seconds_of(lambda: fetch(SEQUENTIAL, bounds)))
            ours.append(seconds_of(lambda: gaps_of(window, now=now)))
            anew.append(seconds_of(lambda: find_gaps(window, now=now)))
        ((count, *_),) = fetch(SEQUENTIAL, bounds)
    one = median(floor)
    print(
        f"gaps of {day:%Y-%m-%d}, {count:,} rows, {len(found.entries):,} gaps:"
        f" {median(ours):.3f} s; one pass {one:.3f} s; ratio {median(ours) / one:.2f};"
        f" looked for {median(anew):.2f} s, ratio {median(anew) / one:.2f}",
        flush=True,
    )


def _kinds() -> list[Kind]:
    """Of devices, users and operations as often as they are told of, in the day of that."""
    told = _sample("activation_id IS NOT NULL AND recipient_id IS NOT NULL")
    lately = _sample("activation_id IS NOT NULL AND app_id = 'mobile-wallet'", since=UNTIL - DAY)
    busiest = _sample(f"activation_id = '{BUSY_DEVICE}'")
    return [
        Kind("device trace", OF_DEVICE, [_of_device(*each) for each in told]),
        Kind("device trace, second app", OF_DEVICE, [_of_device(*each) for each in lately]),
        Kind("device trace, the busiest", OF_DEVICE, [_of_device(*each) for each in busiest]),
        Kind("user trace", OF_USER, [_of_user(*each) for each in told]),
        Kind(
            "timeline",
            OF_OPERATION,
            [_of_operation(*each) for each in _sample("operation_id IS NOT NULL")],
        ),
    ]


def _of_device(at: datetime, device: str, user: int | None, _: Any) -> Asked:
    from django.utils import timezone

    from notifications.trace.device import trace_device

    window = _day_of(at)
    path = f"/api/v1/activations/{device}/trace/?{_asked(window)}"
    answer = partial(trace_device, device, window, now=timezone.now())
    return path, {"subject": device, "user": user, **_bounds(window)}, answer


def _of_user(at: datetime, _: Any, user: int, __: Any) -> Asked:
    from django.utils import timezone

    from notifications.trace.recipient import trace_user

    window = _day_of(at)
    path = f"/api/v1/recipients/{user}/trace/?{_asked(window)}"
    answer = partial(trace_user, user, window, now=timezone.now())
    return path, {"user": user, **_bounds(window)}, answer


def _of_operation(_: Any, __: Any, ___: Any, operation: str) -> Asked:
    from django.utils import timezone

    from notifications.protocol.window import Window
    from notifications.trace.operation import trace_operation

    window = Window(UNTIL - (DAYS + 1) * DAY, UNTIL)
    path = f"/api/v1/operations/{operation}/timeline/"
    answer = partial(trace_operation, operation, now=timezone.now())
    return path, {"subject": operation, **_bounds(window)}, answer


def _day_of(at: datetime) -> Any:
    from notifications.protocol.window import Window

    since = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return Window(since, since + DAY)


def _asked(window: Any) -> str:
    return urlencode({"since": window.since.isoformat(), "until": window.until.isoformat()})


def _bounds(window: Any) -> dict[str, Any]:
    from notifications.protocol.identity import first_id_at

    return {"since": first_id_at(window.since), "until": first_id_at(window.until)}


def _sample(condition: str, since: datetime = UNTIL - (DAYS + 1) * DAY) -> list[tuple[Any, ...]]:
    """Of any notifications, the same ones each time."""
    from notifications.protocol.identity import first_id_at

    return _rows(
        "SELECT emitted_at, activation_id, recipient_id, operation_id"  # noqa: S608
        " FROM notifications_notification"
        f" WHERE {condition} AND id >= %s ORDER BY md5(id::text) LIMIT {REQUESTS}",
        [first_id_at(since)],
    )


def _rows(statement: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())


@contextmanager
def _bare_sql() -> Iterator[Callable[..., list[tuple[Any, ...]]]]:
    """A plain cursor of psycopg on a connection of its own, as it comes."""
    import psycopg
    from django.db import connection

    settings = connection.get_connection_params()
    names = {"dbname", "user", "password", "host", "port"} & settings.keys()
    plain = {name: settings[name] for name in names}
    # Planned for its values each time, as ours are: one plan for any values can be the worse.
    plain |= {"autocommit": True, "prepare_threshold": None}
    with psycopg.connect(**plain) as opened, opened.cursor() as cursor:
        yield lambda statement, values=None: cursor.execute(statement, values).fetchall()


if __name__ == "__main__":
    # One client asks as fast as it can; the limit is no part of what is measured.
    os.environ["PUSHAUDIT_THROTTLE_READ"] = "100000/s"
    words = [word for word in sys.argv[1:] if word != "--keep"]
    main([int(word) for word in words] or SIZES, is_kept="--keep" in sys.argv)
