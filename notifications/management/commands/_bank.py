"""What the invented bank of the demo tells beside its envelopes: a second app, whose requests to
the Push Server are mirrored and whose Push Server's database is followed, and PowerAuth's callbacks
and history of all its devices.

All goes through the adapters that the real ones go through, and is what they make of it.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from math import inf
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from notifications.ingest.callbacks import read_callback
from notifications.ingest.contacts import note_contact
from notifications.ingest.events import MAX_EVENTS, Report, record_events
from notifications.ingest.history import HistoryReport, Row, record_history
from notifications.ingest.mirror import events, messages
from notifications.ingest.mirror.copies import Copy
from notifications.ingest.presentations import record_presentations
from notifications.ingest.push_server.follow import step
from notifications.ingest.push_server.report import Step
from notifications.ingest.recorder import record
from notifications.models import ContactKind, MessageStorage, PushServerReading
from notifications.protocol.clients import Platform
from notifications.world import Faults, Kind, World
from notifications.world.chance import stream
from notifications.world.lives import Life, turns_of
from notifications.world.mirror import POST, SEND, post, send
from notifications.world.outages import Outage, contacts, outages
from notifications.world.phones import Habits
from notifications.world.powerauth import (
    CallbackFaults,
    Configured,
    activation_callbacks,
    history,
    operation_callbacks,
    sent,
)
from notifications.world.push_messages import Fate, Gateways, served
from notifications.world.push_server import CREATE, DELETE, UPDATE, Request

from ._push_server import Replay, replayed

MIRROR, POWERAUTH, PUSH_SERVER = "demo-push-mirror", "demo-powerauth", "demo-push-server"
APP = "mobile-wallet"
SHARE, MOST = 8, 2_500  # of the bank's messages, one of eight is of the second app
CHUNK = 1_000
HABITS = Habits(starts_a_day=1.5, lent=0.5, forgotten=0.2)
TO_USER = 0.25  # of operations: they go to all devices of their user
# HMS was never configured.
TROUBLE = Gateways(
    failed=0.03, dead=0.01, unanswered=0.03, rolled_back=0.04, absent={(APP, Platform.HMS)}
)
ZONE = ZoneInfo("Europe/Prague")
POLLED_EVERY = 2  # contacts
# Before the end of the day: what came earlier was not measured.
MEASURED, HISTORY_READ = timedelta(hours=8), timedelta(hours=2)

READ: Mapping[str, Callable[[Copy], Sequence[Report]]] = {
    CREATE: events.read_registration,
    UPDATE: events.read_push_status,
    DELETE: events.read_deletion,
    POST: events.read_cloud_inbox_message,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """How many of each were told; ``recorded`` is how many of them were new."""

    messages: int = 0
    of_devices: int = 0
    of_operations: int = 0
    of_inbox: int = 0
    recorded: int = 0

    def __add__(self, other: "Told") -> "Told":
        names = [each.name for each in fields(self)]
        return Told(**{name: getattr(self, name) + getattr(other, name) for name in names})


class Bank:
    """The other sides of ``world`` and of a second app in its last day, with what was missed."""

    def __init__(self, world: World) -> None:
        self._world = world
        # Of another seed: its devices are others, and its users the same.
        size = min(max(world.size // SHARE, 1), MOST)
        self._second = World(seed=~world.seed, size=size, until=world.until, app_id=APP)
        self._since, self._until = self._second.since, world.until
        self._measured = world.until - MEASURED
        self._facts = tuple(self._second.facts())
        self._asked = tuple(self._sent(self._stream("requests")))
        self._served = served(
            self._second.people,
            [each for each in self._asked if each.path == SEND],
            seed=self._second.seed,
            since=self._since,
            until=self._until,
            habits=HABITS,
            gateways=TROUBLE,
        )

    def tell_mirror(self) -> Told:
        """The copies of all requests of the day, but for those of an outage."""
        missed = self._missed("mirror", 2)
        asked = sorted(self._requests(), key=lambda each: each.at)
        seen = [each for each in asked if not any(outage.has(each.at) for outage in missed)]
        told = Told()
        reports: list[Report] = []
        sends: list[messages.Message] = []
        for each in seen:
            copy = _copy(each)
            if each.path in READ:
                reports += READ[each.path](copy)
            else:
                sends += messages.read_message(copy)
        for chunk in _chunks(iter(sends), CHUNK):
            receipt = record([each.emission for each in chunk], source=MIRROR)
            record_presentations(
                {key: each.shown for key, each in zip(receipt.ids, chunk, strict=True)}
            )
            told += Told(messages=len(chunk), recorded=receipt.recorded)
        told += _record(iter(reports), MIRROR)
        self._cover(MIRROR, ContactKind.PROBE, missed)
        return told

    def tell_powerauth(self) -> Told:
        """The callbacks that arrived, and the history as it was read before the end of the day."""
        missed = self._missed("powerauth", 1)
        lives = [*self._lives(), *self._served.registry.lives.values()]
        told = _record(self._callbacks(lives, missed), POWERAUTH)
        read_at, report = self._until - HISTORY_READ, HistoryReport()
        rows = (
            Row(place=name, told=item)
            for name, items in history(lives, until=read_at).items()
            for item in items
        )
        record_history(
            rows,
            source=POWERAUTH,
            zone=UTC,
            since=None,
            clock=lambda: read_at,
            report=report,
        )
        self._cover(POWERAUTH, ContactKind.HEARTBEAT, missed)
        return told + Told(of_devices=report.read, recorded=report.recorded)

    def tell_push_server(self) -> Told:
        """What was read in its database, followed all day. Another day's table would be taken for
        one that was reset, so there is only one."""
        attempts = [each for each in self._served.attempts if each.fate is Fate.STORED]
        posts = [each for each in self._facts if each.kind is Kind.POSTED]
        told = Told(messages=len(attempts), of_inbox=len(posts))
        if PushServerReading.objects.filter(source=PUSH_SERVER).exists():
            return told
        every, missed = settings.COVERAGE_SILENCE, self._missed("push-server", 1)
        moments = contacts(every, since=self._since, until=self._until, missed=missed)
        is_stored = False
        with replayed(APP, self._served, posts, ZONE) as database:
            for number, at in enumerate(moments):
                if number % POLLED_EVERY == 0 or at == self._until:
                    done = _read_on(database, at)
                    told += Told(recorded=done.counts.recorded + done.inbox)
                    is_stored = done.storage != MessageStorage.OFF
                elif is_stored:
                    note_contact(PUSH_SERVER, ContactKind.POLL, at=at)
        return told

    def _requests(self) -> Iterator[Request]:
        """Those about devices, messages and the inbox, from the beginning of the day on."""
        yield from (each for each in self._served.registry.requests if each.at >= self._since)
        yield from self._asked

    def _sent(self, rng: Random) -> Iterator[Request]:
        for emitted in self._second.emissions(Faults.believable()):
            if (request := send(emitted, rng=rng, to_user=TO_USER)) is not None:
                yield request
        for fact in self._facts:
            if (request := post(fact, rng=rng)) is not None:
                yield request

    def _callbacks(self, lives: Sequence[Life], missed: Sequence[Outage]) -> Iterator[Report]:
        """Those of activations are of all apps, those of operations of the second one alone."""
        rng, configured = self._stream("callbacks"), Configured()
        of_devices = (
            each for life in lives for each in activation_callbacks(life, configured=configured)
        )
        of_operations = operation_callbacks(
            self._facts, until=self._until, configured=configured, rng=rng
        )
        faults = CallbackFaults.believable()
        window = {"since": self._since, "until": self._until}
        for told in (of_devices, of_operations):
            for each in sent(told, **window, faults=faults, rng=rng):
                at = each.arrived_at
                if at is not None and not any(outage.has(at) for outage in missed):
                    yield read_callback(_bytes(each.body), key=each.key, now=at)

    def _lives(self) -> Iterator[Life]:
        """Of the bank's own devices, as PowerAuth has them: nobody mirrors their Push Server."""
        world = self._world
        for user in world.people:
            for device in user.devices:
                turns = turns_of(device, seed=world.seed, since=world.since, until=world.until)
                yield Life(device=device, turns=turns)

    def _missed(self, of: str, count: int) -> tuple[Outage, ...]:
        rng = self._stream("outages", of)
        return outages(count, since=self._measured, until=self._until, rng=rng)

    def _cover(self, source: str, kind: ContactKind, missed: Sequence[Outage]) -> None:
        """The contacts while it was measured, as seldom as they may be. All at once: each would be
        committed by itself."""
        every = settings.COVERAGE_SILENCE
        with transaction.atomic():
            for at in contacts(every, since=self._measured, until=self._until, missed=missed):
                note_contact(source, kind, at=at)

    def _stream(self, *names: str) -> Random:
        return stream("bank", self._second.seed, self._second.size, self._until, *names)


def _read_on(database: Replay, at: datetime) -> Step:
    """To its end: it is small."""
    database.go_on(at)
    return step(PUSH_SERVER, "", ZONE, clock=lambda: at, seconds=inf, connect=database.connect)


def _copy(request: Request) -> Copy:
    return Copy(
        body=_bytes(request.body),
        request_id=request.request_id,
        started_at=request.at,
        now=request.at,
    )


def _record(reports: Iterator[Report], source: str) -> Told:
    told = Told()
    for chunk in _chunks(reports, MAX_EVENTS):
        tables = [each.table for each in chunk]
        told += Told(
            of_devices=tables.count("notifications_activationevent"),
            of_operations=tables.count("notifications_operationevent"),
            of_inbox=tables.count("notifications_inboxevent"),
            recorded=record_events(chunk, source=source).recorded,
        )
    return told


def _chunks(items: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while chunk := list(islice(items, size)):
        yield chunk


def _bytes(body: Mapping[str, Any]) -> bytes:
    return json.dumps(body).encode()
