"""A heartbeat extends what of its source is covered, and says how soon the next is needed."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.models import Coverage, SourceError
from tests.conftest import SOURCE

ADDRESS = "/api/v1/heartbeats/"


def test_the_first_begins_an_interval_and_the_next_extends_it(emitter: APIClient) -> None:
    first, second = emitter.post(ADDRESS), emitter.post(ADDRESS, {}, format="json")
    assert (first.status_code, second.status_code) == (201, 200)
    interval = Coverage.objects.get()
    assert (interval.source_id, interval.kinds) == (SOURCE, ["heartbeat"])
    told = second.json()
    assert told["source"] == SOURCE
    assert told["silence"] == 300
    assert told["began_at"] == first.json()["began_at"] == first.json()["ended_at"]
    assert told["ended_at"] > told["began_at"]


def test_it_costs_one_statement_beside_the_look_at_who_asks(
    emitter: APIClient, django_assert_num_queries: Any
) -> None:
    emitter.post(ADDRESS)
    with django_assert_num_queries(1):
        assert emitter.post(ADDRESS).status_code == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b'{"status": "well"}', 422, "unknown_field"),
        (b'{"a": 1, "a": 2}', 422, "unknown_field"),
        (b"[]", 422, "wrong_type"),
        (b"null", 422, "wrong_type"),
        (b"{", 400, "malformed_json"),
        (b"\xff", 400, "malformed_json"),
        (b" " * 1_048_577, 413, "too_large"),
    ],
)
def test_what_is_no_heartbeat_is_refused_and_counted(
    emitter: APIClient, body: bytes, status: int, code: str
) -> None:
    response = emitter.post(ADDRESS, body, content_type="application/json")
    assert response.status_code == status
    assert response.json()["errors"][0]["code"] == code
    assert not Coverage.objects.exists()
    assert SourceError.objects.get().code == code
    assert "status" not in SourceError.objects.get().pointer


def test_whoever_tells_of_lives_alone_may_send_one(persona: Any, django_user_model: Any) -> None:
    from django.contrib.auth.models import Permission

    client = persona("", "powerauth")
    assert client.post(ADDRESS).status_code == 403
    right = Permission.objects.get(codename="add_activationevent")
    django_user_model.objects.get(username="powerauth").user_permissions.add(right)
    client = persona("", "other")
    django_user_model.objects.get(username="other").user_permissions.add(right)
    assert client.post(ADDRESS).status_code == 201
    assert Coverage.objects.get().source_id == "other"
