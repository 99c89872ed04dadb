"""Recording a file of NDJSON; after a kill it is simply started again."""

import re
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from typing import Any, cast

import msgspec
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from notifications.ingest.delivery_lines import DeliveryLines
from notifications.ingest.ndjson import (
    Counted,
    Envelopes,
    Interrupted,
    Lines,
    Report,
    record_lines,
)
from notifications.models.source import SLUG_PATTERN

GZIP_MAGIC = b"\x1f\x8b"
SHOWN = 10  # conflicts, and rejected lines; --json tells a thousand


class Command(BaseCommand):
    help = (
        "Records the lines of FILE (NDJSON, gzipped or not; - is the standard input), each one"
        " envelope (or delivery report) as the API takes it. It can be started again at any time:"
        " what stands already is recognised and left. Ends with 1 when a line was rejected or"
        " conflicts."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", help="a path, or - for the standard input")
        parser.add_argument(
            "--source", required=True, help="the slug of the source that reports these lines"
        )
        parser.add_argument(
            "--stamp",
            action="store_true",
            help="take lines without emitted_at as emitted now; a second run would record them"
            " again, so they are rejected otherwise (of deliveries: without report_id and at)",
        )
        parser.add_argument(
            "--deliveries",
            action="store_true",
            help="the lines are delivery reports, as deliveries/bulk/ of the API takes them",
        )
        parser.add_argument("--json", action="store_true", help="print the whole report as JSON")

    def handle(
        self, *, file: str, source: str, stamp: bool, deliveries: bool, **options: Any
    ) -> None:
        if not re.fullmatch(SLUG_PATTERN, source):
            raise CommandError(
                f"--source {source!r} is no slug: up to 64 lower-case letters, digits and hyphens,"
                " the first no hyphen"
            )
        lines: Lines[Any, Any]
        if deliveries:
            lines = DeliveryLines(source, repeatable_only=not stamp)
        else:
            lines = Envelopes(source, timed_only=not stamp)
        connection.ensure_connection()  # a local database may start here: its lines, then the bar
        with _opened(file) as (stream, size), _bar(size, options["verbosity"]) as bar:
            counted = Counted(stream)
            report = Report()

            def progress(so_far: Report) -> None:
                nonlocal report
                report = so_far
                bar.update(counted.taken - bar.n)
                bar.set_postfix_str(f"{so_far.committed_through_line:,} lines", refresh=False)

            try:
                report = record_lines(
                    counted,
                    lines,
                    clock=timezone.now,
                    gzipped=stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC),
                    progress=progress,
                )
            except Interrupted as interruption:
                self._tell(interruption.report, options["json"])
                raise CommandError(f"{interruption.detail} {_how_far(interruption.report)}") from (
                    interruption
                )
            except KeyboardInterrupt:
                raise CommandError(f"Interrupted. {_how_far(report)}", returncode=130) from None
        self._tell(report, options["json"])
        if report.rejected_count or report.conflict_count:
            sys.exit(1)

    def _tell(self, report: Report, as_json: bool) -> None:
        if as_json:
            self.stdout.write(msgspec.json.encode(report).decode())
            return
        for item in report.conflicts[:SHOWN]:
            self.stderr.write(f"line {item['line']}: conflict: {item['id']} stands otherwise")
        for item in report.rejected[:SHOWN]:
            self.stderr.write(f"line {item['line']}: {item['code']}: {item['detail']}")
        if report.rejected_count > SHOWN or report.conflict_count > SHOWN:
            self.stderr.write("… --json tells of more")
        self.stdout.write(
            f"{report.recorded:,} recorded, {report.duplicates:,} duplicates,"
            f" {report.conflict_count:,} conflicts, {report.rejected_count:,} rejected"
        )


def _how_far(report: Report) -> str:
    return (
        f"Committed through line {report.committed_through_line:,}; start it again, what stands is"
        " recognised."
    )


@contextmanager
def _opened(name: str) -> Iterator[tuple[BufferedReader, int | None]]:
    """The stream and its size in bytes, None where that cannot be known."""
    if name == "-":
        yield cast("BufferedReader", sys.stdin.buffer), None
        return
    path = Path(name)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from None
    with stream:
        yield stream, path.stat().st_size if path.is_file() else None


def _bar(size: int | None, verbosity: int) -> Any:
    return tqdm(total=size, unit="B", unit_scale=True, file=sys.stderr, disable=verbosity == 0)
