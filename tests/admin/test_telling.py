"""Sentences in pieces, and texts that a browser copies exactly."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from uuid import UUID

import pytest
from django.utils import timezone

from notifications.admin import telling
from notifications.admin.telling import Piece, given, moment, paragraph, plain, tell
from notifications.admin.unseen import exactly

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)


def test_a_sentence_takes_its_pieces_in_the_order_of_its_words() -> None:
    pieces = {"what": given("payment"), "whom": tell("to %(device)s", device=given("phone"))}
    told = tell("%(what)s was sent %(whom)s.", **pieces)
    assert plain(told) == "payment was sent to phone."
    assert [each.text for each in told if each.given] == ["payment", "phone"]
    turned = tell("%(whom)s: %(what)s", **pieces)
    assert plain(turned) == "to phone: payment"


def test_words_of_others_are_no_places() -> None:
    told = tell("“%(name)s” at %(at)s", name=given("%(at)s %s %d 100%"), at="noon")
    assert plain(told) == "“%(at)s %s %d 100%” at noon"


def test_a_paragraph_leaves_out_what_is_empty() -> None:
    assert plain(paragraph(tell("One."), (), tell("Two."))) == "One. Two."
    assert paragraph() == ()


def test_a_copy_of_a_time_names_its_zone_and_does_not_age() -> None:
    piece = moment(NOON)
    assert piece.text == "2026-03-14 12:00:00.000 UTC"
    assert piece.ago
    with timezone.override("Europe/Prague"):
        assert moment(NOON).text == "2026-03-14 13:00:00.000 Europe/Prague"
    assert moment(UUID(int=8 << 76)) == Piece("before 1970")


@pytest.mark.parametrize(
    ("length", "told"),
    [
        (timedelta(milliseconds=120), "120 ms later"),
        (timedelta(seconds=45), "45 s later"),
        (timedelta(seconds=-45), "45 s later"),
        (timedelta(minutes=5), "5 minutes later"),
        (timedelta(hours=26), "1 day, 2 hours later"),
        (timedelta(days=9000 * 365), "over 100 years later"),
        (timedelta(), "at the same time"),
    ],
)
def test_how_much_later(length: timedelta, told: str) -> None:
    assert telling.later(length).replace("\xa0", " ") == told
    assert telling.before(length).replace("\xa0", " ") == told.replace("later", "before")


class Attribute(HTMLParser):
    value = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.value = attrs[0][1] or ""


@pytest.mark.parametrize(
    "text", ['plain "quoted" <b>&amp;', "tab\tline\nend", "ünï 日本 اردو", "\r", "a\u202eb\u2066"]
)
def test_an_attribute_gives_back_the_text(text: str) -> None:
    parser = Attribute()
    parser.feed(f'<i x="{exactly(text)}">')
    assert parser.value == text


def test_nothing_in_the_source_hides_or_moves() -> None:
    assert exactly("a\u202eb\x01\x7f") == "a&#8238;b&#1;&#127;"
    assert exactly("\x85") == "\x85"  # &#133; would be an ellipsis
