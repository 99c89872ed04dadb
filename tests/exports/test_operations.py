"""Operations are exported as they stood at the bound, whatever was told of them since."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection, transaction
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.models import Account, Export, Notification, Operation
from notifications.protocol.extras import MAX_IDENTIFIER, MessageType
from notifications.protocol.identity import time_of
from tests.trace.conftest import DAY
from tests.trace.stories import PAYMENT, PHONE, SECOND_PAYMENT, TABLET, finish, init, to
from tests.trace.test_limits import MINE, envelopes_of_all_apps, record_each

from .reading import ALL, Filters, Row, asked, kinds_of, made, parquet_by_arrow, tell

pytestmark = pytest.mark.usefixtures("committed_db")

NOON = datetime(2026, 3, 14, 12, tzinfo=UTC)
LIMITS: tuple[tuple[str, ...] | None, ...] = (None, MINE, ("business",), ())


def rows(directory: Path, export: Export) -> list[Row]:
    kinds = kinds_of(export)
    return [row for part in made(directory, export) for row in parquet_by_arrow(part, kinds)]


def folded(export: Export) -> list[Row]:
    """The same from the notifications, one by one."""
    told = Notification.objects.filter(operation__isnull=False, recorded_xid__lt=export.below)
    told = told.order_by("id").select_related("recipient")
    about: dict[str, list[Notification]] = {}
    for each in told:
        if export.apps is None or each.app_id in export.apps:
            about.setdefault(str(each.operation_id), []).append(each)
    found = [(_folded(key, of_one), of_one) for key, of_one in about.items()]
    return sorted(
        (row for row, of_one in found if _is_wanted(row, of_one, export.filters)),
        key=lambda row: row[3],
    )


def _folded(key: str, told: Sequence[Notification]) -> Row:
    inits = [each for each in told if each.message_type == MessageType.OPERATION_INIT]
    finishes = [each for each in told if each.message_type == MessageType.OPERATION_FINISHED]
    names = (each.extras.get("operationName") for each in told)
    is_name = (each for each in names if isinstance(each, str) and 0 < len(each) <= MAX_IDENTIFIER)
    init, finish = inits[0] if inits else None, finishes[-1] if finishes else None
    took = (finish.emitted_at - init.emitted_at).total_seconds() if init and finish else None
    return (
        told[0].emitted_at, init and init.emitted_at, finish and finish.emitted_at,
        str(told[0].id), next(is_name, None), finish and finish.result, key, took,
    )  # fmt: skip


def _is_wanted(row: Row, told: Sequence[Notification], filters: Mapping[str, Any]) -> bool:
    first, _, finished, _, name, result, key, _ = row
    has: dict[str, Callable[[str], bool]] = {
        "since": lambda value: first >= datetime.fromisoformat(value),
        "until": lambda value: first < datetime.fromisoformat(value),
        "operation": lambda value: key == value,
        "operation_name": lambda value: name == value,
        "result": lambda value: result == value,
        "finished": lambda value: (finished is not None) == (value == "true"),
        "activation": lambda value: value in {each.activation_id for each in told},
        "user_id": lambda value: (
            value in {each.recipient and each.recipient.user_id for each in told}
        ),
    }
    return all(any(map(has[parameter], values)) for parameter, values in filters.items())


def questions() -> list[Filters]:
    devices = Notification.objects.exclude(operation=None).exclude(activation=None)
    device = devices.order_by("id")[0].activation_id
    user = devices.exclude(recipient=None).order_by("-id")[0].recipient.user_id
    return [
        ALL,
        {"since": [DAY.since.isoformat()], "until": [NOON.isoformat()]},
        {"since": [NOON.isoformat()], "finished": ["false"]},
        {"activation": [device]},
        {"activation": [device, PHONE], **ALL, "finished": ["true"]},
        {"user_id": [user]},
        {"user_id": [user, "jane"], "activation": [device, PHONE]},
        {"operation": [PAYMENT, SECOND_PAYMENT]},
        {"result": ["authentication.success"], **ALL},
        {"operation_name": ["authorize_payment", "of retail"], **ALL},
    ]


def test_they_are_as_they_were_although_more_was_recorded(tmp_path: Path) -> None:
    """Of a troubled day that is recorded in no order at all."""
    chance = Random(1)  # noqa: S311
    envelopes = envelopes_of_all_apps(1)
    chance.shuffle(envelopes)
    taken: list[tuple[Export, list[Row]]] = []
    for start, end in ((0, 90), (90, None)):
        record_each(envelopes[start:end])
        for filters in questions():
            exports = [
                asked("operations", "parquet", filters=filters, apps=apps) for apps in LIMITS
            ]
            taken += [(export, folded(export)) for export in exports]
    found = [rows(tmp_path / str(export.pk), export) for export, _ in taken]
    for (export, expected), given in zip(taken, found, strict=True):
        assert given == expected, (export.filters, export.apps)
    # Each question finds something, and hardly any finds now what it found at its first bound.
    turns = len(taken) // 2
    of_all, of_now = taken[:turns], taken[turns:]
    changed = [a[1] != b[1] for a, b in zip(of_all, of_now, strict=True) if b[0].apps != []]
    assert sum(changed) > 0.7 * len(changed)


def test_they_are_the_rows_of_the_table_when_nothing_was_recorded_since(tmp_path: Path) -> None:
    record_each(envelopes_of_all_apps(3))
    stored = Operation.objects.order_by("first_notification_id")
    assert rows(tmp_path, asked("operations", "parquet")) == [
        (
            time_of(each.first_notification_id), each.first_init_id and time_of(each.first_init_id),
            each.last_finish_id and time_of(each.last_finish_id), str(each.first_notification_id),
            each.name, each.result, each.pk, _seconds(each),
        )
        for each in stored
    ]  # fmt: skip
    assert stored.count() > 30


def _seconds(operation: Operation) -> float | None:
    if operation.first_init_id is None or operation.last_finish_id is None:
        return None
    return (time_of(operation.last_finish_id) - time_of(operation.first_init_id)).total_seconds()


def test_what_is_told_late_moves_nothing_that_was_exported_before(tmp_path: Path) -> None:
    """The first notification, the name, the result, the finish; and a new operation comes."""
    begun = {**init(), "operationName": "second name"}
    at = [(NOON + timedelta(seconds=seconds)).isoformat() for seconds in range(100)]
    tell({**to(PHONE, begun), "emitted_at": at[10]}, {**to(PHONE, finish()), "emitted_at": at[17]})
    first, again = (asked("operations", "parquet") for _ in range(2))
    tell(
        {**to(TABLET, init()), "emitted_at": at[0]},
        {**to(TABLET, finish("operation.timeout")), "emitted_at": at[90]},
        {**to(TABLET, init(SECOND_PAYMENT)), "emitted_at": at[50]},
    )
    on_tablet = asked("operations", "parquet", filters={"activation": [TABLET]})
    since = asked("operations", "parquet")
    ((told_at, announced, finished, _, name, result, key, took),) = rows(tmp_path / "1", first)
    assert (key, name, result, took) == (PAYMENT, "second name", "authentication.success", 7.0)
    assert told_at == announced == NOON + timedelta(seconds=10)
    assert finished == NOON + timedelta(seconds=17)
    now = rows(tmp_path / "2", since)
    assert [(row[0], *row[4:]) for row in now] == [
        (NOON, "authorize_payment", "operation.timeout", PAYMENT, 90.0),
        (NOON + timedelta(seconds=50), "authorize_payment", None, SECOND_PAYMENT, None),
    ]
    assert rows(tmp_path / "3", on_tablet) == now
    assert len(rows(tmp_path / "4", again)) == 1


def test_a_finish_that_was_emitted_before_its_announcement_took_less_than_nothing(
    tmp_path: Path,
) -> None:
    tell(
        {**to(PHONE, init()), "emitted_at": "2026-03-14T12:00:01.250Z"},
        {**to(PHONE, finish()), "emitted_at": "2026-03-14T12:00:00Z"},
    )
    ((*_, took),) = rows(tmp_path, asked("operations", "parquet"))
    assert took == -1.25


@pytest.fixture
def finish_late() -> Iterator[Callable[[], None]]:
    """Somebody else has recorded a finish, and commits it when this is called."""
    recorded, may_commit = Event(), Event()

    def write() -> None:
        try:
            with transaction.atomic():
                late = {**to(PHONE, finish(), "somebody.else"), "emitted_at": NOON.isoformat()}
                tell(late, source="late")
                recorded.set()
                assert may_commit.wait(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)

        def commit() -> None:
            may_commit.set()
            writing.result(10)

        try:
            assert recorded.wait(10)
            yield commit
        finally:
            commit()


def test_what_commits_late_is_in_no_export_that_was_asked_for_before(
    tmp_path: Path, finish_late: Callable[[], None]
) -> None:
    """Nor is what others told after it began, though they had committed: the bound is below."""
    tell({**to(TABLET, init(SECOND_PAYMENT)), "emitted_at": "2026-03-14T11:00:00Z"})
    before = asked("operations", "parquet")
    finish_late()
    assert rows(tmp_path / "before", before) == []
    after = rows(tmp_path / "after", asked("operations", "parquet"))
    assert [row[6] for row in after] == [SECOND_PAYMENT, PAYMENT]


def client_of(*apps: str) -> APIClient:
    account = Account.objects.create(username="reader", apps=list(apps))
    account.groups.add(Group.objects.get(name="Support"))
    _, token = AuthToken.objects.create(account)
    return APIClient(headers={"Authorization": f"Token {token}"})


def as_api(row: Row) -> Row:
    moments = (
        each and each.isoformat(timespec="milliseconds").replace("+00:00", "Z") for each in row[:3]
    )
    return (*moments, *row[4:7])


def of_api(told: Mapping[str, Any]) -> Row:
    names = ("first_told_at", "announced_at", "finished_at", "name", "result", "id")
    return tuple(told[name] for name in names)


def test_they_are_what_the_api_lists(tmp_path: Path) -> None:
    record_each(envelopes_of_all_apps(4))
    client = client_of()
    for place, filters in enumerate(questions()):
        asking = {**filters, "page_size": "1000", "order": "asc"}
        answer = client.get("/api/v1/operations/", asking).json()
        export = asked("operations", "parquet", filters=filters)
        found = [as_api(row) for row in rows(tmp_path / str(place), export)]
        assert found == [of_api(each) for each in answer["results"]], filters
        assert answer["next"] is None


def test_for_some_apps_they_are_all_that_the_api_answers_by_identifier(tmp_path: Path) -> None:
    """Its list has those alone of which no other app was told."""
    record_each(envelopes_of_all_apps(4))
    client = client_of(*MINE)
    found = [as_api(row) for row in rows(tmp_path, asked("operations", "parquet", apps=MINE))]
    keys = list(Operation.objects.values_list("pk", flat=True))
    answers = [client.get(f"/api/v1/operations/{key}/") for key in keys]
    told = [of_api(answer.json()) for answer in answers if answer.status_code == 200]
    assert sorted(found) == sorted(told)
    assert 20 < len(told) < len(keys)
