"""What gateways answered, told over the API and read there."""

import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Permission
from django.db import OperationalError
from rest_framework.test import APIClient

from notifications.ingest import delivery_lines, ndjson
from notifications.models import Account, DeliveryReport, SourceError
from tests.conftest import NOW, SOURCE

API = "/api/v1"
BULK = f"{API}/deliveries/bulk/"
AT = "2026-03-14T09:26:54.100Z"
Record = Callable[..., UUID]


@pytest.fixture
def message(record_one: Record) -> UUID:
    return record_one(
        message_id="m-1", emitted_at=NOW.isoformat(), app_id="mobile", platform="apns"
    )


def address(message: UUID) -> str:
    return f"{API}/notifications/{message}/deliveries/"


def post(client: APIClient, message: UUID, **told: Any) -> Any:
    return client.post(address(message), json.dumps(told), content_type="application/json")


def post_lines(client: APIClient, *lines: Any, **headers: str) -> Any:
    body = "\n".join(each if isinstance(each, str) else json.dumps(each) for each in lines)
    data = gzip.compress(body.encode()) if headers else body
    return client.post(BULK, data, content_type="application/x-ndjson", headers=headers)


def errors() -> dict[tuple[str, str], int]:
    return {(each.code, each.pointer): each.count for each in SourceError.objects.all()}


def test_a_report_is_recorded_with_the_gateways_own_word(emitter: APIClient, message: UUID) -> None:
    response = post(emitter, message, gateway="apns", code="Unregistered", at=AT, report_id="r-1")
    report = DeliveryReport.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": str(report.pk), "status": "recorded", "outcome": "failed", "is_final": True,
    }  # fmt: skip
    assert (report.source_id, report.notification_id, report.key) == (SOURCE, message, "r-1")
    assert (report.gateway, report.code, report.outcome) == ("apns", "Unregistered", "failed")
    assert report.happened_at == datetime.fromisoformat(AT)


