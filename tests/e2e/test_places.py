"""Every page there is, in every look: within its window and the policy, clean to axe, pictured."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from . import axe
from .conftest import OUTPUT, Sessions, Site
from .places import LOOKS, PLACES, Place
from .watch import Watch, inline

NARROWEST = {"width": 320, "height": 256}  # a window of 1280 px by 1024 at 400 %
LONG = 10_000


@pytest.fixture(scope="module")
def windows(site: Site, browser: Browser, sessions: Sessions) -> Iterator[Callable[[str], Any]]:
    """A window for each who signs in, for all pages, and its watch."""
    opened: dict[str, tuple[Page, Watch]] = {}

    def of(who: str) -> tuple[Page, Watch]:
        if who not in opened:
            context = browser.new_context(
                base_url=site.url, reduced_motion="reduce", **sessions(who)
            )
            context.set_default_timeout(20_000)
            page = context.new_page()
            opened[who] = page, Watch.over(page)
        return opened[who]

    yield of
    for page, _ in opened.values():
        page.context.close()


def open_place(page: Page, watch: Watch, place: Place, site: Site) -> str:
    """Its HTML, as it was sent."""
    address = place.at(site)
    if place.status != 200:
        watch.allowed.add(site.url + address)
    with place.under():
        response = page.goto(address)
    assert response is not None
    assert response.status == place.status
    if place.unfold:
        page.get_by_text(place.unfold).first.click()
    return response.text()


def dress(page: Page, look: dict[str, Any]) -> None:
    page.emulate_media(color_scheme=look["scheme"])
    page.set_viewport_size({"width": look["width"], "height": look["height"]})


def picture(page: Page, name: str) -> None:
    """Of the whole page, where that is not of a length that browsers take half a minute for."""
    height = page.evaluate("document.documentElement.scrollHeight")
    page.screenshot(path=OUTPUT / f"{name}.png", full_page=height < LONG)


def wider_than_the_window(page: Page) -> list[str]:
    width = page.evaluate("document.documentElement.scrollWidth")
    room = page.viewport_size["width"] if page.viewport_size else 0
    return [f"{width} px wide"] if width > room else []


@pytest.mark.parametrize("name", PLACES)
def test_a_page(windows: Callable[[str], tuple[Page, Watch]], site: Site, name: str) -> None:
    place = PLACES[name]
    page, watch = windows(place.who)
    watch.complaints.clear()
    dress(page, LOOKS["light"])
    faults = [f"inline: {each}" for each in inline(open_place(page, watch, place, site))]
    for look, window in LOOKS.items():
        dress(page, window)
        picture(page, f"{name}-{look}")
        faults += [f"{look}: {each}" for each in wider_than_the_window(page)]
    page.set_viewport_size(NARROWEST)
    faults += [f"at 320 px: {each}" for each in wider_than_the_window(page)]
    faults += watch.complaints  # before axe, whose measuring is not ours
    for look, window in LOOKS.items():
        dress(page, window)
        faults += [f"{look}: {each}" for each in axe.faults(page, of_colour=look == "dark")]
    assert not faults, "\n".join([f"{name}, {place.at(site)}", *faults])


def test_a_breach_of_the_policy_is_noticed(
    windows: Callable[[str], tuple[Page, Watch]], site: Site
) -> None:
    page, watch = windows("")
    page.goto("/admin/login/")
    watch.complaints.clear()
    page.evaluate("""() => {
        const script = document.createElement("script");
        script.textContent = "document.title = 'run'";
        document.body.append(script);
    }""")
    page.wait_for_timeout(100)
    assert page.title() != "run"
    assert [told for told in watch.complaints if told.startswith("Breach of script-src")]


def test_what_is_written_into_a_page_is_noticed() -> None:
    assert inline("<p>onclick= style=</p><script src='x.js'></script><a href='/x'>x</a>") == []
    for forbidden in (
        "<script>x</script>",
        "<style>p {}</style>",
        "<p style='x'>",
        "<p onclick='x'>",
        "<a href=' javascript:x'>",
    ):
        assert len(inline(forbidden)) == 1


def test_axe_finds_what_is_wrong(windows: Callable[[str], tuple[Page, Watch]]) -> None:
    page, _ = windows("")
    page.goto("/admin/login/")
    page.evaluate("document.body.insertAdjacentHTML('beforeend', '<img src=/static/x.png>')")
    (fault,) = [each for each in axe.faults(page) if each.startswith("image-alt")]
    assert "alt attribute" in fault
