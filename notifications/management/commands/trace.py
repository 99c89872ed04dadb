"""What one device, or one user, should have been told and was told."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.models import Activation, Recipient
from notifications.protocol.extras import identifier
from notifications.trace import documents, viewing
from notifications.trace.pages import rows_with_payloads, with_payloads

from ._answers import (
    add_as_of,
    add_case,
    add_window,
    as_json,
    as_of_in,
    bounded,
    table,
    told,
    viewer_of,
    window_of,
)


class Command(BaseCommand):
    help = "Prints the trace of a device: what it should have been told, and what it was told."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("id", help="activation id; with --user, a user id")
        parser.add_argument("--user", action="store_true", help="all devices of this user")
        add_window(parser)
        add_as_of(parser)
        add_case(parser)
        parser.add_argument("--json", action="store_true", help="the object of the API, whole")

    def handle(self, **options: Any) -> None:
        if options["user"]:
            self._user(options)
        else:
            self._device(options)

    def _device(self, options: dict[str, Any]) -> None:
        now, activation = timezone.now(), identifier(options["id"])
        if not Activation.objects.filter(pk=activation).exists():
            raise CommandError("No notification ever named this device.")
        as_of, viewer = as_of_in(options, now), viewer_of(options["case"])
        window = window_of(options, as_of or now)
        trace = bounded(
            lambda: viewing.view_device(activation or "", window, viewer, now=now, as_of=as_of)
        )
        if options["json"]:
            shown = with_payloads(trace.entries)
            self.stdout.write(as_json(documents.of_trace(trace, shown)))
            return
        self.stdout.write(told(trace))
        if trace.entries:
            self.stdout.write(f"\n{table(trace.entries, grades=True)}")

    def _user(self, options: dict[str, Any]) -> None:
        now = timezone.now()
        recipient = Recipient.objects.filter(user_id=options["id"]).first()
        if recipient is None:
            raise CommandError("No notification was ever sent to this user.")
        as_of, viewer = as_of_in(options, now), viewer_of(options["case"])
        window = window_of(options, as_of or now)
        trace = bounded(
            lambda: viewing.view_user(recipient.pk, window, viewer, now=now, as_of=as_of)
        )
        if options["json"]:
            shown = rows_with_payloads(trace.rows)
            self.stdout.write(as_json(documents.of_user_trace(trace, shown)))
            return
        self.stdout.write(told(trace))
        for each in trace.devices:
            self.stdout.write(f"  {each.activation}: {each.verdict}")
        if trace.rows:
            lines = table([row.entry for row in trace.rows], lanes=True, grades=True)
            self.stdout.write(f"\n{lines}")
