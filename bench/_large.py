"""A large record of the world: some banks' messages of 17 days, built by COPY; and in its last day
a second app, of whose devices everything else is told as well."""

import multiprocessing
import shutil
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from queue import Empty
from time import perf_counter
from typing import Any

from bench._banks import Worlds
from bench._lines import BATCH, UNTIL

SOURCE = "bank"
DAYS = 17
OF_A_WORLD = 333_333  # messages, of 6,700 devices: 17 days
PROCESSES = 2
BUSY_DEVICE, BUSY_USER = "b0000000-0000-4000-8000-000000000001", "busy-user"
BUSY_A_DAY = 200  # messages of the busy device, of a record of any size
OF_THE_SECOND = 10  # of so many messages of the bank's last day, there is one of the second app
BYTES = 1_600  # of disk for each notification, with its log and everything beside it
DAY = timedelta(days=1)


def check_room(count: int) -> None:
    """Says what is needed, and stops where there is not as much."""
    from django.db import connection

    needed = count * BYTES
    told = f"{count:,} notifications need about {needed / 1e9:.1f} GB of disk"
    directory = connection.settings_dict.get("STATE_DIRECTORY")
    if directory is None:
        print(f"{told}, where the database of DATABASE_URL is")
        return
    named = Path(directory).absolute()
    place = next(each for each in (named, *named.parents) if each.exists())
    free = shutil.disk_usage(place).free
    print(f"{told}; {free / 1e9:.1f} GB are free at {directory}")
    if free < needed:
        raise SystemExit("That is too little. PUSHAUDIT_LOCAL_DIR names another directory.")


def build(count: int) -> int:
    """Records about so many; how many they are."""
    from django.db import connection
    from django.utils import timezone

    from bench._wallet import tell_wallet
    from notifications.integrity.tallies import fold_tallies
    from notifications.models.partitions import ensure_partition
    from notifications.trace.skews import keep_clocks

    worlds = max(round(count / OF_A_WORLD), 1)
    size = min(count // worlds, OF_A_WORLD)
    for days in (0, DAYS + 1):
        ensure_partition(UNTIL - days * DAY)
    recorded = _timed("messages by COPY", lambda: _copy(range(1, worlds + 1), size))
    second = [~seed for seed in range(1, worlds + 1)]
    of_a_day = max(size // DAYS // OF_THE_SECOND, 1)
    _timed("the second app", lambda: tell_wallet(second, of_a_day, UNTIL))
    _timed("counted for the statistics", lambda: _until_done(lambda: fold_tallies().more))
    _timed("clocks compared", lambda: _until_done(lambda: keep_clocks(timezone.now())))
    with connection.cursor() as cursor:
        # As autovacuum does in time: statistics, and a note of the pages that all can see.
        _timed("vacuumed and analysed", lambda: cursor.execute("VACUUM (ANALYZE)"))
    return recorded


def emissions_of(seeds: Sequence[int], size: int, until: datetime = UNTIL) -> Iterator[Any]:
    """What the emitter of these worlds sends, in order of time."""
    from notifications.ingest.envelope import emission_from
    from notifications.world import Faults

    worlds = Worlds(seeds, size, until)
    every = max(worlds.size // (DAYS * BUSY_A_DAY // PROCESSES), 1)
    for number, emitted in enumerate(worlds.emissions(Faults.believable())):
        if (envelope := emitted.envelope) is None:
            continue
        if number % every == 0 and envelope.get("activation_id"):
            envelope = envelope | {"activation_id": BUSY_DEVICE, "user_id": BUSY_USER}
        yield emission_from(envelope, now=until)


def _copy(seeds: Sequence[int], size: int) -> int:
    """What the processes prepare, the one that is behind in time first."""
    from notifications.ingest.bulk import record_new

    context = multiprocessing.get_context("spawn")
    shares = [share for n in range(PROCESSES) if (share := tuple(seeds[n::PROCESSES]))]
    queues = [context.Queue(maxsize=4) for _ in shares]
    running = [
        context.Process(target=_prepare, args=(share, size, queue), daemon=True)
        for share, queue in zip(shares, queues, strict=True)
    ]
    for process in running:
        process.start()
    heads = {number: _next(queue, running[number]) for number, queue in enumerate(queues)}
    recorded = 0
    while waiting := {number: each for number, each in heads.items() if each is not None}:
        number = min(waiting, key=lambda each: waiting[each].ids[0].int)
        assert record_new(waiting[number]), "some of them stand already"
        recorded += len(waiting[number].ids)
        heads[number] = _next(queues[number], running[number])
    for process in running:
        process.join()
    return recorded


def _prepare(seeds: Sequence[int], size: int, queue: Any) -> None:
    """A process of its own, which asks no database."""
    import django

    django.setup()
    from notifications.ingest.bulk import prepare

    emissions = emissions_of(seeds, size)
    while batch := list(islice(emissions, BATCH)):
        queue.put(prepare({each.id_at(SOURCE): each for each in batch}, source=SOURCE))
    queue.put(None)


def _next(queue: Any, process: Any) -> Any:
    while True:
        try:
            return queue.get(timeout=5)
        except Empty:
            assert process.is_alive(), "a process that prepares ended early"


def _until_done(work: Callable[[], bool]) -> None:
    while work():
        pass


def _timed(what: str, work: Any) -> Any:
    start = perf_counter()
    found = work()
    told = f", {found:,}" if isinstance(found, int) else ""
    print(f"{what}{told}: {perf_counter() - start:.0f} s", flush=True)
    return found
