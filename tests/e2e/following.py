"""Push Servers to look at, in what states reading them can be, and what gateways answered."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.test.utils import override_settings

from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.push_server.wanted import want
from notifications.models import PushServerReading
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome
from pushaudit.push_servers import PushServer
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_tables import made

SERVER, READING, UNREAD, SILENT = "push-server", "push-reading", "push-unread", "push-silent"
ZONE = "Europe/Prague"
APP = "followed-bank"  # of its own: what is known of other apps stays what it was
HOSTILE = "<img src=x onerror=alert(9)>\u202e" + "W" * 300
PHONE = "1d3c7a52-8f1e-4b57-9a60-2c8f7e5b4d11"
EXTRAS = {"messageType": "mtoken.statusChange"}


@contextmanager
def served() -> Iterator[None]:
    """With a Push Server that has sent something and can be read, and others that cannot."""
    with made() as database:
        node = VendorServer(database, zone=ZoneInfo(ZONE))
        now = datetime.now(UTC)
        node.add_app(APP)
        registered = now - timedelta(days=2)
        node.register(APP, "token-1", PHONE, "jana", at=registered)
        for minutes in (30, 20, 10):
            body, at = {"extras": EXTRAS}, now - timedelta(minutes=minutes)
            node.send(APP, "jana", body, at=at)
        nowhere = PushServer("postgresql://nobody@127.0.0.1:1/push", ZONE)
        servers = {SERVER: PushServer(database.grant(), ZONE)}
        servers |= dict.fromkeys((READING, UNREAD, SILENT), nowhere)
        with override_settings(PUSH_SERVERS=settings.PUSH_SERVERS | servers):
            yield


def fill(now: datetime, finished: UUID, hostile: UUID) -> None:
    """``finished`` was accepted in the end, and of ``hostile`` nothing more is to be hoped."""
    begun = {"begun_at": now - timedelta(minutes=7), "zone": ZONE}
    _read(READING, now, **begun, rows_read=412_345, rows_estimate=1_000_000)
    _read(
        UNREAD, now, **begun, polled_at=now - timedelta(hours=2), problem=HOSTILE,
        problem_at=now - timedelta(hours=1), rows_read=12_345_678,
    )  # fmt: skip
    _read(
        SILENT, now, **begun, polled_at=now, storage="off", storage_since=now,
        positions={"push_message": {"missing": [[1, 1234, 0]]}},
    )  # fmt: skip
    told = {
        "notification": finished, "registration": "4711", "device_by": DeviceBy.REGISTRATION,
        "told_at": "2026-10-25 02:30:00.123", "zone": ZONE,
    }  # fmt: skip
    _answer(told, "0", outcome=Outcome.PENDING, observed_at=now - timedelta(seconds=2))
    _answer(told, "1", outcome=Outcome.ACCEPTED, observed_at=now, is_final=True)
    told = dict.fromkeys(("registration", "told_at"), HOSTILE[:60])
    told |= {"notification": hostile, "device_by": DeviceBy.NOBODY, "zone": "W" * 64}
    cause = {"is_final": True, "cause": Cause.INACTIVE_PERSONAL}
    _answer(told, HOSTILE[:250], outcome=Outcome.PENDING, observed_at=now, **cause)


def _read(source: str, now: datetime, **columns: Any) -> None:
    want(source, True, "operator", now - timedelta(minutes=8), zone=ZONE)
    PushServerReading.objects.filter(pk=source).update(**columns)


def _answer(told: Mapping[str, Any], code: str, **more: Any) -> None:
    record_deliveries([DeliveryTold(key=None, code=code, **told, **more)], source=SERVER)
