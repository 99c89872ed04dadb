"""What customers tell of one day, walked by support from the device to the answer and its evidence:
searched, traced for the time that the customer tells, read."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from playwright.sync_api import Browser, Page, expect

from tests.ingest.push_server_tables import made
from tests.trace.bank import Bank
from tests.trace.day import Row, Story
from tests.trace.day_of_messages import STORIES, whole_day

from .aside import aside
from .conftest import Sessions, Site
from .steps import follow, heading, search
from .watch import Watch


@pytest.fixture(scope="module")
def bank(site: Site) -> Bank:
    """Its day was yesterday."""

    def live() -> Bank:
        with made() as database, connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")  # many commits, and none to keep
            bank = Bank(database, (datetime.now(UTC) - timedelta(days=1)).date())
            bank.live(whole_day())
            return bank

    return aside(live)


@pytest.fixture(scope="module")
def support(site: Site, browser: Browser, sessions: Sessions) -> Iterator[Page]:
    """One window for all stories, in which nothing may fail."""
    with browser.new_context(base_url=site.url, **sessions("operator")) as context:
        page = context.new_page()
        watch = Watch.over(page)
        yield page
        assert watch.complaints == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_support_finds_the_answer(bank: Bank, support: Page, story: Story) -> None:
    page = support
    search(page, story.phone.activation)
    follow(page, "Trace this device")
    look_at(page, bank, story)
    main = page.get_by_role("main")
    if story.night is not None:
        expect(main.get_by_role("heading", name=story.before, exact=True)).to_be_visible()
        night = story.night[1]
        aside(lambda: night(bank))
        page.reload()
    expect(main.get_by_role("heading", name=story.verdict, exact=True)).to_be_visible()
    expect(main.get_by_role("region", name="State of the device")).to_be_visible()
    expect(main).not_to_contain_text("delivered")
    expect(page.locator(".event")).to_have_count(len(story.rows))
    for number, row in enumerate(story.rows):
        read(page, number, row, bank)
    if story.beside:
        main.get_by_role("link", name="trace of all the user").click()
        read_beside(page, story)
        page.go_back()
    if story.evidence:
        read_evidence(page, story)


def look_at(page: Page, bank: Bank, story: Story) -> None:
    for label, clock in zip(("From (UTC)", "Until (UTC)"), story.window, strict=True):
        page.get_by_label(label).fill(f"{bank.day}T{clock}:00")
    page.get_by_role("button", name="Show").click()
    since, until = (f"{bank.day} {clock}:00" for clock in story.window)
    expect(page.locator(".verdict")).to_contain_text(f"{since} to {until} UTC")


def read(page: Page, number: int, row: Row, bank: Bank) -> None:
    """The row, and what shows at a glance what it counts as."""
    shown = page.locator(".event").nth(number)
    expect(shown).to_contain_text(row.what.removeprefix("mtoken."))
    expect(shown).to_contain_text(row.sentence.format(day=bank.day))
    if row.events:
        told = "1 event" if row.events == 1 else f"{row.events} events"
        expect(shown.get_by_role("link", name=told, exact=True)).to_be_visible()
    if row.counts_as:
        expect(shown).to_have_class(re.compile(f"event-{row.counts_as}"))


def read_beside(page: Page, story: Story) -> None:
    expect(heading(page)).to_contain_text(story.phone.user)
    cards = page.get_by_role("list", name="Devices").get_by_role("listitem")
    expect(cards).to_have_count(1 + len(story.beside))
    for phone, verdict in {story.phone: story.verdict, **story.beside}.items():
        expect(cards.filter(has_text=phone.activation)).to_contain_text(verdict)


def read_evidence(page: Page, story: Story) -> None:
    """The row of the last event is marked where the link leads to."""
    rests_on = page.locator(".event").filter(has_text="Rests on").last
    rests_on.get_by_role("link", name=re.compile(r"^\d+ events?$")).click()
    expect(page.locator("tr:target")).to_be_visible()
    for words in story.evidence:
        expect(page.get_by_role("main")).to_contain_text(words)
