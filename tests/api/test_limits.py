"""Accounts limited to apps, over HTTP: what is of other apps is as what never was."""

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.core.cache import cache
from rest_framework.test import APIClient

from notifications.models import AccessRecord, Account, Recipient
from tests.conftest import FINISHED, INIT

OPERATIONS = {
    "retail": "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10",
    "business": "5f3c1a77-2d55-4c1e-a3c4-9b1f6e0d7c21",
    "none": "0d9b2c44-7f3a-4d7e-9f52-1c2f3a4b5c6d",
}
API = "/api/v1"
LIST = f"{API}/notifications/"
DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
Persona = Callable[..., APIClient]


def limited(persona: Persona, group: str = "Support", **more: Any) -> APIClient:
    client = persona(group, "retail-support")
    Account.objects.filter(username="retail-support").update(apps=["retail"], **more)
    return client


@pytest.fixture
def told(record_one: Callable[..., UUID]) -> dict[str, str]:
    """An announced operation of each app, and of none, on a device of its own user; the ids."""
    found = {}
    for app, operation in OPERATIONS.items():
        found[app] = record_one(
            app_id=None if app == "none" else app,
            user_id=f"user-{app}",
            activation_id=f"device-{app}",
            emitted_at="2026-03-14T09:00:00Z",
            extras=INIT | {"operationId": operation, "inboxId": f"inbox-{app}"},
        )
        record_one(
            app_id="business",
            emitted_at="2026-03-14T10:00:00Z",
            extras=FINISHED | {"operationId": str(uuid4())},
        )
    return {app: str(key) for app, key in found.items()}


def addresses(app: str, told: dict[str, str]) -> dict[str, str]:
    """Of all that there is of an app; "never" is one that nothing was ever told of."""
    person = Recipient.objects.filter(user_id=f"user-{app}").first()
    return {
        "notification": f"{LIST}{told.get(app, uuid4())}/",
        "operation": f"{API}/operations/{OPERATIONS.get(app, 'never')}/",
        "timeline": f"{API}/operations/{OPERATIONS.get(app, 'never')}/timeline/",
        "device": f"{API}/activations/device-{app}/",
        "device trace": f"{API}/activations/device-{app}/trace/",
        "device state": f"{API}/activations/device-{app}/state/",
        "device events": f"{API}/activations/device-{app}/events/",
        "operation events": f"{API}/operations/{OPERATIONS.get(app, 'never')}/events/",
        "inbox message": f"{API}/inbox-messages/inbox-{app}/",
        "user": f"{API}/recipients/{person.pk if person else 2**62}/",
        "user trace": f"{API}/recipients/{person.pk if person else 2**62}/trace/",
    }


KINDS = (
    "notification",
    "operation",
    "timeline",
    "device",
    "device trace",
    "device state",
    "device events",
    "operation events",
    "inbox message",
    "user",
    "user trace",
)


def refusal(client: APIClient, address: str) -> dict[str, Any]:
    """The problem that is answered, without what names the request."""
    response = client.get(address)
    told = response.content.decode().replace(address, "ADDRESS")
    return {
        name: value
        for name, value in json.loads(told).items()
        if name in ("type", "title", "status", "detail", "code", "errors")
    }


@pytest.mark.parametrize("app", ["business", "none"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_of_others_is_as_what_never_was(
    persona: Persona, told: dict[str, str], app: str, kind: str
) -> None:
    client = limited(persona)
    assert client.get(addresses("retail", told)[kind]).status_code == 200
    seen = AccessRecord.objects.count()
    theirs, never = (refusal(client, addresses(each, told)[kind]) for each in (app, "never"))
    assert theirs == never
    assert theirs["status"] == 404
    assert AccessRecord.objects.count() == seen
    assert persona("Support").get(addresses(app, told)[kind]).status_code == 200


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("operation", OPERATIONS["business"]),
        ("activation", "device-business"),
        ("user_id", "user-business"),
        ("user_id", "user-none"),
    ],
)
def test_a_list_holds_nothing_of_others_whatever_is_asked(
    persona: Persona, told: dict[str, str], parameter: str, value: str
) -> None:
    client = limited(persona)
    (only,) = client.get(LIST, DAY).json()["results"]
    assert only["id"] == told["retail"]
    theirs, never = (client.get(LIST, {parameter: each}).json() for each in (value, "never"))
    assert theirs == never
    assert theirs["results"] == []


def test_the_key_of_a_user_of_others_is_not_told(persona: Persona, told: dict[str, str]) -> None:
    client = limited(persona)
    keys = {
        user: client.get("/api/v1/recipients/", {"user_id": user}).json()["results"]
        for user in ("user-retail", "user-business", "user-none", "never")
    }
    assert len(keys["user-retail"]) == 1
    assert keys["user-business"] == keys["user-none"] == keys["never"] == []


def test_gaps_are_of_the_accounts_apps(persona: Persona, told: dict[str, str]) -> None:
    answer = limited(persona).get("/api/v1/gaps/", DAY)
    assert [each["operation"] for each in answer.json()["results"]] == [OPERATIONS["retail"]]
    assert sum(answer.json()["counts"].values()) == 1
    whole = persona("Support").get("/api/v1/gaps/", DAY).json()
    assert sum(whole["counts"].values()) == 6


