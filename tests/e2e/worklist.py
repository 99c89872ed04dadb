"""Gaps that somebody looked at: acknowledged, reopened, and acknowledged as what it is no more."""

from datetime import datetime, timedelta

from notifications.models import AccessRecord, GapNote
from notifications.protocol.reasons import CountsAs
from notifications.protocol.window import Window
from notifications.trace.access import Viewer
from notifications.trace.gap_hours import keep_gap_hours
from notifications.trace.gap_notes import record_notes
from notifications.trace.gaps import find_gaps

RLO = "\u202e"
NOTE = f"The browser was closed before the poll; ticket 481, told to <b>the bank</b> {RLO}seog"
VIEWER = Viewer("support", AccessRecord.Via.ADMIN)


def note(now: datetime) -> None:
    found = find_gaps(Window(now - timedelta(hours=24), now), now=now).entries
    missing = [each for each in found if each.counts_as is CountsAs.MISSING]
    record_notes(missing[:2], GapNote.Kind.ACKNOWLEDGED, NOTE, VIEWER)
    record_notes(missing[1:2], GapNote.Kind.REOPENED, "It was another cause.", VIEWER)
    record_notes(missing[2:3], GapNote.Kind.ACKNOWLEDGED, "W" * 1_000, VIEWER)


def count(now: datetime) -> None:
    while keep_gap_hours(now):
        pass
