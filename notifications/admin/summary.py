"""What support pastes into a ticket: a device's trace in plain text, without the user."""

from collections.abc import Iterator

from notifications.protocol.reasons import CountsAs
from notifications.trace.entries import Entry, Trace
from notifications.trace.sentences import short, told_at

from .unseen import visible
from .words import COUNTS, of_gap

MOST_LINES = 50  # of what is missing or undecided, or no gateway took
_TOLD = (CountsAs.MISSING, CountsAs.UNDECIDED)


def summary_of(trace: Trace, *, case_number: str, address: str) -> str:
    """``address`` is where exactly this trace can be looked at again."""
    return "\n".join(
        visible(each).replace("\n", " ") for each in _lines(trace, case_number, address)
    )


def _lines(trace: Trace, case_number: str, address: str) -> Iterator[str]:
    if case_number:
        yield f"Case {case_number}"
    yield f"Device {trace.activation}"
    yield f"From {told_at(trace.window.since)} to {told_at(trace.window.until)}"
    yield trace.verdict
    yield trace.recorded
    counts = trace.counts.as_json()
    yield ", ".join(f"{counts[name]} {word}" for name, (word, _) in COUNTS.items())
    told = [each for each in trace.entries if each.counts_as in _TOLD or each.is_failed]
    for each in told[:MOST_LINES]:
        yield f"- {_line(each)}"
    if len(told) > MOST_LINES:
        yield f"- and {len(told) - MOST_LINES} more"
    yield address


def _line(entry: Entry) -> str:
    counted = COUNTS["failed"][0] if entry.counts_as is None else of_gap(entry.counts_as).text
    due = f", due {told_at(entry.due)}" if entry.due is not None and entry.counts_as else ""
    return (
        f"{told_at(entry.at)} {short(entry.message_type)} of operation {entry.operation}: "
        f"{counted}{due}. {entry.sentence}"
    )
