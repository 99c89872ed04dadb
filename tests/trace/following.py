"""A day of a world's Push Server, mirrored and followed in its database as it goes by, and what
traces say of it in the end. What was in truth comes of the world alone."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from notifications.ingest.contacts import note_contact
from notifications.ingest.events import record_events
from notifications.ingest.mirror import events, messages
from notifications.ingest.mirror.copies import Copy
from notifications.ingest.push_server.follow import step
from notifications.ingest.recorder import record
from notifications.models import ContactKind, Notification
from notifications.protocol.clients import Platform
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from notifications.trace.entries import Trace
from notifications.world import Faults, Kind, World
from notifications.world.chance import stream
from notifications.world.mirror import send
from notifications.world.outages import Outage
from notifications.world.phones import Habits
from notifications.world.push_messages import Attempt, Gateways, Served, served
from notifications.world.push_server import CREATE, DELETE, UPDATE, Registration, Request
from tests.ingest import push_server
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_day import PlayedDay
from tests.ingest.push_server_tables import PushServerDatabase
from tests.world.worlds import UNTIL

SOURCE, MIRROR, APP = "push-server", "push-mirror", "mobile-wallet"
ZONE = ZoneInfo("Europe/Prague")
POLL = timedelta(minutes=15)
AFTER = timedelta(hours=1)  # that it is followed after the day, until all pending ones are told
WORLD = World(seed=6, size=500, until=UNTIL, app_id=APP)
DAY = Window(WORLD.since, UNTIL)
OFF = Outage(UNTIL - timedelta(hours=15), UNTIL - timedelta(hours=13))
GATEWAYS = Gateways(
    failed=0.04,
    dead=0.02,
    unanswered=0.04,
    rolled_back=0.04,
    absent={(APP, Platform.HMS)},
    off=(OFF,),
)
HABITS = Habits(starts_a_day=1.5, lent=1, same_phone=1, erased=0.1, forgotten=0.3)
CAMPAIGN_AT = UNTIL - timedelta(hours=5)
CAMPAIGN = {"title": "Spring", "extras": {"campaign": "spring"}}
READ = {
    CREATE: events.read_registration,
    UPDATE: events.read_push_status,
    DELETE: events.read_deletion,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """``rows`` are the ids of push_message by request and device, ``of_row`` and ``of_request`` the
    notifications that came of each. ``campaign`` has the rows of a campaign by device, of which
    ``without_client`` had no gateway; it was not mirrored."""

    served: Served
    rows: Mapping[tuple[str, str], int]
    campaign: Mapping[str, int]
    without_client: frozenset[str]
    of_row: Mapping[int, UUID]
    of_request: Mapping[str, UUID]
    posted: frozenset[str]
    traces: Mapping[str, Trace]

    def of(self, activation: str) -> list[Attempt]:
        return [each for each in self.served.attempts if each.device.activation_id == activation]

    def was_steady(self, attempt: Attempt) -> bool:
        """Nothing about its registration changed from the poll before it to the poll after it."""
        since, until = attempt.at - POLL, attempt.at + POLL
        return not any(
            since < moment <= until
            for each in self.served.registry.registrations
            if _is_of(each, attempt)
            for moment in (each.since, each.until)
            if moment is not None
        )


def _is_of(registration: Registration, attempt: Attempt) -> bool:
    return (
        registration.number == attempt.registration.number or registration.device is attempt.device
    )


def follow(database: PushServerDatabase) -> Followed:
    """Plays the day on ``database``, and reads on in it at every poll."""
    sends = list(_sends())
    truth = served(
        WORLD.people,
        sends,
        seed=WORLD.seed,
        since=WORLD.since,
        until=UNTIL,
        habits=HABITS,
        gateways=GATEWAYS,
    )
    node = VendorServer(database, zone=ZONE, skew=timedelta(seconds=5))
    other = VendorServer(database, zone=ZONE)
    node.add_app(APP, ["apns", "fcm"])
    day = PlayedDay(node, truth, sends)
    facts = [each for each in WORLD.facts() if each.kind is Kind.POSTED and each.inbox_id]
    of_request: dict[str, UUID] = {}
    made: list[push_server.Attempt] = []
    with ExitStack() as chunk:
        for moment in _polls():
            of_request |= _mirrored(day.until(moment), moment)
            while facts and facts[0].at < moment:
                fact = facts.pop(0)
                other.post(fact.user.user_id, [APP], at=fact.at, inbox_id=fact.inbox_id)
            if CAMPAIGN_AT <= moment < CAMPAIGN_AT + POLL:  # it is committed three polls later
                users = [user.user_id for user in WORLD.people[::4]]
                made = chunk.enter_context(other.campaign(users, CAMPAIGN, at=CAMPAIGN_AT))
            if moment >= CAMPAIGN_AT + 3 * POLL:
                chunk.close()
            _read_on(database, moment)
    known = Notification.objects.filter(source=SOURCE).values_list("message_id", "id")
    end = UNTIL + AFTER
    return Followed(
        served=truth,
        rows=day.rows,
        campaign={each.device.activation or "": each.number or 0 for each in made},
        without_client=frozenset(each.device.activation or "" for each in made if each.was_skipped),
        of_row={int(number or 0): key for number, key in known},
        of_request=of_request,
        posted=frozenset(each.inbox_id or "" for each in WORLD.facts() if each.inbox_id),
        traces={name: trace_device(name, DAY, now=end) for name in truth.registry.lives},
    )


def _sends() -> Iterator[Request]:
    rng = stream("following")
    for emitted in WORLD.emissions(Faults.none()):
        if (request := send(emitted, rng=rng, to_user=0.3)) is not None:
            yield request


def _polls() -> Iterator[datetime]:
    moment = WORLD.since
    while moment <= UNTIL + AFTER:
        yield moment
        moment += POLL


def _read_on(database: PushServerDatabase, moment: datetime) -> None:
    database.set_clock(moment)
    while step(SOURCE, database.dsn, ZONE, clock=lambda: moment).more:
        pass


def _mirrored(seen: Sequence[Request], moment: datetime) -> dict[str, UUID]:
    """What the copies of these requests became; the mirror was in contact at ``moment``."""
    copies = [(each, _copy(each)) for each in seen]
    reports = [told for each, copy in copies if each.path in READ for told in READ[each.path](copy)]
    record_events(reports, source=MIRROR)
    found: dict[str, list[messages.Message]] = defaultdict(list)
    for each, copy in copies:
        if each.path not in READ:
            found[each.request_id] += messages.read_message(copy)
    receipt = record([one.emission for told in found.values() for one in told], source=MIRROR)
    note_contact(MIRROR, ContactKind.PROBE, at=moment)
    return dict(zip(found, receipt.ids, strict=True))


def _copy(request: Request) -> Copy:
    return Copy(
        body=json.dumps(request.body).encode(),
        request_id=request.request_id,
        started_at=request.at,
        now=request.at,
    )
