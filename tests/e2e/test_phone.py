"""On a phone: in one hand, by touch."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from . import troubles
from .steps import heading

PHONE = {"width": 360, "height": 740, "is_mobile": True, "has_touch": True}
WIDER = "document.documentElement.scrollWidth > innerWidth"


@pytest.fixture
def phone(signed_in: Callable[..., Page]) -> Page:
    return signed_in(**PHONE, reduced_motion="reduce")


def test_support_answers_on_the_way(phone: Page) -> None:
    main = phone.get_by_role("main")
    box = main.get_by_role("searchbox")
    expect(box).to_be_in_viewport()
    box.fill(troubles.USER)
    main.get_by_role("button", name="Find").tap()
    main.get_by_role("link", name="Trace this user").tap()
    main.get_by_role("link", name=troubles.PHONE).first.tap()
    expect(heading(phone)).to_contain_text("Trace of device")
    expect(main.get_by_text("Something is missing")).to_be_visible()
    assert not phone.evaluate(WIDER)


def test_every_page_has_a_search_at_hand(phone: Page) -> None:
    for address in ("/admin/gaps/", "/admin/notifications/source/"):
        phone.goto(address)
        expect(phone.get_by_role("searchbox").first).to_be_in_viewport()


def test_a_wide_table_scrolls_in_its_own_frame(phone: Page) -> None:
    phone.goto("/admin/notifications/notification/")
    frame = phone.get_by_role("table").first.locator("xpath=..")
    assert frame.evaluate("each => each.scrollWidth > each.clientWidth")
    frame.evaluate("each => each.scrollTo(200, 0)")
    assert frame.evaluate("each => each.scrollLeft") == 200
    assert phone.evaluate("scrollX") == 0
    assert not phone.evaluate(WIDER)


def test_filters_are_chosen_by_touch(phone: Page) -> None:
    phone.goto("/admin/notifications/notification/")
    phone.get_by_text("Filters", exact=True).tap()
    phone.get_by_label("Type", exact=True).select_option(label="operationFinished")
    phone.get_by_role("button", name="Apply filters").tap()
    phone.wait_for_url("**message_type=mtoken.operationFinished**")
    assert not phone.evaluate(WIDER)
