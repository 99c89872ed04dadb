"""On paper: the answer with its window and address, whole, and nothing to press."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from . import troubles
from .conftest import OUTPUT, Site
from .places import PLACES

Open = Callable[..., Page]
WIDTH = 718  # CSS pixels between the margins of an A4 sheet
CUT_OFF = """() => [...document.querySelectorAll("main *")].filter(each => {
    if (each.closest("svg, .visually-hidden") || !each.checkVisibility()) return false;
    const { display, overflowX, overflowY } = getComputedStyle(each);
    const box = each.getBoundingClientRect();
    const hides = display !== "inline" && (
        (overflowX !== "visible" && each.scrollWidth > each.clientWidth + 1) ||
        (overflowY !== "visible" && each.scrollHeight > each.clientHeight + 1));
    return hides || box.right > innerWidth + 1 || box.left < -1;
}).map(each => `${each.tagName}.${each.className} ${each.textContent.trim().slice(0, 40)}`)"""


def on_paper(signed_in: Open, site: Site, name: str) -> Page:
    page = signed_in("auditor", scheme="dark", width=WIDTH, height=1000)
    page.goto(PLACES[name].at(site))
    page.emulate_media(media="print")
    return page


@pytest.mark.parametrize(
    "name",
    ["trace", "trace-hostile", "trace-user", "timeline", "gaps", "notification",
     "notification-hostile", "operation", "list-notification", "list-hostile", "accessrecord"],
)  # fmt: skip
def test_a_page_is_whole_on_paper(signed_in: Open, site: Site, name: str) -> None:
    page = on_paper(signed_in, site, name)
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_be_visible()
    assert page.evaluate(CUT_OFF) == []
    for role in ("navigation", "button", "searchbox", "combobox", "textbox"):
        assert page.get_by_role(role).all() == [], role
    page.screenshot(path=OUTPUT / f"print-{name}.png", full_page=True)
    page.pdf(path=OUTPUT / f"print-{name}.pdf", format="A4", print_background=True)


def test_paper_is_white_also_where_the_screen_is_dark(signed_in: Open, site: Site) -> None:
    page = on_paper(signed_in, site, "trace")
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(28, 39, 51)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_a_trace_on_paper_tells_what_was_asked_and_where(signed_in: Open, site: Site) -> None:
    page = on_paper(signed_in, site, "trace")
    verdict = page.get_by_role("region").filter(has_text="Something is missing").first
    expect(verdict).to_contain_text("missing (")
    expect(verdict).to_contain_text("as known at")
    expect(verdict).to_contain_text("case C-2026-481")
    permalink = page.get_by_role("link", name="Permalink")
    expect(permalink).to_be_visible()
    address = permalink.get_attribute("href")
    assert address is not None
    assert troubles.PHONE in address
    printed = permalink.evaluate("each => getComputedStyle(each, '::after').content")
    assert address in printed
