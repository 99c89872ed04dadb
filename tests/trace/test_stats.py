"""Statistics are exact at any moment: whatever is tallied already, they equal a count of all."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.integrity.tallies import find_differences, fold_tallies, forget_tallies
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.window import Window
from notifications.trace import stats
from notifications.trace.stats import Cell, Dimension, Interval, Question, count
from tests.conftest import FINISHED, INIT, NOW
from tests.trace.counting import Told, cells_of, total_of

BY = list(Dimension)
DAY = timedelta(days=1)
START = datetime(2026, 3, 10, tzinfo=UTC)
ALL_TIME = Window(datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
BAD_ID = INIT | {"operationId": "42"}
HOSTILE = [
    "\ufffd",
    "'; DROP TABLE x; --",
    '"\\"',
    "{}",
    "NULL",
    "%s%(since)s",
    "x" * 255,
    "ž😀\u202e",
]


def emission(**envelope: Any) -> Emission:
    envelope.setdefault("emitted_at", NOW.isoformat())
    return emission_from({"extras": INIT} | envelope, now=NOW)


def tell(*emissions: Emission, source: str = "bank") -> None:
    record(emissions, source=source)


def horizon() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmin(pg_current_snapshot())::text")
        (number,) = cursor.fetchone()
    return int(number)


def fold() -> int:
    """All that can be folded."""
    total = 0
    while (folded := fold_tallies()).count or folded.more:
        total += folded.count
    return total


def asked(**question: Any) -> stats.Stats:
    return count(Question(window=question.pop("window", ALL_TIME), **question))


def counts(answer: stats.Stats) -> dict[Any, int]:
    return {
        each.values if len(each.values) != 1 else each.values[0]: each.count
        for each in answer.cells
    }


storable = st.characters(exclude_categories=["Cs"], exclude_characters="\0")  # else repaired
extras = st.one_of(
    st.sampled_from([INIT, FINISHED, BAD_ID, {}, BAD_ID | {"operationName": "", "more": 1}]),
    st.builds(lambda text: {"messageType": text}, st.text(storable, max_size=8)),
)
envelopes = st.fixed_dictionaries(
    {
        "emitted_at": st.datetimes(
            START.replace(tzinfo=None), (START + 3 * DAY).replace(tzinfo=None)
        ).map(lambda moment: moment.replace(tzinfo=UTC).isoformat()),
        "extras": extras,
        "app_id": st.sampled_from([None, "mobile", "desk", HOSTILE[1]]),
        "platform": st.sampled_from([None, "apns", "fcm"]),
    }
)
wanted_values = {
    Dimension.MESSAGE_TYPE: [None, INIT["messageType"], FINISHED["messageType"], "a\0b"],
    Dimension.RESULT: [None, FINISHED["mtokenOperationResult"], "\ud800"],
    Dimension.APP: [None, "mobile", HOSTILE[1]],
    Dimension.PLATFORM: [None, "apns", "hms"],
    Dimension.SOURCE: [None, "bank", "other"],
    Dimension.FINDING: ["any", "none", "not_uuid", "empty_value", "missing_key"],
}
moments = st.datetimes(
    (START - DAY).replace(tzinfo=None), (START + 4 * DAY).replace(tzinfo=None)
).map(lambda moment: moment.replace(tzinfo=UTC))


@st.composite
def questions(draw: st.DrawFn) -> Question:
    since, until = sorted([draw(moments), draw(moments)])
    names = draw(st.lists(st.sampled_from(BY), unique=True, max_size=3))
    return Question(
        window=Window(since, until + timedelta(milliseconds=1)),
        interval=draw(st.sampled_from([None, *Interval])),
        by=tuple(draw(st.lists(st.sampled_from(BY), unique=True, max_size=4))),
        where={
            name: draw(st.lists(st.sampled_from(wanted_values[name]), max_size=3)) for name in names
        },
    )


class TestAnyQuestion:
    """Of records that grow from example to example, some of them folded, some not."""

    told: list[Told]
    bounds: list[tuple[int, int]]  # each with how many were told below it

    @pytest.fixture(autouse=True)
    def nothing_told(self, committed_db: str) -> None:
        TestAnyQuestion.told, TestAnyQuestion.bounds = [], []

    @settings(
        max_examples=60,
        deadline=None,
        suppress_health_check=[
            HealthCheck.function_scoped_fixture,
            HealthCheck.differing_executors,
        ],
    )
    @given(data=st.data())
    def test_is_answered_as_python_counts(self, data: st.DataObject) -> None:
        for given_envelope in data.draw(st.lists(envelopes, max_size=6)):
            source = data.draw(st.sampled_from(["bank", "other"]))
            item = emission_from(given_envelope, now=NOW)
            if record([item], source=source).recorded:
                self.told.append((source, item))
        if data.draw(st.booleans()):
            fold_tallies()
        self.bounds.append((horizon(), len(self.told)))
        back = data.draw(st.sampled_from([None, None, 0, 1, 5, 20]))
        below, number = (None, None) if back is None else self.bounds[-1 - back :][0]
        told = self.told[:number]
        question = data.draw(questions())
        apps = data.draw(st.sampled_from([None, None, ("mobile",), (), ("desk", "nobody's")]))
        answer = count(question, apps=apps, below=below)
        assert {(each.at, each.values): each.count for each in answer.cells} == cells_of(
            question, told, apps
        )
        assert answer.total == total_of(question, told, apps)
        assert answer.uncounted <= answer.total


@pytest.fixture(params=["tallied", "not tallied"])
def seen(request: pytest.FixtureRequest, committed_db: str) -> Any:
    """Folds what was told, or not."""
    return fold if request.param == "tallied" else lambda: None


def test_nothing_is_nothing(committed_db: str) -> None:
    answer = asked(by=BY)
    assert (answer.cells, answer.total, answer.uncounted, answer.tallied_at) == ((), 0, 0, None)


def test_times_from_the_first_year_to_the_last_are_counted(seen: Any) -> None:
    moments = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"]
    tell(*(emission(emitted_at=each) for each in moments))
    seen()
    starts = [
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(1969, 12, 31, tzinfo=UTC),
        datetime(9999, 12, 31, tzinfo=UTC),
    ]
    assert [each.at for each in asked(interval=Interval.DAY).cells] == starts
    hours = [starts[0], starts[1] + timedelta(hours=23), starts[2] + timedelta(hours=23)]
    assert [each.at for each in asked(interval=Interval.HOUR).cells] == hours
    assert asked().cells == (Cell(ALL_TIME.since, (), 3),)
    assert find_differences() == []


def test_hostile_values_are_values_like_others(seen: Any) -> None:
    for text in HOSTILE:
        tell(emission(app_id=text, extras={"messageType": text, "operationId": text}))
    seen()
    for name in (Dimension.APP, Dimension.MESSAGE_TYPE):
        answer = asked(by=[name])
        assert counts(answer) == dict.fromkeys(HOSTILE, 1)
        assert list(counts(answer)) == sorted(HOSTILE, key=str.encode)
        for text in HOSTILE:
            assert counts(asked(by=[name], where={name: [text]})) == {text: 1}
    assert asked(where={Dimension.APP: ["\0", "\ud800"]}).total == 0
    assert find_differences() == []


def test_a_notification_counts_for_each_of_its_codes_and_once_in_the_total(seen: Any) -> None:
    tell(emission(extras=BAD_ID | {"operationName": ""}), emission(extras=BAD_ID), emission())
    tell(emission(extras=BAD_ID | {"a": 1, "b": 2}))  # one code, two times
    seen()
    answer = asked(by=[Dimension.FINDING])
    assert counts(answer) == {"empty_value": 1, "none": 1, "not_uuid": 3, "unexpected_key": 1}
    assert answer.total == 4

    def total(*values: str) -> int:
        return asked(where={Dimension.FINDING: values}).total

    assert [total("any"), total("none"), total("any", "none"), total()] == [3, 1, 4, 4]
    assert [total("not_uuid"), total("not_uuid", "empty_value"), total("none", "empty_value")] == [
        3,
        3,
        2,
    ]
    assert total("never_heard_of") == 0


@pytest.mark.parametrize(
    ("interval", "since", "until"),
    [
        (None, "2026-03-14T09", "2026-03-15T18"),
        (Interval.HOUR, "2026-03-14T09", "2026-03-15T18"),
        (Interval.DAY, "2026-03-14T00", "2026-03-16T00"),
    ],
)
def test_the_window_is_widened_to_whole_buckets_and_said(
    seen: Any, interval: Interval | None, since: str, until: str
) -> None:
    moments = [datetime.fromisoformat(f"{each}:00:00Z") for each in (since, until)]
    instant = timedelta(milliseconds=1)
    around = [moments[0] - instant, moments[0], moments[1] - instant, moments[1]]
    tell(*(emission(emitted_at=each.isoformat()) for each in around))
    seen()
    window = Window(NOW, NOW + timedelta(days=1, hours=8))
    answer = asked(window=window, interval=interval)
    assert answer.window == Window(*moments)
    assert answer.total == 2
    assert asked(window=answer.window, interval=interval).window == answer.window


def test_of_apps_that_an_account_may_see_alone(seen: Any) -> None:
    tell(*(emission(app_id=app, message_id=str(app)) for app in ("mobile", "desk", None)))
    seen()
    question = Question(window=ALL_TIME, by=[Dimension.APP])
    assert counts(count(question)) == {"desk": 1, "mobile": 1, None: 1}
    assert counts(count(question, apps=["mobile"])) == {"mobile": 1}
    assert count(question, apps=[]).total == 0
    other = Question(window=ALL_TIME, where={Dimension.APP: ["desk", None]})
    assert count(other, apps=["mobile"]).total == 0


def test_a_combination_asked_for_twice_is_told_twice(committed_db: str) -> None:
    tell(emission(platform="apns"))
    by = [Dimension.PLATFORM, Dimension.FINDING, Dimension.PLATFORM]
    assert counts(asked(by=by)) == {("apns", "none", "apns"): 1}


def test_it_is_said_what_was_in_no_tally_and_how_far_those_were(committed_db: str) -> None:
    tell(emission(message_id="a"), emission(message_id="b"))
    assert (asked().total, asked().uncounted, asked().tallied_at) == (2, 2, None)
    before = datetime.now(UTC)
    assert fold() == 2
    tell(emission(message_id="c"))
    answer = asked()
    assert (answer.total, answer.uncounted) == (3, 1)
    assert answer.tallied_at is not None
    assert answer.tallied_at >= before - timedelta(seconds=1)


def test_too_many_cells_are_refused(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "MOST_CELLS", 2)
    tell(*(emission(app_id=app) for app in "abc"))
    with pytest.raises(TooMuch, match="over 2 cells; choose a shorter window"):
        asked(by=[Dimension.APP])
    assert len(asked(by=[Dimension.APP], where={Dimension.APP: ["a", "b"]}).cells) == 2


def test_too_long_a_query_is_refused(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stats, "LONGEST_QUERY", "1ms")
    tell(*(emission(message_id=str(number)) for number in range(3_000)))
    with pytest.raises(TooMuch, match="what can be read in 1ms"):
        asked(by=BY, interval=Interval.HOUR)


@pytest.mark.parametrize(
    "harm",
    [
        "DELETE FROM notifications_tallymark",
        # As after a restore into a cluster whose transactions are not that far.
        "UPDATE notifications_tallymark SET below = '1000000000000'",
    ],
)
def test_tallies_that_cannot_be_relied_on_are_passed_by(committed_db: str, harm: str) -> None:
    tell(emission(message_id="a"))
    fold()
    with connection.cursor() as cursor:
        cursor.execute(harm)
    tell(emission(message_id="b"))
    answer = asked()
    assert (answer.total, answer.uncounted, answer.tallied_at) == (2, 2, None)


def test_a_mark_that_is_taken_back_meanwhile_is_noticed(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(emission())
    fold()
    known = stats._mark()
    forget_tallies()
    monkeypatch.setattr(stats, "_mark", lambda: known)
    assert (asked().total, asked().uncounted) == (1, 1)


def plan_of(question: Question, known: str, below: int | None) -> str:
    """The plan of its statement, as of tables too large to scan."""
    statement, parameters = stats._statement(question, question.window, Extent(below=below))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {statement}", {**parameters, "known": known})
        return "\n".join(line for (line,) in cursor.fetchall())


@pytest.mark.parametrize("bound", [None, -5, 5])
def test_tallies_and_what_is_uncounted_are_found_by_their_indexes(
    committed_db: str, bound: int | None
) -> None:
    hour = timedelta(hours=1)
    tell(*(emission(emitted_at=(NOW + hour * n).isoformat(), app_id=str(n)) for n in range(2_000)))
    fold()
    with connection.cursor() as cursor:
        cursor.execute(
            "ANALYZE notifications_hourlytally, notifications_dailytally,"
            " notifications_notification"
        )
    tell(emission(message_id="late"))
    known = stats._mark()
    below = None if bound is None else int(known) + bound
    for interval in (None, *Interval):
        window = Window(START, START + 30 * DAY)
        plan = plan_of(Question(window=window, interval=interval), known, below)
        assert f"{'hourly' if interval is Interval.HOUR else 'daily'}_tally_starts_at" in plan
        assert "y2026m03_recorded_xid_id_idx" in plan
        assert re.findall(r"Seq Scan on (\w+)", plan) == ["notifications_tallymark"]
        assert "_pkey" not in plan
        assert "before_2015" not in plan


def test_months_by_day_read_no_hour(committed_db: str) -> None:
    window = Window(START + timedelta(hours=5), START + 300 * DAY)
    units = [unit for unit, _, _ in stats._parts(Interval.DAY, window)]
    assert units == [Interval.DAY]
    parts = stats._parts(None, window)
    assert [unit for unit, _, _ in parts] == [Interval.HOUR, Interval.DAY]
    assert parts[0] == (Interval.HOUR, window.since, START + DAY)
