"""What is posted of the page of gaps: which of them, and what to note of these."""

import hashlib
from dataclasses import dataclass, field

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.models import AccessRecord, GapNote
from notifications.protocol.reasons import CountsAs
from notifications.trace.access import Viewer
from notifications.trace.entries import Entry
from notifications.trace.gap_notes import (
    MOST_AT_ONCE,
    Acknowledgement,
    BadNote,
    WorkingList,
    read_note,
    record_notes,
)
from notifications.trace.sentences import WORDS

from .words import Badge, of_gap

Kind = GapNote.Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What somebody is about to note of the ``picked`` gaps. ``problem`` says why it cannot be kept
    as it is; ``asks``: all that match are meant, and it was not said how many that are."""

    kind: Kind = Kind.ACKNOWLEDGED
    note: str = ""
    picked: tuple[Entry, ...] = ()
    every: bool = False
    problem: str = ""
    asks: bool = False
    marks: frozenset[str] = field(default_factory=frozenset)


def mark_of(gap: Entry) -> str:
    """Stands for the gap in a form: its key may hold what a form would change on its way."""
    return hashlib.sha256(gap.key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def read_draft(request: HttpRequest, found: WorkingList) -> Draft:
    posted, entries = request.POST, found.gaps.entries
    every = posted.get("every") == "yes"
    marks = frozenset(posted.getlist("gap"))
    picked = entries if every else tuple(each for each in entries if mark_of(each) in marks)
    given = posted.get("kind", "")
    kind = Kind(given) if given in Kind.values else Kind.ACKNOWLEDGED
    note = posted.get("note", "")
    problem = _problem(note, picked, lost=0 if every else len(marks) - len(picked))
    if given not in Kind.values and not problem:
        problem = _("Choose what to do with them.")
    asks = every and posted.get("sure") != str(len(picked))
    return Draft(
        kind=kind, note=note, picked=picked, every=every, problem=problem, asks=asks, marks=marks
    )


def keep(draft: Draft, request: HttpRequest) -> str:
    """Records it; what to say of that."""
    viewer = Viewer(request.user.get_username(), AccessRecord.Via.ADMIN)
    number = len(record_notes(draft.picked, draft.kind, draft.note, viewer))
    told = {
        Kind.ACKNOWLEDGED: ngettext(
            "Acknowledged %(number)s gap.", "Acknowledged %(number)s gaps.", number
        ),
        Kind.REOPENED: ngettext("Reopened %(number)s gap.", "Reopened %(number)s gaps.", number),
        Kind.NOTE: ngettext("Noted it of %(number)s gap.", "Noted it of %(number)s gaps.", number),
    }
    return told[draft.kind] % {"number": f"{number:,}"}


def badge_of(noted: Acknowledgement) -> Badge:
    if noted.holds:
        return Badge(_("acknowledged"), "good", "✓", "")
    if noted.is_outdated:
        return Badge(_("acknowledged as another"), "warn", "!", "")
    return Badge(_("reopened"), "quiet", "↺", "")


def was_told(noted: Acknowledgement) -> str:
    """What the gap was when it was acknowledged, where it is another now."""
    if not noted.is_outdated:
        return ""
    reason, counts_as = noted.was
    told = {"class": of_gap(CountsAs(counts_as)).text, "reason": WORDS[reason]}
    return _("It was %(class)s then (%(reason)s), and is open again.") % told


def _problem(note: str, picked: tuple[Entry, ...], *, lost: int) -> str:
    if not picked and not lost:
        return _("Nothing is selected. Tick the gaps that are meant.")
    if lost:
        told = ngettext(
            "%(number)s of the selected gaps is not there any more, or is another now. Look again.",
            "%(number)s of the selected gaps are not there any more, or are others now. Look"
            " again.",
            lost,
        )
        return told % {"number": f"{lost:,}"}
    if len(picked) > MOST_AT_ONCE:
        told = _("These are %(number)s gaps; at most %(most)s can be noted at once. Narrow them.")
        return told % {"number": f"{len(picked):,}", "most": f"{MOST_AT_ONCE:,}"}
    try:
        read_note(note)
    except BadNote as problem:
        return f"{_('The note')} {problem}"
    return ""
