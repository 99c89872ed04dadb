"""What an operator does, by what the pages call it, and never by where it stands."""

import re

from playwright.sync_api import Locator, Page, expect


def search(page: Page, term: str) -> None:
    """From the home page."""
    page.goto("/admin/")
    page.get_by_role("main").get_by_role("searchbox").fill(term)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/.+"))


def follow(page: Page, name: str) -> None:
    page.get_by_role("main").get_by_role("link", name=name, exact=True).click()


def trace_by_search(page: Page, user: str, device: str) -> None:
    """What support does with the name of a user and one of the user's devices: two clicks."""
    search(page, user)
    follow(page, "Trace this user")
    expect(heading(page)).to_contain_text("Trace of user")
    page.get_by_role("heading", level=2, name=device).get_by_role("link").click()
    expect(heading(page)).to_contain_text(device)


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def tab_to(page: Page, wanted: Locator, most: int = 80) -> None:
    """By the keyboard alone, from wherever the focus is; it shows where that is."""
    for _ in range(most):
        page.keyboard.press("Tab")
        if wanted.evaluate("each => each === document.activeElement"):
            break
    expect(wanted).to_be_focused()
    assert wanted.evaluate("each => getComputedStyle(each).outlineStyle") == "solid"
