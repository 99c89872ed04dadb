"""A mirror and a Push Server whose clock is four minutes ahead: what is kept of that, and what it
makes of the answers."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from notifications.ingest.emission import judged
from notifications.ingest.recorder import record
from notifications.models import ClockDay, Recipient
from notifications.models.clock import clocks_now, write_clock
from notifications.models.querysets import Extent
from notifications.protocol.clocks import Clock
from notifications.protocol.expectations import Mark
from notifications.trace.clocks import clocks_at, clocks_in
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from notifications.trace.skews import EVERY, keep_clocks
from tests.conftest import DEVICE as PHONE
from tests.conftest import FINISHED, INIT, NOW, OPERATION

from .happening import APP, DAY, USER, at, traced

pytestmark = pytest.mark.django_db

MIRROR, SERVER, BACKEND = "push-mirror", "push-server", "bank-backend"
AHEAD = timedelta(minutes=4)
TODAY = NOW.date()


def told(source: str, extras: dict[str, Any], seconds: float, **more: Any) -> UUID:
    emission = judged(
        extras=extras,
        emitted_at=at(0) + timedelta(seconds=seconds),
        now=NOW,
        **{"app_id": APP, "user_id": USER, "addressed_to": "user"} | more,
    )
    (key,) = record([emission], source=source).ids
    return key


def sent(extras: dict[str, Any], seconds: float, ahead: timedelta = AHEAD, **more: Any) -> UUID:
    """As the mirror sees it, and as the Push Server makes a copy of it by its own clock."""
    told(MIRROR, extras, seconds, **more)
    made = {"activation_id": PHONE, "per_device": True} | more
    return told(SERVER, extras, seconds + 0.2 + ahead.total_seconds(), **made)


def ordinary(number: int = 12, start: float = -7200) -> None:
    """Operations of others, by which the clocks are compared."""
    for each in range(number):
        of = {"user_id": f"other {each}", "operation_id": f"ordinary {start} {each}"}
        about = {"operationId": of.pop("operation_id")}
        for seconds, extras in ((0, INIT), (60, FINISHED)):
            phone = {"activation_id": f"phone {each}"}
            told(MIRROR, {**extras, **about}, start + each * 100 + seconds, **of)
            moment = start + each * 100 + seconds + 0.2 + AHEAD.total_seconds()
            told(SERVER, {**extras, **about}, moment, per_device=True, **of, **phone)


def kept(*clocks: Clock, day: datetime = NOW, **more: Any) -> ClockDay:
    told = [write_clock(each) for each in clocks]
    return ClockDay.objects.create(day=day.date(), clocks=told, looked_at=NOW, **more)


@pytest.fixture
def skewed() -> None:
    """A day with a mirror and a Push Server, as the worker compared them."""
    ordinary()
    assert not keep_clocks(NOW)


# --- What is kept


def test_it_is_kept_how_far_a_clock_is_ahead_and_from_what(skewed: None) -> None:
    found = clocks_now(NOW)
    assert found[SERVER].as_of == NOW
    clock = found[SERVER].clock
    assert (clock.source, clock.against, clock.pairs) == (SERVER, MIRROR, 24)
    assert clock.ahead == AHEAD + timedelta(seconds=0.2)
    assert clock.since.date() == TODAY
    assert found[MIRROR].clock.against is None


def test_nothing_is_done_where_one_source_reports(django_assert_num_queries: Any) -> None:
    told(MIRROR, INIT, 0)
    with django_assert_num_queries(1):
        assert not keep_clocks(NOW)
    assert not ClockDay.objects.exists()


def test_each_day_is_estimated_again_and_keeps_what_it_said(skewed: None) -> None:
    """More often while it goes on; by an estimate that says the same nothing is added."""
    assert not keep_clocks(NOW + EVERY / 2)
    assert ClockDay.objects.get(day=TODAY).looked_at == NOW
    before = clocks_now(NOW)[SERVER].clock
    ordinary(start=-5000)
    keep_clocks(NOW + EVERY)
    (row,) = ClockDay.objects.filter(day=TODAY)
    assert row.looked_at == NOW + EVERY
    assert clocks_now(NOW)[SERVER].clock == replace(before, pairs=48)


def test_days_before_are_estimated_one_by_one_and_more_seldom(skewed: None) -> None:
    told(MIRROR, INIT, -3 * 86_400)
    later = NOW + timedelta(minutes=1)
    assert [keep_clocks(later) for _ in range(4)] == [True, True, False, False]
    assert ClockDay.objects.count() == 4
    assert [each.clocks for each in ClockDay.objects.exclude(day=TODAY)] == [[]] * 3
    evening = later + timedelta(hours=5)  # the day of the message ended over two days before
    assert keep_clocks(evening)
    due = ClockDay.objects.filter(looked_at__lt=evening).values_list("day", flat=True)
    assert (NOW - timedelta(days=3)).date() in due


def test_a_second_worker_leaves_it_to_the_first() -> None:
    ordinary(1)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(hashtext('notifications_clocks'))")
        assert not keep_clocks(NOW)
        assert not ClockDay.objects.exists()
    finally:
        other.close()


def test_an_answer_of_an_earlier_moment_has_what_was_estimated_by_then(skewed: None) -> None:
    row = ClockDay.objects.get()
    sources = {SERVER, MIRROR}
    for extent, ahead in (
        (Extent(), clocks_now(NOW)[SERVER].clock.ahead),
        (Extent(as_of=row.recorded_at), clocks_now(NOW)[SERVER].clock.ahead),
        (Extent(as_of=row.recorded_at - timedelta(seconds=1)), timedelta(0)),
        (Extent(below=row.recorded_xid), timedelta(0)),
    ):
        assert clocks_at(sources, [NOW], extent).ahead(SERVER, NOW) == ahead
        assert clocks_in(DAY, extent).ahead(SERVER, NOW) == ahead


def test_a_message_of_last_week_is_read_by_the_clock_of_last_week() -> None:
    week = timedelta(days=7)
    for day, ahead in ((NOW - week, AHEAD), (NOW, timedelta(0))):
        start = datetime(day.year, day.month, day.day, tzinfo=UTC)
        end = start + timedelta(days=1)
        kept(Clock(SERVER, ahead, start, end, pairs=20, against=MIRROR), day=day)
    clocks = clocks_at({SERVER, MIRROR}, [NOW - week, NOW], Extent())
    assert clocks.ahead(SERVER, NOW - week) == AHEAD
    assert clocks.ahead(SERVER, NOW) == timedelta(0)


def test_what_is_compared_is_found_by_index(skewed: None) -> None:
    plans: list[str] = []

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if "sampled" in sql:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL enable_seqscan = off")
            execute(f"EXPLAIN {sql}", params, many, context)
            plans.append("\n".join(line for (line,) in context["cursor"].fetchall()))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        keep_clocks(NOW + EVERY)
    (plan,) = plans

    assert "Seq Scan on notifications_notification" not in plan


# --- What it makes of the answers


def test_copies_by_another_clock_make_no_false_round(skewed: None) -> None:
    """Announced twice within the four minutes, so that the first copy is told as the second."""
    first, second = sent(INIT, 0), sent(INIT, 240)
    end = sent(FINISHED, 270)
    trace = traced()
    emitted = [each for each in trace.entries if each.is_emitted]
    assert [each.evidence[0] for each in emitted] == [first, second, end]
    assert [each.marks for each in emitted] == [(), (Mark.DUPLICATE,), ()]
    assert all(len(each.evidence) == 2 for each in emitted)
    assert (trace.counts.missing, trace.counts.undecided, trace.counts.late) == (0, 0, 0)
    assert emitted[0].at == at(0) + timedelta(seconds=240.2)  # as it was told
    assert emitted[0].sentence.endswith(
        " Reported by push-mirror and push-server (its clock is 4 min ahead)."
    )
    timeline = trace_operation(OPERATION, now=NOW)
    assert len(timeline.episodes) == 1
    assert timeline.episodes[0].sent == 2
    user = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    assert [len(row.devices) for row in user.rows] == [1, 1, 1]
    assert find_gaps(DAY, now=NOW).counts.missing == 0


def test_a_finish_that_the_mirror_lost_is_not_late(skewed: None) -> None:
    """Its copy is told over the deadline, by the Push Server's clock."""
    sent(INIT, 0)
    late = told(
        SERVER, FINISHED, 5 * 60 + AHEAD.total_seconds(), activation_id=PHONE, per_device=True
    )
    trace = traced()
    (entry,) = [each for each in trace.entries if each.key == str(late)]
    assert entry.marks == ()
    assert trace.counts.missing == 0


