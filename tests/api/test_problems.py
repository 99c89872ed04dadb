"""Every error is a problem document that points at its fault."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.api import notifications as views
from notifications.api.throttling import AccountThrottle
from notifications.models import Account
from tests.conftest import INIT

URL = "/api/v1/notifications/"
NOWHERE = f"{URL}00000000-0000-8000-8000-000000000000/"
BODY = json.dumps({"extras": INIT})
JSON = "application/json"


def assert_problem(response: Any, status: int, code: str, where: str, pointer: str) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert problem["type"] == f"urn:pushaudit:problem:{code}"
    assert problem["title"]
    assert problem["detail"]
    fault = problem["errors"][0]
    assert (fault["in"], fault["pointer"]) == (where, pointer)
    assert fault["detail"]


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code", "where", "pointer"),
    [
        ("", JSON, 400, "empty_body", "body", "#"),
        ("{", JSON, 400, "malformed_json", "body", "#"),
        ("[]", JSON, 422, "invalid_envelope", "body", "#"),
        ("{}", JSON, 422, "invalid_envelope", "body", "#/extras"),
        ('{"extras":{},"colour":1}', JSON, 422, "invalid_envelope", "body", "#/colour"),
        ('{"extras":{},"user_id":1}', JSON, 422, "invalid_envelope", "body", "#/user_id"),
        ('{"extras":{},"message_id":"m"}', JSON, 422, "invalid_envelope", "body", "#/emitted_at"),
        (BODY, "text/plain", 415, "unsupported_media_type", "header", "Content-Type"),
        (BODY, "", 415, "unsupported_media_type", "header", "Content-Type"),
        ('{"extras":{"a":"' + "x" * 2**20 + '"}}', JSON, 413, "too_large", "body", "#"),
    ],
)
def test_a_bad_body(
    emitter: APIClient,
    body: str,
    content_type: str,
    status: int,
    code: str,
    where: str,
    pointer: str,
) -> None:
    response = emitter.generic("POST", URL, body, content_type=content_type)
    assert_problem(response, status, code, where, pointer)


def test_a_compressed_single_post_is_refused(emitter: APIClient) -> None:
    response = emitter.post(URL, BODY, content_type=JSON, headers={"Content-Encoding": "gzip"})
    assert_problem(response, 415, "unsupported_media_type", "header", "Content-Type")


def test_every_fault_of_an_envelope_is_told_at_once(emitter: APIClient) -> None:
    body = {"user_id": "", "silent": "no", "emitted_at": "yesterday", "platform": "fax"}
    response = emitter.post(URL, json.dumps(body), content_type=JSON)
    assert {fault["pointer"]: fault["code"] for fault in response.json()["errors"]} == {
        "#/extras": "required",
        "#/user_id": "wrong_length",
        "#/silent": "wrong_type",
        "#/emitted_at": "invalid_time",
        "#/platform": "unknown_value",
    }


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    "header",
    [
        "",
        "Token",
        "Token nope",
        "Token a b",
        "Token \xff\xfe",
        "Token \xc3\xa9",
        "Token abcdefgh\0",
        f"Token {'0' * 64}, Token {'0' * 64}",
        f"Token {'x' * 10000}",
    ],
)
def test_without_a_valid_token_it_is_401(header: str) -> None:
    client = APIClient()
    if header:
        client.credentials(HTTP_AUTHORIZATION=header)
    for response in (client.get(URL), client.post(URL, BODY, content_type=JSON)):
        assert response.headers["WWW-Authenticate"] == "Token"
        code = "authentication_failed" if header else "not_authenticated"
        assert_problem(response, 401, code, "header", "Authorization")


@pytest.mark.usefixtures("db")
def test_an_expired_token_and_a_deactivated_account_are_401(settings: Settings) -> None:
    settings.TOKEN_CACHE_SECONDS = 0
    account = Account.objects.create(username="late")
    token, secret = AuthToken.objects.create(account, expiry=timedelta(days=1))
    client = APIClient(headers={"Authorization": f"Token {secret}"})
    assert client.get(URL).status_code == 403
    account.is_active = False
    account.save()
    assert client.get(URL).status_code == 401
    account.is_active = True
    account.save()
    AuthToken.objects.filter(pk=token.pk).update(expiry=timezone.now() - timedelta(seconds=1))
    assert client.get(URL).status_code == 401


@pytest.mark.parametrize(
    ("group", "may_read", "may_post"),
    [
        ("Emitters", False, True),
        ("Support", True, False),
        ("Operators", True, False),
        ("Analysts", True, False),
        ("Auditors", True, False),
        ("", False, False),
    ],
)
def test_rights_by_group(
    persona: Callable[[str], APIClient], group: str, may_read: bool, may_post: bool
) -> None:
    client = persona(group)
    assert client.get(URL).status_code == (200 if may_read else 403)
    assert client.get(NOWHERE).status_code == (404 if may_read else 403)
    response = client.post(URL, BODY, content_type=JSON)
    assert response.status_code == (201 if may_post else 403)
    if not may_post:
        assert_problem(response, 403, "permission_denied", "header", "Authorization")
        assert "notifications.add_notification" in response.json()["detail"]


def test_what_is_not_there_is_404_and_the_missing_slash_is_named(support: APIClient) -> None:
    assert_problem(support.get(NOWHERE), 404, "not_found", "path", NOWHERE)
    for path in (f"{URL}no-uuid/", "/api/v1/nothing/", "/api/"):
        assert_problem(support.get(path), 404, "not_found", "path", path)
    response = support.post(URL.rstrip("/"), BODY, content_type=JSON)
    assert_problem(response, 404, "not_found", "path", URL.rstrip("/"))
    assert URL in response.json()["detail"]


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_nothing_can_be_changed_or_deleted(
    method: str, emitter: APIClient, support: APIClient
) -> None:
    for client in (emitter, support):
        response = getattr(client, method)(NOWHERE)
        assert_problem(response, 405, "method_not_allowed", "method", method.upper())
        assert "GET" in response.headers["Allow"]


def test_an_accept_that_cannot_be_met_is_406(support: APIClient) -> None:
    response = support.get(URL, headers={"Accept": "text/html"})
    assert_problem(response, 406, "not_acceptable", "header", "Accept")


@pytest.mark.parametrize(
    "cursor", ["", "x", "cD0x", "cD0%3D", "%00", "\xff", "bz1-MQ==", "cj1hJnA9Yg==", "x" * 10000]
)
def test_a_forged_cursor_is_400(support: APIClient, cursor: str) -> None:
    response = support.get(URL, {"cursor": cursor})
    if response.status_code != 200:  # an empty cursor is the first page
        assert_problem(response, 400, "invalid_cursor", "query", "cursor")
    else:
        assert cursor == ""


def test_over_the_rate_it_is_429_with_a_time_to_wait(
    support: APIClient, emitter: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", {"read": "2/min", "ingest": None})
    assert [support.get(URL).status_code for _ in range(3)] == [200, 200, 429]
    response = support.get(URL)
    assert_problem(response, 429, "throttled", "header", "Authorization")
    assert 0 < int(response.headers["Retry-After"]) <= 60
    assert all(emitter.post(URL, BODY, content_type=JSON).status_code == 201 for _ in range(5))
    cache.clear()


def test_without_its_database_it_is_503_and_says_to_repeat(
    emitter: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(views, "record", gone)
    response = emitter.post(URL, BODY, content_type=JSON)
    assert_problem(response, 503, "unavailable", "path", URL)
    assert response.headers["Retry-After"]


def test_a_defect_of_ours_is_500_and_still_a_problem(
    emitter: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(views, "record", broken)
    emitter.raise_request_exception = False
    response = emitter.post(URL, BODY, content_type=JSON)
    assert_problem(response, 500, "server_error", "path", URL)


def test_a_foreign_host_name_is_400(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["pushaudit.example"]
    response = Client().get(URL, headers={"Host": "elsewhere.example"})
    assert_problem(response, 400, "bad_request", "header", "")


@pytest.mark.usefixtures("db")
def test_pages_outside_the_api_are_not_problem_documents() -> None:
    response = Client().get("/nothing-here")
    assert response.status_code == 404
    assert response.headers["Content-Type"].startswith("text/html")
