"""The question that the product is judged by, asked by somebody who has never seen it: did this
phone get the push for this payment, and if not, why? From the home page, by search alone.

`docs/operators.md` shows these same steps, with the pictures that are made here.
"""

from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from . import troubles
from .conftest import OUTPUT
from .steps import heading

DOCUMENTED = OUTPUT / "docs"  # `make pictures` copies what is in it to docs/
MOST_CLICKS = 3


class Newcomer:
    """Types what the customer or the ticket says, and presses what the page calls by its name."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.main = page.get_by_role("main")
        self.clicks = 0

    def find(self, term: str) -> None:
        self.main.get_by_role("searchbox").fill(term)
        self.main.get_by_role("button", name="Find").click()

    def follow(self, name: str) -> None:
        self.clicks += 1
        self.main.get_by_role("link", name=name, exact=True).first.click()

    def sees(self, *words: str) -> None:
        for each in words:
            expect(self.main.get_by_text(each).first).to_be_visible()

    def row(self, words: str) -> Locator:
        return self.main.get_by_role("listitem").filter(has_text=words)

    def picture(self, name: str) -> None:
        self.page.screenshot(path=DOCUMENTED / f"screenshot-{name}.png")


@pytest.fixture
def newcomer(signed_in: Callable[..., Page]) -> Newcomer:
    DOCUMENTED.mkdir(parents=True, exist_ok=True)
    return Newcomer(signed_in("operator"))


def test_from_what_the_customer_is_called_to_the_answer(newcomer: Newcomer) -> None:
    newcomer.picture("home")
    newcomer.find(troubles.USER)
    newcomer.sees(troubles.USER)
    newcomer.follow("Trace this user")
    newcomer.sees("Something is missing")
    newcomer.picture("user")
    newcomer.follow(troubles.PHONE)
    expect(heading(newcomer.page)).to_contain_text(f"Trace of device {troubles.PHONE}")
    newcomer.sees("Something is missing", "announced, and its finish never sent")
    newcomer.picture("trace")
    row = newcomer.row("and not to this device, which had been announced to as well")
    expect(row).to_contain_text(f"operationFinished was sent to {troubles.TABLET}")
    expect(row.get_by_title(f"Timeline of {troubles.PAYMENT}")).to_be_visible()
    row.scroll_into_view_if_needed()
    newcomer.picture("missing")
    assert newcomer.clicks <= MOST_CLICKS


def test_from_the_operation_of_the_ticket_to_the_answer(newcomer: Newcomer) -> None:
    newcomer.find(troubles.PAYMENT)
    newcomer.follow("Timeline of this operation")
    expect(heading(newcomer.page)).to_contain_text("Timeline of operation “authorize_payment”")
    newcomer.sees("Something is missing", "finish sent to other devices only")
    newcomer.picture("timeline")
    row = newcomer.row("and not to this device, which had been announced to as well")
    expect(row.get_by_title(f"Trace of {troubles.PHONE}")).to_be_visible()
    assert newcomer.clicks <= MOST_CLICKS


def test_what_was_sent_is_told_as_plainly(newcomer: Newcomer) -> None:
    newcomer.find(troubles.TABLET)
    newcomer.follow("Trace this device")
    sent = newcomer.row("The operation “authorize_payment” finished: authentication.success.")
    expect(sent.first).to_be_visible()
    expect(newcomer.main).not_to_contain_text("delivered")
    assert newcomer.clicks <= MOST_CLICKS


def test_lists_are_pictured_for_the_guide(newcomer: Newcomer) -> None:
    newcomer.page.goto("/admin/notifications/notification/?source=demo-bank")
    expect(newcomer.main.get_by_role("table")).to_be_visible()
    newcomer.picture("list")
    newcomer.page.goto("/admin/gaps/")
    expect(newcomer.main.get_by_role("heading", level=2).first).to_be_visible()
    newcomer.picture("gaps")
