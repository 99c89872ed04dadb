"""Lines of an invented bank, and the floor: COPY of the same rows as ready text."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from time import perf_counter

UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
BATCH = 5_000


def lines(seed: int, count: int) -> Iterator[bytes]:
    """About so many envelopes as JSON, as a bank's emitter would send them."""
    from notifications.world import Faults, World

    for emitted in World(seed=seed, size=count, until=UNTIL).emissions(Faults.none()):
        if emitted.envelope is not None:
            yield json.dumps(emitted.envelope, ensure_ascii=False).encode()


def empty_months() -> None:
    """Drops the months with everything in them, and makes them again."""
    from django.db import connection

    from notifications.models.partitions import ensure_partition, existing_partitions

    with connection.cursor() as cursor:
        for name in existing_partitions():
            if "_y20" in name:
                cursor.execute(f"DROP TABLE {name}")
    for month in range(1, 7):
        ensure_partition(datetime(2026, month, 1, tzinfo=UTC))


def copied_again() -> float:
    """Rows a second of COPY, on one connection, of all that is recorded into the emptied months,
    a commit for each batch."""
    from django.db import connection

    with connection.cursor() as cursor:
        columns = _columns(cursor)
        query = f"COPY (SELECT {columns} FROM notifications_notification ORDER BY id) TO STDOUT"  # noqa: S608
        with cursor.copy(query) as copy:
            rows = [bytes(row) for row in copy]
        batches = [b"".join(rows[start : start + BATCH]) for start in range(0, len(rows), BATCH)]
        empty_months()
        start = perf_counter()
        for batch in batches:
            with cursor.copy(f"COPY notifications_notification ({columns}) FROM STDIN") as copy:
                copy.write(batch)
        return len(rows) / (perf_counter() - start)


def _columns(cursor) -> str:
    cursor.execute(
        "SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute"
        " WHERE attrelid = 'notifications_notification'::regclass"
        " AND attnum > 0 AND NOT attisdropped"
    )
    return cursor.fetchone()[0]
