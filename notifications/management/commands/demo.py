"""Writes a believable day of a bank into the record, so that there is something to look at."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from django.utils import timezone
from tqdm import tqdm

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.world import Faults, World

from ._bank import MIRROR, POWERAUTH, PUSH_SERVER, Bank, Told

SOURCE = "demo-bank"
CHUNK = 1_000
# A world lasts a year at most; the record keeps months of its own from 2015 to 2099.
EARLIEST, LATEST = datetime(2016, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
EXAMPLE = "2026-01-31T12:00:00Z"


class Command(BaseCommand):
    help = (
        "Records a day of an invented bank, with the small troubles a real one has, as the source"
        f" {SOURCE}; beside it a second app as {MIRROR} and, from its Push Server's database, as"
        f" {PUSH_SERVER}; and what PowerAuth tells of all devices as {POWERAUTH}. The same seed,"
        " size and end are the same: repeated, they are duplicates."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--size",
            type=int,
            default=2_000,
            help="about how many notifications, default 2000; beyond 20,000 it takes more days",
        )
        parser.add_argument("--seed", type=int, default=1, help="any integer, default 1")
        parser.add_argument(
            "--until",
            help=f"end of the day, with zone, such as {EXAMPLE}; default: this minute",
        )

    def handle(self, *, size: int, seed: int, until: str | None, **options: Any) -> None:
        now = timezone.now()
        if size < 1:
            raise CommandError(f"--size {size}: give a whole number from 1, such as 2000.")
        end = _moment(until) if until is not None else now.replace(second=0, microsecond=0)
        world = World(seed=seed, size=size, until=end)
        connection.ensure_connection()  # a local database may start here: its lines, then the bar
        recorded = duplicates = conflicts = 0
        emissions = _emissions(world, now)
        with tqdm(
            total=size, unit=" notifications", file=sys.stderr, disable=options["verbosity"] == 0
        ) as bar:
            while chunk := list(islice(emissions, CHUNK)):
                receipt = record(chunk, source=SOURCE)
                recorded += receipt.recorded
                duplicates += receipt.duplicates
                conflicts += receipt.conflicts
                bar.update(len(chunk))
            bar.total = bar.n  # the size is approximate; what came is all there is
        counts = f"{recorded:,} recorded, {duplicates:,} duplicates"
        if conflicts:
            counts += f", {conflicts:,} conflicts (recorded before with other content)"
        devices = sum(len(user.devices) for user in world.people)
        self.stdout.write(
            f"{counts}: {len(world.people):,} users, {devices:,} devices,"
            f" {_shown(world.since)} to {_shown(world.until)}"
        )
        bank = Bank(world)
        tellers = {
            MIRROR: bank.tell_mirror,
            POWERAUTH: bank.tell_powerauth,
            PUSH_SERVER: bank.tell_push_server,
        }
        for source, tell in tellers.items():
            self.stdout.write(f"{source}: {_counted(tell())}")


def _emissions(world: World, now: datetime) -> Iterator[Emission]:
    for emitted in world.emissions(Faults.believable()):
        if emitted.envelope is not None:
            yield emission_from(emitted.envelope, now=now)


def _counted(told: Told) -> str:
    counts = {
        "notifications": told.messages,
        "events of devices": told.of_devices,
        "events of operations": told.of_operations,
        "events of inbox messages": told.of_inbox,
    }
    words = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    return f"{words}; {told.recorded:,} of them new"


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise CommandError(f"--until {text} is no ISO date and time; write {EXAMPLE}.") from None
    if moment.utcoffset() is None:
        raise CommandError(f"--until {text} has no zone; write {EXAMPLE}, Z meaning UTC.")
    if not EARLIEST <= moment <= LATEST:
        raise CommandError(f"--until {text} is outside 2016 to 2099; write {EXAMPLE}.")
    return moment.astimezone(UTC)


def _shown(moment: datetime) -> str:
    return moment.isoformat(timespec="minutes").replace("+00:00", "Z")
