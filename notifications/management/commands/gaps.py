"""What was owed and not sent, over all operations: for people, and for monitoring."""

import sys
from dataclasses import dataclass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from django.utils import timezone

from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.trace import documents
from notifications.trace.entries import Counts
from notifications.trace.gap_notes import WorkingList, working_list
from notifications.trace.gaps import LONGEST, Wanted, with_coverage
from notifications.trace.kept_gaps import gaps_of

from ._answers import (
    add_as_of,
    add_window,
    as_json,
    as_of_in,
    bounded,
    printable,
    table,
    window_of,
)

FINE, OVER, UNKNOWN = 0, 1, 3  # OK, WARNING and UNKNOWN of monitoring plugins


@dataclass(frozen=True, slots=True)
class Limit:
    """Over how many gaps it is too many, and which count: all, or those that are open."""

    most: int
    counting: CountsAs
    only_open: bool

    def number(self, found: WorkingList) -> int:
        counts: Counts = found.open if self.only_open else found.gaps.counts
        return int(getattr(counts, self.counting))


class Command(BaseCommand):
    help = (
        "Prints what was owed in a window and not sent. For monitoring: --fail-over N ends with 1"
        " when more than N are missing, with 3 when that cannot be told, else with 0."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_window(parser)
        add_as_of(parser)
        parser.add_argument("--rule", action="append", default=[], choices=list(Rule))
        parser.add_argument("--reason", action="append", default=[], choices=list(Reason))
        parser.add_argument("--counts-as", action="append", default=[], choices=list(CountsAs))
        parser.add_argument("--app-id", action="append", default=[], metavar="APP")
        parser.add_argument("--source", action="append", default=[], metavar="SOURCE")
        standing = parser.add_mutually_exclusive_group()
        standing.add_argument(
            "--open", action="store_true", help="those that nobody acknowledged as what they are"
        )
        standing.add_argument("--acknowledged", action="store_true", help="the others")
        parser.add_argument("--fail-over", type=int, metavar="N", help="end with 1 over so many")
        parser.add_argument(
            "--counting",
            choices=list(CountsAs),
            help="which of them --fail-over counts; default missing, or what --counts-as names",
        )
        form = parser.add_mutually_exclusive_group()
        form.add_argument("--json", action="store_true", help="the object of the API, whole")
        form.add_argument("--line", action="store_true", help="one line, as monitoring plugins")

    def handle(self, **options: Any) -> None:
        if options["fail_over"] is None:
            self._show(self._found(options), options)
            return
        try:
            found = self._found(options)
        except (CommandError, Error) as error:
            # An Error by its kind alone: its text could hold values of a row.
            told = str(error) if isinstance(error, CommandError) else type(error).__name__
            self.stdout.write(f"GAPS UNKNOWN - {printable(told)}")
            sys.exit(UNKNOWN)
        limit = _limit(options)
        if options["line"]:
            self.stdout.write(_line(found, limit))
        else:
            self._show(found, options)
        if found.gaps.unjudged and limit.number(found) <= limit.most:
            sys.exit(UNKNOWN)
        sys.exit(OVER if limit.number(found) > limit.most else FINE)

    def _found(self, options: dict[str, Any]) -> WorkingList:
        now = timezone.now()
        as_of = as_of_in(options, now)
        window = window_of(options, as_of or now, longest=LONGEST)
        wanted = Wanted(
            rules=options["rule"],
            reasons=options["reason"],
            counts_as=options["counts_as"],
            apps=options["app_id"],
            sources=options["source"],
        )
        gaps = bounded(lambda: gaps_of(window, now=now, wanted=wanted, as_of=as_of))
        if not options["line"]:
            gaps = with_coverage(gaps, now=now, wanted=wanted)
        only = False if options["open"] else True if options["acknowledged"] else None
        return working_list(gaps, acknowledged=only)

    def _show(self, found: WorkingList, options: dict[str, Any]) -> None:
        gaps = found.gaps
        if options["json"]:
            self.stdout.write(as_json(documents.of_gaps(found, gaps.entries)))
            return
        self.stdout.write(f"{gaps.verdict}\n{printable(gaps.recorded)}")
        if gaps.unjudged:
            self.stdout.write(f"{gaps.unjudged} operations have too many messages to judge.")
        if gaps.entries:
            self.stdout.write(f"\n{table(gaps.entries, lanes=True)}")


def _limit(options: dict[str, Any]) -> Limit:
    named = options["counts_as"] if len(options["counts_as"]) == 1 else [CountsAs.MISSING]
    counting = CountsAs(options["counting"] or named[0])
    return Limit(options["fail_over"], counting, options["open"])


def _line(found: WorkingList, limit: Limit) -> str:
    """As monitoring plugins print it: how it is, in words, and numbers behind a bar."""
    number, counts = limit.number(found), found.gaps.counts
    state = "WARNING" if number > limit.most else "UNKNOWN" if found.gaps.unjudged else "OK"
    which = f"{limit.counting} and open" if limit.only_open else limit.counting
    unjudged = f", {found.gaps.unjudged} operations not judged" if found.gaps.unjudged else ""
    told = f"GAPS {state} - {number} {which} (at most {limit.most}){unjudged}"
    numbers = [f"{limit.counting}={number};{limit.most};;0"]
    numbers += [
        f"{each}={getattr(counts, each)}" for each in CountsAs if each is not limit.counting
    ]
    return f"{told} | {' '.join(numbers)}"
