"""Everything by the keyboard alone, and always to be seen where one is."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from . import troubles
from .conftest import Sessions, Site
from .places import OPERATION, PLACES
from .steps import heading, tab_to

Open = Callable[..., Page]
STOPS = 60
FOCUS = """() => {
    const at = document.activeElement;
    if (at === document.body) return null;
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    const box = at.getBoundingClientRect();
    const name = (at.getAttribute("aria-label") ?? at.textContent ?? "").trim().slice(0, 40);
    return {
        what: `${at.tagName} ${at.id} ${name}`,
        shown: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2,
        inside: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0
            && box.left < innerWidth,
    };
}"""


@pytest.mark.parametrize(
    "name",
    ["sign-in", "home", "search-several", "list-notification", "list-exporting", "gaps",
     "notification-hostile", "trace", "timeline", "trace-user", "export-running", "account",
     "zone", "api-docs"],
)  # fmt: skip
def test_the_focus_is_always_seen(visit: Open, sessions: Sessions, site: Site, name: str) -> None:
    place = PLACES[name]
    page = visit(reduced_motion="reduce", **sessions(place.who))
    page.goto(place.at(site))
    stops = 0
    for _ in range(STOPS):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUS)
        if at is None:
            break
        stops += 1
        assert at["shown"], f"no outline at {at['what']}"
        assert at["inside"], f"out of sight at {at['what']}"
    assert stops >= 2


def test_the_first_stop_skips_to_the_content(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/notifications/notification/")
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    expect(skip).to_be_focused()
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    inside = "document.querySelector('main').contains(document.activeElement)"
    assert page.evaluate(inside)


def test_a_slash_leads_to_the_search(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/gaps/")
    page.get_by_role("heading", level=1).click()
    page.keyboard.press("/")
    box = page.get_by_role("searchbox").first
    expect(box).to_be_focused()
    expect(box).to_have_value("")
    page.keyboard.type(OPERATION)
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("Operation")


def test_a_slash_that_is_typed_stays_where_it_is_typed(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/gaps/")
    app = page.get_by_label("App", exact=True)
    app.focus()
    page.keyboard.type("mobile/bank")
    expect(app).to_be_focused()
    expect(app).to_have_value("mobile/bank")


def test_from_the_user_to_the_device_to_the_operation(signed_in: Open) -> None:
    page = signed_in()
    page.keyboard.type(troubles.USER)
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("link", name="Trace this user"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(f"Trace of user {troubles.USER}")
    assert troubles.USER not in page.url
    tab_to(page, page.get_by_role("main").get_by_role("link", name=troubles.PHONE).first)
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("Trace of device")
    missing = page.get_by_role("listitem").filter(has_text="not sent").first
    tab_to(page, missing.get_by_title("Timeline of"))
    page.keyboard.press("Enter")
    expect(heading(page)).to_contain_text("Timeline of operation “authorize_payment”")


def test_filters_and_what_is_folded_open_by_key(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/notifications/notification/")
    tab_to(page, page.locator("summary", has_text="Filters"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("Type", exact=True))
    page.keyboard.type("operationF")
    tab_to(page, page.get_by_role("button", name="Apply filters"))
    page.keyboard.press("Enter")
    page.wait_for_url("**message_type=mtoken.operationFinished**")
    tab_to(page, page.locator("summary", has_text="Export this view"))
    page.keyboard.press("Enter")
    expect(page.get_by_label("Format")).to_be_visible()


def test_nothing_moves_for_those_who_asked_for_rest(signed_in: Open) -> None:
    page = signed_in(reduced_motion="reduce")
    moving = """() => [...document.querySelectorAll("*")].filter(each => {
        const { transitionDuration, animationName } = getComputedStyle(each);
        return parseFloat(transitionDuration) > 0 || animationName !== "none";
    }).map(each => each.tagName)"""
    assert page.evaluate(moving) == []
