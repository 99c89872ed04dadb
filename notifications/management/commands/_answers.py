"""What the commands that ask have in common: the window, who asks, and tables for a terminal."""

import getpass
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError, CommandParser

from notifications.models import MAX_CASE_NUMBER, AccessRecord
from notifications.models.patience import TooMuch
from notifications.protocol.deliveries import Outcome, last_word
from notifications.protocol.window import BadWindow, Window, read_as_of, read_window
from notifications.trace.access import Viewer
from notifications.trace.entries import Entry, Timeline, Trace, UserTrace
from notifications.trace.sentences import short


def add_window(parser: CommandParser) -> None:
    parser.add_argument(
        "--since", help="a moment with zone, or a length of time before now; default 24h"
    )
    parser.add_argument("--until", help="the same; default now")


def add_as_of(parser: CommandParser) -> None:
    parser.add_argument(
        "--as-of", help="as it was known at this moment, written like --since; default now"
    )


def as_of_in(options: dict[str, Any], now: datetime) -> datetime | None:
    try:
        return read_as_of(options["as_of"], now=now)
    except BadWindow as error:
        raise CommandError(f"--as-of {error.detail}") from None


def add_case(parser: CommandParser) -> None:
    parser.add_argument("--case", default="", help="case number for the access record")


def window_of(options: dict[str, Any], now: datetime, **bounds: Any) -> Window:
    try:
        return read_window(options["since"], options["until"], now=now, **bounds)
    except BadWindow as error:
        raise CommandError(f"--{error.parameter} {error.detail}") from None


def viewer_of(case: str) -> Viewer:
    if len(case) > MAX_CASE_NUMBER or not case.isprintable():
        raise CommandError(f"--case must be at most {MAX_CASE_NUMBER} printable characters.")
    return Viewer(getpass.getuser(), AccessRecord.Via.COMMAND, case)


def bounded(question: Callable[[], Any]) -> Any:
    try:
        return question()
    except TooMuch as error:
        raise CommandError(str(error)) from None


def told(answer: Trace | UserTrace | Timeline) -> str:
    """The verdict, what has become of one of an earlier moment, and who was listening."""
    since = [] if answer.since_then is None else [answer.since_then.sentence]
    return "\n".join([answer.verdict, *since, printable(answer.recorded)])


def as_json(document: Any) -> str:
    return json.dumps(document, ensure_ascii=sys.stdout.encoding != "utf-8", indent=2)


def table(entries: Iterable[Entry], *, lanes: bool = False, grades: bool = False) -> str:
    """A line for each entry; gaps are told from notifications by a sign."""
    told = [*(["device"] if lanes else []), *(["grade"] if grades else [])]
    heading = ["at (UTC)", "", "type", "operation", *told, "what"]
    return _aligned([heading, *(_line(each, lanes=lanes, grades=grades) for each in entries)])


def printable(text: str) -> str:
    """What would move the cursor, reorder or hide text has its code point instead."""
    return "".join(each if each.isprintable() else f"⟨U+{ord(each):04X}⟩" for each in text)


def _line(entry: Entry, *, lanes: bool, grades: bool) -> list[str]:
    sign = "+" if entry.is_sent else {"missing": "✗"}.get(str(entry.counts_as), "?")
    return [
        entry.at.replace(tzinfo=None).isoformat(" ", "milliseconds"),
        sign,
        printable(short(entry.message_type)),
        printable(entry.operation or entry.inbox_message or ""),
        *([printable(entry.activation or "names none")] if lanes else []),
        *([_grade(entry)] if grades else []),
        printable(entry.sentence),
    ]


def _grade(entry: Entry) -> str:
    """How far it came, and what its gateway answered where that does not say it."""
    word = last_word(entry.deliveries)
    if word is None or word.outcome is not Outcome.PENDING:
        return entry.grade
    return f"{entry.grade}, pending{' for ever' if word.is_final else ''}"


def _aligned(lines: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell; the last one ends where it ends."""
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    widths[-1] = 0
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )
