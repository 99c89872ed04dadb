"""Operators set where a rule applies, after a second look; everybody else sees it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications.admin.addresses import list_address, trace_address
from notifications.models import Account, RuleSetting, SettingChange, note_change
from notifications.trace.rules import set_rule
from tests.conftest import DEVICE, OPERATION, SOURCE, STATUS_CHANGE

PAGE = f"/admin/notifications/source/{SOURCE}/rules/"
WANTED = {"rule": "E4", "app": "retail", "says": "applies_not", "note": "No <b>such</b> sender"}
HOSTILE = "<script>alert(1)</script>\u202egnp"


@pytest.fixture(autouse=True)
def recorded(record_one: Callable[..., Any]) -> None:
    record_one(extras=STATUS_CHANGE, app_id="retail", activation_id=DEVICE)
    record_one(app_id="retail", activation_id=DEVICE)


def text(client: Client, address: str = PAGE, **parameters: str) -> str:
    response = client.get(address, parameters)
    assert response.status_code == 200
    return str(response.content.decode())


def test_it_is_set_after_a_second_look(operator_client: Client) -> None:
    asked = operator_client.post(PAGE, WANTED).content.decode()
    assert "No &lt;b&gt;such&lt;/b&gt; sender" in asked
    assert not RuleSetting.objects.exists()
    answer = operator_client.post(PAGE, {**WANTED, "sure": "yes"}, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    made = RuleSetting.objects.get()
    assert (made.rule, made.app, made.says, made.who) == (
        "E4", "retail", "applies_not", "operator",
    )  # fmt: skip
    page = answer.content.decode()
    assert "does not apply" in page
    assert "No &lt;b&gt;such&lt;/b&gt; sender" in page
    assert SettingChange.objects.get().note == WANTED["note"]


def test_a_second_look_may_lead_back_to_the_form_as_it_was(operator_client: Client) -> None:
    page = operator_client.post(PAGE, {**WANTED, "back": "yes"}).content.decode()
    assert 'value="retail"' in page
    assert not RuleSetting.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"note": ""}, "This field is required"),
        ({"rule": "E3"}, "Select a valid choice"),
        ({"app": "a\0"}, "Null characters are not allowed"),
        (
            {"since": "2026-03-02T00:00", "until": "2026-03-01T00:00"},
            "not after the time it begins",
        ),
        ({"since": "soon"}, "Enter a valid date/time"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_set(
    operator_client: Client, wrong: dict[str, str], told: str
) -> None:
    response = operator_client.post(PAGE, {**WANTED, **wrong, "sure": "yes"})
    assert response.status_code == 200
    assert told in response.content.decode()
    assert not RuleSetting.objects.exists()


def test_times_are_of_the_zone_of_the_page(operator_client: Client) -> None:
    Account.objects.update(time_zone="Europe/Prague", in_own_zone=True)
    operator_client.post(PAGE, {**WANTED, "since": "2026-03-01T00:00:00", "sure": "yes"})
    since = RuleSetting.objects.get().since
    assert since is not None
    assert since.isoformat() == "2026-02-28T23:00:00+00:00"
    assert "2026-03-01 00:00:00" in text(operator_client)


def test_who_may_not_set_it_sees_it(browser_of: Callable[[str], Client]) -> None:
    support = browser_of("Support")
    page = text(support)
    assert "since" in page
    assert "<form" not in page.partition('id="content-main"')[2]
    assert support.post(PAGE, {**WANTED, "sure": "yes"}).status_code == 403
    assert not RuleSetting.objects.exists()


def test_a_cell_fills_in_the_form(operator_client: Client) -> None:
    page = text(operator_client, rule="E5", app="retail")
    assert '<option value="E5" selected>' in page
    assert 'name="app" value="retail"' in page


def test_the_history_is_told_in_pages_and_what_others_wrote_is_words(
    operator_client: Client,
) -> None:
    for number in range(52):
        set_rule(
            RuleSetting(
                source_id=SOURCE, rule="E1", app=HOSTILE, says="applies",
                who=HOSTILE, note=f"{HOSTILE}{number}",
            )
        )  # fmt: skip
    page = text(operator_client)
    assert HOSTILE not in page
    assert "alert(1)&lt;/script&gt;" in page
    assert "\u202e" not in page.replace("&lt;", "").partition("<datalist")[0]
    earlier = page.partition("?before=")[2].partition("#")[0]
    assert "pngp" not in text(operator_client, before=earlier)
    assert text(operator_client, before="x").count("alert(1)") >= 50


def test_a_trace_says_what_was_changed_since(
    operator_client: Client, browser_of: Callable[[str], Client]
) -> None:
    trace, timeline = trace_address("activation", DEVICE), trace_address("operation", OPERATION)
    told = "A setting that changes verdicts was changed since:"
    assert told not in text(operator_client, trace)
    note_change("PUSHAUDIT_TRACE_GRACE", about="web", before=None, after="120 s", who="web")
    assert told not in text(operator_client, trace)
    note_change("PUSHAUDIT_TRACE_GRACE", about="web", before="120 s", after="60 s", who="web")
    for address in (trace, timeline, "/admin/gaps/"):
        page = text(operator_client, address)
        assert told in page
        assert list_address("settingchange") in page.partition(told)[2].partition("</p>")[0]
    support = text(browser_of("Support"), trace)
    assert "PUSHAUDIT_TRACE_GRACE" in support.partition(told)[2]
    assert list_address("settingchange") not in support.partition(told)[2].partition("</p>")[0]
    later = timezone.now().isoformat()
    assert told not in text(operator_client, trace, since=later)


def test_changes_of_settings_are_listed(auditor_client: Client) -> None:
    note_change("following", about=SOURCE, before="off", after="on", who=HOSTILE)
    page = text(auditor_client, list_address("settingchange"))
    assert "following" in page
    assert HOSTILE not in page
    assert "following" not in text(auditor_client, list_address("settingchange"), q="other")


def test_a_limit_that_is_set_here_is_noted(client: Client) -> None:
    keeper = Account.objects.create_superuser("keeper")
    reader = Account.objects.create(username="reader")
    reader.set_unusable_password()
    reader.save()
    client.force_login(keeper)
    address = f"/admin/notifications/account/{reader.pk}/change/"
    for apps in ("retail\nbusiness", "business\nretail", ""):
        assert client.post(address, {"is_active": "on", "apps": apps}).status_code == 302
    told = SettingChange.objects.order_by("pk").values_list("about", "before", "after", "who")
    assert list(told) == [
        ("reader", "all apps", "business, retail", "keeper"),
        ("reader", "business, retail", "all apps", "keeper"),
    ]
