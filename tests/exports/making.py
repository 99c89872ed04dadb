"""Recording something to export, and exporting it."""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, transaction
from django.utils import timezone

from notifications.exports.asking import ask
from notifications.exports.directory import export_to
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import AccessRecord, Account, Export, Source
from notifications.trace.access import Viewer
from tests.conftest import INIT, NOW, SOURCE

ANALYST = "ana"
VIEWER = Viewer(ANALYST, AccessRecord.Via.COMMAND)


def tell(*names: str, hours: int = 0, source: str = SOURCE, **envelope: Any) -> None:
    """A notification for each name, of an operation of its own, some seconds apart."""
    record(
        [
            emission_from(
                {
                    "emitted_at": (NOW + timedelta(hours=hours, seconds=place)).isoformat(),
                    "message_id": name,
                    "user_id": f"user-{place % 7}",
                    "extras": INIT | {"operationId": f"of-{name}"},
                    **envelope,
                },
                now=NOW,
            )
            for place, name in enumerate(names)
        ],
        source=source,
    )


def analyst(*groups: str) -> Account:
    """Who may export."""
    account = Account.objects.create(username=ANALYST)
    account.groups.add(*Group.objects.filter(name__in=groups or ("Analysts",)))
    return account


def asked(delivery: str = Export.Delivery.DIRECTORY, **question: Any) -> Export:
    return ask(
        VIEWER,
        **{
            "dataset": "notifications",
            "file_format": "ndjson",
            "filters": {"since": ["all"]},
            "tells_users": False,
            "delivery": delivery,
            **question,
        },
    )


def exported(directory: Path, **question: Any) -> Export:
    directory.mkdir(exist_ok=True)
    export = asked(**question)
    export_to(directory, export, tell=lambda rows: None)
    export.refresh_from_db()
    return export


@contextmanager
def told_meanwhile(writers: int = 3, batch: int = 20) -> Iterator[Callable[[], Sequence[str]]]:
    """Recorders that go on until the end of the context, some of whose transactions take long and
    some of which are rolled back; gives what they have committed."""
    Source.objects.get_or_create(slug=SOURCE)  # else they would wait for the first of them
    ended, committed = Event(), list[str]()

    def go_on(writer: int) -> None:
        number = 0
        try:
            while not ended.is_set():
                names = [f"w{writer}-{number}-{each}" for each in range(batch)]
                with transaction.atomic():
                    tell(*names, hours=-number)  # in the order of recording only
                    ended.wait(0.01 * (number % 3) * writer)
                    if number % 5 == 4:
                        transaction.set_rollback(True)
                if number % 5 != 4:
                    committed.extend(names)
                number += 1
        finally:
            connection.close()

    threads = [Thread(target=go_on, args=(writer,)) for writer in range(writers)]
    for thread in threads:
        thread.start()
    try:
        yield lambda: tuple(committed)
    finally:
        ended.set()
        for thread in threads:
            thread.join()


def job(**question: Any) -> Export:
    return asked(Export.Delivery.JOB, **question)


def now(export: Export) -> Export:
    export.refresh_from_db()
    return export


def names(number: int) -> list[str]:
    return [f"n{each:04}" for each in range(number)]


def message_ids(directory: Path) -> list[str]:
    return [
        json.loads(line)["message_id"]
        for path in sorted(directory.glob("*.ndjson"))
        for line in path.read_text().splitlines()
    ]


def due() -> None:
    Export.objects.update(due_at=timezone.now() - timedelta(seconds=1))
