"""Answers at a bound rest on what lower transactions recorded, and stay whatever comes later."""

import re
from collections.abc import Sequence
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.integrity.tallies import forget_tallies
from notifications.models import Operation
from notifications.models.querysets import Apps, Extent
from notifications.protocol.reasons import Reason
from notifications.protocol.window import Window
from notifications.trace import gaps, reporting
from notifications.trace.gaps import Gaps, find_gaps
from notifications.trace.reporting import reporting_of
from notifications.trace.stats import Cell, Dimension, Interval, Question, count

from .conftest import DAY, UNTIL
from .stories import NOON, PHONE, TABLET, finish, init, to
from .test_limits import MINE, envelopes_of_all_apps, record_each
from .test_stats import fold, horizon

pytestmark = pytest.mark.usefixtures("committed_db")

NOW = UNTIL + timedelta(hours=1)
FIVE_MINUTES = Window(NOON, NOON + timedelta(minutes=5))
LIMITS: tuple[Apps, ...] = (None, MINE, ("business",), ())
QUESTIONS = (
    Question(window=DAY, interval=Interval.HOUR, by=list(Dimension)),
    Question(window=DAY, interval=Interval.DAY, by=[Dimension.APP, Dimension.FINDING]),
    Question(window=Window(DAY.since, NOON), where={Dimension.RESULT: [None, "operation.timeout"]}),
)
Told = tuple[float, dict[str, Any]]


def tell(*told: Told) -> int:
    """Records envelopes by seconds from noon; gives the bound below which they are."""
    record_each(
        [
            {**each, "source": "bank", "emitted_at": (NOON + timedelta(seconds=at)).isoformat()}
            for at, each in told
        ]
    )
    return horizon()


def all_gaps(below: int | None = None) -> list[Gaps]:
    windows = (DAY, Window(DAY.since, NOON))
    return [find_gaps(each, now=NOW, apps=apps, below=below) for each in windows for apps in LIMITS]


def all_counts(below: int | None = None) -> list[tuple[int, Sequence[Cell]]]:
    answers = (count(each, apps=apps, below=below) for each in QUESTIONS for apps in LIMITS)
    return [(each.total, each.cells) for each in answers]


@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_stays_as_it_was_at_the_bound(seed: int) -> None:
    """Of a troubled day that is recorded in no order at all, and folded now and then."""
    chance = Random(seed)  # noqa: S311
    envelopes = envelopes_of_all_apps(seed)
    chance.shuffle(envelopes)
    told: dict[int, tuple[list[Gaps], list[tuple[int, Sequence[Cell]]]]] = {}
    for start, end in ((0, 50), (50, 90), (90, 140), (140, None)):
        record_each(envelopes[start:end])
        told[horizon()] = all_gaps(), all_counts()
        if chance.random() < 0.5:
            fold()
    assert len({repr(answers) for answers in told.values()}) == 4
    for bound, (owed, counted) in told.items():
        assert all_gaps(bound) == owed
        assert all_counts(bound) == counted
    assert len({each.reason for owed, _ in told.values() for each in owed[0].entries}) > 5


@pytest.mark.parametrize("folded_after", [(), (1,), (2,), (3,), (4,), (1, 3), (2, 4)])
def test_counts_at_a_bound_are_the_same_wherever_the_tallies_are(
    folded_after: Sequence[int],
) -> None:
    """The bound is after the second of four transactions."""
    hour = 3600.0
    for turn in range(1, 5):
        # The third tells of an app and an hour that nothing told of before.
        more = {"app_id": "wallet"} if turn == 3 else {}
        bound_so_far = tell(
            (-turn * hour, {**to(PHONE, init()), "message_id": f"a-{turn}"}),
            (turn % 2, {**to(TABLET, finish()), "message_id": f"b-{turn}", **more}),
        )
        if turn == 2:
            bound, then = bound_so_far, all_counts()
        if turn in folded_after:
            fold()
    assert all_counts(bound) == then
    assert all_counts() != then
    assert all_counts(0) == [(0, ()) for _ in then]
    answer = count(QUESTIONS[0], below=bound)
    assert answer.total == 4
    # What is above the mark and below the bound; what is taken away again was in a tally.
    assert answer.uncounted == {0: 4, 1: 2}.get(max(folded_after, default=0), 0)
    forget_tallies()
    assert all_counts(bound) == then


