"""Deriving the subjects again: nothing on a healthy database, and whatever is wrong put right."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO
from threading import Event
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    record_events,
)
from notifications.ingest.recorder import record
from notifications.integrity.projections import Difference, Fault, apply, plan_rebuild
from notifications.models import Activation, InboxMessage, Operation
from notifications.protocol.events import ActivationEventKind
from notifications.world import Faults
from tests.conftest import DEVICE, INBOX, INIT, NOW, OPERATION
from tests.world.worlds import UNTIL, emissions

pytestmark = pytest.mark.usefixtures("committed_db")

DAMAGES = {
    "an operation is gone": "DELETE FROM notifications_operation WHERE id = %s",
    "a name is another": "UPDATE notifications_operation SET name = 'x' WHERE id = %s",
    "a name is lost": "UPDATE notifications_operation SET name = NULL WHERE id = %s",
    "an init is lost": "UPDATE notifications_operation SET first_init_id = NULL WHERE id = %s",
    "a finish too early": "UPDATE notifications_operation SET last_finish_id = first_init_id"
    " WHERE id = %s",
    "a result is another": "UPDATE notifications_operation SET result = 'x' WHERE id = %s",
}


def world(faults: Faults | None = None) -> list[Emission]:
    return [
        emission_from(each.envelope, now=UNTIL)
        for each in emissions(faults or Faults.believable())
        if each.envelope is not None
    ]


def subjects() -> list[Any]:
    return [
        sorted(model.objects.values_list(), key=str)
        for model in (Operation, Activation, InboxMessage)
    ]


def execute(statement: str, *parameters: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters or None)


@pytest.fixture
def recorded(committed_db: str) -> list[Any]:
    """A world with its troubles, and what its subjects are."""
    record(world(), source="bank")
    return subjects()


def test_nothing_differs_on_a_healthy_database(recorded: list[Any]) -> None:
    assert plan_rebuild() == []
    out = StringIO()
    call_command("rebuild", stdout=out)
    assert "all as the notifications tell" in out.getvalue()
    assert subjects() == recorded


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damage_is_named_and_put_right(recorded: list[Any], damage: str) -> None:
    operation = Operation.objects.filter(first_init__isnull=False, last_finish__isnull=False)[0]
    execute(DAMAGES[damage], operation.pk)
    fault = Fault.MISSING if "gone" in damage else Fault.WRONG
    assert plan_rebuild() == [Difference("operations", operation.pk, fault)]
    apply(plan_rebuild())
    assert subjects() == recorded


def test_what_no_evidence_tells_of_is_removed(recorded: list[Any]) -> None:
    for model in (Operation, Activation, InboxMessage):
        model.objects.create(pk="made up")
    assert {each.fault for each in plan_rebuild()} == {Fault.UNFOUNDED}
    apply(plan_rebuild())
    assert subjects() == recorded


def test_all_of_it_can_be_derived_again(recorded: list[Any]) -> None:
    execute(
        "TRUNCATE notifications_operation, notifications_activation, notifications_inboxmessage"
    )
    out = StringIO()
    call_command("rebuild", "--plan", stdout=out)
    assert "nothing is changed with --plan" in out.getvalue()
    assert not Operation.objects.exists()
    call_command("rebuild", stdout=out)
    assert subjects() == recorded


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["login", "other"], "login"),
        ([5, "", "x" * 257, None, ["login"], "other", "login"], "other"),
        ([5, ""], None),
        (["ž\u202e😀" * 85], "ž\u202e😀" * 85),
    ],
)
def test_a_name_is_derived_as_it_was_recorded(names: list[Any], told: str | None) -> None:
    for number, name in enumerate(names):
        envelope = {
            "emitted_at": f"2026-03-14T09:00:{number:02}Z",
            "extras": INIT | {"operationName": name},
        }
        record([emission_from(envelope, now=NOW)], source="bank")
    assert Operation.objects.get(pk=OPERATION).name == told
    assert plan_rebuild() == []


def test_nothing_differs_while_it_is_recorded(recorded: list[Any]) -> None:
    envelopes = [each.envelope for each in emissions(Faults.believable()) if each.envelope]
    enough = Event()

    def work() -> int:
        batches = 0
        try:
            while not enough.is_set():
                name = {"message_id": f"more-{batches}"}
                items = [emission_from(each | name, now=UNTIL) for each in envelopes[batches::99]]
                record([item for item in items if not item.nonce], source="bank")
                batches += 1
        finally:
            connection.close()
        return batches

    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work)
        try:
            for _ in range(10):
                assert plan_rebuild() == []
        finally:
            enough.set()
        assert future.result() > 1


def test_putting_right_and_recording_at_once_lose_nothing(recorded: list[Any]) -> None:
    more = [
        emission_from(
            {
                "emitted_at": f"2026-01-31T09:{number // 60:02}:{number % 60:02}Z",
                "extras": INIT | {"operationId": f"operation-{number % 10}"},
            },
            now=UNTIL,
        )
        for number in range(600)
    ]
    damage = "UPDATE notifications_operation SET first_init_id = NULL WHERE id LIKE 'operation-%'"

    def work(start: int) -> None:
        try:
            for item in more[start::2]:
                record([item], source="bank")
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(work, start) for start in range(2)]
        while not all(future.done() for future in futures):
            execute(damage)
            apply(plan_rebuild())
        for future in futures:
            future.result()
    apply(plan_rebuild())
    assert plan_rebuild() == []
    assert Operation.objects.filter(pk__startswith="operation-").count() == 10


def test_subjects_that_events_alone_name_are_in_order_and_derived_again() -> None:
    told: dict[str, Any] = {"key": "a", "observed_at": NOW}
    record_events(
        [
            ActivationReport(kind=ActivationEventKind.STATUS, activation_id=DEVICE, **told),
            OperationReport(operation_id=OPERATION, activation_id="other", **told),
            InboxReport(inbox_message_id=INBOX, **told),
        ],
        source="powerauth",
    )
    assert plan_rebuild() == []
    before = subjects()
    for model in (Operation, Activation, InboxMessage):
        model.objects.all().delete()
    assert {(each.key, each.fault) for each in plan_rebuild()} == {
        (key, Fault.MISSING) for key in (DEVICE, "other", OPERATION, INBOX)
    }
    apply(plan_rebuild())
    assert subjects() == before
    # A notification about one of them makes it a subject like any other.
    record([emission_from({"extras": INIT, "activation_id": DEVICE}, now=NOW)], source="bank")
    assert plan_rebuild() == []
