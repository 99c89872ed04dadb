"""What people note of gaps: the last word counts, and only for what the gap was then."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction

from notifications.models import AccessRecord, GapNote
from notifications.protocol.reasons import CountsAs, Reason
from notifications.trace.access import Viewer
from notifications.trace.entries import Entry
from notifications.trace.gap_notes import (
    BadNote,
    acknowledgements,
    is_acknowledged,
    record_notes,
    working_list,
)
from notifications.trace.gaps import find_gaps
from notifications.world import Emitted

from .conftest import DAY, UNTIL
from .stories import NOON, PHONE, STORIES, finish, init, to

NOW = UNTIL + timedelta(hours=1)
VIEWER = Viewer("jana", AccessRecord.Via.ADMIN)
Kind = GapNote.Kind
Tell = Callable[..., None]
OTHER = "c5b9d1de-6a0e-4d0c-8a59-3f1d0a7d9e00"


def gaps() -> tuple[Entry, ...]:
    return find_gaps(DAY, now=NOW).entries


def told(after: timedelta, content: dict[str, Any], message_id: str) -> dict[str, Any]:
    at = (NOON + after).isoformat()
    return {**to(PHONE, content), "emitted_at": at, "message_id": message_id}


def test_the_last_word_counts_and_a_note_alone_changes_nothing(tell: Tell) -> None:
    tell(STORIES[0])
    (gap,) = gaps()
    assert acknowledgements([gap]) == {}
    for kind, is_closed in (
        (Kind.NOTE, False),
        (Kind.ACKNOWLEDGED, True),
        (Kind.NOTE, True),
        (Kind.REOPENED, False),
        (Kind.ACKNOWLEDGED, True),
    ):
        record_notes([gap], kind, f" {kind}:\r\nas the bank told. ", VIEWER)
        assert is_acknowledged(gap, acknowledgements([gap])) is is_closed
    latest = acknowledgements([gap])[gap.key]
    assert (latest.who, latest.note) == ("jana", "acknowledged:\nas the bank told.")
    assert (latest.was, latest.is_outdated) == ((gap.reason, gap.counts_as), False)


def test_what_becomes_another_gap_is_open_again(tell: Tell) -> None:
    """Nothing came after the announcement, so it is undecided; then the source went on."""
    tell(
        [
            told(timedelta(hours=-1), init(OTHER), "a"),
            told(timedelta(hours=-1), finish(operation=OTHER), "b"),
        ]
    )
    tell([told(timedelta(), init(), "c")])
    (gap,) = gaps()
    assert gap.counts_as is CountsAs.UNDECIDED
    record_notes([gap], Kind.ACKNOWLEDGED, "The source is down.", VIEWER)
    assert working_list(find_gaps(DAY, now=NOW)).open.undecided == 0
    tell(
        [
            told(timedelta(hours=2), init(OTHER), "d"),
            told(timedelta(hours=2), finish(operation=OTHER), "e"),
        ]
    )
    (same,) = gaps()
    assert same.key == gap.key
    assert same.counts_as is CountsAs.MISSING
    found = working_list(find_gaps(DAY, now=NOW))
    assert found.open.missing == found.gaps.counts.missing == 1
    noted = found.notes[gap.key]
    assert (noted.holds, noted.is_outdated) == (False, True)
    assert noted.was == (Reason.SOURCE_SILENT, CountsAs.UNDECIDED)


def test_the_list_is_narrowed_and_counted(
    troubled_day: list[Emitted], django_assert_num_queries: Callable[..., Any]
) -> None:
    found = find_gaps(DAY, now=NOW)
    some = [each for each in found.entries if each.counts_as is CountsAs.MISSING][:7]
    record_notes(some, Kind.ACKNOWLEDGED, "Known.", VIEWER)
    with django_assert_num_queries(1):
        every = working_list(found)
    assert every.gaps == found
    assert every.open.missing == found.counts.missing - 7
    closed = working_list(found, acknowledged=True)
    still = working_list(found, acknowledged=False)
    assert set(closed.gaps.entries) == set(some)
    assert closed.gaps.verdict.startswith("7 missing (")
    assert closed.open.missing == 0
    assert set(still.gaps.entries) == set(found.entries) - set(some)
    assert still.open == still.gaps.counts


def test_each_gap_tells_its_app_and_source(tell: Tell) -> None:
    tell(STORIES[0])
    (gap,) = gaps()
    (noted,) = record_notes([gap], Kind.NOTE, "Seen.", VIEWER)
    assert (gap.app, gap.source) == (noted.app_id, noted.source) == ("mobile", "bank")
    assert (noted.operation, noted.activation) == (gap.operation, gap.activation)
    assert "jana" not in str(noted)
    assert PHONE not in str(noted)


@pytest.mark.parametrize(
    ("note", "why"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("x" * 1_001, "has 1,001 characters"),
        ("a\0b", "control characters"),
        ("a\x1b[2J", "control characters"),
        ("a\ud800", "control characters"),
        ("a\rb", "control characters"),
    ],
)
def test_a_note_says_something_in_plain_text(tell: Tell, note: str, why: str) -> None:
    tell(STORIES[0])
    with pytest.raises(BadNote, match=why):
        record_notes(gaps(), Kind.ACKNOWLEDGED, note, VIEWER)
    assert not GapNote.objects.exists()


def test_notes_of_a_bound_stay_those_of_the_bound(tell: Tell) -> None:
    tell(STORIES[0])
    (gap,) = gaps()
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (own,) = cursor.fetchone()
    record_notes([gap], Kind.ACKNOWLEDGED, "Known.", VIEWER)
    assert acknowledgements([gap], below=own) == {}
    assert acknowledgements([gap], below=own + 1)
    assert acknowledgements([gap], as_of=NOW.replace(year=2020)) == {}
