"""A view exported, watched and taken, as a browser shows it."""

import csv
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect

from . import exports
from .conftest import OUTPUT

LIST = "/admin/notifications/notification/"
EXPORT = "/admin/notifications/export/"
Open = Callable[..., Page]


def test_a_view_is_exported_watched_and_taken(signed_in: Open) -> None:
    page = signed_in()
    page.goto(f"{LIST}?source=retail-bank")
    rows = page.locator("table.rows tbody tr").count()
    page.get_by_text("Export this view").click()
    page.get_by_label("Case number").fill("C-7")
    page.get_by_role("button", name="Export").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Export of notifications")
    expect(page.locator("progress")).to_be_visible()
    expect(page.get_by_role("status").first).to_be_empty()
    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    with page.expect_response(re.compile("/progress/$")):
        pass
    expect(cancel).to_be_focused()
    exports.make_all()
    expect(page.locator(".how-far")).to_contain_text(f"Finished: {rows} rows", timeout=5000)
    expect(page.locator("#export-progress-told")).to_contain_text("Finished")
    page.screenshot(path=OUTPUT / "export-taken.png", full_page=True)
    with page.expect_download() as whole:
        page.get_by_role("link", name="Download all (ZIP)").click()
    with zipfile.ZipFile(whole.value.path()) as archive:
        part, manifest = sorted(archive.namelist(), reverse=True)
        told = list(csv.DictReader(io.TextIOWrapper(archive.open(part), encoding="utf-8")))
    assert manifest == "_manifest.json"
    assert len(told) == rows
    assert {row["source"] for row in told} == {"retail-bank"}
    with page.expect_download() as one:
        page.get_by_role("link", name=re.compile("Download notifications-00001")).click()
    assert one.value.suggested_filename == part
    assert len(Path(one.value.path()).read_bytes()) > 0
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.wait_for_timeout(2500)
    assert asked == []  # it ended, and nothing asks on


def test_without_scripts_the_page_is_loaded_anew(signed_in: Open, browser: object) -> None:
    page = signed_in()
    state = page.context.storage_state()
    address = page.url.replace("/admin/", f"{EXPORT}{exports.KEYS['running']}/change/")
    context = browser.new_context(storage_state=state, java_script_enabled=False)  # type: ignore[attr-defined]
    plain = context.new_page()
    plain.goto(address)
    with plain.expect_navigation(timeout=5000):
        pass
    expect(plain.get_by_text("About 41 %: 412,000 of about 1,000,000 rows.")).to_be_visible()
    context.close()


def test_an_export_is_cancelled_with_the_keyboard(signed_in: Open) -> None:
    page = signed_in()
    page.goto("/admin/gaps/")
    summary = page.get_by_text("Export this view")
    summary.focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Export").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Export of gaps")
    page.get_by_role("button", name="Cancel").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("Cancelled. Nothing is kept of it.")).to_be_visible()
    expect(page.locator("progress")).to_have_count(0)
