"""The page of one notification in a browser: copied from, printed, walked along, without script."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from notifications.admin.addresses import page_address

from .conftest import DEVICE, HOSTILE, OPERATION, OUTPUT, PASSWORD, RLO, Site

Open = Callable[..., Page]


@pytest.fixture
def copying(signed_in: Open) -> Page:
    """A window in which the clipboard can be read."""
    page = signed_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    return page


def copied(page: Page) -> str:
    expect(page.get_by_text("Copied")).to_be_visible()
    return str(page.evaluate("navigator.clipboard.readText()"))


def test_extras_are_copied_as_they_were_sent(copying: Page, site: Site) -> None:
    copying.goto(page_address("notification", site.hostile))
    copying.get_by_role("button", name="Copy as JSON").click()
    assert json.loads(copied(copying)) == HOSTILE


@pytest.mark.parametrize("key", ["operationId", "operationName", "note"])
def test_a_value_is_copied_as_it_was_sent(copying: Page, site: Site, key: str) -> None:
    copying.goto(page_address("notification", site.hostile))
    copying.get_by_role("button", name=f"Copy value of {key}").click()
    assert copied(copying) == HOSTILE[key]


def test_identifiers_and_the_sentence_are_copied(copying: Page, site: Site) -> None:
    copying.goto(page_address("notification", site.finished))
    copying.get_by_role("button", name="Copy activation id").click()
    assert copied(copying) == DEVICE
    copying.get_by_role("button", name="Copy sentence").click()
    expect(copying.get_by_text("Copied")).to_be_visible()
    sentence = copying.evaluate("navigator.clipboard.readText()")
    assert sentence.startswith("The operation “payment” finished: success. This was sent to device")
    assert f"device {DEVICE} at 20" in sentence
    assert sentence.endswith(" UTC. APNs took it. It was announced 45 s before.")
    copying.goto(page_address("operation", HOSTILE["operationId"]))
    copying.get_by_role("button", name="Copy operation id").click()
    assert RLO in copied(copying)


def test_steps_are_reached_by_the_keyboard_and_lead_there_and_back(
    signed_in: Open, site: Site
) -> None:
    page = signed_in()
    page.goto(page_address("notification", site.finished))
    back = page.get_by_role("link", name="Previous of this operation: operationInit, 45 s before")
    back.focus()
    assert back.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    expect(page.locator(".happened")).to_contain_text("It finished 45 s later: success.")
    page.get_by_role("link", name="Next of this device: operationFinished, 45 s later").click()
    expect(page).to_have_url(f"{site.url}{page_address('notification', site.finished)}")
    page.get_by_role("navigation", name="Breadcrumbs").get_by_role("link", name=OPERATION).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Operation “payment”")


def test_paper_has_all_of_a_long_value_and_nothing_to_press(signed_in: Open, site: Site) -> None:
    page = signed_in()
    page.goto(page_address("notification", site.hostile))
    value = page.locator(".long > .value").first
    expect(value).to_be_hidden()
    page.emulate_media(media="print")
    expect(value).to_be_visible()
    assert value.evaluate("each => each.scrollHeight <= each.clientHeight + 1")
    for hidden in ("#header", ".breadcrumbs", ".walks", ".answers", ".copy"):
        expect(page.locator(hidden).first).to_be_hidden()
    for shown in (".happened", "#facts", "#findings", "table.extras"):
        expect(page.locator(shown)).to_be_visible()
    page.screenshot(path=OUTPUT / "notification-hostile-paper.png")


def test_without_script_nothing_is_missing(site: Site, browser: Browser) -> None:
    context = browser.new_context(base_url=site.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/admin/")
    page.get_by_label("Username").fill("operator")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.goto(page_address("notification", site.hostile))
    assert page.get_by_role("button", name="Copy").count() == 0
    page.locator("details.long summary").last.click()
    expect(page.locator(".long[open] > .value")).to_contain_text("⟨U+0001⟩⟨U+0002⟩no-space-")
    context.close()
