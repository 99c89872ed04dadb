"""Backfilling what devices were, from PowerAuth's own history of activations."""

import gzip
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import IO, Any, cast
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError
from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone
from tqdm import tqdm

from notifications.ingest.foreign_database import BrokenOff
from notifications.ingest.history import HistoryReport, Row, record_history
from notifications.ingest.history_database import opened, rows_of_table
from notifications.ingest.history_file import rows_of_file
from notifications.models.source import is_slug
from notifications.protocol.window import BadWindow, read_bounds

GZIP_MAGIC = b"\x1f\x8b"
SHOWN = 10  # rows that could not be read


class Command(BaseCommand):
    help = (
        "Records the history of activations, from FILE (answers of PowerAuth's"
        " /rest/v3/activation/history, or lines of their items, gzipped or not; - is the standard"
        " input) or from the table of PowerAuth Server itself. It can be started again at any time:"
        " what stands already is recognised. Ends with 1 when a row could not be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", metavar="FILE", nargs="?", help="a path, or -")
        parser.add_argument(
            "--dsn",
            metavar="postgresql://…",
            help="PowerAuth Server's database, of which the table is read. Better leave the"
            " password to PGPASSWORD or ~/.pgpass: other users of this machine see commands",
        )
        parser.add_argument(
            "--timezone",
            metavar="ZONE",
            help="in which zone times without one are, such as Europe/Prague: that of PowerAuth's"
            " Java. Required with --dsn; of a file UTC",
        )
        parser.add_argument("--source", required=True, help="the slug of the source they are of")
        parser.add_argument(
            "--since",
            help="only what happened since this moment (with its zone), or in this time up to now"
            " (30d)",
        )

    def handle(self, *, file: str | None, source: str, **options: Any) -> None:
        self._check(file, source, options)
        zone, since = _zone(options["timezone"]), _since(options["since"])
        report = HistoryReport()
        connection.ensure_connection()  # a local database may start here: its lines, then the bar
        with _ending(report), self._rows(file, options, since, zone, report) as (rows, progress):
            record_history(
                rows,
                source=source,
                zone=zone,
                since=since,
                clock=timezone.now,
                report=report,
                progress=progress,
            )
        self._tell(report)
        if report.unreadable_count:
            sys.exit(1)

    def _check(self, file: str | None, source: str, options: dict[str, Any]) -> None:
        if (file is None) == (options["dsn"] is None):
            raise CommandError("name either a FILE or --dsn")
        if options["dsn"] is not None and options["timezone"] is None:
            raise CommandError(
                "--timezone is required with --dsn: PowerAuth writes its times without a zone, in"
                " that of its Java, such as UTC or Europe/Prague"
            )
        if not is_slug(source):
            raise CommandError(
                f"--source {source!r} is no slug: up to 64 lower-case letters, digits and hyphens,"
                " the first no hyphen"
            )

    @contextmanager
    def _rows(
        self,
        file: str | None,
        options: dict[str, Any],
        since: datetime | None,
        zone: tzinfo,
        report: HistoryReport,
    ) -> Iterator[tuple[Iterator[Row], Callable[[], None]]]:
        """The rows, and what moves the bar on."""
        verbosity = options["verbosity"]
        if file is not None:
            unit = " rows" if file == "-" else "B"
            with _opened(file) as (stream, size), _bar(size, verbosity, unit) as bar:
                yield rows_of_file(_inflated(stream)), _progress(bar, report, stream, size)
            return
        with opened(options["dsn"]) as table:
            if not table.has_owners:
                self.stderr.write(
                    "pa_activation and pa_application may not be read, so users and apps stay"
                    " unknown; docs/sources.md names the rights for them"
                )
            size = table.rows if since is None else None
            with _bar(size, verbosity, " rows") as bar:
                yield rows_of_table(table, since=since, zone=zone), _progress(bar, report)

    def _tell(self, report: HistoryReport) -> None:
        for place, reason in report.unreadable[:SHOWN]:
            self.stderr.write(f"{place}: {reason}")
        if report.unreadable_count > SHOWN:
            self.stderr.write(f"… and {report.unreadable_count - SHOWN:,} more")
        self.stdout.write(_counts(report))


def _counts(report: HistoryReport) -> str:
    passed_over = f", {report.passed_over:,} older" if report.passed_over else ""
    return (
        f"{report.recorded:,} recorded, {report.duplicates:,} known{passed_over},"
        f" {report.unreadable_count:,} could not be read"
    )


@contextmanager
def _ending(report: HistoryReport) -> Iterator[None]:
    """Whatever ends it early is told with how far it came."""
    try:
        yield
    except BrokenOff as reason:
        raise CommandError(f"{reason}{_how_far(report)}") from None
    except (OperationalError, InterfaceError):
        told = "The database of pushaudit is not available."
        raise CommandError(f"{told}{_how_far(report)}") from None
    except KeyboardInterrupt:
        raise CommandError(f"Interrupted.{_how_far(report)}", returncode=130) from None


def _how_far(report: HistoryReport) -> str:
    if not report.read:
        return ""
    return f" So far: {_counts(report)}. Start it again: what stands is recognised."


def _zone(name: str | None) -> tzinfo:
    if name is None:
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"--timezone {name!r} is no zone: write UTC or Europe/Prague") from None


def _since(told: str | None) -> datetime | None:
    try:
        return read_bounds(told, None, now=timezone.now()).since
    except BadWindow as error:
        raise CommandError(f"--since {error.detail}") from None


@contextmanager
def _opened(name: str) -> Iterator[tuple[IO[bytes], int | None]]:
    """The stream and its size in bytes, None where that cannot be known."""
    if name == "-":
        yield cast("IO[bytes]", sys.stdin.buffer), None
        return
    path = Path(name)
    try:
        stream = path.open("rb")
    except OSError as error:
        raise CommandError(f"{name} cannot be read: {error.strerror}") from None
    with stream:
        yield stream, path.stat().st_size


def _inflated(stream: Any) -> IO[bytes]:
    if not stream.peek(len(GZIP_MAGIC)).startswith(GZIP_MAGIC):
        return cast("IO[bytes]", stream)
    return cast("IO[bytes]", gzip.GzipFile(fileobj=stream, mode="rb"))


def _bar(size: int | None, verbosity: int, unit: str) -> Any:
    return tqdm(total=size, unit=unit, unit_scale=True, file=sys.stderr, disable=verbosity == 0)


def _progress(
    bar: Any, report: HistoryReport, stream: Any = None, size: int | None = None
) -> Callable[[], None]:
    """By bytes of a file, else by rows."""

    def move() -> None:
        bar.update((report.read if size is None else stream.tell()) - bar.n)
        bar.set_postfix_str(f"{report.read:,} rows", refresh=False)

    return move
