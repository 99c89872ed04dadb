"""`docs/trace.md` tells people what the rules do: the same reasons, the same stories."""

import re
from pathlib import Path

import pytest

from notifications.protocol.reasons import REASONS, Reason
from notifications.trace.sentences import WORDS

from . import day_of_messages, test_copies
from .stories import STORIES, STORIES_OF_COPIES

PAGE = (Path(__file__).parents[2] / "docs" / "trace.md").read_text()


@pytest.mark.parametrize("reason", Reason)
def test_a_reason_is_described_as_it_is(reason: Reason) -> None:
    row = REASONS[reason]
    line = f"| `{reason}` | {', '.join(row.rules)} | {row.counts_as} | {row.evidence} |"
    assert line in PAGE.splitlines()


def test_the_reasons_are_all_and_in_one_table() -> None:
    assert re.findall(r"^\| `(\w+)` \| E", PAGE, re.MULTILINE) == list(Reason) == list(REASONS)
    assert set(WORDS) == set(Reason)


def test_every_story_is_told_and_no_other() -> None:
    of_gateways = [
        told[1]
        for each in vars(test_copies).values()
        if (told := re.match('The story "(.*?)"', getattr(each, "__doc__", None) or ""))
    ]
    section = PAGE.partition("## What customers tell")[2].partition("\n## ")[0]
    assert re.findall(r"^### (.*)$", section, re.MULTILINE) == [
        *(each.name for each in (*STORIES, *STORIES_OF_COPIES)),
        *of_gateways,
        *(each.name for each in day_of_messages.STORIES),
    ]


def test_the_stories_of_the_day_are_walked_in_a_browser() -> None:
    walked = (Path(__file__).parents[1] / "e2e" / "test_stories_of_a_day.py").read_text()
    assert f"from {day_of_messages.__name__} import STORIES" in walked
    assert '@pytest.mark.parametrize("story", STORIES' in walked
    assert len(day_of_messages.STORIES) >= 10


def test_the_stories_show_most_reasons() -> None:
    assert len({reason for each in STORIES for reason in each.reasons}) > 7
