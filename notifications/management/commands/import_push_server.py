"""Reading a Push Server's database: what it holds, and with --follow what is added to it."""

import sys
import time
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.management.base import BaseCommand, CommandError
from django.db import Error, InterfaceError, OperationalError, connection
from django.utils import timezone
from tqdm import tqdm

from notifications.ingest.foreign_database import BrokenOff
from notifications.ingest.push_server.follow import step
from notifications.ingest.push_server.reading import begin_again
from notifications.ingest.push_server.report import Report, Step
from notifications.models.source import is_slug

from ._ending import Ending

RETRY_SECONDS = 5.0
MIN_EVERY = 0.1
PIECE_SECONDS, SHORT_PIECE_SECONDS = 60.0, 1.0  # without and with a signal to look out for
# Others hold a source for about a second at a time.
ELSEWHERE_SECONDS, WAIT_SECONDS = 20.0, 0.2


class Command(BaseCommand):
    help = (
        "Reads the database of a Push Server: its messages with what their gateways answered, the"
        " registrations of devices, and the posts to its inbox. Started again, it reads what is"
        " new; with --follow it goes on doing so. Ends with 1 when the database cannot be read."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--source", required=True, help="the slug of the source that it is")
        parser.add_argument(
            "--dsn",
            metavar="postgresql://…",
            required=True,
            help="its address. Better leave the password to PGPASSWORD or ~/.pgpass: other users of"
            " this machine see commands",
        )
        parser.add_argument(
            "--timezone",
            metavar="ZONE",
            required=True,
            help="in which zone the Push Server's Java writes its times, such as UTC or"
            " Europe/Prague; the same for ever",
        )
        parser.add_argument(
            "--follow", action="store_true", help="go on reading what is added, until ended"
        )
        parser.add_argument(
            "--every",
            type=float,
            default=5.0,
            metavar="SECONDS",
            help="how often it is then read, 5 by default",
        )
        parser.add_argument(
            "--again",
            action="store_true",
            help="read all from the beginning; what stands is recognised",
        )

    def handle(self, *, source: str, dsn: str, follow: bool, **options: Any) -> None:
        if not is_slug(source):
            raise CommandError(
                f"--source {source!r} is no slug: up to 64 lower-case letters, digits and hyphens,"
                " the first no hyphen"
            )
        zone = _zone(options["timezone"])
        if options["every"] < MIN_EVERY:
            raise CommandError(f"--every {options['every']}: at least {MIN_EVERY} seconds")
        connection.ensure_connection()  # a local database may start here: its lines, then the bar
        self._report, self._problem = Report(), ""
        self._under_way: Step | None = None  # what a piece that may yet break off has done
        self._step = partial(step, source, dsn, zone, clock=timezone.now)
        ending = Ending() if follow else None
        with self._ending():
            if options["again"]:
                self._begin_again(source)
            self._read_all(source, ending, options["verbosity"])
            if ending is not None:
                self.stdout.write(str(self._report))
                self._follow(ending, options["every"])
        self.stdout.write(str(self._report))

    def _read_all(self, source: str, ending: Ending | None, verbosity: int) -> None:
        """Up to its end, as it is now."""
        waited, is_left = 0.0, True
        with _bar(verbosity) as bar:
            while is_left and not (ending and ending.is_asked):
                done = self._piece(ending, partial(self._move, bar))
                if done is not None and done.is_elsewhere:
                    time.sleep(WAIT_SECONDS)
                    if ending is None and (waited := waited + WAIT_SECONDS) > ELSEWHERE_SECONDS:
                        raise BrokenOff(_elsewhere(source))
                    continue
                waited, is_left = 0.0, done is None or done.more

    def _follow(self, ending: Ending, every: float) -> None:
        while not ending.is_asked:
            ending.sleep(every)
            is_left = not ending.is_asked
            while is_left and not ending.is_asked:
                done = self._piece(ending, lambda done: None)
                is_left = done is not None and done.more

    def _piece(self, ending: Ending | None, progress: Callable[[Step], None]) -> Step | None:
        """What it came to; None where it has to be tried again. What is wrong at the very first is
        for whoever started it."""
        seconds = PIECE_SECONDS if ending is None else SHORT_PIECE_SECONDS
        try:
            done = self._step(seconds=seconds, progress=progress)
        except (BrokenOff, Error) as error:
            self._end_under_way()
            if ending is None or not self._report.pieces:
                raise
            words = _words(error)
            if words != self._problem:
                self.stderr.write(f"{words}; trying again every {RETRY_SECONDS:.0f} s")
            self._problem = words
            connection.close()
            ending.sleep(RETRY_SECONDS)
            return None
        if self._problem:
            self.stderr.write("well again")
            self._problem = ""
        if not done.is_elsewhere:
            progress(done)
            self._under_way = done
            self._end_under_way()
        return done

    def _move(self, bar: Any, done: Step) -> None:
        self._under_way = done
        bar.total = max(done.rows_estimate or 0, done.rows_read)
        bar.update(done.rows_read - bar.n)

    def _end_under_way(self) -> None:
        if self._under_way is not None:
            self._report.add(self._under_way)
            self._under_way = None
        for words in self._report.new_warnings():
            with tqdm.external_write_mode(file=sys.stderr):
                self.stderr.write(words)

    def _begin_again(self, source: str) -> None:
        waited = 0.0
        while not begin_again(source):
            time.sleep(WAIT_SECONDS)
            if (waited := waited + WAIT_SECONDS) > ELSEWHERE_SECONDS:
                raise BrokenOff(_elsewhere(source))

    @contextmanager
    def _ending(self) -> Iterator[None]:
        """Whatever ends it early is told with how far it came."""
        try:
            yield
        except (BrokenOff, OperationalError, InterfaceError) as error:
            raise CommandError(f"{_words(error)}.{self._how_far()}") from None
        except KeyboardInterrupt:
            raise CommandError(f"Interrupted.{self._how_far()}", returncode=130) from None

    def _how_far(self) -> str:
        if self._under_way is not None:
            self._report.add(self._under_way)
        if not self._report.pieces:
            return ""
        return f" So far: {self._report}. Start it again: it goes on from here."


def _elsewhere(source: str) -> str:
    return (
        f"{source} is being read by a worker or another command already: stop that, or leave it"
        " to it"
    )


def _words(error: Exception) -> str:
    if isinstance(error, BrokenOff):
        return str(error).rstrip(".")
    # By its kind alone: its text could hold values of the row that it is about.
    kind = type(error.__cause__ or error).__name__
    return f"The database of pushaudit is not available ({kind})"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise CommandError(f"--timezone {name!r} is no zone: write UTC or Europe/Prague") from None


def _bar(verbosity: int) -> Any:
    return tqdm(unit=" rows", unit_scale=True, file=sys.stderr, disable=verbosity == 0)
