"""Gaps are worked through in a browser: acknowledged with a note, and opened again."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from . import axe
from .conftest import OUTPUT
from .places import LOOKS
from .steps import heading, tab_to

Open = Callable[..., Page]
OPEN = "/admin/gaps/?since=24h&acknowledged=false&counts_as=undecided"


def gaps(page: Page) -> Locator:
    return page.locator("li.event-gap")


def told_missing(page: Page) -> int:
    found = re.search(r"([\d,]+) undecided", heading_of_verdict(page))
    return int(found[1].replace(",", "")) if found else 0


def heading_of_verdict(page: Page) -> str:
    return page.locator("#verdict").inner_text()


@pytest.mark.parametrize("scripted", [True, False], ids=["with script", "without"])
def test_a_gap_is_acknowledged_leaves_the_open_ones_and_comes_back(
    signed_in: Open, scripted: bool
) -> None:
    page = signed_in(java_script_enabled=scripted)
    page.goto(OPEN)
    before = told_missing(page)
    first = gaps(page).first
    sentence = first.locator(".event-sentence").inner_text()
    first.get_by_role("checkbox").check()
    page.get_by_label("Note, why").fill("Known outage, ticket 481.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Acknowledged 1 gap.")).to_be_visible()
    assert told_missing(page) == before - 1

    page.get_by_label("Standing").select_option("Acknowledged")
    page.get_by_role("button", name="Show").click()
    row = gaps(page).filter(has_text="Known outage, ticket 481.")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(sentence)
    expect(row).to_contain_text("acknowledged by operator")
    row.get_by_role("checkbox").check()
    page.get_by_label("Note, why").fill("It was not that.")
    page.get_by_role("button", name="Reopen").click()
    expect(page.get_by_text("Reopened 1 gap.")).to_be_visible()

    page.goto(OPEN)
    assert told_missing(page) == before
    expect(gaps(page).filter(has_text="It was not that.")).to_have_count(1)


def test_nothing_is_lost_where_something_is_lacking(signed_in: Open) -> None:
    page = signed_in()
    page.goto(OPEN)
    page.get_by_label("Note, why").fill("Written before anything was selected.")
    page.get_by_role("button", name="Acknowledge").click()
    expect(page.get_by_text("Nothing is selected")).to_be_visible()
    expect(page.get_by_label("Note, why")).to_have_value("Written before anything was selected.")


def test_all_that_match_are_asked_for_by_their_number(signed_in: Open) -> None:
    page = signed_in()
    page.goto(OPEN)
    number = told_missing(page)
    page.get_by_label(re.compile("All .* that match")).check()
    page.get_by_label("Note, why").fill("x")
    page.get_by_role("button", name="Note only").click()
    expect(heading(page)).to_have_text(f"Note this of all {number} gaps?")
    for look, window in LOOKS.items():
        page.emulate_media(color_scheme=window["scheme"])
        page.set_viewport_size({"width": window["width"], "height": window["height"]})
        page.screenshot(path=OUTPUT / f"gaps-sure-{look}.png", full_page=True)
        assert axe.faults(page, of_colour=look == "dark") == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= window["width"]
    page.get_by_role("button", name="Note it").click()
    expect(page.get_by_text(f"Noted it of {number} gaps.")).to_be_visible()
    assert told_missing(page) == number


def test_it_is_done_with_the_keyboard_alone(signed_in: Open) -> None:
    page = signed_in()
    page.goto(f"{OPEN}&source=retail-bank")
    page.goto(OPEN)
    tab_to(page, gaps(page).first.get_by_role("checkbox"))
    page.keyboard.press("Space")
    note = page.get_by_label("Note, why")
    note.focus()
    page.keyboard.type("By keyboard.")
    tab_to(page, page.get_by_role("button", name="Note only"))
    page.keyboard.press("Enter")
    expect(page.get_by_text("Noted it of 1 gap.")).to_be_visible()


def test_months_are_counted_and_lead_to_their_days(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/gaps/?since=90d")
    rows = page.locator("#content table.rows tbody tr")
    expect(rows.first).to_be_visible()
    rows.first.get_by_role("link").click()
    expect(page.locator("#verdict")).to_be_visible()
    expect(gaps(page).first).to_be_visible()
