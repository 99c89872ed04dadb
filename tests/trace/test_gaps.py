"""The gaps of a window: all of them, by few queries, and none that a trace would not tell."""

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.models import Activation, Operation
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.clocks import NO_CLOCKS
from notifications.protocol.extras import MessageType
from notifications.protocol.reasons import Reason, Rule
from notifications.protocol.window import Window
from notifications.trace import gaps
from notifications.trace.device import trace_device
from notifications.trace.entries import Counts
from notifications.trace.gaps import Wanted, find_gaps
from notifications.trace.operation import trace_operation
from notifications.world import Emitted, Fault

from .conftest import DAY, UNTIL
from .stories import NOON, PHONE, STORIES, TABLET, finish, init, to

NOW = UNTIL + timedelta(hours=1)


def test_they_are_those_of_all_timelines(troubled_day: list[Emitted]) -> None:
    """The gaps are found among suspects only; the timelines look at every operation."""
    found = find_gaps(DAY, now=NOW)
    timelines = [
        trace_operation(key, now=NOW) for key in Operation.objects.values_list("pk", flat=True)
    ]
    told = {each.key: each for timeline in timelines for each in timeline.entries if each.reason}
    assert {each.key: each for each in found.entries} == told
    assert len({each.reason for each in found.entries}) > 5
    assert found.counts.missing > 10


def test_they_are_those_of_all_devices(troubled_day: list[Emitted]) -> None:
    found = {each.key for each in find_gaps(DAY, now=NOW).entries if each.activation is not None}
    told = {
        each.key
        for activation in Activation.objects.values_list("pk", flat=True)
        for each in trace_device(activation, DAY, now=NOW).entries
        if each.reason and each.activation is not None
    }
    assert told == found


def test_a_day_without_trouble_has_none(db: None, tell: Callable[..., None]) -> None:
    (story,) = (each for each in STORIES if each.name == "The second try worked")
    tell(story)
    window = Window(NOON - timedelta(minutes=1), NOON + timedelta(minutes=2))
    found = find_gaps(window, now=NOW)
    assert found.entries == ()
    assert found.counts == Counts()


def test_what_was_dropped_is_among_them(troubled_day: list[Emitted]) -> None:
    dropped = {
        each.fact.operation.operation_id
        for each in troubled_day
        if each.fault is Fault.DROPPED and each.fact.operation is not None
    }
    missing = {each.operation for each in find_gaps(DAY, now=NOW).entries}
    assert len(dropped & missing) > len(dropped) / 2


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(rules=[Rule.E2]),
        Wanted(reasons=[Reason.NEVER_FINISHED, Reason.ODD_IDENTIFIER]),
        Wanted(apps=["mobile-token-business"]),
        Wanted(rules=[Rule.E1], apps=["mobile-token"]),
    ],
)
def test_they_can_be_narrowed(troubled_day: list[Emitted], wanted: Wanted) -> None:
    every = find_gaps(DAY, now=NOW).entries
    some = find_gaps(DAY, now=NOW, wanted=wanted).entries
    assert 0 < len(some) < len(every)
    assert set(some) < set(every)
    assert not wanted.rules or {each.rule for each in some} == set(wanted.rules)
    assert not wanted.reasons or {each.reason for each in some} == set(wanted.reasons)


