"""What people noted of gaps, and which gaps are open. Notes are looked up by the keys of gaps that
were found: none is stored, and a note changes nothing of what is owed."""

import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from notifications.models import MAX_NOTE, GapNote
from notifications.protocol.reasons import CountsAs, Reason

from . import entries, sentences
from .access import Viewer
from .entries import Counts, Entry, Kind
from .gaps import Gaps

MOST_AT_ONCE = 1_000  # gaps that one note is of

# The last note of each gap that closes or reopens it, and of how many any note is.
_LATEST = """
    SELECT told.key, note.kind, note.note, note.who, note.noted_at, note.reason, note.counts_as
    FROM unnest(%(keys)s::text[]) AS told (key)
    CROSS JOIN LATERAL (
        SELECT kind, note, who, noted_at, reason, counts_as FROM notifications_gapnote
        WHERE key = told.key AND kind = ANY(%(kinds)s)
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR noted_at <= %(as_of)s)
        ORDER BY id DESC LIMIT 1
    ) AS note
"""
_STANDING = [GapNote.Kind.ACKNOWLEDGED.value, GapNote.Kind.REOPENED.value]
_SPACES = "\n\t"  # that a note may have, beside what shows


class BadNote(ValueError):
    """Why a note cannot be kept, as a sentence that goes on from the name of its field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledgement:
    """The last word on whether a gap is open: who said it, when and why. ``was`` is what the gap
    was then; where it is another now, ``holds`` is false and it is open again."""

    kind: str
    note: str
    who: str
    at: datetime
    was: tuple[Reason, CountsAs]
    holds: bool

    @property
    def is_outdated(self) -> bool:
        return self.kind == GapNote.Kind.ACKNOWLEDGED and not self.holds


Acknowledgements = Mapping[str, Acknowledgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingList:
    """Gaps, and by key what was noted of them. ``open`` counts those of ``gaps`` that nobody has
    acknowledged as what they are now."""

    gaps: Gaps
    notes: Acknowledgements
    open: Counts


def working_list(gaps: Gaps, *, acknowledged: bool | None = None) -> WorkingList:
    """Of ``gaps`` those that are ``acknowledged``, or open; None is all. One query. As of a moment
    by the notes made until then."""
    notes = acknowledgements(gaps.entries, as_of=gaps.as_of)
    found = narrowed(gaps.entries, notes, acknowledged=acknowledged)
    if len(found) < len(gaps.entries):
        counts = entries.count(found)
        verdict = sentences.as_known(
            sentences.of_gaps(counts.as_json(), entries.reasons(found)), gaps.as_of
        )
        gaps = replace(gaps, entries=found, counts=counts, verdict=verdict)
    still = narrowed(found, notes, acknowledged=False)
    return WorkingList(gaps=gaps, notes=notes, open=entries.count(still))


def narrowed(
    found: Sequence[Entry], notes: Acknowledgements, *, acknowledged: bool | None
) -> tuple[Entry, ...]:
    if acknowledged is None:
        return tuple(found)
    return tuple(each for each in found if is_acknowledged(each, notes) is acknowledged)


def is_acknowledged(gap: Entry, notes: Acknowledgements) -> bool:
    return gap.key in notes and notes[gap.key].holds


def acknowledgements(
    found: Iterable[Entry], *, below: int | None = None, as_of: datetime | None = None
) -> dict[str, Acknowledgement]:
    """Of the gaps among what was ``found``, by key, in one query; of notes that transactions with a
    lower number recorded, or that were made by a moment."""
    gaps = {each.key: each for each in found if each.kind is Kind.GAP}
    if not gaps:
        return {}
    given: dict[str, Any] = {
        "keys": list(gaps),
        "kinds": _STANDING,
        "below": None if below is None else str(below),
        "as_of": as_of,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATEST, given)
        return {row[0]: _acknowledgement(gaps[row[0]], *row[1:]) for row in cursor.fetchall()}


def record_notes(
    gaps: Collection[Entry], kind: GapNote.Kind, note: str, viewer: Viewer
) -> list[GapNote]:
    """One note on each of ``gaps``, all or none. Raises ``BadNote``."""
    text = read_note(note)
    return GapNote.objects.bulk_create(
        GapNote(
            kind=kind,
            note=text,
            who=viewer.who,
            via=viewer.via,
            key=each.key,
            rule=str(each.rule),
            reason=str(each.reason),
            counts_as=str(each.counts_as),
            at=each.at,
            app_id=each.app,
            source=each.source,
            message_type=each.message_type,
            operation=each.operation,
            activation=each.activation,
        )
        for each in gaps
    )


def read_note(given: str) -> str:
    """The text of a note, without what stands around it. Raises ``BadNote``."""
    text = given.replace("\r\n", "\n").strip()
    if not text:
        raise BadNote("is empty: say why, in a few words.")
    if len(text) > MAX_NOTE:
        raise BadNote(f"has {len(text):,} characters; it may have {MAX_NOTE:,}.")
    if any(unicodedata.category(each) in ("Cc", "Cs") and each not in _SPACES for each in text):
        raise BadNote("has control characters; write plain text.")
    return text


def _acknowledgement(
    gap: Entry, kind: str, note: str, who: str, at: datetime, reason: str, counts_as: str
) -> Acknowledgement:
    is_same = (reason, counts_as) == (gap.reason, gap.counts_as)
    return Acknowledgement(
        kind=kind,
        note=note,
        who=who,
        at=at,
        was=(Reason(reason), CountsAs(counts_as)),
        holds=kind == GapNote.Kind.ACKNOWLEDGED and is_same,
    )
