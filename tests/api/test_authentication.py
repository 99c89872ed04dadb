"""Tokens are looked up once in a few seconds, and no longer valid than they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from knox.models import AuthToken
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.models import Account

URL = "/api/v1/notifications/"


@pytest.fixture
def account(db: None) -> Account:
    account = Account.objects.create(username="machine")
    account.groups.add(Group.objects.get(name="Support"))
    return account


def client_of(account: Account, **expiry: Any) -> APIClient:
    _, secret = AuthToken.objects.create(account, **expiry)
    return APIClient(headers={"Authorization": f"Token {secret}"})


def test_a_token_and_its_rights_are_looked_up_once(
    account: Account, django_assert_num_queries: Callable[..., Any]
) -> None:
    client = client_of(account)
    assert client.get(URL).status_code == 200
    with django_assert_num_queries(1):
        assert client.get(URL).status_code == 200


def test_with_no_time_to_keep_it_every_request_looks(account: Account, settings: Settings) -> None:
    settings.TOKEN_CACHE_SECONDS = 0
    client = client_of(account)
    assert client.get(URL).status_code == 200
    AuthToken.objects.all().delete()
    assert client.get(URL).status_code == 401


def test_a_kept_token_expires_at_its_time(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(account, expiry=timedelta(seconds=2))
    assert client.get(URL).status_code == 200
    later = timezone.now() + timedelta(seconds=3)
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert client.get(URL).status_code == 401


def test_what_is_kept_is_kept_for_one_token_only(account: Account) -> None:
    assert client_of(account).get(URL).status_code == 200
    assert APIClient(headers={"Authorization": f"Token {'0' * 64}"}).get(URL).status_code == 401
