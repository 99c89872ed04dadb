"""The backfill of a Push Server's database, against plain COPY between the two tables: of its rows
out of the one, and of as many finished rows into the other. And comparing all its registrations
when nothing has changed. Takes the number of rows; without one it is a million. Each registration
has 20 of them in five months: a message a week."""

import os
import resource
import subprocess
import sys
from contextlib import closing
from time import perf_counter
from typing import Any

import psycopg

from bench._database import migrated
from bench._lines import BATCH, _columns, empty_months
from bench._service import ROOT
from tests.ingest.push_server_tables import PushServerDatabase, made

ROWS, PER_REGISTRATION = 1_000_000, 20
SOURCE, ZONE = "bench-push-server", "Europe/Prague"
# Of every block of 20 ids one is lost; a tenth of a percent is pending, a fiftieth has failed.
_FILL = """
    INSERT INTO push_app_credentials (id, app_id)
        SELECT n, 'app-' || n FROM generate_series(1, 3) AS n;
    INSERT INTO push_device_registration (
        id, activation_id, user_id, app_id, platform, push_token, timestamp_last_registered,
        is_active, environment
    )
    SELECT
        n, md5('device ' || n)::uuid::text, 'user-' || (n * 2 / 3), 1 + n % 3,
        (ARRAY['apns', 'fcm', 'fcm', 'android', 'hms'])[1 + n % 5],
        md5('token ' || n) || md5('nekot ' || n),
        timestamp '2025-12-31' - n % 300 * interval '1 hour', n % 50 > 0, NULL
    FROM generate_series(1, {registrations}) AS n;
    INSERT INTO push_message (
        id, device_registration_id, user_id, activation_id, is_silent, is_personal, message_body,
        timestamp_created, status
    )
    SELECT
        n + n / 19, device.id, device.user_id,
        CASE WHEN n % 5 < 3 THEN device.activation_id END,
        n % 2 = 1, n % 10 > 0,
        CASE WHEN n % 10 = 0 THEN format({inbox}, md5('inbox ' || n)::uuid)
            WHEN n % 2 = 0 THEN format({init}, md5('operation ' || n)::uuid)
            ELSE format({finish}, md5('operation ' || (n - 1))::uuid) END,
        date_trunc('milliseconds', timestamp '2026-01-02' + n * interval '{seconds} s'),
        CASE WHEN n % 1000 = 7 THEN 0 WHEN n % 50 = 3 THEN -1 ELSE 1 END
    FROM generate_series(1, {rows}) AS n
    JOIN push_device_registration AS device
        ON device.id = (1 + n / 2 * 7919::bigint % {registrations})::integer;
    ANALYZE;
"""
_INBOX = """'{
  "title" : "New message",
  "body" : "There is a message for you in the inbox.",
  "sound" : "default",
  "extras" : {
    "messageType" : "mtoken.inboxMessage.new",
    "inboxId" : "%s"
  }
}'"""
_INIT = """'{
  "title" : "Confirm the operation",
  "body" : "Open the app to confirm or to reject.",
  "sound" : "default",
  "category" : "authorize_payment",
  "extras" : {
    "messageType" : "mtoken.operationInit",
    "operationId" : "%s",
    "operationName" : "authorize_payment"
  }
}'"""
_FINISH = """'{
  "category" : "authorize_payment",
  "extras" : {
    "messageType" : "mtoken.operationFinished",
    "operationId" : "%s",
    "operationName" : "authorize_payment",
    "mtokenOperationResult" : "authentication.success"
  }
}'"""


def main(rows: int) -> None:
    registrations = max(rows // PER_REGISTRATION, 1)
    with made() as vendor:
        vendor.grant()
        seconds = 150 * 86_400 / rows  # of January to May
        bodies = {"inbox": _INBOX, "init": _INIT, "finish": _FINISH}
        filling = {"rows": rows, "registrations": registrations, "seconds": seconds, **bodies}
        vendor.execute(_FILL.format(**filling))
        empty_months()
        took = _import(vendor)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        _check(rows)
        compared = _compare(vendor)
        floor = _copied_across(vendor, rows)
    print(
        f"backfill of {rows:,} rows: {rows / took:,.0f} rows/s, {peak:.0f} MB;"
        f" COPY from table to table: {rows / floor:,.0f} rows/s; ratio {floor / took:.2f}"
    )
    print(f"comparing {registrations:,} registrations of which none changed: {compared:.2f} s")


def _import(vendor: PushServerDatabase) -> float:
    """Seconds of the command, its start included."""
    from django.db import connection

    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench._settings",
        "BENCH_DATABASE": connection.settings_dict["NAME"],
    }
    options = ("--dsn", vendor.dsn, "--timezone", ZONE, "--verbosity", "0")
    command = [sys.executable, "manage.py", "import_push_server", "--source", SOURCE, *options]
    start = perf_counter()
    subprocess.run(command, cwd=ROOT, env=environment, check=True)  # noqa: S603
    return perf_counter() - start


def _check(rows: int) -> None:
    from notifications.models import DeliveryReport, Notification

    assert Notification.objects.count() == rows
    assert DeliveryReport.objects.count() >= rows
    assert not Notification.objects.filter(activation=None).exists()


def _compare(vendor: PushServerDatabase) -> float:
    from zoneinfo import ZoneInfo

    from notifications.ingest.push_server.connection import opened
    from notifications.ingest.push_server.registrations import compare

    with opened(vendor.dsn) as database, database.snapshot():
        start = perf_counter()
        compared = compare(database, source=SOURCE, zone=ZoneInfo(ZONE))
        assert (compared.begun, compared.ended) == (0, 0)
        return perf_counter() - start


def _copied_across(vendor: PushServerDatabase, rows: int) -> float:
    """Seconds of COPY of all messages out of the vendor's table and, at the same time, of all that
    was recorded into the emptied months, a commit for each batch."""
    from django.db import connection

    with connection.cursor() as cursor, closing(psycopg.connect(vendor.owner)) as source:
        columns = _columns(cursor)
        query = f"COPY (SELECT {columns} FROM notifications_notification ORDER BY id) TO STDOUT"  # noqa: S608
        with cursor.copy(query) as copy:
            ready = [bytes(row) for row in copy]
        assert len(ready) == rows
        batches = [b"".join(ready[at : at + BATCH]) for at in range(0, rows, BATCH)]
        empty_months()
        start = perf_counter()
        with source.cursor().copy("COPY push_message TO STDOUT") as out:
            for batch in batches:
                _read(out, BATCH)
                with cursor.copy(f"COPY notifications_notification ({columns}) FROM STDIN") as copy:
                    copy.write(batch)
            assert _read(out, 1) == 0
        return perf_counter() - start


def _read(out: Any, most: int) -> int:
    """How many of at most so many rows there were."""
    return sum(1 for _ in zip(range(most), out, strict=False))


if __name__ == "__main__":
    with migrated():
        main(int(sys.argv[1]) if len(sys.argv) > 1 else ROWS)
