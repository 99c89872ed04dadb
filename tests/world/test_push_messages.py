"""What the world's Push Server made of requests: the truth that its rows are measured by."""

from collections import Counter, defaultdict
from datetime import UTC, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, Outcome
from notifications.world import Faults, World
from notifications.world.chance import stream
from notifications.world.mirror import send
from notifications.world.outages import Outage
from notifications.world.phones import Habits
from notifications.world.push_messages import Attempt, Fate, Gateways, Served, served
from notifications.world.push_server import Request

from .worlds import UNTIL

APP = "mobile-wallet"
WORLD = World(seed=3, size=1_500, until=UNTIL, app_id=APP)
OFF = Outage(UNTIL - timedelta(hours=6), UNTIL - timedelta(hours=4))
TROUBLED = Gateways(
    failed=0.03,
    dead=0.01,
    unanswered=0.03,
    rolled_back=0.02,
    absent={(APP, Platform.HMS)},
    off=[OFF],
)


def sends() -> list[Request]:
    rng = stream("test")
    emitted = WORLD.emissions(Faults.none())
    return [each for it in emitted if (each := send(it, rng=rng, to_user=0.2)) is not None]


SENDS = sends()


def serve(gateways: Gateways = TROUBLED) -> Served:
    window = {"since": WORLD.since, "until": UNTIL}
    habits = Habits(starts_a_day=1.5, erased=0.1, lent=0.5)
    return served(WORLD.people, SENDS, seed=WORLD.seed, habits=habits, gateways=gateways, **window)


SERVED = serve()


def by_request() -> dict[str, list[Attempt]]:
    found: dict[str, list[Attempt]] = defaultdict(list)
    for each in SERVED.attempts:
        found[each.request_id].append(each)
    return found


def test_the_same_seed_is_the_same() -> None:
    assert serve() == SERVED


def test_a_request_goes_to_every_registration_of_its_user_that_it_names() -> None:
    attempts = by_request()
    several = 0
    for request in SENDS:
        asked = request.body["requestObject"]
        message, at = asked["message"], request.at
        due = {
            each.number
            for each in SERVED.registry.registrations
            if each.has(at)
            and (each.device.user_id, each.device.app_id) == (message["userId"], asked["appId"])
            and message.get("activationId") in (None, each.device.activation_id)
        }
        assert {each.registration.number for each in attempts[request.request_id]} == due
        several += len(due) > 1
    assert several > 50


def test_every_outcome_comes_up_and_has_its_cause() -> None:
    fates = Counter(each.fate for each in SERVED.attempts)
    assert set(fates) == {Fate.STORED, Fate.OFF, Fate.ROLLED_BACK, Fate.NOT_REACHED}
    causes = Counter(each.cause for each in SERVED.attempts if each.fate is Fate.STORED)
    assert min(causes[each] for each in list(Cause)[:3]) > 0
    for each in SERVED.attempts:
        if each.cause is Cause.INACTIVE_PERSONAL:
            assert each.personal
            assert not each.registration.is_active
        if each.cause is Cause.GATEWAY_NOT_CONFIGURED:
            assert each.device.platform is Platform.HMS
        is_pending = each.outcome is Outcome.PENDING
        assert (each.answered_at is None) == is_pending
        assert not (is_pending and each.cause is None and each.fate in (Fate.STORED, Fate.OFF))


def test_a_dead_token_ends_its_registration_when_the_gateway_says_so() -> None:
    dead = [each for each in SERVED.attempts if each.is_dead]
    assert len(dead) > 10
    for each in dead:
        assert each.outcome is Outcome.FAILED
        assert each.answered_at is not None
        after = [
            its
            for its in SERVED.registry.registrations
            if its.number == each.registration.number and its.since >= each.answered_at
        ]
        assert after == []  # its number does not come again


def test_a_number_is_one_device_at_a_time_and_several_in_time() -> None:
    of_number = defaultdict(list)
    for each in SERVED.registry.registrations:
        of_number[each.number].append(each)
    rebound = 0
    for its in of_number.values():
        for one, other in pairwise(sorted(its, key=lambda each: each.since)):
            assert one.until is not None
            assert one.until <= other.since
            rebound += one.device is not other.device
    assert rebound > 5
    for life in SERVED.registry.lives.values():
        for row in life.rows:
            now = [
                each
                for each in SERVED.registry.registrations
                if each.device is life.device and each.has(row.at)
            ]
            assert [(each.token, each.is_active) for each in now] == (
                [] if row.token is None else [(row.token, row.is_active)]
            )


def test_ids_are_unique_and_neither_in_order_nor_without_gaps() -> None:
    ids = [each.number for each in SERVED.attempts if each.number is not None]
    assert len(set(ids)) == len(ids) < max(ids)
    assert ids != sorted(ids)
    none = [each for each in SERVED.attempts if each.number is None]
    assert {each.fate for each in none} == {Fate.OFF, Fate.NOT_REACHED}
    assert all(OFF.has(each.at) for each in none if each.fate is Fate.OFF)


def test_a_row_is_pending_until_it_is_answered_and_told_in_the_zone_of_the_node() -> None:
    moment = timedelta(milliseconds=1)
    for each in SERVED.attempts:
        now = each.row(moment=each.at, zone=ZoneInfo("Asia/Tokyo"))
        assert (now is None) == (each.fate is not Fate.STORED)
        if now is None:
            continue
        assert each.row(moment=each.at - moment, zone=UTC) is None
        assert now["timestamp_created"] == (each.at + timedelta(hours=9)).replace(tzinfo=None)
        assert now["status"] == 0
        later = each.row(moment=UNTIL, zone=UTC)
        assert later is not None
        answers = {Outcome.ACCEPTED: 1, Outcome.FAILED: -1, Outcome.PENDING: 0}
        assert later["status"] == answers[each.outcome]


def test_all_messages_of_an_operation_are_addressed_alike() -> None:
    named: dict[str, set[bool]] = defaultdict(set)
    for each in SENDS:
        message = each.body["requestObject"]["message"]
        if "operationId" in message["body"]["extras"]:
            named[message["body"]["extras"]["operationId"]].add("activationId" in message)
    assert Counter(map(len, named.values())).keys() == {1}
    shares = Counter(next(iter(each)) for each in named.values())
    assert 0 < shares[False] < shares[True]