def test_one_request_that_its_sender_and_a_mirror_report_is_one_entry() -> None:
    """The sender tells bare extras; no copy is needed to see that the two are one."""
    bare = {"app_id": None, "user_id": None, "addressed_to": "unknown"}
    for extras, seconds in ((INIT, 0), (FINISHED, 30)):
        told(BACKEND, extras, seconds + 0.1, **bare)
        told(MIRROR, extras, seconds, activation_id=PHONE, addressed_to="activation")
    trace = traced()
    assert trace.verdict == "2 expected, 2 emitted."
    assert [each.sources for each in trace.entries] == [(MIRROR, BACKEND)] * 2
    assert trace.entries[0].sentence.endswith(" Reported by bank-backend and push-mirror.")
    timeline = trace_operation(OPERATION, now=NOW)
    assert (timeline.counts.emitted, timeline.lanes) == (2, (PHONE,))
    user = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    assert (user.counts.emitted, len(user.rows)) == (2, 2)


def test_a_repeat_that_one_of_them_missed_is_still_a_repeat() -> None:
    for seconds, sources in ((0, (MIRROR,)), (5, (MIRROR, BACKEND)), (30, (MIRROR,))):
        for source in sources:
            told(source, FINISHED if seconds == 30 else INIT, seconds, activation_id=PHONE)
    counts = traced().counts
    assert (counts.emitted, counts.duplicate, counts.missing) == (3, 1, 0)


def test_when_something_is_due_does_not_depend_on_what_else_is_judged() -> None:
    """What one source alone told is due by the clock that all are compared by, too."""
    clocks = Clock(MIRROR, timedelta(0)), Clock(SERVER, AHEAD, against=MIRROR, pairs=9)
    for back in range(2):
        kept(*clocks, day=NOW - timedelta(days=back))
    told(MIRROR, {"messageType": "mtoken.statusChange", "activationId": "tablet"}, -3600)
    told(SERVER, INIT, 0, activation_id=PHONE)
    (alone,) = find_gaps(DAY, now=NOW + timedelta(days=2)).entries
    told(MIRROR, {**INIT, "operationId": f"{1:032}"}, 60)
    told(MIRROR, {**FINISHED, "operationId": f"{2:032}"}, 90)
    (beside,) = (
        each
        for each in find_gaps(DAY, now=NOW + timedelta(days=2)).entries
        if each.operation == OPERATION
    )
    assert beside.due == alone.due
