"""Where a rule applies is set with the keyboard alone, after a second look."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from notifications.admin.addresses import page_address

from .conftest import OUTPUT
from .coverage import HOLED
from .steps import heading

Open = Callable[..., Page]


def test_a_rule_is_set_with_the_keyboard(signed_in: Open) -> None:
    page = signed_in()
    page.goto(page_address("source", HOLED))
    page.get_by_role("link", name="Where they apply to it").focus()
    page.keyboard.press("Enter")
    expect(heading(page)).to_have_text(f"Where rules apply to {HOLED}")
    page.get_by_role("link", name="Set E5 of *").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Rule:")).to_have_value("E5")
    page.get_by_label("App:").fill("an-app-of-nobody")
    page.get_by_label("It:").select_option("does not apply")
    page.get_by_label("Why:").fill("It never pushes inbox messages.")
    page.get_by_role("button", name="Look at it once more").press("Enter")
    expect(heading(page)).to_have_text(f"Set E5 of {HOLED}?")
    page.screenshot(path=OUTPUT / "rule-confirm.png", full_page=True)
    page.get_by_role("button", name="Set it").press("Enter")
    expect(page.get_by_text("Set. It holds for every answer from now on.")).to_be_visible()
    history = page.locator("section", has=page.get_by_role("heading", name="What was set"))
    expect(history).to_contain_text("It never pushes inbox messages.")
    expect(history).to_contain_text("operator")
    page.screenshot(path=OUTPUT / "rule-set.png", full_page=True)
