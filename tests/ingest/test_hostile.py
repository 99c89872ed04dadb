"""Hostile input: each item is stored and read back, or refused, and never a 5xx; what was there
before is left alone.

Extend a table by one line: ``STORED`` by the extras as JSON text and what is read back (None: the
same), ``REFUSED`` by a body, its status alone and its code as a line in bulk, ``TIMES`` by an
``emitted_at`` and the time read back (None: refused), ``STREAMS`` by a body in bulk, its headers,
the status and what the answer says.
"""

import gzip
import io
import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from rest_framework.test import APIClient

from notifications.admin.addresses import page_address
from notifications.models import Notification
from tests.conftest import FINISHED, INIT, NOW

URL = "/api/v1/notifications/"
BULK = f"{URL}bulk/"
JSON, NDJSON = "application/json", "application/x-ndjson"
TIME = "2026-03-14T09:00:00Z"
DEEP = "[" * 10_000 + "]" * 10_000
AT_LIMIT = "[" * 63 + "]" * 63

STORED: list[tuple[str, Any]] = [
    ("{}", None),
    ('{"a": 0.1, "b": -0.0, "c": 1e22, "d": 9007199254740991}', None),
    ('{"a": 1e400}', {"a": "1e400"}),
    ('{"a": 1e5000}', {"a": "1e5000"}),
    ('{"a": 9223372036854775808}', {"a": "9223372036854775808"}),
    ('{"a": 1e-400}', {"a": "1e-400"}),
    ('{"a": ' + "9" * 100_000 + "}", {"a": "9" * 100_000}),
    ('{"a": 1, "a": 2}', {"a": 2}),
    ('{"a": {"b": 1, "b": 2}}', {"a": {"b": 2}}),
    ('{"a\\u0000": "\\u0000"}', {"a\ufffd": "\ufffd"}),
    ('{"a": "\\ud800", "\\udfff": 1}', {"a": "\ufffd", "\ufffd": 1}),
    ('{"a": "\\ud83d\\ude00", "😀": "\\u202e"}', {"a": "😀", "😀": "\u202e"}),
    ('{"\u202eevil": "\u2067דלתא\u2069", "مفتاح": "😀"}', None),
    ('{"messageType": "' + "x" * 10_000 + '", "operationId": "' + "y" * 10_000 + '"}', None),
    ('{"operationId": "7E9E9B1D-1B5A-4D8E-9A3E-0C3F2B6D8A10", "activationId": 5}', None),
    ('{"": "", " ": null, "a": [], "b": {}}', None),
    ('{"a": ' + AT_LIMIT + "}", None),
    ('{"a": ' + DEEP + "}", "deep"),
    ('{"a": "' + "z" * 1_000_000 + '"}', None),
    ('{"messageType": "mtoken.operationInit", ' + ",".join(f'"{n}":1' for n in range(9_999)) + "}",
     None),
]  # fmt: skip
REFUSED: list[tuple[str, int, str]] = [
    ("null", 422, "wrong_type"), ("[]", 422, "wrong_type"), ('"x"', 422, "wrong_type"),
    ("5", 422, "wrong_type"), ("{}", 422, "required"), ("{", 400, "malformed_json"),
    ("nonsense", 400, "malformed_json"), ('{"extras": {}} x', 400, "malformed_json"),
    ('{"extras": NaN}', 400, "malformed_json"), ("\ufeff{}", 400, "malformed_json"),
    ('{"extras": {"a": Infinity}}', 400, "malformed_json"),
    ('{"extras": null}', 422, "wrong_type"), ('{"extras": []}', 422, "wrong_type"),
    (DEEP, 422, "wrong_type"), ("[" * 100_000, 400, "malformed_json"),
    ('{"extras": ' + DEEP + "}", 422, "wrong_type"),
    ('{"extras": {}, "user_id": "\\u0000"}', 422, "invalid_character"),
    ('{"extras": {}, "user_id": "' + "x" * 10_000 + '"}', 422, "wrong_length"),
    ('{"extras": {}, "message_id": "m"}', 422, "emitted_at_required"),
    ('{"extras": {}, "extras": {}}', 422, "duplicate_key"),
    ("{" + ",".join(f'"{n}":1' for n in range(9_999)) + "}", 422, "required"),
]  # fmt: skip
TIMES: list[tuple[str, str | None]] = [
    ("2026-03-14T09:00:00", None),
    ("2026-03-14 09:00:00Z", None),
    ("yesterday", None),
    ("", None),
    ("2026-02-30T00:00:00Z", None),
    ("2016-12-31T23:59:60Z", None),
    ("2026-03-14T24:00:00Z", None),
    ("0001-01-01T00:00:00+14:00", None),  # is before the year 1 in UTC
    ("2026-03-14T09:00:00.1239999+20:29", "2026-03-13T12:31:00.123Z"),
    ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
    ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
    ("2014-12-31T23:59:59.999Z", "2014-12-31T23:59:59.999Z"),
    ("2100-01-01T00:00:00Z", "2100-01-01T00:00:00.000Z"),
]
GOOD = json.dumps({"emitted_at": TIME, "message_id": "good", "extras": INIT}).encode()
OTHER = json.dumps({"emitted_at": TIME, "message_id": "good", "extras": FINISHED}).encode()
PLAIN: dict[str, str] = {}
ZIPPED = {"Content-Encoding": "gzip"}
STREAMS: dict[str, tuple[bytes, dict[str, str], int, dict[str, Any]]] = {
    "empty": (b"", PLAIN, 200, {"recorded": 0, "rejected_count": 0}),
    "blank lines": (b"\n \n\r\n\n" + GOOD, PLAIN, 200, {"recorded": 1, "rejected_count": 0}),
    "CRLF": (GOOD + b"\r\n" + OTHER + b"\r\n", PLAIN, 200, {"recorded": 1, "conflict_count": 1}),
    "no final newline": (GOOD + b"\n" + GOOD, PLAIN, 200, {"recorded": 1, "duplicates": 1}),
    "no line is good": (b"x\n{}\n[]", PLAIN, 200, {"recorded": 0, "rejected_count": 3}),
    "one line is bad": (
        b"\n" + GOOD + b"\n{\n", PLAIN, 200,
        {"recorded": 1, "rejected": [{"line": 3, "code": "malformed_json"}]},
    ),
    "not UTF-8": (b"\xff\xfe\n" + GOOD, PLAIN, 200, {"recorded": 1, "rejected_count": 1}),
    "a long line": (
        GOOD + b"\n" + b"x" * (2**20 + 1), PLAIN, 413,
        {"code": "line_too_long", "recorded": 1, "committed_through_line": 1},
    ),
    "a line at the limit": (b"x" * 2**20 + b"\n" + GOOD, PLAIN, 200, {"recorded": 1}),
    "100 MiB in one line": (
        gzip.compress(GOOD + b"\n" + b"x" * (100 * 2**20), 1), ZIPPED, 413,
        {"code": "line_too_long", "recorded": 1},
    ),
    "gzip": (gzip.compress(GOOD), ZIPPED, 200, {"recorded": 1}),
    "gzip in two members": (
        gzip.compress(GOOD + b"\n") + gzip.compress(OTHER), ZIPPED, 200,
        {"recorded": 1, "conflict_count": 1},
    ),
    "empty gzip": (gzip.compress(b""), ZIPPED, 200, {"recorded": 0}),
    "gzip that is not gzip": (GOOD, ZIPPED, 400, {"code": "bad_gzip", "recorded": 0}),
    "gzip with something behind": (
        gzip.compress(GOOD + b"\n") + b"more", ZIPPED, 400, {"code": "bad_gzip", "recorded": 1},
    ),
    "gzip cut short": (
        gzip.compress(GOOD + b"\n")[:-4], ZIPPED, 400, {"code": "truncated_gzip", "recorded": 1},
    ),
    "gzip with a wrong sum": (
        gzip.compress(GOOD + b"\n")[:-8] + b"\0" * 8, ZIPPED, 400,
        {"code": "bad_gzip", "recorded": 1},
    ),
    "gzip bomb": (
        gzip.compress(GOOD + b"\n" * (100 * 2**20)), ZIPPED, 413,
        {"code": "expands_too_much", "recorded": 1},
    ),
    "another encoding": (GOOD, {"Content-Encoding": "br"}, 415, {}),
    "another type": (GOOD, {"Content-Type": JSON}, 415, {}),
    "no type": (GOOD, {"Content-Type": ""}, 415, {}),
}  # fmt: skip


