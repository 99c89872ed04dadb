"""Requests are counted by account and bucket, and every answer says what is left."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import include, path
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.routers import SimpleRouter
from rest_framework.test import APIClient
from rest_framework.viewsets import ViewSet

from notifications.api.limited import Limited
from notifications.api.permissions import MayTrace
from notifications.api.throttling import AccountThrottle

URL = "/api/v1/notifications/"
NOWHERE = f"{URL}00000000-0000-8000-8000-000000000000/"
JSON = "application/json"
BODY = '{"extras":{}}'


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    cache.clear()
    clock = Clock()
    monkeypatch.setattr(AccountThrottle, "timer", clock)
    return clock


@pytest.fixture
def limit(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def set_rates(**rates: str) -> None:
        every = {"ingest": None, "read": None, "export": None, **rates}
        monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", every)

    return set_rates


class Leaving(Limited, ViewSet):
    permission_classes = (MayTrace,)

    def list(self, request: Request) -> Response:
        return Response([])

    @action(detail=False, bucket="export", methods=["get", "post"])
    def feed(self, request: Request) -> Response:
        return Response([])


router = SimpleRouter()
router.register("leaving", Leaving, basename="leaving")
urlpatterns = [path("api/", include(router.urls))]


def test_by_default_a_reader_has_600_a_minute(support: APIClient) -> None:
    response = support.get(URL)
    assert response.headers["RateLimit-Policy"] == '"read";q=600;w=60'
    assert response.headers["RateLimit"] == '"read";r=599;t=60'
    assert support.get(URL).headers["RateLimit"] == '"read";r=598;t=60'


def test_t_is_the_time_until_the_oldest_request_falls_out(
    support: APIClient, clock: Clock, limit: Callable[..., None]
) -> None:
    limit(read="2/min")
    assert support.get(URL).headers["RateLimit"] == '"read";r=1;t=60'
    clock.now += 20.5
    assert support.get(URL).headers["RateLimit"] == '"read";r=0;t=40'
    clock.now += 10
    refused = support.get(URL)
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "30")
    assert refused.headers["RateLimit"] == '"read";r=0;t=30'
    clock.now += 29.4  # 0.1 seconds early
    assert support.get(URL).headers["Retry-After"] == "1"
    clock.now += 0.1
    allowed = support.get(URL)
    assert (allowed.status_code, allowed.headers["RateLimit"]) == (200, '"read";r=0;t=21')


def test_what_is_refused_names_its_bucket_and_does_not_count(
    emitter: APIClient, clock: Clock, limit: Callable[..., None]
) -> None:
    limit(ingest="1/s")
    assert emitter.post(URL, BODY, content_type=JSON).status_code == 201
    for _ in range(3):
        response = emitter.post(URL, BODY, content_type=JSON)
        assert response.status_code == 429
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.headers["RateLimit-Policy"] == '"ingest";q=1;w=1'
        assert '"ingest": 1 requests in 1 seconds' in response.json()["detail"]
    clock.now += 1
    assert emitter.post(URL, BODY, content_type=JSON).status_code == 201


@pytest.mark.parametrize(
    ("method", "url", "status"),
    [
        ("GET", NOWHERE, 404),
        ("GET", f"{URL}?cursor=x", 400),
        ("GET", "/api/v1/gaps/?since=x", 400),
        ("PUT", URL, 405),
        ("HEAD", URL, 200),
        ("OPTIONS", URL, 200),
    ],
)
def test_every_answer_counts_and_says_what_is_left(
    support: APIClient, method: str, url: str, status: int
) -> None:
    response = support.generic(method, url)
    assert response.status_code == status
    assert response.headers["RateLimit"] == '"read";r=599;t=60'
    assert support.get(URL).headers["RateLimit"] == '"read";r=598;t=60'


@pytest.mark.parametrize("method", ["POST", "PUT", "GET"])
def test_what_a_mirror_sends_is_ingest_by_any_method(
    emitter: APIClient, limit: Callable[..., None], method: str
) -> None:
    limit(ingest="9/min", read="1/min")
    call = "service/status" if method == "GET" else "device/status/update"
    body = '{"activationId": "a"}'
    response = emitter.generic(method, f"/api/v1/mirror/push/{call}", body, content_type=JSON)
    assert (response.status_code, response.headers["RateLimit"]) == (200, '"ingest";r=8;t=60')


def test_an_account_without_rights_cannot_ask_without_end(
    outsider: APIClient, limit: Callable[..., None]
) -> None:
    limit(read="1/min")
    refused = outsider.get(URL)
    assert (refused.status_code, refused.headers["RateLimit"]) == (403, '"read";r=0;t=60')
    assert outsider.get(URL).status_code == 429


def test_accounts_and_buckets_are_counted_apart(
    support: APIClient, persona: Callable[..., APIClient], limit: Callable[..., None]
) -> None:
    limit(read="1/min", ingest="1/min")
    assert support.get(URL).status_code == 200
    assert support.post(URL, BODY, content_type=JSON).status_code == 403
    assert support.get(URL).status_code == support.post(URL).status_code == 429
    assert persona("Support", "another").get(URL).status_code == 200


def test_an_unlimited_bucket_says_nothing(emitter: APIClient) -> None:
    response = emitter.post(URL, BODY, content_type=JSON)
    assert response.status_code == 201
    assert not [name for name in response.headers if name.startswith("RateLimit")]


@pytest.mark.usefixtures("db")
def test_without_an_account_nothing_is_counted_nor_said(limit: Callable[..., None]) -> None:
    limit(read="1/min", ingest="1/min")
    for _ in range(3):
        for response in (Client().get(URL), Client().post(URL, BODY, content_type=JSON)):
            assert response.status_code == 401
            assert not [name for name in response.headers if name.startswith("RateLimit")]


@pytest.mark.urls(__name__)
def test_an_action_names_its_bucket_also_for_what_is_posted_to_it(support: APIClient) -> None:
    assert support.get("/api/leaving/").headers["RateLimit"] == '"read";r=599;t=60'
    assert support.get("/api/leaving/feed/").headers["RateLimit"] == '"export";r=599;t=60'
    assert support.post("/api/leaving/feed/").headers["RateLimit"] == '"export";r=598;t=60'


def test_a_person_signed_in_is_counted_too(operator_client: Client) -> None:
    assert operator_client.get(URL).headers["RateLimit"] == '"read";r=599;t=60'


def test_more_accounts_than_a_hundred_keep_their_count(
    support: APIClient, limit: Callable[..., None]
) -> None:
    limit(read="1/min")
    assert support.get(URL).status_code == 200
    for number in range(1000):
        cache.set(f"throttle_read_of-another-{number}", [0.0], timedelta(minutes=1).seconds)
    assert support.get(URL).status_code == 429
