"""What was owed and not sent, over all operations: for people, and for monitoring."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from notifications.protocol.reasons import Reason, Rule
from notifications.trace import documents
from notifications.trace.gaps import LONGEST, Wanted, find_gaps

from ._answers import add_window, as_json, bounded, table, window_of


class Command(BaseCommand):
    help = (
        "Prints what was owed in a window and not sent. With --fail-over N it ends with 1 when"
        " more than N are missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        add_window(parser)
        parser.add_argument("--rule", action="append", default=[], choices=list(Rule))
        parser.add_argument("--reason", action="append", default=[], choices=list(Reason))
        parser.add_argument("--app-id", action="append", default=[], metavar="APP")
        parser.add_argument("--fail-over", type=int, metavar="N")
        parser.add_argument("--json", action="store_true", help="the object of the API, whole")

    def handle(self, **options: Any) -> None:
        now = timezone.now()
        window = window_of(options, now, longest=LONGEST)
        wanted = Wanted(rules=options["rule"], reasons=options["reason"], apps=options["app_id"])
        gaps = bounded(lambda: find_gaps(window, now=now, wanted=wanted))
        if options["json"]:
            self.stdout.write(as_json(documents.of_gaps(gaps, gaps.entries)))
        else:
            self.stdout.write(gaps.verdict)
            if gaps.unjudged:
                self.stdout.write(f"{gaps.unjudged} operations have too many messages to judge.")
            if gaps.entries:
                self.stdout.write(f"\n{table(gaps.entries, lanes=True)}")
        limit = options["fail_over"]
        if limit is not None and gaps.counts.missing > limit:
            sys.exit(1)
