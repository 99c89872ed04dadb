"""Months of the notification table: the plan, and making what is due."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from notifications.models.partitions import MONTHS_AHEAD, apply, partition_name, plan_partitions

MAX_AHEAD = 24


class Command(BaseCommand):
    help = "Prints which monthly partitions exist and which are due; --apply makes those due."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--apply", action="store_true", help="make what is due")
        parser.add_argument(
            "--ahead",
            type=int,
            default=MONTHS_AHEAD,
            help=f"months to have ready beyond this one (default {MONTHS_AHEAD})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        ahead = options["ahead"]
        if not 0 <= ahead <= MAX_AHEAD:
            raise CommandError(f"--ahead must be 0 to {MAX_AHEAD}, not {ahead}")
        plan = plan_partitions(timezone.now(), ahead=ahead)
        if options["verbosity"] > 0:
            for name in plan.existing:
                self.stdout.write(f"exists  {name}")
            for month in plan.to_make:
                self.stdout.write(f"due     {partition_name(month)}")
        if options["apply"]:
            apply(plan)
            self.stdout.write(f"{len(plan.to_make)} made, {len(plan.existing)} stood already")
        elif plan.to_make:
            self.stdout.write("nothing is made without --apply")
