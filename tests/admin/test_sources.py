"""A source tells whether anything can still report as it, and when it did."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from knox.models import AuthToken

from notifications.models import Account, Source
from tests.conftest import FINISHED, INIT

SOURCES = "/admin/notifications/source/"
PAGE = f"{SOURCES}demo-bank/change/"
Record = Callable[..., UUID]


def account(client: Client) -> str:
    """What the list and the page tell of the account, which is the same."""
    told = []
    for address in (SOURCES, PAGE):
        page = client.get(address).content.decode()
        told.append(page.split('<span class="badge')[1].split("<bdi>")[1].split("</bdi>")[0])
    assert told[0] == told[1]
    return told[0]


def test_the_account_of_a_source_is_told(operator_client: Client, record_one: Record) -> None:
    record_one()
    assert account(operator_client) == "no account"
    bank = Account.objects.create(username="demo-bank")
    assert account(operator_client) == "no token in use"
    AuthToken.objects.create(bank, expiry=timedelta(seconds=-1))
    assert account(operator_client) == "no token in use"
    AuthToken.objects.create(bank)
    assert account(operator_client) == "active, has a token"
    Account.objects.filter(pk=bank.pk).update(is_active=False)
    assert account(operator_client) == "account deactivated"


def test_only_superusers_are_led_to_the_account(
    keeper: Client, operator_client: Client, token: AuthToken, record_one: Record
) -> None:
    record_one()
    address = f"/admin/notifications/account/{token.user_id}/change/"
    assert address in keeper.get(PAGE).content.decode()
    assert address not in operator_client.get(PAGE).content.decode()


def test_first_and_last_of_each_type_are_told(operator_client: Client, record_one: Record) -> None:
    for minute in (1, 2, 3):
        record_one(extras=INIT, emitted_at=f"2026-03-14T09:0{minute}:00Z")
    record_one(extras=FINISHED, emitted_at="2026-03-14T09:09:00Z")
    told = operator_client.get(PAGE).context["contacts"]
    times = [(f"{each.first:%H:%M}", f"{each.last:%H:%M}") for each in told]
    assert times == [("09:09", "09:09"), ("09:01", "09:03")]
    page = operator_client.get(PAGE).content.decode()
    assert "2026-03-14 09:03:00.000" in page


def test_a_source_without_a_known_type_says_so(operator_client: Client, record_one: Record) -> None:
    record_one(extras={"messageType": "marketing"})
    assert "Nothing of a type" in operator_client.get(PAGE).content.decode()


@pytest.mark.parametrize(("address", "queries"), [(SOURCES, 8), (PAGE, 8)])
def test_pages_cost_the_same_for_many(
    operator_client: Client,
    record_one: Record,
    django_assert_num_queries: Any,
    address: str,
    queries: int,
) -> None:
    record_one()
    operator_client.get(address)
    for count in (0, 20):
        for number in range(count):
            name = f"bank-{number}"
            Source.objects.create(slug=name)
            AuthToken.objects.create(Account.objects.create(username=name))
        with django_assert_num_queries(queries):
            assert operator_client.get(address).status_code == 200