def post(client: APIClient, body: bytes | str) -> Any:
    return client.generic("POST", URL, body, content_type=JSON)


def post_lines(client: APIClient, body: bytes | str, **headers: str) -> Any:
    content_type = headers.pop("Content-Type", NDJSON)
    return client.generic("POST", BULK, body, content_type=content_type, headers=headers)


def everything() -> list[Any]:
    """All rows of all tables of ours, as text."""
    with connection.cursor() as cursor:
        rows: list[Any] = []
        for table in ("notification", "operation", "activation", "inboxmessage", "recipient"):
            cursor.execute(f"SELECT t::text FROM notifications_{table} AS t ORDER BY 1")  # noqa: S608
            rows += cursor.fetchall()
        return rows


@pytest.fixture
def before(record_one: Callable[..., UUID]) -> list[Any]:
    """What was recorded before, which no input may change."""
    extras = INIT | {"operationId": "before", "activationId": "before", "inboxId": "before"}
    record_one(emitted_at=NOW.isoformat(), message_id="before", user_id="before", extras=extras)
    return everything()


@pytest.mark.parametrize("in_bulk", [False, True], ids=["alone", "in bulk"])
@pytest.mark.parametrize(("text", "kept"), STORED, ids=range(len(STORED)))
def test_what_is_stored_is_read_back(
    emitter: APIClient, support: APIClient, operator_client: Client, before: list[Any],
    text: str, kept: Any, in_bulk: bool,
) -> None:  # fmt: skip
    body = f'{{"emitted_at": "{TIME}", "message_id": "hostile", "extras": {text}}}'
    if in_bulk:
        assert post_lines(emitter, body).json()["recorded"] == 1
    else:
        assert post(emitter, body).status_code == 201
    stored = Notification.objects.get(message_id="hostile")
    detail = support.get(f"{URL}{stored.pk}/")
    listed = support.get(URL, {"message_id": "hostile"})
    page = operator_client.get(page_address("notification", stored.pk))
    assert detail.status_code == listed.status_code == page.status_code == 200
    extras = detail.json()["extras"]
    assert listed.json()["results"][0]["extras"] == extras
    if kept == "deep":
        assert "repaired_value" in [item["code"] for item in detail.json()["findings"]]
    else:
        assert extras == (json.loads(text) if kept is None else kept)
    assert (post_lines if in_bulk else post)(emitter, body).status_code == 200  # a repeat
    assert Notification.objects.filter(message_id="hostile").count() == 1
    assert set(before) < set(everything())


