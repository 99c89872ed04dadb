"""`manage.py import_powerauth_history --dsn`: from PowerAuth Server's own tables, in a database of
their own, with the rights that docs/sources.md names."""

import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import psycopg
import pytest
from django.core.management import CommandError
from django.db import connection

from notifications.ingest import history, history_database
from notifications.ingest.foreign_database import BrokenOff
from notifications.models import ActivationEvent
from tests.conftest import DEVICE
from tests.ingest.test_history import fails, run

pytestmark = pytest.mark.usefixtures("db")
PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
# The columns and types of PowerAuth Server 1.9, secrets left out but for one.
TABLES = """
    CREATE TABLE pa_application (
        id integer PRIMARY KEY, name varchar(255) NOT NULL, roles varchar(255)
    );
    CREATE TABLE pa_activation (
        activation_id varchar(37) PRIMARY KEY,
        application_id integer NOT NULL REFERENCES pa_application,
        user_id varchar(255) NOT NULL, activation_status integer NOT NULL,
        server_private_key_base64 varchar(255) NOT NULL
    );
    CREATE TABLE pa_activation_history (
        id bigint PRIMARY KEY, activation_id varchar(37) NOT NULL REFERENCES pa_activation,
        activation_status integer, event_reason varchar(255), external_user_id varchar(255),
        timestamp_created timestamp(6) NOT NULL, activation_version integer,
        activation_name varchar(255)
    );
    INSERT INTO pa_application VALUES (7, 'mobile-app', NULL);
"""
HISTORY = """
    INSERT INTO pa_activation_history (
        id, activation_id, activation_status, event_reason, timestamp_created
    ) VALUES (%s, %s, %s, %s, %s)
"""


@pytest.fixture
def vendor(django_db_setup: None) -> Iterator["psycopg.Connection[Any]"]:
    """PowerAuth Server's database, with an account that may only connect to it."""
    name = f"powerauth_{uuid4().hex[:8]}"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
        cursor.execute(f'CREATE ROLE "{name}"')
    try:
        told = {**connection.get_connection_params(), "dbname": name}
        names = ("dbname", "host", "port", "user", "password")
        given = {each: told[each] for each in names if told.get(each)}
        with closing(psycopg.connect(**given, autocommit=True)) as its_own:
            its_own.execute(TABLES)
            its_own.execute(
                "INSERT INTO pa_activation VALUES (%s, 7, 'user-1', 3, 'secret')", [DEVICE]
            )
            its_own.execute(HISTORY, [1, DEVICE, 1, None, "2024-07-01 10:00:00.25"])
            its_own.execute(HISTORY, [2, DEVICE, 4, "MAX_FAILED_ATTEMPTS", "2024-12-01 10:00:00"])
            yield its_own
    finally:
        with connection._nodb_cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
            cursor.execute(f'DROP ROLE "{name}"')


