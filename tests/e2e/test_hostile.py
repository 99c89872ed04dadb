"""What messages carry is text, wherever it is shown, and moves nothing."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from .conftest import Site
from .places import KEEPER, PLACES

Open = Callable[..., Page]
HOSTILE = [name for name in PLACES if name.endswith("-hostile")]
# What hostile content would have made of itself, characters that turn text around, and those that
# cannot be seen.
MADE = """() => {
    const around = (text, unwanted) => [...text.matchAll(unwanted)].map(
        found => text.slice(Math.max(0, found.index - 30), found.index + 30));
    const titles = [...document.querySelectorAll("[title], [aria-label]")].map(
        each => `${each.title} ${each.ariaLabel}`);
    const told = [document.documentElement.textContent, ...titles].join("\\n");
    const made = document.querySelectorAll("main :is(img, b, i, font, iframe, script)");
    return {
        elements: [...made].map(each => each.outerHTML.slice(0, 80)),
        turned: around(told, /[\\u202a-\\u202e\\u2066-\\u2069]/g),
        hidden: around(told, /[\\0-\\x08\\x0b\\x0e-\\x1f\\x7f]/g),
    };
}"""
FRAME = """() => ["#header", "main", "#content-main"].map(each => {
    const box = document.querySelector(each)?.getBoundingClientRect();
    return box ? [each, Math.round(box.left), Math.round(box.width)] : [each];
})"""


@pytest.mark.parametrize("name", [*HOSTILE, "home", "list-notification", "gaps", "list-operation"])
def test_hostile_content_stays_text(signed_in: Open, site: Site, name: str) -> None:
    page = signed_in(PLACES[name].who)
    page.goto(PLACES[name].at(site))
    assert page.evaluate(MADE) == {"elements": [], "turned": [], "hidden": []}
    assert page.evaluate("document.documentElement.dir") == "ltr"


@pytest.mark.parametrize("width", [1280, 360])
def test_the_frame_stays_in_its_place(signed_in: Open, site: Site, width: int) -> None:
    page = signed_in("auditor", width=width)

    def frame(name: str) -> Any:
        page.goto(PLACES[name].at(site))
        return page.evaluate(FRAME)

    for name in HOSTILE:
        tame = name.removesuffix("-hostile")
        if PLACES[name].who != KEEPER and tame in PLACES:
            assert frame(name) == frame(tame), name


def test_what_cannot_be_seen_is_spelled_out(signed_in: Open, site: Site) -> None:
    page = signed_in("auditor")
    page.goto(PLACES["notification-hostile"].at(site))
    main = page.get_by_role("main")
    expect(main).to_contain_text("<img src=x onerror=alert(2)>⟨U+0001⟩")
    expect(main).to_contain_text("<script>alert(1)</script>⟨U+202E⟩")
    expect(main).to_contain_text("اردو نام <b>bold</b>")
