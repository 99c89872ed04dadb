"""The console is of all apps, so accounts limited to some have no access, superusers included."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from notifications.models import AccessRecord, Account

PASSWORD = "correct horse battery"


@pytest.fixture(params=["Operators", "superuser"])
def limited(request: Any, db: None) -> Account:
    """Somebody with all that a person may have, limited to one app."""
    account = Account.objects.create_user("jane", password=PASSWORD, is_staff=True)
    account.groups.set(Group.objects.all())
    account.is_superuser = request.param == "superuser"
    account.apps = ["retail"]
    account.save()
    return account


def test_a_limited_account_opens_no_page(limited: Account, told: dict[str, str]) -> None:
    client = Client()
    client.force_login(limited)
    models = [model._meta for model in admin.site._registry]
    lists = [reverse(f"admin:{of.app_label}_{of.model_name}_changelist") for of in models]
    pages = [reverse(f"admin:{name}") for name in ("index", "search", "gaps", "password_change")]
    more = ["/admin/notifications/", "/admin/notifications/account/add/", "/admin/no/such/page/"]
    opened = [*lists, *pages, *more, *told.values(), *(f"{each}1/change/" for each in lists)]
    for address in opened:
        response = client.get(address)
        assert response.status_code == 302, address
        assert response.headers["Location"].startswith("/admin/login/"), address
    assert not AccessRecord.objects.exists()


def test_the_sign_in_says_why(limited: Account) -> None:
    sent = {"username": "jane", "password": PASSWORD}
    page = Client().post("/admin/login/", sent)
    assert page.status_code == 200
    assert "limited to some apps" in page.content.decode()
    assert (
        "limited" not in Client().post("/admin/login/", {**sent, "password": "x"}).content.decode()
    )


def test_whoever_is_signed_in_is_shut_out_at_once(browser_of: Callable[[str], Client]) -> None:
    client = browser_of("Operators")
    assert client.get("/admin/").status_code == 200
    Account.objects.update(apps=["retail"])
    assert client.get("/admin/").status_code == 302
    page = client.get("/admin/", follow=True).content.decode()
    assert "not authorized" in page