def granted(vendor: "psycopg.Connection[Any]", *, owners: bool = True) -> str:
    """The address as the account of the page has it."""
    text = PAGE.read_text().split("## PowerAuth's history")[1].split("\n## ")[0]
    (grants,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    for line in grants.replace("pushaudit_reader", f'"{vendor.info.dbname}"').splitlines():
        if line.startswith("GRANT") and (owners or "history" in line):
            vendor.execute(line)
    return address(vendor, role=vendor.info.dbname)


def address(vendor: "psycopg.Connection[Any]", role: str = "", options: str = "") -> str:
    info = vendor.info
    password = f":{quote(info.password, safe='')}" if info.password else ""
    settings = f"{options} -crole={role}" if role else options
    return (
        f"postgresql://{quote(info.user)}{password}@/{info.dbname}"
        f"?host={quote(info.host, safe='')}&port={info.port}&options={quote(settings, safe='')}"
    )


def test_rows_become_events_with_user_and_app(vendor: "psycopg.Connection[Any]") -> None:
    dsn = granted(vendor)
    assert "2 recorded, 0 known, 0 could not" in run(dsn=dsn, timezone="Europe/Prague")
    assert "0 recorded, 2 known, 0 could not" in run(dsn=dsn, timezone="Europe/Prague")
    created, blocked = ActivationEvent.objects.in_time_order()
    assert (created.status, blocked.status, blocked.reason) == (
        "CREATED",
        "BLOCKED",
        "MAX_FAILED_ATTEMPTS",
    )
    assert (created.recipient.user_id, created.apps) == ("user-1", ["mobile-app"])
    assert created.happened_at.isoformat() == "2024-07-01T08:00:00.250000+00:00"  # summer
    assert blocked.happened_at.isoformat() == "2024-12-01T09:00:00+00:00"


def test_without_the_rights_to_owners_the_rest_is_read(vendor: "psycopg.Connection[Any]") -> None:
    told = run(dsn=granted(vendor, owners=False), timezone="UTC")
    assert "may not be read, so users and apps stay unknown" in told
    assert "2 recorded" in told
    assert set(ActivationEvent.objects.values_list("recipient", flat=True)) == {None}
    assert "2 recorded" in run(dsn=granted(vendor), timezone="UTC")  # who they were of is new


def test_a_newer_version_may_have_more_columns_and_zones(vendor: "psycopg.Connection[Any]") -> None:
    vendor.execute("""
        SET timezone = 'UTC';
        ALTER TABLE pa_activation_history ADD protocol text DEFAULT 'v4',
            ALTER timestamp_created TYPE timestamptz;
    """)
    run(dsn=granted(vendor), timezone="Asia/Tokyo", since="2024-07-01T10:00:00.250Z")
    first = ActivationEvent.objects.in_time_order()[0]
    assert first.happened_at.isoformat() == "2024-07-01T10:00:00.250000+00:00"


def test_since_is_read_in_the_zone_of_the_table(vendor: "psycopg.Connection[Any]") -> None:
    dsn = granted(vendor)
    given = {"dsn": dsn, "timezone": "Europe/Prague"}
    assert "1 recorded, 0 known, 1 older" in run(since="2024-07-01T08:00:00.251Z", **given)
    assert "0 recorded, 1 known, 0 could" in run(since="2024-12-01T09:00:00Z", **given)


def test_what_no_clock_tells_is_named_and_the_rest_goes_on(
    vendor: "psycopg.Connection[Any]",
) -> None:
    vendor.execute(HISTORY, [3, DEVICE, 5, None, "infinity"])
    vendor.execute(HISTORY, [4, DEVICE, 9, None, "2025-01-01 00:00"])
    vendor.execute(HISTORY, [5, DEVICE, None, None, "0044-03-15 BC"])
    told = fails(dsn=granted(vendor), timezone="UTC")
    assert "3 recorded, 0 known, 2 could not be read" in told
    assert "row 3: timestampCreated is no time" in told
    assert "row 5: timestampCreated is no time" in told
    assert ActivationEvent.objects.newest_first()[0].status == "9"


def test_a_connection_that_is_lost_is_told_and_the_next_run_completes_it(
    vendor: "psycopg.Connection[Any]", monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3, 40):
        vendor.execute(HISTORY, [number, DEVICE, 3, None, "2025-01-01 00:00"])
    dsn, genuine = granted(vendor), history.record_events

    def while_it_ends(*args: Any, **rest: Any) -> Any:
        vendor.execute("""
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()
        """)
        return genuine(*args, **rest)

    monkeypatch.setattr(history, "MAX_EVENTS", 10)
    monkeypatch.setattr(history_database, "FETCH", 15)
    monkeypatch.setattr(history, "record_events", while_it_ends)
    with pytest.raises(CommandError, match=r"database broke off: .* So far: 15 recorded.* again"):
        run(dsn=dsn, timezone="UTC")
    monkeypatch.setattr(history, "record_events", genuine)
    assert "24 recorded, 15 known" in run(dsn=dsn, timezone="UTC")


def test_nothing_can_be_written(vendor: "psycopg.Connection[Any]") -> None:
    with (
        pytest.raises(BrokenOff, match="cannot execute DELETE in a read-only transaction"),
        history_database.opened(address(vendor)) as table,
    ):
        table.connection.execute("DELETE FROM pa_activation_history")


def test_a_missing_table_column_or_right_is_named_with_its_remedy(
    vendor: "psycopg.Connection[Any]",
) -> None:
    role = vendor.info.dbname
    given: dict[str, Any] = {"timezone": "UTC"}
    with pytest.raises(CommandError, match=rf"GRANT SELECT \(id, .*\) ON .* TO {role};"):
        run(dsn=address(vendor, role=role), **given)
    with pytest.raises(CommandError, match=r"There is no table .*search_path"):
        run(dsn=address(vendor, options="-csearch_path=elsewhere"), **given)
    vendor.execute("CREATE SCHEMA elsewhere")
    vendor.execute("ALTER TABLE pa_activation_history SET SCHEMA elsewhere")
    assert "2 recorded" in run(
        dsn=address(vendor, options="-csearch_path=elsewhere,public"), **given
    )
    vendor.execute("ALTER TABLE elsewhere.pa_activation_history DROP event_reason")
    with pytest.raises(CommandError, match="has no column event_reason"):
        run(dsn=address(vendor, options="-csearch_path=elsewhere"), **given)


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("host=db password=hunter2-secret", "is no address of a database"),
        ("mysql://pa:hunter2-secret@db/pa", "is no address of a database"),
        ("postgresql://pa:hunter2@secret@db/pa", "write .* special characters"),
        ("postgresql://pa:hunter2/secret@db/pa", "write .* special characters"),
        ("postgresql://pa:hunter2-secret/pa", "write .* special characters"),
        ("postgresql://pa:hunter2-secret@db:x/pa", "write .* special characters"),
        ("postgresql://pa@db/pa?passwort=hunter2-secret", "look at its parameters"),
        ("postgresql://pa:hunter2%secret@db/pa", "look at its parameters"),
        ("postgresql://pa:hunter2-secret@/pa?host=/nowhere", "/nowhere"),
        ("postgresql://pa@/pa?host=/nowhere/hunter2&password=hunter2", "PowerAuth's database: "),
        ("postgresql://pa:hunter2-secret@127.0.0.1:1/pa", "refused"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(dsn: str, words: str) -> None:
    with pytest.raises(CommandError, match=words) as error:
        run(dsn=dsn, timezone="UTC")
    assert not re.search("hunter2|secret", str(error.value))


def test_a_database_that_is_not_there_is_told(vendor: "psycopg.Connection[Any]") -> None:
    dsn = address(vendor).replace(vendor.info.dbname, "nowhere")
    with pytest.raises(CommandError, match='database "nowhere" does not exist'):
        run(dsn=dsn, timezone="UTC")
