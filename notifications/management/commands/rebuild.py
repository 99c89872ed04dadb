"""Deriving the subjects from the evidence again, and counting it again."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from notifications.integrity.first_reports import (
    DifferentReport,
    find_different_reports,
    put_right,
)
from notifications.integrity.projections import PROJECTIONS, Difference, apply, plan_rebuild
from notifications.integrity.tallies import (
    DifferentTally,
    find_differences,
    fold_tallies,
    forget_tallies,
)

SHOWN = 10  # subjects named of each kind


class Command(BaseCommand):
    help = (
        "Derives operations, activations, inbox messages, first reports and tallies again from the"
        " evidence and puts right what differs; on a healthy database that is nothing. Recording"
        " goes on meanwhile."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--plan", action="store_true", help="only say what differs; change nothing"
        )

    def handle(self, **options: Any) -> None:
        plan, reports, tallies = plan_rebuild(), find_different_reports(), find_differences()
        self._tell(plan, reports, tallies)
        if not plan and not reports and not tallies:
            checked = (*PROJECTIONS, "first reports", "tallies")
            self.stdout.write(f"{', '.join(checked)}: all as the notifications tell")
        elif options["plan"]:
            self.stdout.write("nothing is changed with --plan")
        else:
            apply(plan)
            if reports:
                put_right()
            if tallies:
                forget_tallies()
                while fold_tallies().more:
                    pass
            self.stdout.write(f"{len(plan) + len(reports) + len(tallies):,} put right")

    def _tell(
        self,
        plan: list[Difference],
        reports: list[DifferentReport],
        tallies: list[DifferentTally],
    ) -> None:
        kinds: dict[tuple[str, str], list[str]] = {}
        for difference in plan:
            kinds.setdefault((difference.projection, difference.fault), []).append(difference.key)
        for report in reports:
            kinds.setdefault(("first reports", "wrong"), []).append(str(report))
        for tally in tallies:
            kinds.setdefault(("tallies", "wrong"), []).append(str(tally))
        for (projection, fault), keys in kinds.items():
            self.stdout.write(f"{projection}: {len(keys):,} {fault}")
            for key in keys[:SHOWN]:
                self.stdout.write(f"  {key}")
