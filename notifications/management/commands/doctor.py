"""Examining the record for what does not add up."""

import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from notifications.integrity.doctor import examine


class Command(BaseCommand):
    help = (
        "Reports what does not add up in the record, with what to do about it; changes nothing."
        " Ends with 1 when there is something."
    )

    def handle(self, **options: Any) -> None:
        found = 0
        for name, symptoms in examine(timezone.now()):
            found += len(symptoms)
            if not symptoms and options["verbosity"] > 0:
                self.stdout.write(f"well    {name}")
            for symptom in symptoms:
                self.stdout.write(f"ILL     {name}: {symptom.code}: {symptom.detail}")
                self.stdout.write(f"        {symptom.remedy}")
        if found:
            sys.exit(1)