def test_what_was_told_before_and_recorded_later_makes_no_suspect(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    bound = tell((0, to(PHONE, init())), (30, to(PHONE, finish())))
    tell((-7200, to(TABLET, init())))
    (gap,) = find_gaps(FIVE_MINUTES, now=NOW).entries
    assert gap.reason is Reason.FINISHED_ELSEWHERE
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    assert find_gaps(FIVE_MINUTES, now=NOW, below=bound).entries == ()
    assert find_gaps(FIVE_MINUTES, now=NOW, apps=["mobile"], below=bound).entries == ()


@pytest.mark.parametrize("apps", [None, MINE])
def test_what_was_told_before_is_looked_for_by_operation(apps: Apps) -> None:
    """Not by reading all that is earlier, which may be years."""
    record_each(envelopes_of_all_apps(1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
        with CaptureQueriesContext(connection) as queries:
            find_gaps(FIVE_MINUTES, now=NOW, apps=apps, below=horizon())
        (suspects,) = (each["sql"] for each in queries if "AS earlier" in each["sql"])
        cursor.execute(f"EXPLAIN {suspects}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "hashed SubPlan" not in plan
    assert re.search(r"Index.* Scan using \S+_operation_id_id_idx on \S+ earlier", plan)


def test_an_operation_is_named_as_it_was(settings: Any) -> None:
    settings.OPERATION_LIVES = {"login": timedelta(hours=6)}
    bound = tell((0, to(PHONE, init())), (3600, to(TABLET, init("another"))))
    then = find_gaps(FIVE_MINUTES, now=NOW)
    tell((-60, to(PHONE, {**init(), "operationName": "login"})))
    assert set(Operation.objects.values_list("name", flat=True)) == {"login", "authorize_payment"}
    (gap,) = find_gaps(FIVE_MINUTES, now=NOW, below=bound).entries
    assert find_gaps(FIVE_MINUTES, now=NOW, below=bound) == then
    assert gap.operation_name == "authorize_payment"
    assert {each.operation_name for each in find_gaps(DAY, now=NOW).entries[:1]} == {"login"}


def test_a_status_change_that_was_not_known_explains_nothing() -> None:
    changed = {"messageType": "mtoken.statusChange", "activationId": PHONE}
    bound = tell(
        (-3600, to(PHONE, init("before"))),
        (-3590, to(PHONE, finish(operation="before"))),
        (0, to(PHONE, init())),
        (3600, to(TABLET, init("after"))),
    )
    then = find_gaps(FIVE_MINUTES, now=NOW)
    tell((60, to(PHONE, changed)))
    assert [each.reason for each in then.entries] == [Reason.NEVER_FINISHED]
    assert [each.reason for each in find_gaps(FIVE_MINUTES, now=NOW).entries] == [
        Reason.STATUS_CHANGED
    ]
    assert find_gaps(FIVE_MINUTES, now=NOW, below=bound) == then


@pytest.mark.parametrize("apps", [None, ["mobile"]])
def test_what_is_recorded_later_does_not_use_up_what_is_looked_through(
    apps: list[str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reporting, "LOOKED_THROUGH", 10)
    bound = tell((0, to(PHONE, init())), (60, to(PHONE, init("second"))))
    then = reporting_of(NOW, Extent(apps)).reports
    tell(*((30 + 60 * n, {**to(TABLET, init()), "app_id": "else"}) for n in range(40)))
    tell((-60, to(PHONE, init())))
    assert reporting_of(NOW, Extent(apps, bound)).reports == then
    assert reporting_of(NOW, Extent(apps)).reports != then