def test_a_trace_says_nothing_of_others(
    persona: Persona, told: dict[str, str], record_one: Callable[..., UUID]
) -> None:
    """The same operation was finished on a device of another app, which nothing may tell."""
    finish = record_one(
        app_id="business",
        user_id="user-business",
        activation_id="device-business",
        emitted_at="2026-03-14T09:00:30Z",
        extras=FINISHED | {"operationName": "of business"},
    )
    client = limited(persona)
    for kind in KINDS:
        window = DAY if "trace" in kind else {}
        answer = client.get(addresses("retail", told)[kind], window).content.decode()
        for secret in (str(finish), "business", "09:00:30"):
            assert secret not in answer
    whole = persona("Support").get(addresses("retail", told)["timeline"]).content.decode()
    assert "device-business" in whole


@pytest.mark.parametrize(
    ("kind", "mine"),
    [
        ("operations", OPERATIONS["retail"]),
        ("activations", "device-retail"),
        ("inbox-messages", "inbox-retail"),
        ("recipients", "user-retail"),
    ],
)
def test_subjects_are_those_of_the_accounts_apps(
    persona: Persona, told: dict[str, str], kind: str, mine: str
) -> None:
    name = "user_id" if kind == "recipients" else "id"
    window = {} if kind == "recipients" else DAY
    client = limited(persona)
    assert [each[name] for each in client.get(f"{API}/{kind}/", window).json()["results"]] == [mine]
    whole = persona("Support").get(f"{API}/{kind}/", window).json()["results"]
    assert len(whole) > 1


def test_an_operation_of_two_apps_is_found_by_its_identifier_as_one_app_was_told_of_it(
    persona: Persona, told: dict[str, str], record_one: Callable[..., UUID]
) -> None:
    record_one(
        app_id="business",
        emitted_at="2026-03-14T09:00:30Z",
        extras=FINISHED | {"operationId": OPERATIONS["retail"]},
    )
    record_one(
        app_id="retail",
        emitted_at="2026-03-14T11:00:00Z",
        extras=INIT | {"operationId": OPERATIONS["business"], "operationName": "ours"},
    )
    client = limited(persona)
    assert client.get(f"{API}/operations/", DAY).json()["results"] == []
    first = client.get(f"{API}/operations/{OPERATIONS['retail']}/").json()
    assert (first["finished_at"], first["result"]) == (None, None)
    second = client.get(f"{API}/operations/{OPERATIONS['business']}/").json()
    assert second["first_told_at"] == second["announced_at"] == "2026-03-14T11:00:00.000Z"
    whole = persona("Support").get(f"{API}/operations/{OPERATIONS['retail']}/").json()
    assert whole["result"] == "authentication.success"


def test_an_operation_with_too_much_to_derive_is_told(
    persona: Persona, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.trace.told.MOST", 0)
    response = limited(persona).get(f"{API}/operations/{OPERATIONS['retail']}/")
    assert (response.status_code, response.json()["code"]) == (400, "too_much")


def test_what_leads_to_an_operation_is_of_the_accounts_apps_too(
    persona: Persona, told: dict[str, str], record_one: Callable[..., UUID]
) -> None:
    record_one(
        app_id="business",
        activation_id="device-business",
        emitted_at="2026-03-14T09:00:10Z",
        extras=INIT | {"operationId": OPERATIONS["retail"]},
    )
    asked = {"activation": "device-business"}
    assert limited(persona).get(f"{API}/operations/", asked).json()["results"] == []
    whole = persona("Support").get(f"{API}/operations/", asked).json()["results"]
    assert OPERATIONS["retail"] in {each["id"] for each in whole}


@pytest.mark.parametrize("address", ["sources/", "sources/demo-bank/", "access-records/"])
def test_what_concerns_all_apps_is_refused(
    persona: Persona, told: dict[str, str], address: str
) -> None:
    response = limited(persona, "Auditors").get(f"{API}/{address}")
    assert response.status_code == 403
    assert "limited to some apps" in response.json()["detail"]
    assert persona("Auditors").get(f"{API}/{address}").status_code == 200


def test_superusers_are_limited_as_well(persona: Persona, told: dict[str, str]) -> None:
    client = limited(persona, "", is_superuser=True)
    assert [each["id"] for each in client.get(LIST, DAY).json()["results"]] == [told["retail"]]


def test_posting_is_not_limited(persona: Persona) -> None:
    client = limited(persona, "Emitters")
    sent = {"app_id": "business", "extras": INIT, "emitted_at": "2026-03-14T09:00:00Z"}
    assert client.post(LIST, sent, format="json").status_code == 201
    assert client.post(LIST, sent, format="json").json()["status"] == "duplicate"


def test_a_kept_token_keeps_its_limit(
    persona: Persona, told: dict[str, str], settings: Any
) -> None:
    settings.TOKEN_CACHE_SECONDS = 60
    client = limited(persona)

    def seen() -> int:
        return len(client.get(LIST, DAY).json()["results"])

    assert (seen(), seen()) == (1, 1)
    Account.objects.update(apps=[])
    assert seen() == 1
    cache.clear()
    assert seen() == 6
