"""The home page and its search, as a browser shows them."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .conftest import OPERATION

Open = Callable[..., Page]


def test_from_a_figure_to_its_list(signed_in: Open) -> None:
    page = signed_in()
    figure = page.locator("#missing-today a")
    expect(figure).to_contain_text("missing")
    number = int(figure.locator("strong").inner_text().replace(",", ""))
    figure.click()
    expect(page.get_by_label("Counts as")).to_have_value("missing")
    if number:
        expect(page.locator("#verdict")).to_contain_text(f"{number} missing")
    else:
        expect(page.locator("#verdict")).to_contain_text("Nothing")


def test_from_an_hour_to_its_notifications(signed_in: Open) -> None:
    page = signed_in()
    page.locator("svg.chart a.hour").last.click()
    expect(page).to_have_url(re.compile("/notification/\\?since=.*until="))
    page.go_back()
    page.get_by_text("The same as a table").click()
    page.locator("details.more tbody a").last.click()
    expect(page).to_have_url(re.compile("/notification/\\?since=.*until="))


def test_candidates_by_kind(signed_in: Open) -> None:
    page = signed_in("auditor")
    page.get_by_role("searchbox").fill("push-481")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Message ids of sources")).to_be_visible()
    expect(page.locator("table.candidates tbody tr")).to_have_count(2)


def test_the_beginning_of_an_operation_jumps_to_it(signed_in: Open) -> None:
    page = signed_in()
    page.get_by_role("searchbox").fill(OPERATION[:8].upper())
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Operation “payment”")
