"""Hostile bodies over HTTP: each is stored and read back, or refused, and never a 5xx.

Extend the table by one line: the extras as JSON text, and what is read back (None: the same).
"""

import json
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.models import Notification

URL = "/api/v1/notifications/"
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
    ('{"messageType": "' + "x" * 10_000 + '", "operationId": "' + "y" * 10_000 + '"}', None),
    ('{"operationId": "7E9E9B1D-1B5A-4D8E-9A3E-0C3F2B6D8A10", "activationId": 5}', None),
    ('{"": "", " ": null, "a": [], "b": {}}', None),
    ('{"a": ' + AT_LIMIT + "}", None),
    ('{"a": ' + DEEP + "}", "deep"),
    ('{"a": "' + "z" * 1_000_000 + '"}', None),
]
REFUSED: list[tuple[str, int]] = [
    ("", 400), ("null", 422), ("[]", 422), ('"x"', 422), ("{}", 422), ("{", 400),
    ('{"extras": NaN}', 400), ('{"extras": {"a": Infinity}}', 400), ("\ufeff{}", 400),
    ('{"extras": null}', 422), ('{"extras": []}', 422), ('{"extras": {}} x', 400),
    (DEEP, 422), ("[" * 100_000, 400), ('{"extras": ' + DEEP + "}", 422),
    ('{"extras": {"a": "' + "x" * 2**20 + '"}}', 413),
    ('{"extras": {}, "user_id": "\\u0000"}', 422),
    ('{"extras": {}, "emitted_at": "2016-12-31T23:59:60Z"}', 422),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kept"), STORED, ids=range(len(STORED)))
def test_what_is_stored_is_read_back(
    emitter: APIClient, support: APIClient, text: str, kept: Any
) -> None:
    body = f'{{"extras": {text}}}'
    response = emitter.generic("POST", URL, body, content_type="application/json")
    assert response.status_code == 201
    detail = support.get(f"{URL}{response.json()['id']}/")
    listed = support.get(URL)
    assert detail.status_code == listed.status_code == 200
    extras = detail.json()["extras"]
    assert listed.json()["results"][0]["extras"] == extras
    if kept == "deep":
        assert "repaired_value" in [item["code"] for item in detail.json()["findings"]]
    else:
        assert extras == (json.loads(text) if kept is None else kept)


@pytest.mark.parametrize(("body", "status"), REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused_leaves_nothing(emitter: APIClient, body: str, status: int) -> None:
    response = emitter.generic("POST", URL, body, content_type="application/json")
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/problem+json"
    assert not Notification.objects.exists()
