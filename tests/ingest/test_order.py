"""Whatever the order, the repetition and the company in which it is recorded, all of it is there
once and every table is the same."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.integrity.projections import plan_rebuild
from notifications.models import (
    Activation,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
    Source,
)
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, NOW, SOURCE
from tests.ingest.test_recorder import emission


def tables() -> dict[str, Any]:
    """Every table's rows but for what recording itself stamps; recipients by their user."""
    stamped = {"recorded_at", "recorded_xid", "recipient"}
    columns = [each.name for each in Notification._meta.fields if each.name not in stamped]
    return {
        "notifications": sorted(
            Notification.objects.values_list(*columns, "recipient__user_id"), key=str
        ),
        "operations": sorted(Operation.objects.values_list(), key=str),
        "activations": sorted(Activation.objects.values_list()),
        "inbox messages": sorted(InboxMessage.objects.values_list()),
        "recipients": sorted(Recipient.objects.values_list("user_id", flat=True)),
        "sources": sorted(Source.objects.values_list("slug", flat=True)),
    }


EMISSIONS = [
    emission(after=0, message_id="a", user_id="u1", activation_id=DEVICE),
    emission(after=1, message_id="b", extras=INIT | {"operationName": "renamed"}),
    emission(after=2, message_id="c", extras=FINISHED, user_id="u2"),
    emission(after=3, message_id="d", extras=FINISHED | {"mtokenOperationResult": "other"}),
    emission(after=4, message_id="e", extras=INBOX_NEW, user_id="u1"),
    emission(after=5, message_id="f", extras={}),
]


@pytest.mark.usefixtures("db")
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(order=st.permutations(EMISSIONS), repeated=st.sampled_from(EMISSIONS), cut=st.integers(0, 6))
def test_order_repetition_and_cutting_do_not_matter(
    order: list[Emission], repeated: Emission, cut: int
) -> None:
    results = []
    for batches in ([EMISSIONS], [order[:cut], [*order[cut:], repeated]]):
        with transaction.atomic():
            for batch in batches:
                record(batch, source=SOURCE)
            results.append(tables())
            transaction.set_rollback(True)
    assert results[0] == results[1]


SHARED = [
    emission(
        after=n,
        message_id=f"m-{n}",
        user_id=f"user-{n % 5}",
        activation_id=f"device-{n % 7}",
        extras=(INIT, FINISHED, INBOX_NEW)[n % 3]
        | {
            "operationId": f"operation-{n % 4}",
            "operationName": f"name-{n % 11}",
            "inboxId": f"inbox-{n % 3}",
        },
    )
    for n in range(60)
]


def recorded_by(*recorders: list[list[Emission]]) -> dict[str, Any]:
    """The tables after so many recorders, each with its batches on its own connection, at once."""

    def work(batches: list[list[Emission]]) -> int:
        try:
            return sum(record(batch, source=SOURCE).recorded for batch in batches)
        finally:
            connection.close()

    with ThreadPoolExecutor(len(recorders)) as pool:
        assert sum(pool.map(work, recorders)) == len(SHARED)
    return tables()


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_over_real_connections_neither_order_nor_repetition_nor_company_matters(
    cloned_db: Callable[[], AbstractContextManager[str]], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(SHARED))
    dealt: list[list[list[Emission]]] = [[] for _ in range(data.draw(st.integers(2, 4)))]
    start = 0
    while start < len(shuffled):
        size = data.draw(st.integers(1, 30))
        batch = shuffled[start : start + size]
        for number in data.draw(st.sets(st.integers(0, len(dealt) - 1), min_size=1)):
            dealt[number].append(batch + batch[: data.draw(st.integers(0, 3))])
        start += size
    with cloned_db():
        at_once = recorded_by(*dealt)
        assert plan_rebuild() == []
    with cloned_db():
        assert at_once == recorded_by([SHARED])


@pytest.mark.usefixtures("committed_db")
def test_concurrent_recorders_of_shared_subjects_neither_deadlock_nor_repeat() -> None:
    batch = [
        emission(after=n, message_id=f"m-{n}", user_id=f"u{n % 7}", activation_id=f"device-{n % 5}")
        for n in range(200)
    ]

    def work(seed: int) -> int:
        turned = batch[seed * 25 :] + batch[: seed * 25]
        try:
            return sum(
                record(turned[at : at + 20], source=SOURCE).recorded for at in range(0, 200, 20)
            )
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(8))) == len(batch)
    assert Notification.objects.count() == len(batch)
    assert Activation.objects.count() == 5


@pytest.mark.usefixtures("committed_db")
def test_a_new_month_under_concurrent_recorders_is_made_once() -> None:
    def work(number: int) -> int:
        moment = f"2033-0{number % 3 + 1}-01T00:00:00Z"
        item = emission_from(
            {"emitted_at": moment, "extras": INIT, "message_id": str(number)}, now=NOW
        )
        try:
            return record([item], source=SOURCE).recorded
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(24))) == 24
