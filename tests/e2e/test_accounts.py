"""A superuser at work on accounts and tokens, as a browser shows it."""

import re
from collections.abc import Callable

import pytest
from django.test.utils import override_settings
from playwright.sync_api import Page, expect

from . import axe
from .conftest import OUTPUT, PASSWORD
from .places import LOOKS

Open = Callable[..., Page]
TOKENS = "/admin/knox/authtoken/"


# Pages that a form alone leads to are looked at here, all others with the ``places``.


def test_a_token_is_made_shown_once_and_revoked(signed_in: Open) -> None:
    page = signed_in("keeper")
    page.goto(TOKENS)
    page.get_by_role("link", name="Make a token").click()
    page.get_by_label("Service account").select_option("support-desk")
    page.get_by_label("Days until it expires").fill("30")
    page.get_by_role("button", name="Make the token").click()
    token = page.locator("#token").inner_text()
    assert re.fullmatch("[0-9a-f]{64}", token)
    page.screenshot(path=OUTPUT / "token-made-light.png", full_page=True)
    page.get_by_role("button", name="Copy the token").click()
    assert axe.faults(page) == []
    expect(page.locator("[data-said]")).not_to_be_empty()
    page.reload()  # which sends the form again
    expect(page.locator(".errornote")).to_contain_text("was made since this form was opened")
    page.go_back()
    assert token not in page.content()
    page.goto(TOKENS)
    assert token not in page.content()
    page.locator("tr", has_text=token[:8]).get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(token[:8])
    assert axe.faults(page) == []
    page.get_by_role("button", name="Revoke it").click()
    expect(page.locator(".messagelist")).to_contain_text(f"Revoked the token {token[:8]}")


@pytest.mark.parametrize("look", LOOKS)
def test_who_was_signed_out_is_told_why_and_led_back(visit: Open, look: str) -> None:
    def sign_in() -> None:
        page.get_by_label("Username").fill("operator")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page).to_have_url(re.compile(r"/admin/gaps/\?since=1h$"))

    page = visit(**LOOKS[look])  # in a session of its own, which no other test goes on with
    page.goto("/admin/gaps/?since=1h")
    sign_in()
    with override_settings(SESSION_IDLE=1):
        page.wait_for_timeout(2100)  # times are told in whole seconds
        page.reload()
        expect(page.locator(".messagelist")).to_have_text(
            "You were signed out after 1 second without use."
        )
        page.screenshot(path=OUTPUT / f"login-again-{look}.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    sign_in()
    expect(page.locator(".messagelist")).to_have_count(0)


def test_a_service_account_is_made_with_the_keyboard_alone(signed_in: Open) -> None:
    page = signed_in("keeper")
    page.goto("/admin/notifications/account/add/")
    page.keyboard.press("ArrowDown")  # the kind has the focus
    expect(page.get_by_label("Password", exact=True)).to_be_hidden()
    page.keyboard.press("Tab")
    page.keyboard.type("night-batch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("night-batch")
    page.get_by_role("link", name="Make a token").click()
    expect(page.get_by_label("Service account")).to_have_value("night-batch")
