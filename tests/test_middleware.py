"""Every answer and every log line of a request carry one id, and no log line names a user."""

import io
import logging
import runpy
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as configured
from django.db import OperationalError, connection
from django.test import Client
from django.utils.module_loading import import_string
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.api import notifications as views

API = "/api/v1/notifications/"
JSON = "application/json"


@pytest.fixture
def lines() -> Iterator[Callable[[], list[str]]]:
    """What the configured handler would write to standard error, line by line."""
    logging_settings = configured.LOGGING
    handler = logging.StreamHandler(io.StringIO())
    handler.setFormatter(logging.Formatter(logging_settings["formatters"]["line"]["format"]))
    for name in logging_settings["handlers"]["stderr"]["filters"]:
        handler.addFilter(import_string(logging_settings["filters"][name]["()"])())
    logging.getLogger().addHandler(handler)
    yield lambda: handler.stream.getvalue().splitlines()
    logging.getLogger().removeHandler(handler)


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/health/live", 200),
        ("/health/ready", 200),
        ("/", 302),
        ("/admin/login/", 200),
        ("/admin/nothing", 302),
        ("/nothing", 404),
        ("/static/notifications/console.css", 200),
        (API, 401),
        ("/api/v1/nothing/", 404),
        ("/api/v1/notifications", 404),
    ],
)
def test_every_answer_carries_an_id_of_its_own(path: str, status: int) -> None:
    first, second = Client().get(path), Client().get(path)
    assert first.status_code == status
    ids = [response.headers["X-Request-Id"] for response in (first, second)]
    first.close()
    second.close()
    assert all(len(each) == 32 and int(each, 16) for each in ids)
    assert ids[0] != ids[1]


def test_what_is_refused_before_a_view_is_reached_has_it_too(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    response = Client().get(API, headers={"X-Request-Id": "r-1"})
    assert (response.status_code, response.headers["X-Request-Id"]) == (301, "r-1")
    settings.ALLOWED_HOSTS = ["pushaudit.example"]
    for path in (API, "/admin/"):
        response = Client().get(
            path, headers={"X-Request-Id": "r-2", "Host": "elsewhere.example"}, secure=True
        )
        assert (response.status_code, response.headers["X-Request-Id"]) == (400, "r-2")


@pytest.mark.parametrize("given", ["a", "A.b_c-9", "x" * 128, "0" * 32])
def test_an_acceptable_id_is_kept(given: str) -> None:
    response = Client().get("/health/live", headers={"X-Request-Id": given})
    assert response.headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given",
    ["", " ", "x" * 129, "a b", "a,b", "a\nb", "a\n", "a\r\nSet-Cookie: x=1", "\xe4", "٣", "a\0"],
)
def test_any_other_id_is_replaced_and_never_echoed(given: str) -> None:
    response = Client().get("/health/live", headers={"X-Request-Id": given})
    assert int(response.headers["X-Request-Id"], 16)
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (API, "{", 400),
        (API, "{}", 422),
        (f"{API}00000000-0000-8000-8000-000000000000/", None, 403),
        ("/api/v1/nothing/", None, 404),
    ],
)
def test_a_problem_names_its_request(
    emitter: APIClient, path: str, body: str | None, status: int
) -> None:
    method = "GET" if body is None else "POST"
    response = emitter.generic(
        method, path, body or "", content_type=JSON, headers={"X-Request-Id": "r-3"}
    )
    assert response.status_code == status
    assert response.json()["request_id"] == response.headers["X-Request-Id"] == "r-3"


def test_a_defect_is_answered_and_logged_with_its_request(
    emitter: APIClient, monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[str]]
) -> None:
    def broken(*args: Any, **kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(views, "record", broken)
    emitter.raise_request_exception = False
    response = emitter.post(
        f"{API}?user_id=jana", '{"extras":{}}', content_type=JSON, headers={"X-Request-Id": "r-4"}
    )
    assert response.status_code == 500
    assert response.json()["request_id"] == response.headers["X-Request-Id"] == "r-4"
    (line,) = (each for each in lines() if "Internal Server Error" in each)
    assert line.endswith(f"ERROR django.request [r-4] Internal Server Error: {API}")
    assert any(each.startswith("ZeroDivisionError") for each in lines())
    assert "jana" not in "".join(lines())


def test_a_lost_database_is_logged_with_its_request(
    emitter: APIClient, monkeypatch: pytest.MonkeyPatch, lines: Callable[[], list[str]]
) -> None:
    def gone(*args: Any, **kwargs: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(views, "record", gone)
    emitter.post(API, '{"extras":{}}', content_type=JSON, headers={"X-Request-Id": "r-5"})
    with monkeypatch.context() as patch:
        patch.setattr(connection, "cursor", gone)
        Client().get("/health/ready", headers={"X-Request-Id": "r-6"})
    ours = [line for line in lines() if " notifications." in line or " pushaudit." in line]
    assert [line.partition(" [")[2] for line in ours] == [
        "r-5] the database is not available: OperationalError",
        "r-6] the database does not answer",
    ]


@pytest.mark.parametrize("path", [API, "/api/v1/nothing/", "/nothing", "/admin/nothing/"])
def test_no_query_string_is_logged(
    outsider: APIClient, path: str, lines: Callable[[], list[str]]
) -> None:
    response = outsider.get(path, {"user_id": "jana"}, headers={"X-Request-Id": "r-7"})
    if response.status_code != 302:
        assert any(f"[r-7] {response.reason_phrase}: {path}" in line for line in lines())
    assert "jana" not in "".join(lines())


def test_a_line_without_a_request_has_a_dash(lines: Callable[[], list[str]]) -> None:
    logging.getLogger("elsewhere").warning("something")
    (line,) = lines()
    assert line.endswith("WARNING elsewhere [-] something")


@pytest.mark.parametrize(
    ("message", "arguments", "line"),
    [
        (
            "Error handling request %s %s",
            ("GET", "/api/v1/notifications/?user_id=jana"),
            "Error handling request GET /api/v1/notifications/(left out)",
        ),
        (
            "Invalid request from ip=::1: Invalid HTTP Version: 'jana HTTP/1.1'",
            (),
            "Invalid request from ip=::1: Invalid HTTP Version: (left out)",
        ),
        (
            'Invalid request from ip=::1: Invalid HTTP request line: "GET /?a=d\'jana"',
            (),
            "Invalid request from ip=::1: Invalid HTTP request line: (left out)",
        ),
        (
            "Connection in use: %s",
            ("('127.0.0.1', 8000)",),
            "Connection in use: ('127.0.0.1', 8000)",
        ),
    ],
)
def test_the_web_server_logs_nothing_of_what_was_asked(
    message: str, arguments: tuple[str, ...], line: str
) -> None:
    log = logging.Logger("gunicorn.error")
    written = io.StringIO()
    log.addHandler(logging.StreamHandler(written))
    server = SimpleNamespace(log=SimpleNamespace(error_log=log))
    runpy.run_path("pushaudit/gunicorn.py")["on_starting"](server)
    log.error(message, *arguments)
    assert written.getvalue() == f"{line}\n"
