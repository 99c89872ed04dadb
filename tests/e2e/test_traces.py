"""Support at work while a customer is on the phone."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from notifications.admin.addresses import trace_address

from . import coverage, troubles
from .conftest import OUTPUT
from .places import DEVICE

Open = Callable[..., Page]


def test_the_support_summary_and_the_link_are_copied(signed_in: Open) -> None:
    page = signed_in()
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(trace_address("activation", troubles.PHONE) + "?case=C-9")
    page.get_by_role("button", name="Copy support summary").click()
    expect(page.get_by_role("status")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"Case C-9\nDevice {troubles.PHONE}\nFrom ")
    assert troubles.USER not in copied
    page.get_by_role("button", name="Copy link").click()
    page.goto(page.evaluate("navigator.clipboard.readText()"))
    expect(page.get_by_label("Case number")).to_have_value("C-9")
    expect(page.get_by_role("link", name="24 hours")).not_to_have_attribute("aria-current", "true")


def test_the_window_is_chosen(signed_in: Open) -> None:
    page = signed_in()
    page.goto(trace_address("activation", troubles.PHONE))
    page.get_by_label("Case number").fill("C-9")
    page.get_by_label("From (UTC)").fill("2026-01-01T10:00:00")
    page.get_by_label("Until (UTC)").fill("2026-01-01T12:00:00")
    page.get_by_role("button", name="Show").click()
    expect(page.locator(".verdict")).to_contain_text("2026-01-01 10:00:00 to 2026-01-01 12:00:00")
    page.get_by_role("link", name="Later").click()
    verdict = page.locator(".verdict")
    expect(verdict).to_contain_text("2026-01-01 12:00:00 to 2026-01-01 14:00:00 UTC, as known")
    expect(verdict).to_contain_text("case C-9")
    page.get_by_role("link", name="the next one after").click()
    expect(page.locator(".event").first).to_be_visible()
    expect(page.get_by_label("Case number")).to_have_value("C-9")


def test_extras_and_apps_unfold(signed_in: Open) -> None:
    page = signed_in()
    page.goto(trace_address("activation", troubles.PHONE))
    page.get_by_text("Extras and apps").last.click()
    expect(page.locator(".event-more[open]")).to_contain_text("mtoken.operationInit")
    expect(page.locator(".event-more[open]")).to_contain_text("Operation created")
    page.locator(".event-more").nth(-2).locator("summary").click()
    expect(page.locator(".event-more[open]").first).to_contain_text("The first 4,000 of")
    page.screenshot(path=OUTPUT / "unfolded.png", full_page=True)
    page.get_by_role("link", name="All of it on").click()
    expect(page.get_by_role("link", name="Trace of its device around that time")).to_be_visible()


def test_pages_of_a_busy_device(signed_in: Open) -> None:
    page = signed_in()
    page.goto(trace_address("activation", troubles.BUSY))
    expect(page.locator(".event")).to_have_count(100)
    page.get_by_role("link", name=re.compile("Newer")).first.click()
    page.get_by_role("link", name=re.compile("Newer")).first.click()
    expect(page.get_by_role("link", name=re.compile("Newer"))).to_have_count(0)
    page.get_by_role("link", name=re.compile("Older")).first.click()
    expect(page.locator(".event")).to_have_count(100)


def test_a_trace_says_who_was_listening_and_leads_to_each_source(signed_in: Open) -> None:
    page = signed_in()
    page.goto(trace_address("activation", DEVICE))
    recorded = page.locator(".recorded")
    # Two more holes; and one since the last contact, once that is longer ago than a silence may be.
    holes = re.compile("UTC and (2|3) other times: retail-bank")
    expect(recorded).to_contain_text(holes)
    recorded.get_by_role("link", name="Who was listening").click()
    section = page.get_by_role("region", name="Who was listening")
    expect(section).to_be_in_viewport()
    assert section.locator("svg.strip .strip-hole").count() >= 3
    section.get_by_text("The same as a table, and how it is known").click()
    row = section.get_by_role("row").filter(has_text=coverage.HOLED)
    expect(row).to_contain_text("heartbeat, probe through the proxy, report")
    expect(row).to_contain_text("% of the measured time")
    expect(row).to_contain_text(re.compile("1 h( [0-9]+ min)? in all"))
    since = page.get_by_label("From (UTC)").input_value()
    row.get_by_role("link", name=coverage.HOLED).click()
    expect(page.get_by_role("heading", name="Coverage when it was")).to_be_visible()
    expect(page.get_by_label("From (UTC)")).to_have_value(since)
    page.go_back()
    page.get_by_role("button", name="Copy support summary").wait_for()
    summary = page.locator("#summary").text_content() or ""
    assert holes.search(summary)
