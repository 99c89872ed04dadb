"""Tokens are looked up once in a few seconds, and no longer valid than they are."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.utils import timezone
from knox.models import AuthToken
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.models import Account

URL = "/api/v1/notifications/"


def assert_401(header: str, code: str) -> None:
    response = APIClient(headers={"Authorization": header}).get(URL)
    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.headers["WWW-Authenticate"] == "Token"
    assert response.json()["code"] == code
    assert "RateLimit" not in response.headers


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
    with django_assert_num_queries(4):  # the list, bounded in time; none for the token
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


@pytest.mark.parametrize("change", ["revoked", "expired", "truncated", "lengthened", "upper case"])
def test_a_token_that_is_no_longer_or_not_quite_one_is_a_401_problem(
    account: Account, settings: Settings, change: str
) -> None:
    settings.TOKEN_CACHE_SECONDS = 0
    token, secret = AuthToken.objects.create(account)
    if change == "revoked":
        token.delete()
    if change == "expired":
        AuthToken.objects.update(expiry=timezone.now() - timedelta(seconds=1))
    sent = {"truncated": secret[:-1], "lengthened": f"{secret}0", "upper case": secret.upper()}
    assert_401(f"Token {sent.get(change, secret)}", "authentication_failed")


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("{secret}", "not_authenticated"),
        ("Bearer {secret}", "not_authenticated"),
        ("Basic {secret}", "not_authenticated"),
        ("Token", "authentication_failed"),
        ("Token {secret} {secret}", "authentication_failed"),
        ("Token {secret},Token {secret}", "authentication_failed"),
        ("Token {secret}\0", "authentication_failed"),
        ("Token \0{secret}", "authentication_failed"),
        ("Token {secret}\xe9", "authentication_failed"),
        ('Token "{secret}"', "authentication_failed"),
    ],
)
def test_a_valid_token_wrongly_sent_is_a_401_problem(
    account: Account, header: str, code: str
) -> None:
    _, secret = AuthToken.objects.create(account)
    assert APIClient(headers={"Authorization": f"token {secret}"}).get(URL).status_code == 200
    assert_401(header.format(secret=secret), code)


def test_every_prefix_of_a_token_is_401(account: Account) -> None:
    _, secret = AuthToken.objects.create(account)
    for length in range(1, len(secret)):
        assert_401(f"Token {secret[:length]}", "authentication_failed")


def test_requests_of_nobody_leave_nothing_in_the_memory(
    account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[str] = []
    monkeypatch.setattr(cache, "set", lambda key, *rest: kept.append(key))
    for number in range(3):
        client = APIClient(headers={"Authorization": f"Token {number:064}"})
        assert client.get(URL, headers={"X-Forwarded-For": f"10.0.0.{number}"}).status_code == 401
        assert APIClient().get(URL).status_code == 401
    assert kept == []
    assert client_of(account).get(URL).status_code == 200
    assert len(kept) == 2  # the token and the count of the bucket
