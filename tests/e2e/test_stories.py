"""What customers tell, walked by support from the home page to the answer by search alone."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from tests.trace import stories
from tests.trace.stories import NOON, STORIES, Story

from .aside import aside
from .conftest import OUTPUT, Site
from .steps import heading, search, trace_by_search

UUIDS = (
    stories.PHONE, stories.TABLET, stories.STRANGER, stories.PAYMENT, stories.SECOND_PAYMENT,
    stories.BACKGROUND, stories.INBOX,
)  # fmt: skip
NOTHING_TOLD = "The phone was told nothing at all"
# What the page says beside the verdict, each in a line of its own; {tablet} is the other phone.
SAID = {
    "Two phones, one got it": ["operationFinished was sent to {tablet} and not to this device"],
    "Paid twice": ["It repeats an earlier one."],
    "Finished but never announced": ["not sent", "The operation “authorize_payment” finished"],
    "Announced but never finished": ["not sent", "The operation “authorize_payment” was announced"],
    "It came when I had given up": ["It came late"],
    "It went to another phone": ["undecided", "{tablet}"],
    "Confirmed, and then failed": ["Another finish of the same round tells a different result."],
    "The second try worked": ["authentication.fail", "authentication.success"],
    "The app was blocked in between": ["The status of the registration changed."],
    "A message no app understands": ["which the specification does not have"],
    "It is not due yet": ["not due yet", "Due"],
    "We had just begun to listen": ["undecided"],
    "The inbox message was for all my devices": ["A new message was posted to the inbox."],
}
STANDINGS = {
    "missing": "Something is missing",
    "undecided": "Undecided",
    "pending": "Not due yet",
    "disagreeing": "results disagree",
    "late": "but late",
    "duplicate": "some repeated",
}


def own(story: Story, name: str) -> str:
    """In the place of ``name``, for nobody but this story."""
    return str(uuid5(UUID(name), story.name))


def user_of(story: Story) -> str:
    return f"{stories.USER}.{STORIES.index(story)}"


def envelopes(story: Story) -> list[dict[str, Any]]:
    """As if the story had been told just now."""
    now = timezone.now()
    text = json.dumps(story.envelopes()).replace(stories.USER, user_of(story))
    for name in UUIDS:
        text = text.replace(name, own(story, name))
    told: list[dict[str, Any]] = json.loads(text)
    asked_at = NOON + timedelta(seconds=story.asked_after)
    for envelope in told:
        ago = asked_at - asked_at.fromisoformat(envelope["emitted_at"])
        envelope["emitted_at"] = (now - ago).isoformat()
    return told


@pytest.fixture(scope="module")
def told(site: Site) -> None:
    """Each by a source of its own: what else a source reports decides what is missing."""

    def tell() -> None:
        now = timezone.now()
        for number, story in enumerate(STORIES):
            emissions = [emission_from(each, now=now) for each in envelopes(story)]
            record(emissions, source=f"story-{number}")

    aside(tell)


@pytest.fixture
def support(told: None, signed_in: Callable[..., Page]) -> Page:
    return signed_in("operator")


@pytest.mark.parametrize(
    "story", [each for each in STORIES if each.name != NOTHING_TOLD], ids=lambda each: each.name
)
def test_support_finds_the_answer(support: Page, story: Story) -> None:
    trace_by_search(support, user_of(story), own(story, story.device))
    main = support.get_by_role("main")
    expect(main.get_by_role("heading", name=story.verdict, exact=True)).to_be_visible()
    standing = next((STANDINGS[name] for name in STANDINGS if story.counts.get(name)), "")
    expect(main).to_contain_text(standing or "All as expected")
    for words in SAID[story.name]:
        expect(main).to_contain_text(words.format(tablet=own(story, stories.TABLET)))
    for name, number in story.counts.items():
        words = "repeated" if name == "duplicate" else name
        figure = main.get_by_role("term").filter(has_text=words).first
        expect(figure.locator("xpath=following-sibling::dd")).to_have_text(str(number))
    expect(main).not_to_contain_text("delivered")
    number = STORIES.index(story) + 1
    support.screenshot(path=OUTPUT / f"story-{number:02}.png", full_page=True)


def test_a_phone_that_was_told_nothing_is_found_missing(support: Page) -> None:
    story = next(each for each in STORIES if each.name == NOTHING_TOLD)
    phone, tablet = own(story, stories.PHONE), own(story, stories.TABLET)
    search(support, phone)
    expect(support.get_by_text("Nothing is recorded under this identifier.")).to_be_visible()
    trace_by_search(support, user_of(story), tablet)
    support.go_back()
    expect(heading(support)).to_contain_text("Trace of user")
    expect(support.get_by_role("main")).to_contain_text(tablet)
    expect(support.get_by_role("main")).not_to_contain_text(phone)
