"""Personas, data and databases that tests share."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import setup_databases, teardown_databases
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import Account, Notification
from notifications.models.partitions import ensure_partition
from tests.ingest import push_server_tables
from tests.ingest.push_server_tables import PushServerDatabase
from tests.trace.stories import Story

NOW = datetime(2026, 3, 14, 9, 26, 53, 589000, tzinfo=UTC)
OPERATION = "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10"
DEVICE = "49414e31-f3df-4cea-87e6-f214ca3b8412"
INBOX = "0f0cd3c7-5a0e-4ff5-8b2e-5b6a0c0c9a11"
SOURCE = "demo-bank"

INIT = {
    "messageType": "mtoken.operationInit",
    "operationId": OPERATION,
    "operationName": "login",
}
FINISHED = INIT | {
    "messageType": "mtoken.operationFinished",
    "mtokenOperationResult": "authentication.success",
}
STATUS_CHANGE = {"messageType": "mtoken.statusChange", "activationId": DEVICE}
INBOX_NEW = {"messageType": "mtoken.inboxMessage.new", "inboxId": INBOX}


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment: None, django_db_blocker: Any) -> Iterator[None]:
    """The migrated database with the months that tests emit in, so that none has to make them.

    In place of pytest-django's, which makes it only when a test asks for ``db`` by that name: a
    test of ``committed_db`` alone would then clone, and change, the database in use.
    """
    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False, aliases={"default"})
        ensure_partition(NOW)
        ensure_partition(datetime.now(UTC))
        keep_statistics()
        connection.close()
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


def keep_statistics() -> None:
    """The planner knows what a test gathers, and nothing else. What tests roll back counts as
    change, so that autovacuum would take tables for empty in the middle of a long run."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT oid::regclass::text FROM pg_class"
            " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")


@pytest.fixture(scope="session")
def cloned_db(
    django_db_setup: None, django_db_blocker: Any
) -> Callable[[], AbstractContextManager[str]]:
    """Makes databases for what commits; gives their names. Flushing one would mean to switch the
    append-only triggers off, and would delete what migrations made."""

    @contextmanager
    def clone() -> Iterator[str]:
        with django_db_blocker.unblock():
            connection.close()
            template = connection.settings_dict["NAME"]
            name = f"{template}_{uuid4().hex[:8]}"
            with connection._nodb_cursor() as cursor:
                cursor.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            connection.settings_dict["NAME"] = name
            try:
                yield name
            finally:
                connection.close()
                connection.settings_dict["NAME"] = template
                with connection._nodb_cursor() as cursor:
                    cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    return clone


@pytest.fixture
def committed_db(cloned_db: Callable[[], AbstractContextManager[str]]) -> Iterator[str]:
    """A database of its own for a test that commits; its name."""
    with cloned_db() as name:
        yield name


@pytest.fixture
def push_server(django_db_setup: None) -> Iterator[PushServerDatabase]:
    """The database of a Push Server 1.10, of which its account may read what is documented."""
    with push_server_tables.made() as database:
        database.grant()
        yield database


@pytest.fixture
def persona(db: None) -> Callable[[str], APIClient]:
    """An API client for a new service account; ``group`` may be "" for none."""

    def make(group: str, name: str = "") -> APIClient:
        account = Account.objects.create(username=name or f"{group or 'nobody'}-app".lower())
        if group:
            account.groups.add(Group.objects.get(name=group))
        _, token = AuthToken.objects.create(account)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        return client

    return make


@pytest.fixture
def emitter(persona: Callable[..., APIClient]) -> APIClient:
    return persona("Emitters", SOURCE)


@pytest.fixture
def support(persona: Callable[..., APIClient]) -> APIClient:
    return persona("Support")


@pytest.fixture
def auditor(persona: Callable[..., APIClient]) -> APIClient:
    """Reads all there is."""
    return persona("Auditors")


@pytest.fixture
def outsider(persona: Callable[..., APIClient]) -> APIClient:
    """Signed in, in no group."""
    return persona("")


@pytest.fixture
def browser_of(db: None) -> Callable[[str], Client]:
    """Makes a browser with somebody of ``group`` signed in."""

    def make(group: str) -> Client:
        account = Account.objects.create_user(group.lower().removesuffix("s"), is_staff=True)
        account.groups.add(Group.objects.get(name=group))
        client = Client()
        client.force_login(account)
        return client

    return make


@pytest.fixture
def operator_client(browser_of: Callable[[str], Client]) -> Client:
    return browser_of("Operators")


@pytest.fixture
def auditor_client(browser_of: Callable[[str], Client]) -> Client:
    """Sees all that an operator sees, and who looked."""
    return browser_of("Auditors")


@pytest.fixture
def record_one(db: None) -> Callable[..., UUID]:
    """Records one envelope and gives its id; keywords are envelope fields."""

    def make(*, source: str = SOURCE, now: datetime = NOW, **envelope: Any) -> UUID:
        envelope.setdefault("extras", INIT)
        (notification_id,) = record([emission_from(envelope, now=now)], source=source).ids
        return notification_id

    return make


@pytest.fixture
def tell(db: None) -> Callable[..., None]:
    """Records the envelopes of a story, or any."""

    def make(told: Story | Iterable[dict[str, Any]], source: str = "bank") -> None:
        envelopes = told.envelopes() if isinstance(told, Story) else told
        record([emission_from(each, now=NOW) for each in envelopes], source=source)

    return make


def only_notification() -> Notification:
    return Notification.objects.get()
