"""The events of devices and operations, and what is known of a device, over HTTP."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.ingest.events import (
    ActivationReport,
    OperationReport,
    Report,
    record_events,
)
from notifications.models import AccessRecord, Account, ActivationEvent, Recipient
from notifications.models.pseudonyms import pseudonym_of
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind
from notifications.trace import states
from tests.conftest import DEVICE, NOW, OPERATION
from tests.trace.stories import TABLET

pytestmark = pytest.mark.django_db
ACTIVATION = f"/api/v1/activations/{DEVICE}/"
STATE, EVENTS = f"{ACTIVATION}state/", f"{ACTIVATION}events/"
OPERATION_EVENTS = f"/api/v1/operations/{OPERATION}/events/"
TOKEN = "a" * 64
Kind = ActivationEventKind


def at(minutes: int) -> Any:
    return NOW + timedelta(minutes=minutes)


def told(minutes: int, kind: Kind = Kind.STATUS, **more: Any) -> ActivationReport:
    named = {"activation_id": DEVICE} | more
    return ActivationReport(key=None, observed_at=at(minutes), kind=kind, **named)


def record(*reports: Report) -> list[str]:
    return [str(each) for each in record_events(reports, source="powerauth").ids]


@pytest.fixture
def life() -> list[str]:
    """Active, registered, and the token given away; the ids."""
    return record(
        told(0, status="ACTIVE", user_id="jana", apps=("retail",), happened_at=at(-1)),
        told(1, Kind.REGISTERED, token=TOKEN, platform=Platform.FCM, apps=("retail",)),
        told(2, Kind.REGISTERED, token=TOKEN, activation_id=TABLET, apps=("business",)),
        told(3, Kind.REGISTERED, token=TOKEN, activation_id=TABLET, is_request=True),
    )


def test_a_state_tells_each_thing_with_its_standing(support: APIClient, life: list[str]) -> None:
    answer = support.get(STATE).json()
    assert answer["activation"] == DEVICE
    assert answer["as_of"] is None
    assert answer["status"] == {
        "value": "ACTIVE",
        "standing": "assumed",
        "since": "2026-03-14T09:25:53.589Z",
        "seen": "2026-03-14T09:26:53.589Z",
        "evidence": [life[0]],
    }
    jana = {"id": Recipient.objects.get().pk, "user_id": "jana"}
    assert answer["recipient"]["value"] == jana
    assert (answer["app_id"]["value"], answer["app_id"]["standing"]) == ("retail", "known")
    assert (answer["registered"]["value"], answer["registered"]["standing"]) == (False, "assumed")
    assert answer["push_active"]["value"] is False
    assert answer["registrations"] == [
        {
            "token": TOKEN,
            "standing": "known",
            "since": "2026-03-14T09:27:53.589Z",
            "until": "2026-03-14T09:29:53.589Z",
            "ended_by": "re_bound",
            "app_id": "retail",
            "platform": "fcm",
            "recipient": jana,
            "evidence": [life[1], life[3]],
        }
    ]


def test_a_state_is_of_any_moment_and_by_what_was_on_record_then(
    support: APIClient, life: list[str]
) -> None:
    then = support.get(STATE, {"at": "2026-03-14T09:28:00Z"}).json()
    assert (then["at"], then["registered"]["value"]) == ("2026-03-14T09:28:00.000Z", True)
    before = ActivationEvent.objects.earliest("recorded_at").recorded_at - timedelta(seconds=1)
    nothing = support.get(STATE, {"as_of": before.isoformat()}).json()
    assert (nothing["status"]["value"], nothing["status"]["standing"]) == (None, "unknown")
    assert nothing["registrations"] == []


def test_a_state_costs_as_many_queries_whatever_there_is(
    support: APIClient, life: list[str], django_assert_num_queries: Callable[..., Any]
) -> None:
    support.get(STATE)  # the token and its rights
    for _ in range(2):
        with django_assert_num_queries(3):  # the device, its events, the users
            support.get(STATE)
        record(*(told(10 + each, status="BLOCKED", user_id="jana") for each in range(50)))


def test_it_leaves_no_access_record(support: APIClient, life: list[str]) -> None:
    for address in (STATE, EVENTS, ACTIVATION):
        assert support.get(address).status_code == 200
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"at": "yesterday"}, "invalid_parameter"),
        ({"as_of": "2026-03-14T09:28:00"}, "invalid_parameter"),
        ({"since": "24h"}, "unknown_parameter"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    support: APIClient, life: list[str], asked: dict[str, str], code: str
) -> None:
    response = support.get(STATE, asked)
    assert (response.status_code, response.json()["code"]) == (400, code)
    assert [each["pointer"] for each in response.json()["errors"]] == list(asked)


def test_too_many_events_are_refused_and_hide_no_device(
    support: APIClient, life: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "MOST", 1)
    assert support.get(STATE).json()["code"] == "too_much"
    assert support.get(ACTIVATION).json()["state"] is None


def test_a_device_that_events_alone_tell_of_has_its_page(
    support: APIClient, life: list[str]
) -> None:
    shown = support.get(ACTIVATION).json()
    assert shown["notifications"] == []
    assert shown["state"]["status"]["value"] == "ACTIVE"
    assert shown["links"]["state"].endswith(STATE)
    assert [each["id"] for each in support.get(shown["links"]["events"]).json()["results"]] == [
        *reversed(life)
    ]


def test_the_events_of_a_device_are_paged_in_either_order(
    support: APIClient, life: list[str]
) -> None:
    for order, expected in (("desc", life[::-1]), ("asc", life)):
        address: str | None = f"{EVENTS}?page_size=1&order={order}"
        found = []
        while address:
            page = support.get(address).json()
            found += [each["id"] for each in page["results"]]
            address = page["next"]
        assert found == expected
    window = {"since": at(1).isoformat(), "until": at(3).isoformat(), "order": "asc"}
    page = support.get(EVENTS, window).json()
    assert [each["id"] for each in page["results"]] == life[1:3]
    assert page["window"]["is_default"] is False
    other = support.get(EVENTS, {"page_size": 1}).json()["next"].split("?")[1]
    refused = support.get(f"/api/v1/activations/{TABLET}/events/?{other}")
    assert refused.json()["code"] == "invalid_cursor"


def test_an_event_is_told_whole(support: APIClient, life: list[str]) -> None:
    first, registered, *_ = support.get(EVENTS, {"order": "asc"}).json()["results"]
    assert first == {
        "id": life[0],
        "source": "powerauth",
        "key": None,
        "kind": "status",
        "happened_at": "2026-03-14T09:25:53.589Z",
        "observed_at": "2026-03-14T09:26:53.589Z",
        "recorded_at": first["recorded_at"],
        "activation": DEVICE,
        "recipient": Recipient.objects.get().pk,
        "user_id": "jana",
        "app_id": "retail",
        "platform": None,
        "status": "ACTIVE",
        "reason": None,
        "push_active": None,
        "token": None,
        "is_request": False,
        "not_before": None,
        "findings": [],
    }
    assert (registered["token"], registered["platform"]) == (TOKEN, "fcm")


def test_the_events_of_an_operation_are_found_by_either_of_its_names(support: APIClient) -> None:
    own, other = record(
        OperationReport(
            key="k", observed_at=at(0), operation_id=OPERATION, status="PENDING", user_id="jana",
            apps=("retail", "business"), name="login", activation_id=DEVICE, created_at=at(-1),
            expires_at=at(4),
        ),
        OperationReport(
            key=None, observed_at=at(1), operation_id="pa-7", external_id=OPERATION, status="FAILED"
        ),
    )  # fmt: skip
    newest, oldest = support.get(OPERATION_EVENTS).json()["results"]
    assert (oldest["id"], newest["id"], newest["external_id"]) == (own, other, OPERATION)
    assert oldest | {"recorded_at": None} == {
        "id": own,
        "source": "powerauth",
        "key": "k",
        "happened_at": None,
        "observed_at": "2026-03-14T09:26:53.589Z",
        "recorded_at": None,
        "operation": OPERATION,
        "external_id": None,
        "name": "login",
        "status": "PENDING",
        "activation": DEVICE,
        "recipient": Recipient.objects.get().pk,
        "user_id": "jana",
        "app_ids": ["retail", "business"],
        "created_at": "2026-03-14T09:25:53.589Z",
        "expires_at": "2026-03-14T09:30:53.589Z",
        "findings": [],
    }
    assert (
        support.get(f"/api/v1/operations/{OPERATION}/")
        .json()["links"]["events"]
        .endswith(OPERATION_EVENTS)
    )


def test_who_reads_pseudonyms_reads_them_here_too(
    persona: Callable[..., APIClient], life: list[str]
) -> None:
    analyst, pseudonym = persona("Analysts"), pseudonym_of(Recipient.objects.get().pk)
    answers = [analyst.get(each) for each in (STATE, EVENTS, ACTIVATION)]
    assert answers[0].json()["recipient"]["value"] == {"id": None, "user_id": pseudonym}
    assert answers[1].json()["results"][-1]["user_id"] == pseudonym
    assert not any(b"jana" in each.content for each in answers)


def test_an_account_limited_to_apps_knows_by_their_events_alone(
    persona: Callable[..., APIClient], life: list[str]
) -> None:
    record(OperationReport(key=None, observed_at=NOW, operation_id=OPERATION, apps=("retail",)))
    client = persona("Support", "retail-support")
    Account.objects.filter(username="retail-support").update(apps=["retail"])
    assert [each["id"] for each in client.get(EVENTS).json()["results"]] == life[1::-1]
    assert client.get(STATE).json()["registered"]["value"] is True
    assert client.get(ACTIVATION).json()["state"]["app_id"]["value"] == "retail"
    assert client.get(f"/api/v1/activations/{TABLET}/state/").status_code == 404
    assert client.get(OPERATION_EVENTS).json()["results"][0]["operation"] == OPERATION
    assert client.get(f"/api/v1/operations/{OPERATION}/").json()["name"] is None


def test_a_device_that_events_alone_name_is_in_no_list_and_has_its_address(
    auditor: APIClient,
) -> None:
    report = ActivationReport(
        key=None, observed_at=NOW, kind=ActivationEventKind.STATUS, activation_id=DEVICE
    )
    record_events([report], source="powerauth")
    listed = auditor.get("/api/v1/activations/", {"activation": [DEVICE, "other"]}).json()
    assert (listed["results"], listed["next"]) == ([], None)
    assert auditor.get(ACTIVATION).json()["id"] == DEVICE
