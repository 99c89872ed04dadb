"""Whoever is limited to apps is answered as if only their notifications had been recorded."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import Activation, Operation, Recipient
from notifications.models.querysets import Extent
from notifications.protocol.reasons import Reason
from notifications.protocol.window import Window
from notifications.trace import reporting
from notifications.trace.device import trace_device
from notifications.trace.documents import of_gaps, of_timeline, of_trace, of_user_trace
from notifications.trace.gap_notes import working_list
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from notifications.trace.reporting import reporting_of
from notifications.trace.subjects import OperationTold, tell_operations
from notifications.world import Emitted, World

from .conftest import DAY, TROUBLED, UNTIL
from .stories import NOON, PHONE, SECOND_PAYMENT, TABLET, finish, init, to

NOW = UNTIL + timedelta(hours=1)
AFTERNOON, EVENING = (Window(UNTIL - timedelta(hours=hours), UNTIL) for hours in (12, 3))
MINE = ("retail", "wallet")
APPS = ("retail", "wallet", "business", None)
THIRD_PAYMENT = "1d9b2c44-7f3a-4d7e-9f52-1c2f3a4b5c6d"
CHANGED = {"messageType": "mtoken.statusChange", "activationId": PHONE}
Envelopes = list[dict[str, Any]]


class _TakeBack(Exception):
    pass


@contextmanager
def recorded(envelopes: Envelopes) -> Iterator[None]:
    """What is recorded, until the block ends."""
    try:
        with transaction.atomic():
            record_each(envelopes)
            yield
            raise _TakeBack
    except _TakeBack:
        pass


def record_each(envelopes: Envelopes) -> None:
    """By its source."""
    for source in ("bank", "mirror"):
        own = [each for each in envelopes if each["source"] == source]
        record([emission_from(_envelope(each), now=NOW) for each in own], source=source)


def _envelope(each: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in each.items() if name != "source"}


def _told(kind: str, answer: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """Recipients get another key each time they are recorded."""
    return kind, _without_recipients(answer)


def _without_recipients(told: Any) -> Any:
    if isinstance(told, dict):
        return {
            name: _without_recipients(value) for name, value in told.items() if name != "recipient"
        }
    return [_without_recipients(each) for each in told] if isinstance(told, list) else told


def answers(apps: tuple[str, ...] | None, keys: dict[str, list[str]]) -> list[Any]:
    """To every question there is."""
    found: list[Any] = [tell_operations(keys["operations"], apps)]
    for window in (DAY, AFTERNOON):
        gaps = find_gaps(window, now=NOW, apps=apps)
        found.append(_told("gaps", of_gaps(working_list(gaps), gaps.entries)))
    for key in keys["operations"]:
        timeline = trace_operation(key, now=NOW, apps=apps)
        found.append(_told(key, of_timeline(timeline, timeline.entries)))
    for key in keys["devices"]:
        trace = trace_device(key, AFTERNOON, now=NOW, apps=apps)
        found.append(_told(key, of_trace(trace, trace.entries)))
    for key in keys["users"]:
        recipient = Recipient.objects.get(user_id=key).pk
        for window in (DAY, EVENING):
            of_user = trace_user(recipient, window, now=NOW, apps=apps)
            found.append(_told(key, of_user_trace(of_user, of_user.rows)))
    return found


def keys_told(apps: tuple[str, ...] | None) -> dict[str, list[str]]:
    told: dict[str, Any] = {
        "operations": Operation.objects.told_in(apps).order_by("pk").values_list("pk", flat=True),
        "devices": Activation.objects.told_in(apps).order_by("pk").values_list("pk", flat=True),
        "users": Recipient.objects.told_in(apps).values_list("user_id", flat=True),
    }
    return {name: sorted(values) for name, values in told.items()}


def envelopes_of_all_apps(seed: int) -> Envelopes:
    """A troubled day whose messages name any app or none, so that operations, devices and users go
    through several; one source tells of ``MINE`` for some hours only."""
    chance = Random(seed)  # noqa: S311
    found: Envelopes = []
    for emitted in World(seed=seed, size=140, until=UNTIL).emissions(TROUBLED):
        if emitted.envelope is None:
            continue
        envelope = {**emitted.envelope, "app_id": chance.choices(APPS, (6, 2, 2, 1))[0]}
        at_work = 8 <= datetime.fromisoformat(envelope["emitted_at"]).hour < 16
        mirrored = chance.random() < 0.4 and (at_work or envelope["app_id"] not in MINE)
        envelope["source"] = "mirror" if mirrored else "bank"
        renamed = isinstance(envelope["extras"].get("operationName"), str)
        if renamed and chance.random() < 0.3:
            envelope["extras"] = {**envelope["extras"], "operationName": f"of {envelope['app_id']}"}
        found.append(envelope)
    return found + [
        {
            **to(PHONE, content, "jane"),
            "app_id": app,
            "emitted_at": (DAY.since + timedelta(hours=hour)).isoformat(),
            "source": "mirror",
        }
        for hour, app, content in (
            (7, "retail", finish()),
            (12, "retail", init(THIRD_PAYMENT)),
            (12.01, "business", CHANGED),
            (17, "retail", init(SECOND_PAYMENT)),
            (22, "business", CHANGED),
        )
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("seed", [1, 2])
def test_every_answer_is_as_if_nothing_else_had_been_recorded(seed: int) -> None:
    envelopes = envelopes_of_all_apps(seed)
    with recorded([each for each in envelopes if each["app_id"] in MINE]):
        keys = keys_told(None)
        alone = answers(None, keys)
    with recorded(envelopes):
        assert keys_told(MINE) == keys
        assert answers(MINE, keys) == alone
        assert answers(None, keys) != alone
    assert min(map(len, keys.values())) > 20
    assert all(f"'{each}'" in repr(alone) for each in ("source_silent", "recording_began"))


def test_what_is_told_of_operations_is_what_their_rows_have(troubled_day: list[Emitted]) -> None:
    rows = Operation.objects.in_bulk()
    assert tell_operations(rows, None) == {
        key: OperationTold(
            name=row.name,
            first_notification=row.first_notification_id,
            first_init=row.first_init_id,
            last_finish=row.last_finish_id,
            result=row.result,
        )
        for key, row in rows.items()
    }
    assert tell_operations(rows, ["no such app"]) == {}


@pytest.mark.django_db
def test_what_other_apps_told_before_makes_no_suspect(
    tell: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    told = (
        (-7200, to(TABLET, init(), "else") | {"app_id": "business"}),
        (0, to(PHONE, init())),
        (30, to(PHONE, finish())),
    )
    tell(
        {**each, "emitted_at": (NOON + timedelta(seconds=at)).isoformat(), "message_id": str(at)}
        for at, each in told
    )
    window = Window(NOON, NOON + timedelta(minutes=5))
    assert len(find_gaps(window, now=NOW).entries) == 1
    assert find_gaps(window, now=NOW, apps=["mobile"]).entries == ()
    monkeypatch.setattr("notifications.trace.gaps.MOST_SUSPECTS", 0)
    assert find_gaps(window, now=NOW, apps=["mobile"]).entries == ()


@pytest.mark.django_db
def test_no_other_device_is_named_in_a_sentence(tell: Callable[..., None]) -> None:
    told = ((0, to(PHONE, init())), (1, to(TABLET, init())), (30, to(TABLET, finish())))
    tell(
        {
            **each,
            "app_id": "business" if each["activation_id"] == TABLET else "mobile",
            "emitted_at": (NOON + timedelta(seconds=at)).isoformat(),
        }
        for at, each in told
    )
    whole = find_gaps(DAY, now=NOW)
    assert TABLET in whole.entries[0].sentence
    limited = find_gaps(DAY, now=NOW, apps=["mobile"])
    assert TABLET not in repr(limited)
    # Nor that the source went on to report of other apps.
    assert [each.reason for each in limited.entries] == [Reason.SOURCE_NEVER_SENDS]


@pytest.mark.django_db
def test_sources_are_heard_first_and_last_by_what_names_the_apps(tell: Callable[..., None]) -> None:
    told = ((0, "retail"), (60, "business"), (120, "retail"), (180, "business"))
    tell(
        {
            **to(PHONE, init()),
            "app_id": app,
            "emitted_at": (NOON + timedelta(seconds=at)).isoformat(),
        }
        for at, app in told
    )

    def seconds(apps: list[str] | None) -> list[tuple[float, float]]:
        found = reporting_of(NOW, Extent(apps)).heard(["bank", "mirror"]).values()
        return [((each.first - NOON).seconds, (each.last - NOON).seconds) for each in found]

    assert seconds(None) == [(0, 180)]
    assert seconds(["retail"]) == [(0, 120)]
    assert seconds(["business"]) == [(60, 180)]
    assert seconds(["wallet"]) == []


@pytest.mark.django_db
def test_an_app_among_many_of_others_is_not_looked_for_in_all_of_them(
    tell: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    many = [
        {**to(TABLET, init()), "app_id": "business", "message_id": f"m-{number}"}
        for number in range(300)
    ]
    tell(({**to(PHONE, init()), "emitted_at": (NOON - timedelta(hours=1)).isoformat()},))
    tell({**each, "emitted_at": NOON.isoformat()} for each in many)
    monkeypatch.setattr(reporting, "LOOKED_THROUGH", 40)
    with CaptureQueriesContext(connection) as queries:
        (told,) = reporting_of(NOW, Extent(["mobile"])).reports
    assert told.last == told.since == NOON - timedelta(hours=1)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {queries[0]['sql']}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    removed = [int(each) for each in re.findall(r"Rows Removed by Filter: (\d+)", plan)]
    assert removed
    assert max(removed) <= 40
