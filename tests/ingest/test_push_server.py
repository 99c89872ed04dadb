"""The Push Server of the tests writes as the real one: what the other tests stand on."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import pytest

from notifications.protocol.clients import Platform
from notifications.world import Faults, World
from notifications.world.bodies import message_body
from notifications.world.chance import stream
from notifications.world.mirror import send
from notifications.world.outages import Outage
from notifications.world.phones import Habits
from notifications.world.push_messages import Fate, Gateways, served
from tests.ingest.push_server import Answer, Registered, VendorError, VendorServer
from tests.ingest.push_server_day import PlayedDay
from tests.ingest.push_server_schema import CURRENT, NEWER, OLD, READABLE, Layout
from tests.ingest.push_server_tables import PushServerDatabase, made
from tests.world.worlds import UNTIL

AT = datetime(2026, 3, 14, 9, 26, 53, 589793, tzinfo=UTC)
ROW = "id, user_id, activation_id, is_silent, is_personal, message_body, status"
BODY = {"category": "login", "title": None, "extras": {"messageType": "x", "gone": None, "n": [1]}}


@pytest.fixture
def node(push_server: PushServerDatabase) -> VendorServer:
    made = VendorServer(push_server)
    made.add_app("app")
    return made


def messages(push_server: PushServerDatabase, columns: str) -> list[Any]:
    return push_server.execute(f"SELECT {columns} FROM push_message ORDER BY id")  # noqa: S608


def test_a_body_is_printed_as_jackson_prints_it() -> None:
    # As Jackson 2.18 does it: declared order, nulls left out, also of extras.
    assert message_body(BODY) == (
        '{\n  "category" : "login",\n  "extras" : {\n    "messageType" : "x",\n'
        '    "n" : [ 1 ]\n  }\n}'
    )


@pytest.mark.parametrize("layout", [OLD, CURRENT, NEWER], ids=lambda each: each.name)
def test_the_account_reads_what_it_was_granted_and_no_secret(
    django_db_setup: None, layout: Layout
) -> None:
    with made(layout) as database:
        node = VendorServer(database)
        node.add_app("app")
        node.register("app", "t", "a", "u", at=AT, platform=layout.platform("fcm"))
        node.read(node.post("u", ["app"], at=AT), at=AT)
        assert [each.status for each in node.send("app", "u", BODY, at=AT)] == [1]
        with psycopg.connect(database.grant(), autocommit=True) as reader:
            for table, columns in READABLE.items():
                told = columns.format(type=layout.type_column, read=layout.read_column)
                assert len(reader.execute(f"SELECT {told} FROM {table}").fetchall()) == 1  # noqa: S608
            for secret in ("ios_private_key", "*"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    reader.execute(f"SELECT {secret} FROM push_app_credentials")  # noqa: S608


def test_ids_come_in_blocks_of_their_connection(push_server: PushServerDatabase) -> None:
    one, other = VendorServer(push_server), VendorServer(push_server)
    one.add_app("app")
    one.register("app", "t", "a", "u", at=AT)

    def numbers(node: VendorServer) -> list[int | None]:
        return [each.number for each in node.send("app", "u", BODY, at=AT)]

    assert [numbers(each) for each in (one, other, one)] == [[1], [21], [2]]
    other.reconnect()
    assert [numbers(each) for each in (other, one)] == [[41], [3]]


def test_a_registration_is_looked_for_in_three_ways(node: VendorServer) -> None:
    first = node.register("app", "old", "a", "u", at=AT)
    assert node.register("app", "new", "a", "u", at=AT) == first  # another phone
    assert node.register("app", "new", "b", "v", at=AT) == first  # re-bound
    assert node.update_status("a", "ACTIVE") == 0
    (both, other) = node.register_all("app", "new", {"b": "v", "c": "w"}, at=AT)
    assert both == first != other
    with pytest.raises(VendorError, match="create/multi"):
        node.register("app", "new", "d", "x", at=AT)
    with pytest.raises(VendorError, match="removed"):
        node.register("app", "new", "c", "w", at=AT, status="REMOVED")
    assert node.register_all("app", "new", {"c": "w"}, at=AT) == [other]
    assert node.delete("app", "new") == 1


def test_a_row_stands_before_it_is_known_whether_it_is_sent(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    node.register("app", "1", "active", "u", at=AT)
    node.register("app", "2", "blocked", "u", at=AT, status="BLOCKED")
    node.register("app", "3", "null", "u", at=AT, status=None)
    node.register("app", "4", "after", "u", at=AT)
    with pytest.raises(VendorError, match="is_active is null") as failed:
        node.send("app", "u", BODY, at=AT, personal=True)
    assert [each.status for each in failed.value.args[1]] == [1, 0, 0]
    assert messages(push_server, "device_registration_id, activation_id, is_personal, status") == [
        (1, None, True, 1),
        (2, None, True, 0),
        (3, None, True, 0),
    ]
    (skipped,) = node.send("app", "u", BODY, at=AT, activation="blocked")
    assert skipped.status == 1  # not personal: it is sent to whoever is registered
    assert node.send("app", "nobody", BODY, at=AT) == []


def test_gateways_answer_in_their_ways(push_server: PushServerDatabase) -> None:
    def answer(device: Registered) -> Answer:
        return Answer(device.token)

    node = VendorServer(push_server, answer=answer)
    node.add_app("app", ["fcm"])
    for number, token in enumerate(Answer):
        node.register("app", token, f"{number}", "u", at=AT)
    node.register("app", "huawei", "5", "u", at=AT, platform="hms")
    assert [each.status for each in node.send("app", "u", BODY, at=AT)] == [1, -1, -1, 0, 0]
    assert node.delete("app", Answer.DEAD) == 0  # it is gone already
    node.register("app", "x", "6", "u", at=AT, platform="apns")
    with pytest.raises(VendorError, match="no client of APNs"):
        node.send("app", "u", BODY, at=AT, activation="6")


def test_times_are_of_the_clock_and_zone_of_the_node(push_server: PushServerDatabase) -> None:
    node = VendorServer(push_server, zone=ZoneInfo("Europe/Prague"), skew=timedelta(hours=1))
    node.add_app("app")
    node.register("app", "t", "a", "u", at=AT)
    node.send("app", "u", BODY, at=AT)
    assert messages(push_server, "timestamp_created::text") == [("2026-03-14 11:26:53.589",)]


def test_nothing_is_stored_but_campaigns_where_storage_is_off(
    push_server: PushServerDatabase,
) -> None:
    node = VendorServer(push_server, stores=False)
    node.add_app("app")
    node.add_app("other")
    node.register("app", "t", "a", "u", at=AT)
    node.register("other", "t", "b", "u", at=AT)
    assert [each.number for each in node.send("app", "u", BODY, at=AT)] == [None]
    with node.campaign(["u"], BODY, at=AT) as attempts:
        assert len(attempts) == 2
        assert messages(push_server, "id") == []  # until it commits
    assert messages(push_server, "activation_id, is_personal, is_silent, status") == [
        ("a", False, False, 1),
        ("b", False, False, 1),
    ]
    with pytest.raises(RuntimeError, match="crash"), node.campaign(["u"], BODY, at=AT):
        raise RuntimeError("crash")
    assert len(messages(push_server, "id")) == 2


def test_a_day_of_the_world_leaves_the_rows_that_the_world_says(
    push_server: PushServerDatabase,
) -> None:
    """Two tellings of what the Push Server does, in Python and by its tables, are one."""
    world = World(seed=5, size=600, until=UNTIL, app_id="app")
    rng = stream("day")
    emitted = world.emissions(Faults.believable())
    sends = [each for it in emitted if (each := send(it, rng=rng, to_user=0.3)) is not None]
    truth = served(
        world.people,
        sends,
        seed=5,
        since=world.since,
        until=UNTIL,
        habits=Habits(starts_a_day=1.5, lent=0.8, erased=0.1),
        gateways=Gateways(
            failed=0.05, dead=0.02, unanswered=0.05, rolled_back=0.02,
            absent={("app", Platform.HMS)},
            off=[Outage(UNTIL - timedelta(hours=8), UNTIL - timedelta(hours=7))],
        ),
    )  # fmt: skip
    node = VendorServer(push_server)
    node.add_app("app", ["apns", "fcm"])
    day = PlayedDay(node, truth, sends)
    day.until(UNTIL)
    stored = {(each.request_id, each.device.activation_id): each for each in truth.attempts}
    stored = {key: each for key, each in stored.items() if each.fate is Fate.STORED}
    assert day.rows.keys() == stored.keys()
    assert len({each.outcome for each in stored.values()}) == 3
    written = {row[0]: row[1:] for row in messages(push_server, ROW)}
    for key, attempt in stored.items():
        row = attempt.row(moment=UNTIL + timedelta(minutes=1), zone=UTC)
        assert row is not None
        assert written[day.rows[key]] == tuple(row[name] for name in ROW.split(", ")[1:])
    now = push_server.execute(
        "SELECT activation_id, user_id, push_token, is_active FROM push_device_registration"
    )
    assert sorted(now) == sorted(
        (each.device.activation_id, each.device.user_id, each.token, each.is_active)
        for each in truth.registry.registrations
        if each.until is None
    )
