"""The home page and the search box over a day of few notifications and over one of many, which must
take the same time; and how long the worker looks for gaps of such a day."""

import sys
from datetime import UTC, datetime, timedelta
from itertools import islice
from statistics import median

from bench._asking import milliseconds, seconds_of
from bench._database import migrated
from bench._lines import BATCH

FEW, MANY = 1_000, 400_000
A_DAY = 20_000  # messages of the largest world that is one day long
ROUNDS, WARM = 120, 20


def main(many: int) -> None:
    from django.core.management import call_command
    from django.db import connection
    from django.test import Client
    from django.urls import reverse

    from notifications.models import Account, GapHour, Operation, Overview
    from notifications.trace.overview import keep_overview

    client = Client(SERVER_NAME="localhost")
    client.force_login(Account.objects.create_superuser("bench"))
    took: dict[str, list[list[float]]] = {"home": [], "search by a beginning": []}
    for seed, size in enumerate((FEW, many)):
        now = datetime.now(UTC)
        recorded = _record_day(size, seed, now)
        call_command("work", once=True)
        looked = []
        for _ in range(2):  # of hours that were kept, once more
            Overview.objects.all().delete()
            looked.append(seconds_of(lambda now=now: keep_overview(now)))
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
        row = Overview.objects.get()
        told = GapHour.objects.filter(counts_as="missing").values_list("count", flat=True)
        missing = sum(told)
        print(
            f"gaps and contacts of a day of {recorded:,}: {looked[0]:.2f} s, by the worker,"
            f" and {looked[1]:.2f} s where nothing has touched the hours since;"
            f" {'too much to judge' if row.too_much else f'{missing:,} missing'}"
        )
        keys = Operation.objects.values_list("pk", flat=True)[:ROUNDS]
        paths = [f"{reverse('admin:search')}?q={key[:8]}" for key in keys]
        asked = {"home": ["/admin/"] * ROUNDS, "search by a beginning": paths}
        for name, addresses in asked.items():
            assert all(client.get(each).status_code in (200, 302) for each in addresses[:WARM])
            seconds = [seconds_of(lambda at=address: client.get(at)) for address in addresses]
            took[name].append(seconds[WARM:])
            print(f"{name}, {recorded:,} notifications: {milliseconds(took[name][-1])}")
    for name, (few, much) in took.items():
        print(f"{name}: ratio {median(much) / median(few):.2f}")


def _record_day(size: int, seed: int, now: datetime) -> int:
    """A believable day that ends now, of so many: where one bank's day has fewer, of several."""
    from notifications.ingest.envelope import emission_from
    from notifications.ingest.recorder import record
    from notifications.models.partitions import ensure_partition
    from notifications.world import Faults, World

    for moment in (now - timedelta(days=1), now):
        ensure_partition(moment)
    recorded = 0
    for number in range(max(1, size // A_DAY)):
        world = World(seed=1_000 * seed + number, size=min(size, A_DAY), until=now)
        told = (each.envelope for each in world.emissions(Faults.believable()))
        emissions = (emission_from(each, now=now) for each in told if each is not None)
        while batch := list(islice(emissions, BATCH)):
            recorded += record(batch, source="bank").recorded
    return recorded


if __name__ == "__main__":
    with migrated():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else MANY)
