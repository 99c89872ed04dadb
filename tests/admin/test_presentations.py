"""The page of a notification tells how it asked to be shown, and its texts to those who may read
them."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from notifications.admin.addresses import page_address
from notifications.models import Content, Notification, Presentation
from tests.conftest import INIT, NOW

from .pages import reader

TITLE, BODY = "Confirm <b>payment</b>\u202e", "Pay 100 EUR " + "x" * 3_000
Make = Callable[..., str]


@pytest.fixture
def presented(record_one: Callable[..., UUID]) -> Make:
    """Records one that a mirror told so; the address of its page."""

    def make(**told: Any) -> str:
        key = record_one(extras=INIT)
        Presentation.objects.create(notification_id=key, **told)
        return page_address("notification", key)

    return make


def keep(texts: dict[str, str]) -> None:
    Content.objects.create(notification=Notification.objects.get(), **texts)


def test_a_notification_tells_how_it_asked_to_be_shown(
    operator_client: Client, presented: Make
) -> None:
    page = operator_client.get(
        presented(
            mode="ASYNCHRONOUS", priority="HIGH", category="login", sound="<i>default",
            collapse_key="k", title_length=16, body_length=1, is_localized=True,
        )
    ).text  # fmt: skip
    for words in (
        "ASYNCHRONOUS", "HIGH", "login", "&lt;i&gt;default", "16 characters", "1 character<",
        "filled in by the app, by keys", "collapse key may have taken its place",
    ):  # fmt: skip
        assert words in page
    assert "valid until" not in page.lower().replace("<dt>valid until", "")


def test_one_that_no_mirror_told_of_has_nothing_of_it(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    page = operator_client.get(page_address("notification", record_one(extras=INIT)))
    assert "How it asked to be shown" not in page.text


@pytest.mark.parametrize(
    ("after", "words"),
    [
        (timedelta(days=-1), "which had passed when it was emitted"),
        (timedelta(minutes=5), "it may have expired on the way, and nobody is told"),
        (timedelta(days=36_500), "The gateway may keep it for the device until"),
    ],
)
def test_what_its_validity_means_is_told(
    operator_client: Client, presented: Make, after: timedelta, words: str
) -> None:
    page = operator_client.get(presented(valid_until=NOW + after)).text
    assert words in page
    assert "delivered" not in page


@pytest.mark.parametrize("right", [True, False])
def test_texts_are_shown_to_those_who_may_read_them_alone(presented: Make, right: bool) -> None:
    address = presented(title_length=20, body_length=3_012)
    client = reader("notification", *(["content"] if right else []))
    absent = client.get(address).text
    assert ("Its title and body are not kept." in absent) == right
    keep({"title": TITLE, "body": BODY})
    page = client.get(address).text
    assert (BODY in page) == right
    assert ("Confirm &lt;b&gt;payment&lt;/b&gt;⟨U+202E⟩" in page) == right
    assert ("that takes a right of its own" in page) == (not right)
    assert "\u202e" not in page


def test_none_of_our_groups_may_read_texts(
    browser_of: Callable[[str], Client], presented: Make
) -> None:
    address = presented()
    keep({"title": TITLE, "body": BODY})
    for group in ("Support", "Operators", "Analysts", "Auditors"):
        page = browser_of(group).get(address)
        assert page.status_code == 200
        assert "Pay 100 EUR" not in page.text
