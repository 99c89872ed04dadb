"""Accounts and groups: for superusers alone, in words, never deleted."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.urls import reverse
from django.utils.text import capfirst
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.admin.rights import RIGHTS, in_words, of_group
from notifications.models import Account

ACCOUNTS, GROUPS = "/admin/notifications/account/", "/admin/auth/group/"
TOKENS = "/admin/knox/authtoken/"
SUPERUSERS_ONLY = (TOKENS, f"{TOKENS}add/", f"{TOKENS}revoke/", ACCOUNTS, GROUPS)
PASSWORD = "correct horse battery staple"


def page_of(account: Account) -> str:
    return f"{ACCOUNTS}{account.pk}/change/"


@pytest.mark.parametrize("address", [*SUPERUSERS_ONLY, f"{ACCOUNTS}add/", f"{GROUPS}add/"])
def test_no_group_and_no_permission_is_enough(token: AuthToken, address: str) -> None:
    account = Account.objects.create_user("ambitious", is_staff=True)
    account.user_permissions.set(Permission.objects.all())
    account.groups.set(Group.objects.all())
    client = Client()
    client.force_login(account)
    for send in (client.get, client.post):
        assert send(address).status_code in (403, 405)
    assert AuthToken.objects.count() == 1


def test_accounts_are_edited_but_never_deleted(keeper: Client, token: AuthToken) -> None:
    address = f"{ACCOUNTS}{token.user_id}/"
    page = keeper.get(f"{address}change/").content.decode()
    assert token.digest not in page
    assert keeper.get(f"{address}delete/").status_code == 403
    assert keeper.post(f"{address}delete/", {"post": "yes"}).status_code == 403


def edit(keeper: Client, account: Account, **changes: Any) -> Any:
    address = page_of(account)
    form = keeper.get(address).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value not in (None, False)}
    for several in ("groups", "user_permissions"):
        sent[several] = [each.pk for each in sent[several]]
    sent |= {"apps": ""} | changes
    return keeper.post(address, {name: value for name, value in sent.items() if value is not None})


def test_an_account_is_limited_to_apps_one_a_line(keeper: Client, token: AuthToken) -> None:
    account = Account.objects.get(pk=token.user_id)
    assert edit(keeper, account, apps="retail\r\n\r\nwallet, new\r\nretail\r\n").status_code == 302
    account.refresh_from_db()
    assert account.limited_to == ("retail", "wallet, new")
    page = keeper.get(page_of(account)).content.decode()
    assert "retail\nwallet, new</textarea>" in page
    assert edit(keeper, account, apps=" ").status_code == 302
    account.refresh_from_db()
    assert account.limited_to is None


@pytest.mark.parametrize("apps", ["x" * 257, "a\0b"])
def test_an_app_that_cannot_be_is_refused(keeper: Client, token: AuthToken, apps: str) -> None:
    account = Account.objects.get(pk=token.user_id)
    response = edit(keeper, account, apps=apps)
    assert "apps" in response.context["adminform"].form.errors
    account.refresh_from_db()
    assert account.limited_to is None


def test_only_our_pages_are_in_the_console() -> None:
    names = [model._meta.label_lower for model in admin.site._registry]
    assert names == [
        "notifications.notification",
        "notifications.operation",
        "notifications.activation",
        "notifications.inboxmessage",
        "notifications.recipient",
        "notifications.source",
        "notifications.export",
        "notifications.accessrecord",
        "notifications.settingchange",
        "notifications.account",
        "auth.group",
        "knox.authtoken",
    ]


def make(keeper: Client, kind: str, name: str, password: str = "", **more: Any) -> Any:
    passwords = {"password1": password, "password2": password}
    sent = {"usable_password": kind, "username": name, **passwords, **more}
    return keeper.post(f"{ACCOUNTS}add/", sent)


def test_a_service_account_is_made_without_a_password(keeper: Client) -> None:
    emitters = Group.objects.get(name="Emitters")
    response = make(keeper, "false", "retail-bank", groups=[emitters.pk])
    account = Account.objects.get(username="retail-bank")
    assert response.url == page_of(account)
    assert not account.has_usable_password()
    assert (account.is_staff, account.is_superuser, account.is_active) == (False, False, True)
    assert list(account.groups.all()) == [emitters]
    page = keeper.get(page_of(account)).content.decode()
    assert "It has none, so it can neither post nor read." in page
    assert f"{TOKENS}add/?account=retail-bank" in page
    assert "id_password" not in page


@pytest.mark.parametrize("name", ["Retail", "retail bank", "retail.bank", "-bank", "b" * 65, ""])
def test_a_service_account_is_named_as_a_source_is(keeper: Client, name: str) -> None:
    response = make(keeper, "false", name)
    assert "username" in response.context["adminform"].form.errors
    assert Account.objects.count() == 1


def test_a_person_is_made_with_a_password_and_opens_these_pages(keeper: Client) -> None:
    make(keeper, "true", "Jane.Doe", PASSWORD)
    account = Account.objects.get(username="Jane.Doe")
    assert account.check_password(PASSWORD)
    assert (account.is_staff, account.is_superuser) == (True, False)
    page = keeper.get(page_of(account)).content.decode()
    assert "Make a token" not in page
    assert 'id="id_email"' in page


@pytest.mark.parametrize("password", ["", "short"])
def test_a_person_needs_a_good_password(keeper: Client, password: str) -> None:
    errors = make(keeper, "true", "jane", password).context["adminform"].form.errors
    assert "password2" in errors
    assert Account.objects.count() == 1


def test_a_user_name_is_never_changed(keeper: Client, token: AuthToken) -> None:
    account = Account.objects.get(pk=token.user_id)
    assert edit(keeper, account, username="other").status_code == 302
    account.refresh_from_db()
    assert account.username == "demo-bank"


def test_nobody_shuts_themselves_out(keeper: Client) -> None:
    me = Account.objects.get(username="keeper")
    changes = {"is_active": None, "is_superuser": None, "is_staff": None, "apps": "retail"}
    errors = edit(keeper, me, **changes).context["adminform"].form.errors
    assert set(errors) == set(changes)
    other = Account.objects.create_superuser("other")
    assert edit(keeper, other, **changes).status_code == 302
    other.refresh_from_db()
    assert (other.is_active, other.is_superuser, other.is_staff) == (False, False, False)


def test_deactivating_ends_the_use_of_tokens_and_sessions(keeper: Client, settings: Any) -> None:
    settings.TOKEN_CACHE_SECONDS = 0
    account = Account.objects.create_user("jane", is_staff=True)
    account.groups.add(Group.objects.get(name="Support"))
    _, secret = AuthToken.objects.create(account)
    browser, api = Client(), APIClient(headers={"Authorization": f"Token {secret}"})
    browser.force_login(account)
    pages = ((browser, "/admin/"), (api, "/api/v1/sources/"), (browser, "/api/v1/sources/"))
    assert [client.get(page).status_code for client, page in pages] == [200, 200, 200]
    assert edit(keeper, account, is_active=None).status_code == 302
    assert [client.get(page).status_code for client, page in pages] == [302, 401, 401]


def test_an_account_tells_what_it_may_do_and_its_tokens(keeper: Client, token: AuthToken) -> None:
    account = Account.objects.get(pk=token.user_id)
    account.groups.add(Group.objects.get(name="Emitters"))
    account.user_permissions.add(Permission.objects.get(codename="view_source"))
    page = keeper.get(page_of(account))
    posts = (
        "post notifications, report events of devices, report events of operations, report what"
        " gateways answered"
    )
    assert page.context["rights"] == [("Emitters", posts)]
    assert page.context["own_rights"] == "read sources"
    text = page.content.decode()
    assert token.token_key in text
    assert token.digest not in text
    assert edit(keeper, account, is_active="on").status_code == 302
    assert account.groups.get().name == "Emitters"
    assert account.user_permissions.get().codename == "view_source"


def test_every_right_of_our_groups_has_its_words(db: None) -> None:
    given = Permission.objects.filter(group__isnull=False).distinct()
    assert {each.codename for each in given} <= set(RIGHTS)
    assert in_words(given).startswith("post notifications, report events of devices, ")
    groups = {group.name: of_group(group) for group in Group.objects.all()}
    assert groups["Emitters"].endswith("events of operations, report what gateways answered")
    assert groups["Analysts"].endswith("read sources, export what it may read")
    assert of_group(Group.objects.create(name="Nobody")) == "nothing"


def test_a_group_is_given_rights_in_words(keeper: Client) -> None:
    group = Group.objects.get(name="Emitters")
    address = f"{GROUPS}{group.pk}/change/"
    field = keeper.get(address).context["adminform"].form.fields["permissions"]
    labels = [str(label) for _, label in field.choices]
    assert labels == [capfirst(str(words)) for words in RIGHTS.values()]
    trace = Permission.objects.get(codename="trace")
    keeper.post(address, {"name": "Emitters", "permissions": [trace.pk]})
    assert list(group.permissions.all()) == [trace]
    other = Permission.objects.get(codename="delete_account")
    refused = keeper.post(address, {"name": "Emitters", "permissions": [other.pk]})
    assert "permissions" in refused.context["adminform"].form.errors


def fill(first: int, last: int) -> None:
    groups = Group.objects.order_by("name")
    for number in range(first, last):
        account = Account.objects.create_user(f"user-{number}", first_name="J", last_name="D")
        account.groups.set(groups[: number % 4])


@pytest.mark.parametrize(("address", "queries"), [(ACCOUNTS, 5), (GROUPS, 4)])
def test_lists_cost_the_same_for_many(
    keeper: Client, django_assert_num_queries: Callable[..., Any], address: str, queries: int
) -> None:
    keeper.get(address)
    for first, last in ((0, 3), (3, 40)):
        fill(first, last)
        with django_assert_num_queries(queries) as asked:
            assert keeper.get(address).status_code == 200
        assert not any("COUNT(*)" in each["sql"] for each in asked.captured_queries)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["keeper", "old-mirror", "retail-bank"]),
        ("kind=service", ["old-mirror", "retail-bank"]),
        ("kind=person", ["keeper"]),
        ("kind=superuser", ["keeper"]),
        ("state=deactivated", ["old-mirror"]),
        ("group=Emitters&state=active", ["retail-bank"]),
        ("q=RETAIL", ["retail-bank"]),
        ("after=keeper", ["old-mirror", "retail-bank"]),
        (
            "kind=nonsense&group=x&is_superuser__exact=0&p=9",
            ["keeper", "old-mirror", "retail-bank"],
        ),
        ("q=%00", ["keeper", "old-mirror", "retail-bank"]),
    ],
)
def test_accounts_are_found(keeper: Client, query: str, found: list[str]) -> None:
    for name in ("retail-bank", "old-mirror"):
        account = Account(username=name, is_active=name != "old-mirror")
        account.set_unusable_password()
        account.save()
        account.groups.add(Group.objects.get(name="Emitters"))
    page = keeper.get(f"{ACCOUNTS}?{query}")
    assert [each.username for each in page.context["cl"].result_list] == found


def test_a_group_leads_to_its_active_members(keeper: Client) -> None:
    group = Group.objects.get(name="Support")
    for name, is_active in (("jane", True), ("john", False)):
        Account.objects.create_user(name, is_active=is_active).groups.add(group)
    page = keeper.get(GROUPS).content.decode()
    assert f'<a href="{ACCOUNTS}?group=Support&amp;state=active">1</a>' in page


def test_who_changed_an_account_is_told(keeper: Client, token: AuthToken) -> None:
    account = Account.objects.get(pk=token.user_id)
    address = reverse("admin:notifications_account_history", args=[account.pk])
    assert "Nobody changed it here" in keeper.get(address).content.decode()
    edit(keeper, account, apps="retail")
    page = keeper.get(address).content.decode()
    assert "Changed Apps." in page
    assert "keeper" in page


@pytest.mark.parametrize("address", ["999/change/", "x/change/", "999/password/", "999/history/"])
def test_an_account_that_is_not_there_is_no_failure(keeper: Client, address: str) -> None:
    assert keeper.get(f"{ACCOUNTS}{address}").status_code in (302, 404)
