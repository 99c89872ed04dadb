"""PowerAuth's callbacks over HTTP: recorded once, whoever sends them says so, and never a 500."""

import json
from base64 import b64encode
from collections.abc import Callable
from itertools import permutations
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.models import Account, ActivationEvent, OperationEvent, SourceError
from tests.conftest import DEVICE, NOW, OPERATION, SOURCE
from tests.ingest.test_callbacks import APPROVED, BLOCKED, KEY

URL = "/api/v1/powerauth/callbacks/"


def post(client: Any, told: Any, key: str | None = KEY) -> Any:
    body = told if isinstance(told, bytes) else json.dumps(told)
    headers = {} if key is None else {"Idempotency-Key": key}
    return client.post(URL, body, content_type="application/json", headers=headers)


def test_a_callback_is_recorded_once(emitter: APIClient) -> None:
    first, again = post(emitter, BLOCKED), post(emitter, BLOCKED)
    event = ActivationEvent.objects.get()
    assert (first.status_code, first.json()) == (201, {"id": str(event.pk), "status": "recorded"})
    assert (again.status_code, again.json()) == (200, {"id": str(event.pk), "status": "duplicate"})
    assert (event.source_id, event.key, event.activation_id) == (SOURCE, KEY, DEVICE)
    assert (event.status, event.recipient.user_id, event.happened_at) == ("BLOCKED", "user-1", None)


def test_without_a_key_each_is_an_event_of_its_own(emitter: APIClient) -> None:
    assert {post(emitter, APPROVED, None).status_code for _ in range(2)} == {201}
    assert OperationEvent.objects.filter(operation=OPERATION, status="APPROVED").count() == 2


def test_what_a_retry_writes_in_another_form_is_the_same_event(emitter: APIClient) -> None:
    """The first attempt writes times as numbers, those after a rest in the database as texts."""
    post(emitter, {**APPROVED, "timestampCreated": 1773478800123})
    assert post(emitter, APPROVED).json()["status"] == "duplicate"


def test_an_unknown_type_is_no_failure_and_is_noted(emitter: APIClient) -> None:
    for _ in range(2):
        response = post(emitter, {"type": "ONBOARDING", "processId": "secret"})
        assert (response.status_code, response.json()) == (200, {"id": None, "status": "ignored"})
    noted = SourceError.objects.get()
    assert (noted.source_id, noted.code, noted.count) == (SOURCE, "unknown_callback_type", 2)


@pytest.mark.parametrize(
    ("body", "status", "code", "pointer"),
    [
        ({"type": "OPERATION"}, 422, "invalid_callback", "#/operationId"),
        (b"{", 400, "malformed_json", "#"),
        (b"", 400, "empty_body", "#"),
        (b"[]", 422, "invalid_callback", "#"),
    ],
)
def test_what_is_no_callback_is_a_problem_with_its_place(
    emitter: APIClient, body: Any, status: int, code: str, pointer: str
) -> None:
    response = post(emitter, body)
    assert (response.status_code, response.json()["code"]) == (status, code)
    (fault,) = response.json()["errors"]
    noted = SourceError.objects.get()
    assert (fault["pointer"], fault["code"]) == (pointer, noted.code)
    assert (noted.source_id, noted.pointer) == (SOURCE, pointer)


def test_both_rights_are_needed(persona: Callable[..., APIClient]) -> None:
    response = post(persona("Support"), BLOCKED)
    needed = "notifications.add_activationevent, notifications.add_operationevent"
    assert (response.status_code, needed in response.json()["detail"]) == (403, True)
    assert not ActivationEvent.objects.exists()