@pytest.mark.parametrize(("body", "status", "code"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_leaves_nothing(
    emitter: APIClient, before: list[Any], body: str, status: int, code: str
) -> None:
    response = post(emitter, body)
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    (rejected,) = post_lines(emitter, body).json()["rejected"]
    assert (rejected["line"], rejected["code"]) == (1, code)
    assert rejected["detail"]
    assert len(response.content) < 20_000
    assert everything() == before


@pytest.mark.parametrize("length", ["x", "-5", "1e3"])
def test_a_length_that_is_none_is_no_body(
    emitter: APIClient, before: list[Any], length: str
) -> None:
    response = emitter.generic("POST", URL, GOOD, content_type=JSON, CONTENT_LENGTH=length)
    assert (response.status_code, response.json()["code"]) == (400, "empty_body")
    assert everything() == before


@pytest.mark.parametrize("body", ["", '{"extras": {"a": "' + "x" * 2**20 + '"}}'])
def test_alone_there_must_be_something_of_a_mebibyte_at_most(
    emitter: APIClient, before: list[Any], body: str
) -> None:
    assert post(emitter, body).status_code == (413 if body else 400)
    assert everything() == before


@pytest.mark.parametrize("in_bulk", [False, True], ids=["alone", "in bulk"])
@pytest.mark.parametrize(("text", "kept"), TIMES)
def test_a_time_is_kept_or_refused(
    emitter: APIClient, support: APIClient, operator_client: Client, before: list[Any],
    text: str, kept: str | None, in_bulk: bool,
) -> None:  # fmt: skip
    body = json.dumps(
        {"emitted_at": text, "message_id": "m-stray", "extras": {"messageType": "stray"}}
    )
    response = post_lines(emitter, body) if in_bulk else post(emitter, body)
    if kept is not None:
        assert response.status_code == (200 if in_bulk else 201)
        stored = Notification.objects.get(message_type="stray")
        assert support.get(f"{URL}{stored.pk}/").json()["emitted_at"] == kept
        listed = support.get(URL, {"message_id": "m-stray"}).json()["results"]
        assert [item["emitted_at"] for item in listed] == [kept]
        page = operator_client.get(page_address("notification", stored.pk))
        assert kept[:10] in page.content.decode()
        assert set(before) < set(everything())
    elif in_bulk:
        assert response.json()["rejected"][0]["code"] == "invalid_time"
        assert everything() == before
    else:
        assert response.status_code == 422
        assert response.json()["errors"][0]["pointer"] == "#/emitted_at"
        assert everything() == before


@pytest.mark.parametrize("stream", STREAMS)
def test_a_stream_is_read_as_far_as_it_goes(
    emitter: APIClient, before: list[Any], stream: str
) -> None:
    body, headers, status, expected = STREAMS[stream]
    response = post_lines(emitter, body, **headers)
    assert response.status_code == status
    answer = response.json()
    for key, value in expected.items():
        if key == "rejected":
            value = [item | {"detail": answer[key][0]["detail"]} for item in value]
        assert answer[key] == value
    if status != 200:
        assert response.headers["Content-Type"] == "application/problem+json"
    stored = Notification.objects.filter(message_id="good")
    assert stored.count() == expected.get("recorded", 0)
    assert set(before) <= set(everything())
    assert all(notification.extras == INIT for notification in stored)


def test_a_client_that_stops_half_way_is_told_how_far_it_came(
    emitter: APIClient, before: list[Any]
) -> None:
    half = GOOD + b"\n" + OTHER[:40]
    cut: dict[str, Any] = {
        "wsgi.input": io.BytesIO(half),
        "CONTENT_LENGTH": str(len(half) + 100),
    }
    response = emitter.generic("POST", BULK, half, content_type=NDJSON, **cut)
    assert response.status_code == 400
    assert response.json()["code"] == "incomplete_body"
    assert response.json()["committed_through_line"] == 1
    assert Notification.objects.get(message_id="good").extras == INIT
