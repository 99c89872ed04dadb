"""Recording in batches of 1,000 against COPY of the same rows as ready text into the same table."""

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice
from statistics import median
from time import perf_counter

from bench._database import migrated

ROWS, BATCH, ROUNDS = 20_000, 1_000, 3
UNTIL = datetime(2026, 6, 1, tzinfo=UTC)


def seconds(work: Callable[[], None]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def main() -> None:
    from django.db import connection

    from notifications.ingest.envelope import emission_from
    from notifications.ingest.recorder import record
    from notifications.models.partitions import ensure_partition
    from notifications.world import Faults, World

    emissions = [
        emission_from(emitted.envelope, now=UNTIL)
        for emitted in World(seed=1, size=ROWS, until=UNTIL).emissions(Faults.none())
        if emitted.envelope is not None
    ]
    for moment in (emissions[0].emitted_at, UNTIL):
        ensure_partition(moment)
    batches = iter(emissions)
    chunks = list(iter(lambda: list(islice(batches, BATCH)), []))

    def recorded(source: str) -> Callable[[], None]:
        def work() -> None:
            for chunk in chunks:
                record(chunk, source=source)

        return work

    ours, floor = [], []
    for turn in range(ROUNDS):
        ours.append(len(emissions) / seconds(recorded(f"bench-{turn}")))
        with connection.cursor() as cursor:
            columns = _columns(cursor)
            lines = _ready_text(cursor, columns, f"bench-{turn}")
            cursor.execute("CREATE TABLE floor (LIKE notifications_notification INCLUDING ALL)")
            floor.append(len(emissions) / seconds(lambda: _copy(cursor, columns, lines)))  # noqa: B023
            cursor.execute("DROP TABLE floor")
    ratio = median(a / b for a, b in zip(ours, floor, strict=True))
    print(
        f"record() in batches of {BATCH}: {median(ours):,.0f} rows/s;"
        f" COPY of ready text: {median(floor):,.0f} rows/s; ratio {ratio:.2f}"
    )


def _columns(cursor) -> str:
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'notifications_notification'::regclass"
        " AND attnum > 0 AND NOT attisdropped"
    )
    return cursor.fetchone()[0]


def _ready_text(cursor, columns: str, source: str) -> list[bytes]:
    query = f"COPY (SELECT {columns} FROM notifications_notification WHERE source_id = '{source}') TO STDOUT"  # noqa: E501, S608
    with cursor.copy(query) as copy:
        return [bytes(line) for line in copy]


def _copy(cursor, columns: str, lines: list[bytes]) -> None:
    """The same batches, each its own commit."""
    for start in range(0, len(lines), BATCH):
        with cursor.copy(f"COPY floor ({columns}) FROM STDIN") as copy:
            copy.write(b"".join(lines[start : start + BATCH]))


if __name__ == "__main__":
    with migrated():
        main()
