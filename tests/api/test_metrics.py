"""What Prometheus scrapes: what is kept, by few queries, under few labels, and of nobody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from rest_framework.test import APIClient

from notifications.api import measures
from notifications.integrity.tallies import fold_tallies
from notifications.models import AccessRecord, Account, GapNote
from notifications.protocol.window import Window
from notifications.trace import stats
from notifications.trace.access import Viewer
from notifications.trace.gap_hours import around, hour_of, keep_gap_hours
from notifications.trace.gap_notes import record_notes
from notifications.trace.gaps import find_gaps
from notifications.trace.overview import keep_overview
from tests.trace.stories import PHONE, USER, finish, init, to

METRICS = "/metrics"
Tell = Callable[..., None]
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def monitor(persona: Callable[..., APIClient]) -> APIClient:
    return persona("Monitors", "prometheus")


def scraped(client: APIClient) -> Samples:
    response = client.get(METRICS, headers={"Accept": "application/openmetrics-text;q=0.5"})
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(response.content.decode())
        for sample in family.samples
    }


def at(samples: Samples, name: str, **labels: str) -> float | None:
    found = [
        value
        for (each, told), value in samples.items()
        if each == name and told >= frozenset(labels.items())
    ]
    return sum(found) if found else None


def trouble(tell: Tell, number: int, *, source: str = "bank", app: str = "mobile") -> None:
    """An operation that was announced in the last whole hour and never finished."""
    now = timezone.now()
    operation = f"00000000-0000-4000-8000-{number:012}"
    for minutes, content in ((40, init(operation)), (20, init()), (19, finish())):
        told = {**to(PHONE, content), "app_id": app, "message_id": f"{number}-{minutes}"}
        tell([{**told, "emitted_at": (now - timedelta(minutes=minutes)).isoformat()}], source)


def test_before_anything_was_kept_it_says_so(monitor: APIClient) -> None:
    samples = scraped(monitor)
    assert at(samples, "pushaudit_build_info") == 1
    assert at(samples, "pushaudit_gaps_open") is None
    assert at(samples, "pushaudit_gap_hours_kept_timestamp_seconds") is None
    assert at(samples, "pushaudit_gap_hours_waiting") == 0
    assert at(samples, "pushaudit_gaps_judged") == 0


def test_it_tells_what_is_kept(monitor: APIClient, tell: Tell) -> None:
    now = timezone.now()
    for number in range(3):
        trouble(tell, number)
    keep_overview(now)
    while keep_gap_hours(now):
        pass
    fold_tallies()
    samples = scraped(monitor)
    missing = {"counts_as": "missing", "rule": "E1", "reason": "never_finished"}
    for window in ("1h", "24h"):
        labels = {**missing, "window": window, "app": "mobile", "source": "bank"}
        assert at(samples, "pushaudit_gaps", **labels) == 3
        assert at(samples, "pushaudit_gaps_open", **labels) == 3
    assert at(samples, "pushaudit_gaps_judged") == 1
    made = at(samples, "pushaudit_overview_made_timestamp_seconds")
    assert made == pytest.approx(now.timestamp(), abs=1)
    kept = at(samples, "pushaudit_gap_hours_kept_timestamp_seconds")
    assert kept == pytest.approx(now.timestamp(), abs=1)
    for name in ("report", "contact"):
        last = at(samples, f"pushaudit_source_last_{name}_timestamp_seconds", source="bank")
        assert last == pytest.approx(now.timestamp(), abs=60)
    assert at(samples, "pushaudit_source_refused", source="bank") == 0
    assert at(samples, "pushaudit_source_covered", source="bank") is None  # never measured
    assert (at(samples, "pushaudit_tallies_behind_seconds") or 0) < 60


def test_what_is_acknowledged_is_not_open(monitor: APIClient, tell: Tell) -> None:
    now = timezone.now()
    trouble(tell, 1)
    window = Window(now - timedelta(hours=2), now)
    viewer = Viewer("jana", AccessRecord.Via.API)
    record_notes(find_gaps(window, now=now).entries, GapNote.Kind.ACKNOWLEDGED, "Known.", viewer)
    keep_overview(now)
    samples = scraped(monitor)
    assert at(samples, "pushaudit_gaps", counts_as="missing", window="24h") == 1
    assert at(samples, "pushaudit_gaps_open", counts_as="missing", window="24h") == 0


def test_labels_are_few_and_name_nobody(
    monitor: APIClient, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(measures, "MOST_APPS", 2)
    for number in range(6):
        trouble(tell, number, app=f'app "{number}"\n\\')
    keep_overview(timezone.now())
    samples = scraped(monitor)
    apps = {dict(labels)["app"] for name, labels in samples if name == "pushaudit_gaps"}
    assert len(apps) == 3
    assert measures.OTHER in apps
    assert at(samples, "pushaudit_gaps", window="24h", counts_as="missing") == 6
    text = monitor.get(METRICS).content.decode()
    assert USER not in text
    assert PHONE not in text


def test_it_costs_the_same_however_much_there_is(monitor: APIClient, tell: Tell) -> None:
    costs = []
    for size in (1, 9):
        for number in range(size):
            trouble(tell, 100 * size + number, source=f"source-{size}-{number}")
        keep_overview(timezone.now() + timedelta(minutes=size))
        monitor.get(METRICS)
        with CaptureQueriesContext(connection) as queries:
            scraped(monitor)
        costs.append(len(queries))
    assert costs[0] == costs[1] < 15


def test_what_takes_too_long_is_left_out_and_not_made_up(
    monitor: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_: Any) -> Any:
        raise stats.TooMuch("this test")

    monkeypatch.setattr(measures, "at_most", slow)
    samples = scraped(monitor)
    assert at(samples, "pushaudit_notifications_recorded_total") is None
    assert at(samples, "pushaudit_build_info") == 1


@pytest.mark.parametrize(
    ("group", "status"), [("Monitors", 200), ("Auditors", 403), ("Emitters", 403), ("", 403)]
)
def test_it_is_a_right_of_its_own(
    persona: Callable[..., APIClient], group: str, status: int
) -> None:
    response = persona(group, "scraper").get(METRICS)
    assert response.status_code == status
    if status == 403:
        assert "notifications.view_metrics" in response.json()["detail"]


def test_nobody_else_is_told(monitor: APIClient) -> None:
    response = APIClient().get(METRICS)
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")
    Account.objects.filter(username="prometheus").update(apps=["mobile"])
    response = monitor.get(METRICS)
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert monitor.post(METRICS).status_code in (403, 405)


def test_the_hours_are_among_those_that_are_looked_at_again_and_again() -> None:
    now = timezone.now()
    assert around(now).since <= hour_of(now) - max(measures.WINDOWS.values())
