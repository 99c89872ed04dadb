"""The working list over REST: notes on gaps, the list of them, and how many gaps there are."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from notifications.models import Account, GapHour, GapNote
from notifications.trace import gaps
from notifications.trace.overview import keep_overview
from tests.trace.stories import NOON, PHONE, STORIES

GAPS, NOTES, STATS = (f"/api/v1/gaps/{each}" for each in ("", "notes/", "stats/"))
DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
Tell = Callable[..., None]


@pytest.fixture
def key(tell: Tell, support: APIClient) -> str:
    """Of the one gap there is."""
    tell(STORIES[0])
    (gap,) = support.get(GAPS, DAY).json()["results"]
    assert gap["acknowledgement"] is None
    return str(gap["key"])


def post(client: APIClient, **body: Any) -> Any:
    return client.post(NOTES, json.dumps({**DAY, **body}), content_type="application/json")


def listed(client: APIClient, **asked: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get(GAPS, {**DAY, **asked}).json()["results"]
    return found


def test_it_is_acknowledged_and_opened_again(key: str, support: APIClient) -> None:
    answer = post(support, keys=[key], note="Known outage, ticket 481.")
    assert answer.status_code == 201
    (noted,) = answer.json()["results"]
    assert (noted["key"], noted["kind"], noted["who"]) == (key, "acknowledged", "support-app")
    assert (noted["reason"], noted["counts_as"]) == ("finished_elsewhere", "missing")
    assert (noted["app_id"], noted["source"], noted["activation"]) == ("mobile", "bank", PHONE)
    assert listed(support, acknowledged="false") == []
    (gap,) = listed(support, acknowledged="true")
    assert gap["acknowledgement"]["holds"] is True
    assert gap["acknowledgement"]["note"] == "Known outage, ticket 481."
    assert (gap["app_id"], gap["source"]) == ("mobile", "bank")
    whole = support.get(GAPS, DAY).json()
    assert (whole["counts"]["missing"], whole["open"]["missing"]) == (1, 0)
    assert post(support, keys=[key], note="It was not.", kind="reopened").status_code == 201
    (gap,) = listed(support, acknowledged="false")
    assert (gap["acknowledgement"]["kind"], gap["acknowledgement"]["holds"]) == ("reopened", False)
    kinds = [each["kind"] for each in support.get(NOTES).json()["results"]]
    assert kinds == ["reopened", "acknowledged"]


def test_notes_are_listed_and_narrowed(key: str, support: APIClient) -> None:
    for note in ("one", "two", "three"):
        post(support, keys=[key], note=note, kind="note")

    def notes(**asked: str) -> list[str]:
        return [each["note"] for each in support.get(NOTES, asked).json()["results"]]

    assert notes(key=key) == notes(source="bank", rule="E1") == ["three", "two", "one"]
    assert notes(order="asc") == ["one", "two", "three"]
    assert notes(kind="acknowledged") == notes(who="nobody") == notes(app_id="x") == []
    first = support.get(NOTES, {"page_size": "2"}).json()
    assert [each["note"] for each in support.get(first["next"]).json()["results"]] == ["one"]


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"note": "x"}, "#/keys", "required"),
        ({"keys": ["a"]}, "#/note", "required"),
        ({"keys": "a", "note": "x"}, "#/keys", "wrong_type"),
        ({"keys": [], "note": "x"}, "#/keys", "out_of_range"),
        ({"keys": ["a"] * 1_001, "note": "x"}, "#/keys", "out_of_range"),
        ({"keys": ["a", 7], "note": "x"}, "#/keys/1", "wrong_type"),
        ({"keys": ["a" * 301], "note": "x"}, "#/keys/0", "wrong_type"),
        ({"keys": ["a"], "note": "x"}, "#/keys/0", "no_such_gap"),
        ({"keys": ["a"], "note": " "}, "#/note", "invalid_text"),
        ({"keys": ["a"], "note": "x\u0000"}, "#/note", "invalid_text"),
        ({"keys": ["a"], "note": 7}, "#/note", "wrong_type"),
        ({"keys": ["a"], "note": "x", "kind": "closed"}, "#/kind", "unknown_value"),
        ({"keys": ["a"], "note": "x", "why": "x"}, "#/why", "unknown_field"),
        ({"keys": ["a"], "note": "x", "since": "yesterday"}, "#/since", "invalid_parameter"),
        ({"keys": ["a"], "note": "x", "since": "99d"}, "#/since", "invalid_parameter"),
        ([], "#", "wrong_type"),
    ],
)
@pytest.mark.usefixtures("key")
def test_what_cannot_be_noted_is_told_with_its_place(
    support: APIClient, body: Any, pointer: str, code: str
) -> None:
    asked = body if isinstance(body, list) else {**DAY, **body}
    answer = support.post(NOTES, json.dumps(asked), content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_note")
    assert (pointer, code) in {(each["pointer"], each["code"]) for each in answer.json()["errors"]}
    assert not GapNote.objects.exists()


def test_one_that_is_none_stops_all(key: str, support: APIClient) -> None:
    answer = post(support, keys=[key, "E1-x"], note="Known.")
    assert [each["pointer"] for each in answer.json()["errors"]] == ["#/keys/1"]
    assert not GapNote.objects.exists()


def test_too_much_is_told(key: str, support: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    answer = post(support, keys=[key], note="Known.")
    assert (answer.status_code, answer.json()["code"]) == (400, "too_much")


def test_to_see_them_is_not_to_acknowledge_them(key: str, auditor: APIClient) -> None:
    answer = post(auditor, keys=[key], note="Known.")
    assert answer.status_code == 403
    assert "notifications.acknowledge_gap" in answer.json()["detail"]
    assert auditor.get(NOTES).status_code == 200


def test_limited_to_apps_it_is_of_these_alone(
    key: str, support: APIClient, persona: Callable[..., APIClient]
) -> None:
    limited = persona("Support", "limited")
    Account.objects.filter(username="limited").update(apps=["other"])
    answer = post(limited, keys=[key], note="Known.")
    assert answer.json()["errors"][0]["code"] == "no_such_gap"
    post(support, keys=[key], note="Known.")
    assert limited.get(NOTES).json()["results"] == []
    refused = limited.get(STATS)
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert "limited to some apps" in refused.json()["detail"]


def test_the_counts_are_those_of_the_list(
    key: str, support: APIClient, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    keep_overview(NOON + timedelta(hours=1))
    whole = support.get(STATS, {**DAY, "by": ["rule", "reason", "counts_as", "app_id", "source"]})
    (cell,) = whole.json()["results"]
    assert cell == {
        "at": "2026-03-14T00:00:00.000Z", "rule": "E1", "reason": "finished_elsewhere",
        "counts_as": "missing", "app_id": "mobile", "source": "bank", "count": 1, "open": 1,
    }  # fmt: skip
    assert (whole.json()["count"], whole.json()["open"]) == (1, 1)
    with django_assert_max_num_queries(9):
        hourly = support.get(STATS, {**DAY, "interval": "hour", "source": "bank"}).json()
    assert [each["at"] for each in hourly["results"]] == ["2026-03-14T12:00:00.000Z"]
    daily = support.get(STATS, {"since": "2025-01-01T00:00:00Z", "interval": "day"}).json()
    assert [each["at"] for each in daily["results"]] == ["2026-03-14T00:00:00.000Z"]
    assert daily["looked_at"] is None  # by no worker: the overview alone was made
    assert support.get(STATS, {**DAY, "source": "other"}).json()["results"] == []


def test_without_any_it_is_nothing(support: APIClient) -> None:
    answer = support.get(STATS, {"since": "10d"}).json()
    assert (answer["count"], answer["open"], answer["results"]) == (0, 0, [])
    assert not GapHour.objects.exists()
    assert timezone.now()