@pytest.mark.parametrize("named", [{"report_id": "r-1"}, {"at": AT}, {"at": AT, "report_id": "r"}])
def test_told_again_it_is_a_duplicate(
    emitter: APIClient, message: UUID, named: dict[str, str]
) -> None:
    first, again = (post(emitter, message, outcome="accepted", **named) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json() | {"status": "duplicate"}
    assert DeliveryReport.objects.count() == 1


def test_without_a_name_and_a_time_each_post_is_a_report(emitter: APIClient, message: UUID) -> None:
    assert [post(emitter, message, outcome="pending").status_code for _ in range(2)] == [201, 201]
    assert DeliveryReport.objects.count() == 2


def test_another_content_under_a_name_is_a_conflict(emitter: APIClient, message: UUID) -> None:
    first = post(emitter, message, outcome="pending", report_id="r-1", at=AT).json()
    response = post(emitter, message, outcome="accepted", report_id="r-1")
    problem = response.json()
    assert (response.status_code, problem["code"], problem["id"]) == (409, "conflict", first["id"])
    assert problem["errors"][0]["pointer"] == "#/report_id"
    assert DeliveryReport.objects.get().outcome == "pending"
    assert errors() == {("conflict", "#/report_id"): 1}


def test_a_message_that_is_not_on_record_is_named_with_the_remedy(emitter: APIClient) -> None:
    response = post(emitter, uuid4(), outcome="accepted")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert "record it first" in response.json()["detail"]
    assert response.headers["Content-Type"] == "application/problem+json"
    assert errors() == {("not_found", ""): 1}


def test_what_is_wrong_is_told_and_counted_by_its_place(emitter: APIClient, message: UUID) -> None:
    response = post(emitter, message, outcome="sent", at="yesterday")
    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == ["#/outcome", "#/at"]
    assert post(emitter, message, outcome="failed", **{"user-1": 1}).status_code == 422
    assert errors() == {("unknown_value", "#/outcome"): 1, ("unknown_field", "#/…"): 1}


def test_reports_are_listed_newest_first_as_they_were_told(
    emitter: APIClient, support: APIClient, message: UUID
) -> None:
    told: list[dict[str, Any]] = [
        {"outcome": "pending", "at": "2026-03-14T09:26:54Z"},
        {"gateway": "apns", "code": "200", "at": "2026-03-14T09:26:56Z", "report_id": "r-1"},
        {"outcome": "failed", "code": "x", "at": "2026-03-14T09:26:55Z"},
    ]
    for each in told:
        post(emitter, message, **each)
    listed = support.get(address(message)).json()
    assert [each["at"][17:19] for each in listed["results"]] == ["56", "55", "54"]
    newest = listed["results"][0]
    for moment in ("recorded_at", "observed_at", "id"):
        newest.pop(moment)
    assert newest == {
        "notification": str(message), "source": SOURCE, "report_id": "r-1", "outcome": "accepted",
        "code": "200", "gateway": "apns", "is_final": True, "cause": None, "registration": None,
        "device_by": None, "at": "2026-03-14T09:26:56.000Z", "told_at": None, "zone": None,
    }  # fmt: skip
    page = support.get(address(message), {"page_size": "2"}).json()
    assert len(page["results"]) == 2
    (rest,) = support.get(page["next"]).json()["results"]
    assert rest["outcome"] == "pending"
    oldest = support.get(address(message), {"order": "asc", "until": "2026-03-14T09:26:55Z"}).json()
    assert [each["outcome"] for each in oldest["results"]] == ["pending"]


def test_a_notification_tells_what_became_of_it_in_the_end(
    emitter: APIClient, support: APIClient, message: UUID
) -> None:
    one = f"{API}/notifications/{message}/"
    assert support.get(one).json()["outcome"] is None
    post(emitter, message, outcome="accepted", at="2026-03-14T09:26:54Z")
    for second in range(30):
        post(emitter, message, outcome="pending", at=f"2026-03-14T09:27:{second:02}Z")
    told = support.get(one).json()
    assert told["outcome"] == "accepted"
    assert len(told["deliveries"]) == 20
    assert told["deliveries"][0]["at"] == "2026-03-14T09:27:29.000Z"
    assert told["links"]["deliveries"].endswith(address(message))
    post(emitter, message, outcome="failed", at="2026-03-14T09:26:55Z")
    assert support.get(one).json()["outcome"] == "failed"


def test_whoever_may_not_read_reports_is_not_told_of_them(
    emitter: APIClient, message: UUID, persona: Callable[..., APIClient]
) -> None:
    post(emitter, message, outcome="accepted")
    client = persona("")
    Account.objects.get(username="nobody-app").user_permissions.add(
        Permission.objects.get(codename="view_notification")
    )
    told = client.get(f"{API}/notifications/{message}/").json()
    assert (told["outcome"], told["deliveries"]) == (None, None)
    assert client.get(address(message)).status_code == 403


def test_an_account_of_some_apps_reads_reports_of_these_alone(
    emitter: APIClient, support: APIClient, message: UUID, record_one: Record
) -> None:
    other = record_one(app_id="business")
    for each in (message, other):
        post(emitter, each, outcome="accepted")
    Account.objects.filter(username="support-app").update(apps=["mobile"])
    assert len(support.get(address(message)).json()["results"]) == 1
    unseen, unknown = support.get(address(other)), support.get(address(uuid4()))
    assert unseen.status_code == unknown.status_code == 404
    assert unseen.json()["detail"] == unknown.json()["detail"]


@pytest.mark.parametrize("zipped", [False, True])
def test_lines_name_their_message_as_its_source_does(
    emitter: APIClient, message: UUID, record_one: Record, zipped: bool
) -> None:
    other = record_one(source="push-server", message_id="7", emitted_at=NOW.isoformat())
    headers = {"Content-Encoding": "gzip"} if zipped else {}
    response = post_lines(
        emitter,
        {"message_id": "m-1", "outcome": "pending", "report_id": "a"},
        {"message_id": "m-1", "emitted_at": NOW.isoformat(), "outcome": "failed", "report_id": "b"},
        {"message_id": "7", "source": "push-server", "outcome": "accepted", "report_id": "c"},
        {"notification": str(message).upper(), "gateway": "fcm", "code": "INTERNAL", "at": AT},
        {"message_id": "m-1", "outcome": "pending", "report_id": "a"},
        {"message_id": "m-1", "outcome": "failed", "report_id": "a"},
        **headers,
    )
    assert response.status_code == 200
    told = response.json()
    standing = str(DeliveryReport.objects.get(key="a").pk)
    assert told["conflicts"] == [{"line": 6, "id": standing}]
    assert (told["recorded"], told["duplicates"], told["conflict_count"]) == (4, 1, 1)
    assert (told["rejected_count"], told["rejected"]) == (0, [])
    reports = dict(DeliveryReport.objects.values_list("key", "notification"))
    assert reports == {"a": message, "b": message, "c": other, None: message}
    assert errors() == {("conflict", "#/report_id"): 1}


def test_lines_that_cannot_be_used_are_named_and_the_others_committed(
    emitter: APIClient, message: UUID, record_one: Record
) -> None:
    record_one(message_id="twice", emitted_at=NOW.isoformat())
    record_one(message_id="twice", emitted_at=(NOW - timedelta(days=40)).isoformat())
    failed = {"outcome": "failed"}
    told = post_lines(
        emitter,
        failed | {"message_id": "unknown"},
        failed | {"message_id": "twice"},
        failed | {"message_id": "twice", "emitted_at": NOW.isoformat()},
        failed | {"message_id": "m-1", "emitted_at": (NOW - timedelta(days=1)).isoformat()},
        failed | {"message_id": "m-1", "source": "another"},
        "",
        "{",
        failed | {"notification": str(uuid4())},
        failed | {"notification": "m-1"},
        failed | {"notification": str(message), "message_id": "m-1"},
        failed,
        {"message_id": "m-1"},
        failed | {"message_id": "m-1"},
    ).json()
    assert told["recorded"] == DeliveryReport.objects.count() == 2
    assert [(each["line"], each["code"]) for each in told["rejected"]] == [
        (1, "unknown_notification"),
        (2, "emitted_at_required"),
        (4, "unknown_notification"),
        (5, "unknown_notification"),
        (7, "malformed_json"),
        (8, "unknown_notification"),
        (9, "invalid_uuid"),
        (10, "contradiction"),
        (11, "required"),
        (12, "required"),
    ]
    assert "record it first" in told["rejected"][0]["detail"]
    assert errors()["unknown_notification", "#"] == 4
    assert errors()["required", "#/message_id"] == 1


def test_what_was_committed_stays_when_the_database_goes(
    emitter: APIClient, message: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ndjson, "MAX_BATCH", 2)
    genuine, calls = delivery_lines.record_deliveries, 0

    def failing(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OperationalError("gone")
        return genuine(*args, **more)

    monkeypatch.setattr(delivery_lines, "record_deliveries", failing)
    lines = [{"message_id": "m-1", "outcome": "pending", "report_id": f"r-{n}"} for n in range(5)]
    response = post_lines(emitter, *lines)
    assert (response.status_code, response.json()["committed_through_line"]) == (503, 2)
    assert DeliveryReport.objects.count() == 2
    told = post_lines(emitter, *lines).json()
    assert (told["recorded"], told["duplicates"]) == (3, 2)


def test_a_batch_is_looked_up_at_once(
    emitter: APIClient, record_one: Record, django_assert_num_queries: Any
) -> None:
    names = [f"m-{n}" for n in range(8)]
    for name in names:
        record_one(message_id=name, emitted_at=NOW.isoformat())
    emitted_at = NOW.isoformat()
    lines = [{"message_id": name, "outcome": "accepted"} for name in names]
    timed = [line | {"emitted_at": emitted_at} for line in lines]
    post_lines(emitter, *lines)  # the token and its rights
    # Both look-ups, and the ends of the transaction, whose own statements go past Django.
    with django_assert_num_queries(4):
        assert post_lines(emitter, *lines, *timed).json()["recorded"] == 16
