"""A source tells whether anything can still report as it, and when it did."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from notifications.admin.source_words import REMEDIES, lag_told
from notifications.api.streaming import INTERRUPTIONS
from notifications.ingest.contacts import note_contact, note_errors
from notifications.models import Account, ClockDay, ContactKind, Coverage, Source
from notifications.models.clock import write_clock
from notifications.protocol.clocks import Clock
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


def test_its_clock_is_told_by_what_it_was_compared_with(
    operator_client: Client, record_one: Record
) -> None:
    record_one()
    assert "Its clock" not in operator_client.get(PAGE).content.decode()
    now = timezone.now()
    end = now + timedelta(hours=1)
    clock = Clock("demo-bank", timedelta(minutes=4), now, end, pairs=24, against="push-mirror")
    for ahead, spread, told, use in (
        (timedelta(minutes=4), 0, "4 min ahead of the clock of", "Traces make up for it."),
        (timedelta(minutes=-4), 60, "4 min behind the clock of", "vary too much to be"),
        (timedelta(hours=-2), 0, "2 h behind the clock of", "Too far to be made up for"),
        (timedelta(seconds=1), 0, "as the clock of", ""),
    ):
        shown = replace(clock, ahead=ahead, spread=timedelta(seconds=spread))
        ClockDay.objects.create(day=now.date(), clocks=[write_clock(shown)], looked_at=now)
        page = operator_client.get(PAGE).content.decode()
        assert f"{told} <bdi>push-mirror</bdi>" in page
        assert "by 24 messages that both reported" in page
        assert use in page
    measure = replace(clock, ahead=timedelta(0), against=None)
    ClockDay.objects.create(day=now.date(), clocks=[write_clock(measure)], looked_at=now)
    assert "what those of others are measured by" in operator_client.get(PAGE).content.decode()


def test_first_and_last_of_each_type_are_told(operator_client: Client, record_one: Record) -> None:
    for minute in (1, 2, 3):
        record_one(extras=INIT, emitted_at=f"2026-03-14T09:0{minute}:00Z")
    record_one(extras=FINISHED, emitted_at="2026-03-14T09:09:00Z")
    told = operator_client.get(PAGE).context["reports"].types
    times = [(f"{each.first:%H:%M}", f"{each.last:%H:%M}") for each in told]
    assert times == [("09:09", "09:09"), ("09:01", "09:03")]
    page = operator_client.get(PAGE).content.decode()
    assert "2026-03-14 09:03:00.000" in page


def test_a_source_without_a_known_type_says_so(operator_client: Client, record_one: Record) -> None:
    record_one(extras={"messageType": "marketing"})
    assert "Nothing of a type" in operator_client.get(PAGE).content.decode()


def let_pass(hours: float) -> None:
    """As if what is on record of contacts were so much older."""
    for each in Coverage.objects.all():
        each.began_at -= timedelta(hours=hours)
        each.ended_at -= timedelta(hours=hours)
        each.save()


def test_a_source_that_was_never_measured_says_so(
    operator_client: Client, record_one: Record
) -> None:
    record_one()
    assert "not measured" in operator_client.get(SOURCES).content.decode()
    page = operator_client.get(PAGE)
    assert [each.look for each in page.context["strip"].parts] == ["unmeasured"]
    assert "was never measured" in page.content.decode()


def test_a_hole_is_drawn_and_told(operator_client: Client, record_one: Record) -> None:
    record_one()
    note_contact("demo-bank", ContactKind.PROBE)
    let_pass(hours=5)
    note_contact("demo-bank", ContactKind.HEARTBEAT)
    let_pass(hours=1)
    page = operator_client.get(PAGE)
    strip = page.context["strip"]
    assert [each.look for each in strip.parts] == ["unmeasured", "covered", "hole"]
    told = [(each.length, each.until is None) for each in strip.holes]
    assert told == [("1 h", True), ("5 h", False)]
    assert strip.share == "0.0"
    text = page.content.decode()
    assert "<bdi>not covered</bdi>" in text
    assert "it goes on" in text
    assert "with 2 holes" in text
    assert "<bdi>not covered</bdi>" in operator_client.get(SOURCES).content.decode()
    assert operator_client.get(f"{PAGE}?since=1h").context["strip"].number == 1


def test_holes_that_lie_close_are_drawn_as_one_and_told_apart(
    operator_client: Client, record_one: Record
) -> None:
    record_one()
    now = timezone.now()
    for minute in range(300):
        at = now - timedelta(minutes=600 - minute)
        Coverage.objects.create(
            source_id="demo-bank", began_at=at, ended_at=at + timedelta(seconds=30), kinds=["poll"]
        )
    strip = operator_client.get(f"{PAGE}?since=30d").context["strip"]
    assert len([each for each in strip.parts if each.look == "hole"]) == 1
    assert strip.number == 300
    assert len(strip.holes) == 100
    assert strip.more == 200


def test_a_recent_contact_leaves_the_rest_undecided(
    operator_client: Client, record_one: Record
) -> None:
    record_one()
    note_contact("demo-bank", ContactKind.HEARTBEAT)
    let_pass(hours=1 / 60)
    page = operator_client.get(f"{PAGE}?since=1h")
    assert [each.look for each in page.context["strip"].parts] == ["unmeasured", "open"]
    assert page.context["strip"].holes == ()


@pytest.mark.parametrize(
    ("lag", "words"),
    [
        (timedelta(milliseconds=400), "at once"),
        (timedelta(milliseconds=-400), "at once"),
        (timedelta(seconds=40), "40 s after"),
        (timedelta(hours=3), "3 h after: it reports late, or its clock is behind ours"),
        (-timedelta(hours=1), "1 h before its time: the source's clock is ahead of ours"),
    ],
)
def test_a_lag_of_either_sign_is_told_in_words(lag: timedelta, words: str) -> None:
    assert lag_told(lag) == words


def test_errors_are_told_with_what_to_do(operator_client: Client, record_one: Record) -> None:
    record_one()
    assert "Nothing yet." in operator_client.get(PAGE).content.decode()
    note_errors("demo-bank", {("conflict", "#/message_id"): 1_234, ("odd_code", ""): 1})
    page = operator_client.get(PAGE).content.decode()
    assert "1,234" in page
    assert "a message_id of its own" in page
    assert "odd_code" in page
    assert "1,235 errors in the last 24 hours" in page
    assert "1,235" in operator_client.get(SOURCES).content.decode()


def test_every_code_of_the_envelope_has_a_remedy() -> None:
    """As the documentation of the API names them."""
    described = (Path(settings.BASE_DIR) / "docs/api.md").read_text()
    assert set(INTERRUPTIONS) - {"unavailable"} <= set(REMEDIES)
    for code in REMEDIES:
        assert f"`{code}`" in described


def test_a_window_that_is_none_is_said(operator_client: Client, record_one: Record) -> None:
    record_one()
    page = operator_client.get(f"{PAGE}?since=400d").content.decode()
    assert "over 31 days" in page
    assert "These are the last 24 hours." in page


@pytest.mark.parametrize(("address", "queries"), [(SOURCES, 10), (PAGE, 15)])
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
