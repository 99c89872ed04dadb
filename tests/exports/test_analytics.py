"""`docs/analytics.md` tells the columns as they are, and its questions give the right answers."""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from django.core.management import call_command
from django.db import connection

from notifications.exports.columns import Kind
from notifications.models import Export, Notification
from notifications.protocol.window import Window
from notifications.trace.gaps import find_gaps
from tests.trace.stories import TABLET, finish, init, to

from .reading import ALL, answer_all, asked, kinds_of, tell

PAGE = (Path(__file__).parents[2] / "docs" / "analytics.md").read_text()
UNTIL = datetime(2026, 3, 14, 12, tzinfo=UTC)
SINCE = UNTIL - timedelta(days=2)
QUESTIONS = dict(
    re.findall(r"^### ([^\n]+)\n(?:(?!^###).)*?```sql\n(.*?)```", PAGE, re.MULTILINE | re.DOTALL)
)
TYPES = {
    Kind.MOMENT: "timestamp", Kind.FLAG: "bool", Kind.NUMBER: "int64", Kind.DECIMAL: "double",
}  # fmt: skip
# The same as the questions, of the database; what is a text is an SQL statement.
ANSWERS: dict[str, str | Callable[[Export], Any]] = {
    "How much went through each gateway, and how far has it come?": """
        WITH finished AS (
            SELECT DISTINCT operation_id FROM notifications_notification
            WHERE message_type = 'mtoken.operationFinished'
        )
        SELECT
            COALESCE(platform, 'not told'), count(*),
            round(100.0 * count(*) / (SELECT count(*) FROM notifications_notification), 2)::float,
            sum(CASE WHEN addressed_to = 'activation' OR per_device THEN 1 ELSE 0 END),
            count(DISTINCT operation_id),
            count(DISTINCT CASE WHEN operation_id IN (TABLE finished) THEN operation_id END)
        FROM notifications_notification GROUP BY platform ORDER BY 2 DESC, 1
    """,
    "What did each gateway refuse, and why?": """
        WITH last AS (
            SELECT DISTINCT ON (notification_id) * FROM notifications_deliveryreport
            ORDER BY notification_id, outcome = 'pending', is_final DESC,
                COALESCE(happened_at, observed_at) DESC, id DESC
        )
        SELECT
            COALESCE(gateway, platform, 'not told'), COALESCE(code, 'no code'), count(*),
            count(DISTINCT activation_id),
            round(100.0 * count(*) / (SELECT count(*) FROM last WHERE outcome <> 'pending'), 2)
                ::float
        FROM last JOIN notifications_notification AS told ON told.id = notification_id
        WHERE outcome = 'failed' GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2
    """,
    "How long does an operation take, from its announcement to its finish?": """
        WITH took AS (
            SELECT
                operation.name, extract(epoch FROM finish.emitted_at - init.emitted_at) AS seconds
            FROM notifications_operation AS operation
            LEFT JOIN notifications_notification AS init ON init.id = first_init_id
            LEFT JOIN notifications_notification AS finish ON finish.id = last_finish_id
            WHERE first_notification_id IS NOT NULL
        ), right_way AS (SELECT * FROM took WHERE seconds >= 0)
        SELECT
            COALESCE(name, 'no name'), count(*), count(seconds),
            (SELECT round(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float
                FROM right_way WHERE name IS NOT DISTINCT FROM took.name),
            (SELECT round(percentile_cont(0.95) WITHIN GROUP (ORDER BY seconds)::numeric, 3)::float
                FROM right_way WHERE name IS NOT DISTINCT FROM took.name)
        FROM took GROUP BY name ORDER BY 2 DESC, 1
    """,
    "What was owed and not sent, and why?": lambda export: gaps_by_reason(export),
    "Which source departs from the specification?": """
        SELECT
            source_id, count(*), sum((jsonb_array_length(findings) > 0)::int),
            round(100.0 * sum((jsonb_array_length(findings) > 0)::int) / count(*), 2)::float
        FROM notifications_notification GROUP BY 1 ORDER BY 3 DESC, 1
    """,
    "Which share of the messages is silent?": """
        SELECT
            COALESCE(app_id, 'not told'), (emitted_at AT TIME ZONE 'UTC')::date, count(*),
            sum(COALESCE(silent, false)::int), sum((silent IS NULL)::int),
            round(100.0 * avg(silent::int), 2)::float
        FROM notifications_notification GROUP BY 1, 2 ORDER BY 1, 2
    """,
    "How many users and devices was an inbox message told to?": """
        SELECT users, devices, count(*) FROM (
            SELECT count(DISTINCT recipient_id) AS users, count(DISTINCT activation_id) AS devices
            FROM notifications_notification JOIN notifications_inboxmessage AS about
                ON inbox_message_id = about.id
            WHERE message_type = 'mtoken.inboxMessage.new' GROUP BY about.id
        ) AS reach GROUP BY 1, 2 ORDER BY 1, 2
    """,
}


