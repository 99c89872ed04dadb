"""Whatever is asked of whichever address, it is an answer of ours."""

from collections.abc import Callable, Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from rest_framework.test import APIClient

from notifications.models import Export
from tests.conftest import DEVICE, INIT, OPERATION

SAMPLES = {
    "<uuid:pk>": "00000000-0000-8000-8000-000000000000",
    "<int:pk>": "1",
    "<path:pk>": DEVICE,
    "<str:pk>": "demo-bank",
}


def _paths(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        here = prefix + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield here
        else:
            yield from _paths(pattern, here)


def _routes() -> list[str]:
    """An address of every view of the API."""
    found = []
    for path in _paths(get_resolver()):
        if path.startswith("/api/"):
            for converter, sample in SAMPLES.items():
                path = path.replace(converter, sample)
            found.append(path)
    return found


PUBLIC = ("/api/v1/schema/", "/api/v1/docs/")  # how to ask, for everybody
ROUTES = [route for route in _routes() if route not in PUBLIC]
# Asking these is reporting, which those who read may not.
PROBES = [f"/api/v1/mirror/push/service/status{end}" for end in ("", "/")]
STREAMS = [f"/api/v1/exports/{each}/" for each in Export.DataSet.values]


def test_the_routes_are_those_of_the_api() -> None:
    assert "/api/v1/notifications/bulk/" in ROUTES
    assert f"/api/v1/activations/{DEVICE}/trace/" in ROUTES
    assert not [route for route in ROUTES if "<" in route or "^" in route]


@pytest.mark.parametrize("route", [each for each in ROUTES if each not in (*STREAMS, *PROBES)])
def test_head_is_get_without_a_body(auditor: APIClient, route: str) -> None:
    head, get = auditor.head(route), auditor.get(route)
    assert head.status_code == get.status_code
    assert head.status_code in {200, 400, 404, 405}
    assert head.headers["Content-Type"] == get.headers["Content-Type"]
    assert head.content == b""


@pytest.mark.parametrize("route", PROBES)
def test_a_probe_has_a_head_for_those_who_report(
    auditor: APIClient, emitter: APIClient, route: str
) -> None:
    assert auditor.head(route).status_code == auditor.get(route).status_code == 403
    head, get = emitter.head(route), emitter.get(route)
    assert (head.status_code, get.status_code, head.content) == (200, 200, b"")


@pytest.mark.parametrize("route", STREAMS)
def test_a_stream_has_no_head(persona: Callable[..., APIClient], route: str) -> None:
    client = persona("Analysts")
    assert client.get(route).status_code == 400  # without a window
    response = client.head(route)
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, OPTIONS")


@pytest.mark.parametrize("route", ROUTES)
def test_options_say_which_methods_there_are(
    auditor: APIClient, emitter: APIClient, route: str
) -> None:
    for client in (auditor, emitter):
        response = client.options(route)
        assert response.status_code in {200, 403}
        assert "OPTIONS" in response.headers["Allow"]
    assert auditor.options(route).status_code == (403 if route in STREAMS else 200)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize("route", ROUTES)
def test_nobody_is_answered_401(route: str) -> None:
    for method in ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"):
        response = Client().generic(method, route)
        # A method that nothing here has is 405 for everybody.
        assert response.status_code in ({401} if method in {"GET", "OPTIONS"} else {401, 405})
        assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("route", ROUTES)
def test_a_method_that_does_not_exist_is_405(auditor: APIClient, route: str) -> None:
    for method in ("BREW", "TRACE", "CONNECT"):
        response = auditor.generic(method, route)
        assert response.status_code == 405
        assert response.json()["code"] == "method_not_allowed"


@pytest.mark.parametrize("route", ROUTES)
def test_an_accept_that_cannot_be_met_is_a_406_problem(auditor: APIClient, route: str) -> None:
    for accept in ("text/html", "application/xml;q=0.9", "image/*", "nonsense"):
        response = auditor.get(route, headers={"Accept": accept})
        assert response.status_code == 406
        assert response.headers["Content-Type"] == "application/problem+json"
        assert response.json()["code"] == "not_acceptable"


def test_an_accept_that_can_be_met_is(auditor: APIClient) -> None:
    for accept in ("*/*", "application/*", "text/html, application/json;q=0.1"):
        response = auditor.get("/api/v1/notifications/", headers={"Accept": accept})
        assert response.status_code == 200
        assert response.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize("value", ["xml", "json", "api", ""])
def test_a_format_in_the_query_chooses_none(auditor: APIClient, value: str) -> None:
    for route in ("/api/v1/notifications/", "/api/v1/gaps/"):
        assert auditor.get(route, {"format": value}).status_code != 404


def test_known_subjects_answer_head_and_options(
    auditor: APIClient, tell: Callable[..., None]
) -> None:
    tell([{"extras": INIT, "activation_id": DEVICE, "user_id": "jana"}])
    for route in (
        f"/api/v1/activations/{DEVICE}/trace/",
        f"/api/v1/operations/{OPERATION}/timeline/",
        "/api/v1/recipients/?user_id=jana",
    ):
        assert auditor.head(route).status_code == 200
        assert auditor.options(route).status_code == 200
