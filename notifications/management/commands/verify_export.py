"""Whether the files of an export are what was exported."""

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from notifications.exports.manifest import verify


class Command(BaseCommand):
    help = (
        "Holds each file in DIR against its manifest: that it is there, its SHA-256 and its rows."
        " Ends with 1 when something is amiss. Needs no database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("directory", metavar="DIR")

    def handle(self, *, directory: str, **options: Any) -> None:
        path = Path(directory)
        if not path.is_dir():
            raise CommandError(f"{directory} is no directory.")
        found = verify(path)
        for problem in found.problems:
            self.stderr.write(problem)
        if found.problems:
            sys.exit(1)
        self.stdout.write(f"As it was exported: {found.rows:,} rows in {found.files:,} files.")
