"""Where rules apply, read and set over REST."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from notifications.models import RuleSetting, SettingChange, note_change
from tests.conftest import SOURCE, STATUS_CHANGE

ADDRESS = f"/api/v1/sources/{SOURCE}/rules/"
CHANGES = "/api/v1/setting-changes/"
WANTED = {"rule": "E4", "says": "applies_not", "note": "it never sends any"}


@pytest.fixture
def operator(persona: Callable[..., APIClient], record_one: Callable[..., Any]) -> APIClient:
    record_one(extras=STATUS_CHANGE, app_id="retail", emitted_at="2026-03-01T10:00:00Z")
    return persona("Operators")


def post(client: APIClient, body: Any) -> Any:
    return client.post(ADDRESS, json.dumps(body), content_type="application/json")


def test_what_holds_is_told_and_what_was_set(operator: APIClient) -> None:
    document = operator.get(ADDRESS).json()
    assert document["settings"] == []
    (change,) = [
        each for each in document["rules"] if (each["rule"], each["app_id"]) == ("E4", "retail")
    ]
    assert (change["applies"], change["why"], change["setting"]) == (True, "seen", None)
    assert change["since"] == "2026-03-01T10:00:00.000Z"
    assert operator.get(f"/api/v1/notifications/{change['notification']}/").status_code == 200
    made = post(operator, {**WANTED, "app_id": "retail", "since": "2026-03-01T12:00:00+01:00"})
    assert made.status_code == 201
    told = made.json()
    assert (told["app_id"], told["since"], told["until"], told["who"]) == (
        "retail", "2026-03-01T11:00:00.000Z", None, "operators-app",
    )  # fmt: skip
    document = operator.get(ADDRESS).json()
    assert document["settings"] == [told]
    by_rule = {(each["rule"], each["app_id"]): each for each in document["rules"]}
    held = by_rule["E4", "retail"]
    assert (held["applies"], held["why"], held["setting"]) == (False, "set", told["id"])
    assert by_rule["E4", None]["why"] == "seen"


@pytest.mark.parametrize(
    ("body", "faults"),
    [
        ({}, {"#/rule": "required", "#/says": "required", "#/note": "required"}),
        ({**WANTED, "rule": "E3"}, {"#/rule": "unknown_value"}),
        ({**WANTED, "says": "no"}, {"#/says": "unknown_value"}),
        ({**WANTED, "note": ""}, {"#/note": "invalid_setting"}),
        ({**WANTED, "note": "x" * 501}, {"#/note": "invalid_setting"}),
        ({**WANTED, "note": "\ud800"}, {"#/note": "invalid_setting"}),
        ({**WANTED, "app_id": "a\0"}, {"#/app_id": "invalid_setting"}),
        ({**WANTED, "app_id": 7}, {"#/app_id": "wrong_type"}),
        ({**WANTED, "since": "2d"}, {"#/since": "invalid_setting"}),
        ({**WANTED, "since": "2026-03-01T12:00:00"}, {"#/since": "invalid_setting"}),
        (
            {**WANTED, "since": "2026-03-02T00:00:00Z", "until": "2026-03-01T00:00:00Z"},
            {"#/until": "invalid_setting"},
        ),
        ({**WANTED, "ap_id": "a"}, {"#/ap_id": "unknown_field"}),
        ([], {"#": "wrong_type"}),
    ],
)
def test_what_is_no_setting_is_refused_with_its_place(
    operator: APIClient, body: Any, faults: dict[str, str]
) -> None:
    response = post(operator, body)
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "invalid_setting")
    assert {each["pointer"]: each["code"] for each in problem["errors"]} == faults
    assert not RuleSetting.objects.exists()


def test_it_is_set_of_sources_that_are_there_alone(operator: APIClient) -> None:
    address = "/api/v1/sources/nobody/rules/"
    assert operator.post(address, WANTED, format="json").status_code == 404
    assert operator.put(ADDRESS, WANTED, format="json").status_code == 405


def test_an_account_of_some_apps_sets_nothing(
    operator: APIClient, persona: Callable[..., APIClient]
) -> None:
    from notifications.models import Account

    Account.objects.filter(username="operators-app").update(apps=["retail"])
    for response in (post(operator, WANTED), operator.get(ADDRESS), operator.get(CHANGES)):
        assert response.status_code == 403
        assert "limited to some apps" in response.json()["detail"]


def test_changes_of_settings_are_listed_and_narrowed(operator: APIClient) -> None:
    post(operator, WANTED)
    note_change("following", about="push", before="off", after="on", who="olga")
    listed = operator.get(CHANGES).json()["results"]
    assert [(each["name"], each["about"], each["who"]) for each in listed] == [
        ("following", "push", "olga"),
        ("rule E4", SOURCE, "operators-app"),
    ]
    assert listed[1]["note"] == WANTED["note"]
    (one,) = operator.get(CHANGES, {"about": SOURCE}).json()["results"]
    assert operator.get(f"{CHANGES}{one['id']}/").json() == one
    assert one["before"] == "any app: learned"
    assert operator.get(CHANGES, {"name": "following", "who": "otto"}).json()["results"] == []
    assert SettingChange.objects.count() == 2
