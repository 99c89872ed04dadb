"""What is refused is counted as an error of its source, and nothing of what was sent is kept."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from notifications.api import ingesting
from notifications.models import Source, SourceError
from tests.conftest import INIT, SOURCE

ONE, BULK = "/api/v1/notifications/", "/api/v1/notifications/bulk/"


def errors() -> dict[tuple[str, str], int]:
    found = SourceError.objects.filter(source=SOURCE)
    return {(each.code, each.pointer): each.count for each in found}


def post(client: APIClient, document: Any) -> Any:
    return client.post(ONE, json.dumps(document), content_type="application/json")


def test_the_first_fault_counts_by_its_code_and_place(emitter: APIClient) -> None:
    for _ in range(2):
        assert post(emitter, {"extras": INIT, "silent": "yes"}).status_code == 422
    assert post(emitter, {"extras": INIT, "user/4711": 1}).status_code == 422
    assert post(emitter, {"extras": INIT, "user-4712": 1}).status_code == 422
    assert emitter.post(ONE, "{", content_type="application/json").status_code == 400
    assert emitter.post(ONE, "a=1", content_type="text/plain").status_code == 415
    assert errors() == {
        ("wrong_type", "#/silent"): 2,
        ("unknown_field", "#/…"): 2,
        ("malformed_json", "#"): 1,
        ("unsupported_media_type", "Content-Type"): 1,
    }


def test_a_conflict_counts(emitter: APIClient) -> None:
    same = {"message_id": "m-1", "emitted_at": "2026-03-14T09:00:00Z"}
    assert post(emitter, {**same, "extras": INIT}).status_code == 201
    assert post(emitter, {**same, "extras": {}}).status_code == 409
    assert errors() == {("conflict", "#/message_id"): 1}


def test_lines_of_a_stream_count_each_and_the_damage_of_the_stream_too(emitter: APIClient) -> None:
    timed = {"message_id": "m-1", "emitted_at": "2026-03-14T09:00:00Z"}
    lines = [
        json.dumps({**timed, "extras": INIT}),
        json.dumps({**timed, "extras": {}}),
        "{",
        *(json.dumps({"extras": INIT, f"field-{n}": n}) for n in range(1_200)),
    ]
    whole = "\n".join(lines)
    assert emitter.post(BULK, whole, content_type="application/x-ndjson").status_code == 200
    counted = {
        ("conflict", "#/message_id"): 1,
        ("malformed_json", "#"): 1,
        ("unknown_field", "#/…"): 1_200,
    }
    assert errors() == counted
    damaged = "{\n" + "x" * 1_048_577
    assert emitter.post(BULK, damaged, content_type="application/x-ndjson").status_code == 413
    assert errors() == counted | {("malformed_json", "#"): 2, ("line_too_long", "#"): 1}


def test_what_is_well_costs_nothing_more(emitter: APIClient) -> None:
    post(emitter, {"extras": INIT})
    emitter.post(BULK, json.dumps({"extras": INIT}), content_type="application/x-ndjson")
    assert errors() == {}


def test_whoever_may_not_report_is_no_source(
    support: APIClient, emitter: APIClient, client: Any
) -> None:
    assert post(support, {}).status_code == 403
    assert post(client, {}).status_code == 401
    assert post(APIClient(), {}).status_code == 401
    assert emitter.get(ONE).status_code == 403  # reading is no ingest
    assert support.get(ONE, {"nonsense": "1"}).status_code == 400
    assert not SourceError.objects.exists()
    assert not Source.objects.exists()


def test_throttled_posts_count(emitter: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    from notifications.api.throttling import AccountThrottle

    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", {"ingest": "1/hour", "read": None})
    assert [post(emitter, {"extras": INIT}).status_code for _ in range(3)] == [201, 429, 429]
    assert errors() == {("throttled", "Authorization"): 2}


def test_an_outage_is_answered_as_one(
    emitter: APIClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any, **more: Any) -> None:
        raise OperationalError("connection to user-4711 lost")

    monkeypatch.setattr(ingesting, "note_errors", fail)
    assert post(emitter, {}).status_code == 422
    assert "an error of a source was not counted: OperationalError" in caplog.text
    assert "4711" not in caplog.text
    monkeypatch.setattr("notifications.api.notifications.record", fail)
    assert post(emitter, {"extras": INIT}).status_code == 503


def test_reading_a_place_that_nobody_may_see(emitter: APIClient, tell: Callable[..., None]) -> None:
    response = emitter.post(ONE, "{}", content_type="application/json", headers={"Accept": "a/b"})
    assert response.status_code == 406
    assert errors() == {("not_acceptable", "Accept"): 1}
