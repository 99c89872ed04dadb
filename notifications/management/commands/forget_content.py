"""Deleting what messages said to their readers."""

from contextlib import suppress
from datetime import UTC, date, datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from notifications.integrity.contents import Plan, apply, plan_forgetting
from notifications.protocol.identity import timestamp
from notifications.protocol.window import BadWindow, read_window


class Command(BaseCommand):
    help = (
        "Prints which titles and bodies of messages are kept from before a moment; --apply deletes"
        " them. No evidence is touched: the notifications stay, and how long their texts were."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--before",
            required=True,
            help="a day (UTC), a moment with zone, or a length of time before now, such as 30d",
        )
        parser.add_argument("--apply", action="store_true", help="delete them")

    def handle(self, **options: Any) -> None:
        plan = plan_forgetting(_moment(options["before"], timezone.now()))
        self.stdout.write(_told(plan))
        if options["apply"]:
            self.stdout.write(f"{apply(plan):,} deleted")
        elif plan.count:
            self.stdout.write("nothing is deleted without --apply")


def _told(plan: Plan) -> str:
    before = f"of messages emitted before {timestamp(plan.before)}"
    if plan.first is None or plan.last is None:
        return f"no titles and bodies {before} are kept"
    span = f"{timestamp(plan.first)} to {timestamp(plan.last)}"
    return f"{plan.count:,} titles and bodies {before} are kept: {span}"


def _moment(text: str, now: datetime) -> datetime:
    with suppress(ValueError):  # then it is a moment, or none either
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    try:
        return read_window(None, text, now=now).until
    except BadWindow as error:
        raise CommandError(f"--before {error.detail}") from None
