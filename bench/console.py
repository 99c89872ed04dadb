"""The console's pages over a record of a year: each at 1,000,000 notifications (or as many as asked
for) against the same page at 10,000, in turn, rendered in this process as the server renders them.
The small record is of the same bank after its first days, so that as much has happened today.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from time import perf_counter
from typing import Any

from bench._asking import seconds_of
from bench._database import migrated
from bench._year import SOURCE, YEAR, record_year

SMALL, LARGE = 10_000, 1_000_000
OF_EACH, ROUNDS, UNCOUNTED = 25, 4, 1  # things of each kind, each looked at so often; warming first
DEEP = 5
MOST = 1.3


@dataclass
class Record:
    """One record and a superuser's browser on it; ``pages`` has addresses by the kind of page."""

    connection: Any
    client: Any
    pages: Mapping[str, list[str]]
    seconds: dict[str, list[float]] = field(default_factory=dict)

    def use(self) -> None:
        from django.db import connections

        connections["default"] = self.connection

    def visit(self, kind: str, number: int, *, is_counted: bool) -> None:
        self.use()
        address = self.pages[kind][number % len(self.pages[kind])]
        took = seconds_of(lambda: self._ask(address))
        if is_counted:
            self.seconds.setdefault(kind, []).append(took)

    def _ask(self, address: str) -> None:
        response = self.client.get(address)
        # The beginning of one identifier alone leads to its page.
        assert response.status_code in (200, 302), (address, response.status_code)


def main(large: int) -> None:
    with migrated():
        small = record_of(SMALL, YEAR * SMALL / large)
        with beside(), migrated():
            big = record_of(large, YEAR)
            try:
                for number in range(OF_EACH * ROUNDS):
                    is_counted = number >= OF_EACH * UNCOUNTED
                    for kind in small.pages:
                        for record in (small, big):
                            record.visit(kind, number, is_counted=is_counted)
            finally:
                big.use()  # the database is removed over its own connection
    tell(small, big)


@contextmanager
def beside() -> Iterator[None]:
    """Another connection in place of the one in use, which is kept."""
    from django.db import connections

    kept = connections["default"]
    connections["default"] = type(kept)(deepcopy(kept.settings_dict), kept.alias)
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = kept


def tell(small: Record, large: Record) -> None:
    """A line for each kind, and the highest ratio beside the one that is meant to be the most."""
    worst = 0.0
    for kind in small.pages:
        at_small, at_large = median(small.seconds[kind]), median(large.seconds[kind])
        worst = max(worst, at_large / at_small)
        print(
            f"{kind}: {at_large * 1000:.1f} ms; at {SMALL:,}: {at_small * 1000:.1f} ms;"
            f" ratio {at_large / at_small:.2f}"
        )
    print(f"the highest ratio is {worst:.2f}, of which {MOST} is the most")


def record_of(count: int, length: timedelta) -> Record:
    from django.core.management import call_command
    from django.db import connections
    from django.test import Client
    from django.utils import timezone

    from notifications.models import Account

    start, now = perf_counter(), timezone.now()
    recorded = record_year(count, now, length)
    call_command("work", once=True)
    took = perf_counter() - start
    print(f"{recorded:,} notifications of {length.days} days recorded in {took:.0f} s")
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(Account.objects.create(username="keeper", is_superuser=True, is_staff=True))
    return Record(connections["default"], client, dict(pages(client, now)))


def pages(client: Any, now: datetime) -> Iterator[tuple[str, list[str]]]:
    """Of any notifications and their subjects, lists as they open and as they are narrowed."""
    from notifications.admin.addresses import list_address, page_address
    from notifications.models import AccessRecord

    told = _sample()
    of_all = list_address("notification")
    yield "home", ["/admin/"]
    for kind in ("notification", "operation", "activation", "inboxmessage", "recipient"):
        yield f"list of {kind}", [list_address(kind)]
    yield "list of accessrecord", [f"{list_address('accessrecord')}?when=all"]
    yield "list of source", [list_address("source")]
    yield "list by type", [f"{of_all}?message_type=mtoken.operationFinished"]
    yield "list by finding", [f"{of_all}?finding=any&when=all"]
    yield "list about a device", [f"{of_all}?activation={each.activation_id}" for each in told]
    yield "list of a search", [f"{of_all}?q={each.operation_id}" for each in told]
    yield f"list, page {DEEP}", [_deep(client, of_all, f"{of_all}?when=all", DEEP)]
    yield "search by prefix", [f"/admin/search/?q={each.operation_id[:9]}" for each in told]
    for kind in ("operation", "activation", "recipient"):
        yield f"page of {kind}", [page_address(kind, getattr(each, f"{kind}_id")) for each in told]
    yield "page of notification", [page_address("notification", each.pk) for each in told]
    looked = AccessRecord.objects.order_by("-id").values_list("pk", flat=True)[:OF_EACH]
    yield "page of accessrecord", [page_address("accessrecord", each) for each in looked]
    yield "page of source", [page_address("source", SOURCE)]


def _sample() -> list[Any]:
    """Ordinary ones: of an operation and of a device that heard a handful of times."""
    from notifications.models import Notification

    usual = Notification.objects.raw(
        """
        SELECT * FROM notifications_notification AS told
        WHERE operation_id IS NOT NULL AND recipient_id IS NOT NULL AND activation_id IN (
            SELECT activation_id FROM notifications_notification
            GROUP BY activation_id HAVING count(*) BETWEEN 10 AND 20
        ) ORDER BY md5(id::text) LIMIT %s
    """,
        [OF_EACH],
    )
    return list(usual)


def _deep(client: Any, base: str, first: str, page: int) -> str:
    address = first
    for _ in range(page - 1):
        address = base + client.get(address).context_data["cl"].older
    return address


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else LARGE)