class TestBasic:
    """The name of an account and its token, as PowerAuth sends a user name and a password."""

    @pytest.fixture
    def token(self, db: None) -> str:
        account = Account.objects.create(username=SOURCE)
        account.groups.add(Group.objects.get(name="Emitters"))
        Account.objects.create(username="other").groups.set(Group.objects.all())
        return str(AuthToken.objects.create(account)[1])

    @staticmethod
    def client(credentials: str, scheme: str = "Basic") -> APIClient:
        encoded = b64encode(credentials.encode()).decode()
        return APIClient(headers={"Authorization": f"{scheme} {encoded}"})

    def test_it_is_taken(self, token: str, django_assert_num_queries: Callable[..., Any]) -> None:
        assert post(self.client(f"{SOURCE}:{token}"), BLOCKED).status_code == 201
        assert ActivationEvent.objects.get().source_id == SOURCE
        client = self.client(f"{SOURCE}:{token}", "basic")
        with django_assert_num_queries(0):  # the token is kept, and GET is none of its methods
            assert client.get(URL).status_code == 405

    @pytest.mark.parametrize(
        "credentials",
        ["other:{token}", "{token}", ":{token}", f"{SOURCE}:", f"{SOURCE}:{{token}}x", "", "é:\0"],
    )
    def test_anything_else_is_401_with_both_challenges(self, token: str, credentials: str) -> None:
        response = post(self.client(credentials.format(token=token)), BLOCKED)
        assert (response.status_code, response.json()["code"]) == (401, "authentication_failed")
        assert response.headers["WWW-Authenticate"] == (
            'Basic realm="pushaudit", charset="UTF-8", Token'
        )
        assert token not in response.content.decode()

    @pytest.mark.parametrize("header", ["Basic", "Basic ?", "Basic Zm9v Zm9v", "Basic \xe9"])
    def test_what_is_no_base64_is_401(self, token: str, header: str) -> None:
        response = post(APIClient(headers={"Authorization": header}), BLOCKED)
        assert (response.status_code, response.json()["code"]) == (401, "authentication_failed")

    def test_it_is_taken_nowhere_else(self, token: str) -> None:
        response = self.client(f"{SOURCE}:{token}").get("/api/v1/notifications/")
        assert response.status_code == 401
        assert response.headers["WWW-Authenticate"] == "Token"


CALLBACKS = (
    ("k-1", {**BLOCKED, "activationStatus": "ACTIVE"}),
    ("k-2", BLOCKED),
    ("k-3", {**APPROVED, "status": "PENDING"}),
    ("k-1", APPROVED),  # keys of another kind are others
)


def content() -> set[Any]:
    told = ("key", "status", "recipient__user_id", "happened_at")
    return {
        *ActivationEvent.objects.values_list("activation_id", "reason", *told),
        *OperationEvent.objects.values_list("operation_id", "name", *told),
    }


def test_in_any_order_and_repeated_the_same_events_are_recorded(emitter: APIClient) -> None:
    seen: list[set[Any]] = []
    for order in permutations(CALLBACKS):
        with transaction.atomic():
            for key, told in (*order, *order[:2]):
                assert post(emitter, told, key).status_code in (200, 201)
            seen.append(content())
            transaction.set_rollback(True)
    assert len(seen) == 24
    assert all(each == seen[0] for each in seen)
    assert len(seen[0]) == 4


TEXTS = st.text(max_size=300) | st.sampled_from([DEVICE, OPERATION, "APPROVED", NOW.isoformat()])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)
BODIES = st.builds(
    lambda base, odd: {**base, **odd},
    st.sampled_from([BLOCKED, APPROVED]),
    st.dictionaries(st.sampled_from([*BLOCKED, *APPROVED]), JSON, max_size=8),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    body=st.one_of(BODIES, BODIES, JSON, st.binary(max_size=50)),
    key=st.none() | st.text(st.characters(codec="latin-1"), max_size=300),
)
def test_no_body_and_no_key_is_a_500(emitter: APIClient, body: Any, key: str | None) -> None:
    response = post(emitter, body, key)  # the client raises what would be a 500
    assert response.status_code in (200, 201, 400, 422)
    if response.status_code == 201:
        UUID(response.json()["id"])