def test_the_number_of_queries_does_not_grow_with_the_operations(
    troubled_day: list[Emitted], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    with django_assert_max_num_queries(18):
        found = find_gaps(DAY, now=NOW)
    assert len(found.entries) > 40


def test_operations_are_judged_in_portions(
    troubled_day: list[Emitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    every = find_gaps(DAY, now=NOW)
    monkeypatch.setattr(gaps, "TOGETHER", 7)
    assert find_gaps(DAY, now=NOW) == every


def test_an_operation_that_is_none_is_told_and_keeps_nobody_up(
    tell: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MOST_MESSAGES", 2)
    lone = {**to(PHONE, init("c5b9d1de-6a0e-4d0c-8a59-3f1d0a7d9e00")), "message_id": "lone"}
    many = [{**to(device, content), "message_id": f"m-{n}"} for n, (device, content) in
            enumerate(((PHONE, init()), (TABLET, init()), (PHONE, finish())))]  # fmt: skip
    tell({**each, "emitted_at": NOON.isoformat()} for each in (lone, *many))
    found = find_gaps(DAY, now=NOW)
    assert (found.unjudged, len(found.entries)) == (1, 1)


def test_a_gap_is_in_the_window_in_which_it_was_first_owed(tell: Callable[..., None]) -> None:
    (story,) = (each for each in STORIES if each.name == "Announced but never finished")
    tell(story)
    moment = timedelta(milliseconds=1)
    assert find_gaps(Window(NOON, NOON + moment), now=NOW).counts.missing == 1
    assert find_gaps(Window(NOON + moment, NOON + 300_000 * moment), now=NOW).entries == ()
    assert find_gaps(Window(NOON - moment, NOON), now=NOW).entries == ()


def test_a_window_that_holds_too_much_is_refused(
    troubled_day: list[Emitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 3)
    with pytest.raises(TooMuch, match=r"over 3 operations .*; choose a shorter window"):
        find_gaps(DAY, now=NOW)


def test_a_window_that_takes_too_long_is_refused(
    troubled_day: list[Emitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = gaps._SUSPECTS.replace("WHERE", "WHERE pg_sleep(0.01) IS NOT NULL AND", 1)
    monkeypatch.setattr(gaps, "_SUSPECTS", slow)
    monkeypatch.setattr(gaps, "LONGEST_QUERY", "50ms")
    with pytest.raises(TooMuch, match="over what can be read in 50ms; choose a shorter window"):
        find_gaps(DAY, now=NOW)


def test_an_operation_that_began_long_before_is_looked_at_whole(tell: Callable[..., None]) -> None:
    """Within the window it is plainly in order; another device was announced to hours before."""
    told = ((-7200, to(TABLET, init())), (0, to(PHONE, init())), (30, to(PHONE, finish())))
    tell(
        {**each, "emitted_at": (NOON + timedelta(seconds=at)).isoformat(), "message_id": str(at)}
        for at, each in told
    )
    (gap,) = find_gaps(Window(NOON, NOON + timedelta(minutes=5)), now=NOW).entries
    assert (gap.activation, gap.reason) == (TABLET, Reason.FINISHED_ELSEWHERE)


EACH_IN_ORDER = ((0, PHONE, init()), (30, PHONE, finish()), (60, PHONE, init()))


@pytest.mark.parametrize(
    ("last", "suspects"),
    [
        ((90, PHONE, finish()), 0),
        ((45, PHONE, finish()), 1),  # the last round has none
        ((60, PHONE, finish()), 1),  # at one moment with its announcement
        ((90, TABLET, finish()), 1),
    ],
    ids=str,
)
def test_rounds_that_are_all_in_order_are_no_suspects(
    tell: Callable[..., None], last: tuple[int, str, dict[str, Any]], suspects: int
) -> None:
    tell(
        {
            **to(device, content),
            "emitted_at": (NOON + timedelta(seconds=at)).isoformat(),
            "message_id": str(number),
        }
        for number, (at, device, content) in enumerate((*EACH_IN_ORDER, last))
    )
    assert len(gaps._suspects(DAY, Extent(), NO_CLOCKS)) == suspects
    (operation,) = Operation.objects.values_list("pk", flat=True)
    timeline = trace_operation(operation, now=NOW).entries
    assert [each.key for each in find_gaps(DAY, now=NOW).entries] == [
        each.key for each in timeline if each.rule is not None
    ]


MANY = """
    INSERT INTO notifications_notification (
        id, source_id, message_id, digest, message_type, operation_id, addressed_to, per_device,
        extras, findings, rules, emitted_at
    )
    SELECT first_id_at(at), 'bank', 'm-' || n, decode(md5(n::text) || md5(n::text), 'hex'),
        %s, 'operation-' || n, 'unknown', false, '{}', '[]', 1, at
    FROM generate_series(1, 10000) AS n
    CROSS JOIN LATERAL (SELECT %s::timestamptz - n * interval '1 minute' AS at) AS told
"""


def test_rounds_are_looked_up_by_operation(tell: Callable[..., None]) -> None:
    """Not by reading all of the window for each: of what is between two ids the planner knows which
    hundredths of a month they are in, and may believe that it is nothing."""
    tell([{**to(PHONE, init()), "message_id": "one", "emitted_at": NOON.isoformat()}])
    with connection.cursor() as cursor:
        cursor.execute(MANY, [MessageType.OPERATION_INIT, NOON])
        cursor.execute("ANALYZE notifications_notification")
        with CaptureQueriesContext(connection) as queries:
            find_gaps(Window(NOON, NOON + timedelta(minutes=5)), now=NOW)
        (suspects,) = (each["sql"] for each in queries if "AS round" in each["sql"])
        cursor.execute(f"EXPLAIN {suspects}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    # By columns: a constant stands there without anything around it.
    assert re.search(r"= \(\w+\.operation_id\)::text\) AND \(id >= (told\.since|\()", plan)


def test_a_round_in_order_of_two_users_is_no_suspect(tell: Callable[..., None]) -> None:
    """Announced to one user as a whole, and finished on a device of another: no two are named."""
    wide = {"addressed_to": "user", "user_id": "anna", "extras": init()}
    at = (NOON, NOON + timedelta(seconds=30))
    told = (wide, {**to(PHONE, finish()), "user_id": "boris"})
    tell(
        {**each, "emitted_at": when.isoformat(), "message_id": when.isoformat()}
        for each, when in zip(told, at, strict=True)
    )
    (operation,) = Operation.objects.values_list("pk", flat=True)
    assert gaps._suspects(DAY, Extent(), NO_CLOCKS) == {}
    assert [each.rule for each in trace_operation(operation, now=NOW).entries] == [None, None]
