"""Accounts, groups and tokens: superusers alone, and no digest anywhere."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission
from django.test import Client
from knox.models import AuthToken

from notifications.models import Account

TOKENS = "/admin/knox/authtoken/"
SUPERUSERS_ONLY = (TOKENS, "/admin/notifications/account/", "/admin/auth/group/")


@pytest.fixture
def keeper(db: None) -> Client:
    client = Client()
    client.force_login(Account.objects.create_superuser("keeper"))
    return client


@pytest.fixture
def token(db: None) -> AuthToken:
    return AuthToken.objects.create(Account.objects.create(username="demo-bank"))[0]


@pytest.mark.parametrize("address", [*SUPERUSERS_ONLY, f"{TOKENS}revoke/"])
def test_no_group_and_no_permission_is_enough(token: AuthToken, address: str) -> None:
    account = Account.objects.create_user("ambitious", is_staff=True)
    account.user_permissions.set(Permission.objects.all())
    account.groups.set(Group.objects.all())
    client = Client()
    client.force_login(account)
    for send in (client.get, client.post):
        assert send(address).status_code in (403, 405)
    assert AuthToken.objects.count() == 1


def test_a_token_is_listed_without_its_digest(keeper: Client, token: AuthToken) -> None:
    page = keeper.get(TOKENS).content.decode()
    assert token.token_key in page
    assert token.digest not in page


def test_a_token_has_no_page_and_none_can_be_made(keeper: Client, token: AuthToken) -> None:
    for address in (f"{TOKENS}add/", f"{TOKENS}{token.digest}/change/", f"{TOKENS}x/delete/"):
        assert keeper.get(address).status_code == 404


def test_a_token_is_revoked(keeper: Client, token: AuthToken) -> None:
    other, _ = AuthToken.objects.create(token.user)
    sent = {"user": "demo-bank", "beginning": token.token_key}
    page = keeper.post(f"{TOKENS}revoke/", sent, follow=True)
    assert "Revoked the token" in page.content.decode()
    assert list(AuthToken.objects.all()) == [other]
    entry = LogEntry.objects.get()
    assert token.token_key in entry.get_change_message()
    assert token.digest not in str(vars(entry))


@pytest.mark.parametrize("sent", [{}, {"user": "demo-bank"}, {"user": "\x00", "beginning": "\x00"}])
def test_revoking_what_is_not_there_says_so(
    keeper: Client, token: AuthToken, sent: dict[str, str]
) -> None:
    page = keeper.post(f"{TOKENS}revoke/", sent, follow=True)
    assert "no such token" in page.content.decode()
    assert AuthToken.objects.count() == 1


def test_accounts_are_edited_but_never_deleted(keeper: Client, token: AuthToken) -> None:
    address = f"/admin/notifications/account/{token.user_id}/"
    page = keeper.get(f"{address}change/").content.decode()
    assert token.digest not in page
    assert keeper.get(f"{address}delete/").status_code == 403
    assert keeper.post(f"{address}delete/", {"post": "yes"}).status_code == 403


def edit(keeper: Client, account: Account, apps: str) -> Any:
    address = f"/admin/notifications/account/{account.pk}/change/"
    form = keeper.get(address).context["adminform"].form
    sent = {name: value for name, value in form.initial.items() if value not in (None, False)}
    sent |= {"date_joined_0": "2026-03-14", "date_joined_1": "12:00", "groups": []}
    return keeper.post(address, {**sent, "user_permissions": [], "apps": apps})


def test_an_account_is_limited_to_apps_one_a_line(keeper: Client, token: AuthToken) -> None:
    account = Account.objects.get(pk=token.user_id)
    assert edit(keeper, account, "retail\r\n\r\nwallet, new\r\nretail\r\n").status_code == 302
    account.refresh_from_db()
    assert account.limited_to == ("retail", "wallet, new")
    page = keeper.get(f"/admin/notifications/account/{account.pk}/change/").content.decode()
    assert "retail\nwallet, new</textarea>" in page
    assert edit(keeper, account, " ").status_code == 302
    account.refresh_from_db()
    assert account.limited_to is None


@pytest.mark.parametrize("apps", ["x" * 257, "a\0b"])
def test_an_app_that_cannot_be_is_refused(keeper: Client, token: AuthToken, apps: str) -> None:
    account = Account.objects.get(pk=token.user_id)
    response = edit(keeper, account, apps)
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
        "notifications.account",
        "auth.group",
        "knox.authtoken",
    ]