@pytest.fixture(scope="module")
def exported(
    cloned_db: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """Two days of two banks, and what the page's commands make of them."""
    directory = tmp_path_factory.mktemp("analytics")
    with cloned_db():
        for seed, until in (("1", UNTIL), ("2", UNTIL - timedelta(days=1))):
            call_command(
                "demo", "--size", "900", "--seed", seed, "--until", until.isoformat(), verbosity=0
            )
        tell(*_odd(), source="other-bank")
        answer_all("200", "Unregistered", "BadDeviceToken", source="mirror")
        for dataset in ("notifications", "operations", "deliveries", "gaps"):
            call_command(
                "export", dataset, "--format", "parquet", "--since", SINCE.isoformat(),
                "--out", str(directory / dataset), verbosity=0,
            )  # fmt: skip
        yield directory


def _odd() -> Iterator[dict[str, Any]]:
    """What no demo has: a finish before its announcement, a copy, an inbox message of two users."""
    at = UNTIL - timedelta(hours=5)
    yield {**to(TABLET, finish()), "emitted_at": at.isoformat(), "per_device": True}
    yield {**to(TABLET, init()), "emitted_at": (at + timedelta(seconds=3)).isoformat()}
    for user in ("jane", "john"):
        yield {
            "emitted_at": at.isoformat(), "user_id": user, "silent": True, "activation_id": user,
            "extras": {"messageType": "mtoken.inboxMessage.new", "inboxId": "for two"},
        }  # fmt: skip


def gaps_by_reason(export: Export) -> list[tuple[Any, ...]]:
    window, now = Window(SINCE, export.asked_at), export.asked_at
    found = find_gaps(window, now=now, below=export.below).entries
    told = Counter((each.counts_as, each.reason) for each in found)
    return [
        (
            *kind,
            count,
            len({each.operation for each in found if each.reason == kind[1]} - {None}),
            len({each.activation for each in found if each.reason == kind[1]} - {None}),
        )
        for kind, count in sorted(told.items(), key=lambda each: (-each[1], str(each[0][1])))
    ]


def test_there_are_seven_questions_and_each_has_its_answer() -> None:
    assert list(QUESTIONS) == list(ANSWERS)
    assert PAGE.count("```sql") == len(QUESTIONS) == 7


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_question_gives_what_the_database_tells(
    question: str, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exported)
    found = duckdb.execute(QUESTIONS[question]).fetchall()
    answer = ANSWERS[question]
    if isinstance(answer, str):
        with connection.cursor() as cursor:
            cursor.execute(answer)
            expected = cursor.fetchall()
    else:
        expected = answer(Export.objects.get(dataset="gaps"))
    assert len(found) > 1
    assert found == [tuple(map(_about, row)) for row in expected]


def _about(value: Any) -> Any:
    """The two databases round halves each in its way."""
    return pytest.approx(value, abs=0.0015) if isinstance(value, float) else value


@pytest.mark.parametrize("dataset", Export.DataSet.values)
def test_the_columns_are_told_as_they_are(dataset: str, exported: Path) -> None:
    section = PAGE.partition(f"\n### {dataset}\n")[2].partition("\n##")[0]
    told = re.findall(r"^\| `(\w+)` \| (\w+) \|", section, re.MULTILINE)
    kinds = kinds_of(asked(dataset, "parquet", filters=ALL))
    assert told == [(name, TYPES.get(kind, "string")) for name, kind in kinds.items()]


@pytest.mark.parametrize("snippet", re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
def test_a_snippet_loads_all_there_is(
    snippet: str, exported: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(exported)
    if not Path("csv").exists():
        call_command(
            "export", "notifications", "--since", SINCE.isoformat(), "--out", "csv", verbosity=0
        )
        Path("csv/notifications-00001.csv").rename("notifications-00001.csv")
    names: dict[str, Any] = {}
    exec(snippet, names)  # noqa: S102
    recorded = Notification.objects.count()
    told = names["told"]
    assert (told.count_rows() if hasattr(told, "count_rows") else len(told)) == recorded
    assert "from_csv" not in names or len(names["from_csv"]) == recorded
