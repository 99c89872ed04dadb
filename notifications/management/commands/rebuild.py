"""Deriving the subjects from the evidence again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from notifications.integrity.projections import PROJECTIONS, apply, plan_rebuild

SHOWN = 10  # subjects named of each kind


class Command(BaseCommand):
    help = (
        "Derives operations, activations and inbox messages again from the notifications and puts"
        " right what differs; on a healthy database that is nothing. Recording goes on meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--plan", action="store_true", help="only say what differs; change nothing"
        )

    def handle(self, **options: Any) -> None:
        plan = plan_rebuild()
        kinds: dict[tuple[str, str], list[str]] = {}
        for difference in plan:
            kinds.setdefault((difference.projection, difference.fault), []).append(difference.key)
        for (projection, fault), keys in kinds.items():
            self.stdout.write(f"{projection}: {len(keys):,} {fault}")
            for key in keys[:SHOWN]:
                self.stdout.write(f"  {key}")
        if not plan:
            self.stdout.write(f"{', '.join(PROJECTIONS)}: all as the notifications tell")
        elif options["plan"]:
            self.stdout.write("nothing is changed with --plan")
        else:
            apply(plan)
            self.stdout.write(f"{len(plan):,} put right")
