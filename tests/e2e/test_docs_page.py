"""The page of the REST API: whole without script and network, on wide and narrow screens."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page

DOCS = "/api/v1/docs/"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_asks_nobody_else_and_follows_the_system(
    visit: Callable[..., Page], scheme: str
) -> None:
    page = visit(scheme=scheme)
    hosts = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]))
    page.goto(DOCS)
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (background == "rgb(13, 17, 23)") == (scheme == "dark")
    assert hosts == {page.url.split("/")[2]}


def test_it_is_read_by_keyboard(visit: Callable[..., Page]) -> None:
    page = visit()
    page.goto(DOCS)
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "Skip to the operations"
    page.keyboard.press("Enter")
    assert page.locator(":focus").get_attribute("id") == "content"
    page.get_by_role("navigation").get_by_role("link", name="List notifications").click()
    assert page.url.endswith("#notifications_list")
    operation = page.get_by_role("article", name="GET /api/v1/notifications/", exact=True)
    assert operation.get_by_text("curl").is_visible()
    operation.get_by_role("link", name="Problem").first.click()
    assert page.url.endswith("#schema-Problem")
    assert page.get_by_role("navigation").is_visible()
