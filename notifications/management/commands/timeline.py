"""What the life cycle of one operation owes, and what was sent."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.models import Operation
from notifications.protocol.extras import identifier
from notifications.trace import documents, viewing
from notifications.trace.pages import with_payloads

from ._answers import add_as_of, add_case, as_json, as_of_in, bounded, table, told, viewer_of


class Command(BaseCommand):
    help = "Prints the timeline of an operation: what its life cycle owes, and what was sent."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="operation id")
        add_as_of(parser)
        add_case(parser)
        parser.add_argument("--json", action="store_true", help="the object of the API, whole")

    def handle(self, **options: Any) -> None:
        now, operation = timezone.now(), identifier(options["id"])
        if not Operation.objects.filter(pk=operation).exists():
            raise CommandError("No notification is about this operation.")
        as_of, viewer = as_of_in(options, now), viewer_of(options["case"])
        timeline = bounded(
            lambda: viewing.view_operation(operation or "", viewer, now=now, as_of=as_of)
        )
        if options["json"]:
            shown = with_payloads(timeline.entries)
            self.stdout.write(as_json(documents.of_timeline(timeline, shown)))
            return
        self.stdout.write(f"{told(timeline)}\n")
        for each in timeline.episodes:
            results = ", ".join(each.results) or "no result"
            self.stdout.write(
                f"round {each.number}: {each.sent} of {each.owed} sent, {results}"
                + ("" if each.agrees else " (they disagree)")
            )
        self.stdout.write(f"\n{table(timeline.entries, lanes=True, grades=True)}")
