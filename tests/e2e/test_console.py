"""An operator at work, in the console as a browser shows it."""

import re
from collections.abc import Callable

from playwright.sync_api import Browser, Page, expect

from .conftest import DEVICE, OPERATION, OUTPUT, Site

Open = Callable[..., Page]


def test_from_the_search_box_to_the_device(signed_in: Open) -> None:
    page = signed_in()
    page.get_by_role("searchbox").fill(OPERATION.upper())
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Operation “payment”")
    page.locator("table.rows tbody th a").first.click()
    expect(page.locator(".happened")).to_contain_text("was announced to device")
    page.locator(".happened").get_by_role("link", name=DEVICE).click()
    expect(page).to_have_url(re.compile(f"/activation/{DEVICE}/change/"))
    notified = page.locator("section", has=page.get_by_role("heading", name="Its notifications"))
    expect(notified.locator("table.rows tbody tr")).to_have_count(2)


def test_with_the_keyboard_alone(signed_in: Open) -> None:
    page = signed_in()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(OPERATION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Operation")
    first = page.locator("table.rows tbody th a").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if first.evaluate("each => each === document.activeElement"):
            break
    expect(first).to_be_focused()
    outline = first.evaluate("each => getComputedStyle(each).outlineStyle")
    assert outline == "solid"
    page.screenshot(path=OUTPUT / "focus.png")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Extras")).to_be_visible()


def test_the_theme_switch_goes_round(signed_in: Open) -> None:
    page = signed_in(scheme="light")
    seen = []
    for _ in range(3):
        seen.append(page.evaluate("getComputedStyle(document.body).backgroundColor"))
        page.locator(".theme-toggle").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "auto"
    light, dark, light_again = seen
    assert light == light_again != dark


def test_filters_by_hand(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/notifications/notification/")
    expect(page.get_by_label("Type")).to_be_hidden()
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Type").select_option(label="operationFinished")
    page.get_by_label("Source").select_option("retail-bank")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(2)
    expect(page.locator("summary").filter(has_text="Filters")).to_contain_text("(2 chosen)")
    page.get_by_role("link", name="Remove the filter Type: operationFinished").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(3)
    page.get_by_role("link", name="Clear all").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(100)
    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newer").click()
    expect(page.get_by_role("link", name="First")).to_have_count(0)


def test_the_window_by_hand(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/notifications/notification/?source=retail-bank")
    page.get_by_role("link", name="24 hours").click()
    expect(page.locator("a[aria-current]", has_text="24 hours")).to_be_visible()
    page.get_by_label("From").fill("2026-01-01T00:00:00")
    page.get_by_label("until", exact=True).fill("2026-01-02T00:00:00")
    page.get_by_role("button", name="Set this window").click()
    told = "Emitted from 2026-01-01 00:00:00 until 2026-01-02 00:00:00, UTC"
    expect(page.locator(".window-told")).to_contain_text(told)
    expect(page.locator(".empty")).to_contain_text("in this window of time")
    page.get_by_role("link", name="Look at all time").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(3)


def test_copying_from_a_list(signed_in: Open, site: Site) -> None:
    page = signed_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site.url)
    page.goto(f"/admin/notifications/notification/?operation={OPERATION}&when=all")
    row = page.locator("table.rows tbody tr").first
    copy = row.get_by_role("button", name="Copy the device id")
    assert copy.evaluate("each => getComputedStyle(each).opacity") == "0"
    row.hover()
    assert copy.evaluate("each => getComputedStyle(each).opacity") == "1"
    box = copy.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 24
    copy.click()
    expect(page.locator("[data-said]")).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == DEVICE
    page.get_by_role("button", name="Copy link to this view").click()
    expect(page.locator("[data-said]")).to_have_text("Copied")
    link = page.evaluate("navigator.clipboard.readText()")
    assert link.startswith(f"{site.url}/admin/notifications/notification/?operation={OPERATION}")
    page.goto(link)
    expect(page.locator("table.rows tbody tr")).to_have_count(2)


def test_a_list_without_scripts(signed_in: Open, browser: Browser, site: Site) -> None:
    state = signed_in().context.storage_state()
    context = browser.new_context(base_url=site.url, storage_state=state, java_script_enabled=False)
    page = context.new_page()
    page.goto("/admin/notifications/operation/")
    page.get_by_text("Filters", exact=True).click()
    page.get_by_label("Finish").select_option(label="not told")
    page.get_by_role("button", name="Apply filters").click()
    expect(page.get_by_text("Finish:")).to_be_visible()
    expect(page.get_by_role("button", name="Copy")).to_have_count(0)
    context.close()


def test_the_targets_of_a_list_are_large_enough(signed_in: Open) -> None:
    page = signed_in(width=360, height=740)
    page.goto("/admin/notifications/notification/?message_type=mtoken.operationInit&when=7d")
    small = page.evaluate(
        "[...document.querySelectorAll('.narrow a, .narrow button, .narrow summary, .narrowed a,"
        " .narrowed button, .pages a')].filter(each => each.offsetParent !== null)"
        ".map(each => [each.innerText, each.getBoundingClientRect()])"
        ".filter(([, box]) => box.height < 24 || box.width < 24).map(([text]) => text)"
    )
    assert small == []


def test_a_refusal_looks_like_ours(signed_in: Open) -> None:
    page = signed_in()
    page.route("**/no-such-page/", lambda route: route.fulfill(response=route.fetch(), status=200))
    page.goto("/admin/no-such-page/")
    expect(page.get_by_role("heading")).to_have_text("There is nothing at this address")


def test_a_superuser_revokes_a_token_and_edits_accounts(signed_in: Open) -> None:
    page = signed_in("keeper")
    for name in ("Access records", "Users", "Groups", "Auth tokens"):
        page.locator("#places").get_by_role("link", name=name, exact=True).click()
        page.screenshot(path=OUTPUT / f"keeper-{name.replace(' ', '-').lower()}.png")
    page.locator("#places").get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("link", name="operator", exact=True).click()
    page.screenshot(path=OUTPUT / "keeper-account.png", full_page=True)
