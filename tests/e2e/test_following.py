"""A Push Server is followed from the console: started, watched and stopped."""

from collections.abc import Callable

from django.conf import settings
from playwright.sync_api import Page, expect

from notifications.ingest.push_server.turns import Turns

from .aside import aside
from .conftest import OUTPUT
from .following import SERVER
from .steps import heading

Open = Callable[..., Page]
LIST = "/admin/notifications/source/"


def read_all() -> None:
    """As the worker does, of this one alone."""
    turns, server = Turns(), {SERVER: settings.PUSH_SERVERS[SERVER]}
    while turns.take(server):
        pass


def test_a_push_server_is_started_watched_and_stopped_with_the_keyboard(signed_in: Open) -> None:
    page = signed_in()
    page.goto(LIST)
    page.get_by_role("button", name=f"Start following {SERVER}").focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(f"Source {SERVER}")
    expect(page.get_by_text("It is followed from now on")).to_be_visible()
    reading = page.locator("#reading")
    expect(reading).to_contain_text("waiting for a worker")
    stop = page.get_by_role("button", name="Stop following")
    stop.focus()
    aside(read_all)
    expect(reading).to_contain_text("following", timeout=10_000)  # without loading the page anew
    expect(reading).to_contain_text("Read to its end")
    expect(page.locator("#reading-told")).to_have_text("following")
    expect(reading.get_by_text("Rows read").locator("xpath=following-sibling::dd")).to_have_text(
        "3"
    )
    expect(stop).to_be_focused()
    page.screenshot(path=OUTPUT / "following.png", full_page=True)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Stopped. What was read of it stays.")).to_be_visible()
    expect(reading).to_contain_text("stopped")
    page.get_by_role("link", name="Last 24 hours").click()
    rows = page.locator("table.rows tbody tr")
    expect(rows).to_have_count(3)
    rows.first.get_by_role("link").first.click()
    expect(page.get_by_role("main")).to_contain_text("took it.")
    page.screenshot(path=OUTPUT / "following-notification.png", full_page=True)
