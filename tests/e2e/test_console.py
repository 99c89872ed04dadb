"""An operator at work, in the console as a browser shows it."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from notifications.admin.addresses import trace_address

from . import troubles
from .conftest import DEVICE, OPERATION, OUTPUT, Site

LOOKS = {
    "light": {"scheme": "light"},
    "dark": {"scheme": "dark"},
    "narrow": {"width": 360, "height": 740},
}
LISTS = (
    "notification", "operation", "activation", "inboxmessage", "recipient", "source",
    "accessrecord", "export",
)  # fmt: skip
Open = Callable[..., Page]


def addresses(site: Site) -> dict[str, str]:
    base = "/admin/notifications"
    return {
        "home": "/admin/",
        "search-none": "/admin/search/?q=nobody",
        **{f"list-{kind}": f"{base}/{kind}/" for kind in LISTS},
        "list-empty": f"{base}/notification/?when=1h&message_type=other&finding=none",
        "list-about": f"{base}/notification/?operation={OPERATION}&when=all",
        "notification": f"{base}/notification/{site.finished}/change/",
        "notification-hostile": f"{base}/notification/{site.hostile}/change/",
        "operation": f"{base}/operation/{OPERATION}/change/",
        "activation": f"{base}/activation/{DEVICE}/change/",
        "recipient": f"{base}/recipient/1/change/",
        "source": f"{base}/source/retail-bank/change/",
        "accessrecord": f"{base}/accessrecord/1/change/",
        "gaps": "/admin/gaps/",
        "gaps-none": "/admin/gaps/?since=1h&reason=source_silent",
        "password": "/admin/password_change/",
        **traces(site),
    }


def traces(site: Site) -> dict[str, str]:
    device = trace_address("activation", troubles.PHONE)
    busy = trace_address("activation", troubles.BUSY)
    return {
        "trace": f"{device}?case=C-2026-481",
        "trace-week": f"{device}?since=7d",
        "trace-empty": f"{device}?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z",
        "trace-well": trace_address("activation", DEVICE),
        "trace-long": busy,
        "trace-bad-window": f"{busy}?since=yesterday&case={'x' * 65}&cursor=x",
        "trace-hostile": trace_address("activation", troubles.HOSTILE_DEVICE),
        "timeline": trace_address("operation", troubles.PAYMENT),
        "timeline-rounds": trace_address("operation", troubles.TWICE),
        "timeline-well": trace_address("operation", OPERATION),
        "timeline-hostile": trace_address("operation", "<script>alert(3)</script>\u202e"),
        "trace-user": trace_address("recipient", site.user),
        "trace-user-empty": f"{trace_address('recipient', site.user)}?since=5m",
    }


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_keeps_within_its_window_and_the_policy(
    signed_in: Open, site: Site, look: str
) -> None:
    page = signed_in("auditor", **LOOKS[look])  # who sees the most
    wide = {}
    for name, address in addresses(site).items():
        page.goto(address)
        page.screenshot(path=OUTPUT / f"{name}-{look}.png", full_page=True)
        width = page.evaluate("document.documentElement.scrollWidth")
        if width > page.viewport_size["width"]:
            wide[name] = width
    assert wide == {}


@pytest.mark.parametrize("look", LOOKS)
def test_the_login_page(visit: Open, look: str) -> None:
    page = visit(**LOOKS[look])
    page.goto("/admin/")
    expect(page.locator(".environment")).to_be_visible()
    page.screenshot(path=OUTPUT / f"login-{look}.png")


def test_from_the_search_box_to_the_device(signed_in: Open) -> None:
    page = signed_in()
    page.get_by_role("searchbox").fill(OPERATION.upper())
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Operation “payment”")
    page.locator("table.rows tbody th a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("addressed to device")
    page.locator("h1").get_by_role("link", name=DEVICE).click()
    expect(page).to_have_url(re.compile(f"/activation/{DEVICE}/change/"))
    expect(page.locator("table.rows tbody tr")).to_have_count(2)


def test_with_the_keyboard_alone(signed_in: Open) -> None:
    page = signed_in()
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type(OPERATION)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Operation")
    first = page.locator("table.rows tbody th a").first
    for _ in range(40):
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
    page.goto("/admin/notifications/notification/?source=demo-bank")
    page.screenshot(path=OUTPUT / "list.png")
    page.goto("/admin/notifications/notification/")
    page.get_by_label("Type").select_option(label="operationFinished")
    page.get_by_label("Source").select_option("retail-bank")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(2)
    page.get_by_role("link", name="Clear").click()
    expect(page.locator("table.rows tbody tr")).to_have_count(100)
    page.get_by_role("link", name="Older").click()
    page.get_by_role("link", name="Newer").click()
    expect(page.get_by_role("link", name="First")).to_have_count(0)


@pytest.mark.parametrize("look", LOOKS)
def test_a_refusal_looks_like_ours(signed_in: Open, look: str) -> None:
    page = signed_in(**LOOKS[look])
    page.route("**/no-such-page/", lambda route: route.fulfill(response=route.fetch(), status=200))
    page.goto("/admin/no-such-page/")
    expect(page.get_by_role("heading")).to_have_text("There is nothing at this address")
    page.screenshot(path=OUTPUT / f"refusal-{look}.png")


def test_hostile_text_stays_text(signed_in: Open, site: Site) -> None:
    page = signed_in()
    page.on("dialog", lambda dialog: pytest.fail("a script ran"))
    page.goto(f"/admin/notifications/notification/{site.hostile}/change/")
    expect(page.locator("table.extras")).to_contain_text("<img src=x onerror=alert(2)>⟨U+0001⟩")
    expect(page.locator("h1")).to_contain_text("<script>alert(1)</script>⟨U+202E⟩")


def test_a_superuser_revokes_a_token_and_edits_accounts(signed_in: Open) -> None:
    page = signed_in("keeper")
    for name in ("Access records", "Users", "Groups", "Auth tokens"):
        page.locator("#places").get_by_role("link", name=name, exact=True).click()
        page.screenshot(path=OUTPUT / f"keeper-{name.replace(' ', '-').lower()}.png")
    page.locator("#places").get_by_role("link", name="Users", exact=True).click()
    page.get_by_role("link", name="operator", exact=True).click()
    page.screenshot(path=OUTPUT / "keeper-account.png", full_page=True)
