"""What is on record of a played world: what each source told, read as the product reads it."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from bench._events import activation_events, inbox_events, operation_events
from bench._polls import compared
from bench._worlds import APP, UNTIL, Played, Sent, Source, envelope_of
from notifications.ingest.callbacks import read_callback
from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import ActivationReport, InboxReport, OperationReport, Report
from notifications.ingest.history import event_of
from notifications.ingest.mirror import events as requests
from notifications.ingest.mirror.copies import Copy
from notifications.ingest.mirror.messages import read_message
from notifications.ingest.push_server.messages import Registered, message_of
from notifications.ingest.push_server.rows import Row
from notifications.protocol.deliveries import Delivery, DeviceBy
from notifications.protocol.events import ActivationEvent, InboxEvent, OperationEvent
from notifications.protocol.identity import to_millisecond
from notifications.protocol.message import Message
from notifications.protocol.state import Span
from notifications.world.powerauth import history
from notifications.world.push_messages import Attempt, Fate
from notifications.world.push_server import CREATE, DELETE, UPDATE, Request

READ = {
    CREATE: requests.read_registration,
    UPDATE: requests.read_push_status,
    DELETE: requests.read_deletion,
}
ZONE = ZoneInfo("Europe/Prague")
TIMES = ("timestampCreated", "timestampExpires", "timestampFinalized")
GIVEN_UP = timedelta(hours=1)  # pending for so long, a row is told to stay so


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One message that was owed, with what every source that tells of it has on record."""

    sent: Sent
    bank: Emission | None
    mirror: Emission | None
    copies: tuple[tuple[Attempt, Emission], ...]

    def by(self, source: Source) -> tuple[Emission, ...]:
        if source is Source.PUSH_SERVER:
            return tuple(emission for _, emission in self.copies)
        one = {Source.BANK: self.bank, Source.MIRROR: self.mirror}.get(source)
        return () if one is None else (one,)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """All that is on record of a world, by source; ``told`` is what became of each message."""

    played: Played
    told: Sequence[Told]
    reports: Mapping[Source, Sequence[Report]]
    # By sources, what they tell of the states of devices.
    spans: dict[frozenset[Source], Mapping[str, Sequence[Span]]] = field(default_factory=dict)

    @cached_property
    def messages(self) -> Mapping[Source, Sequence[Message]]:
        users = self.played.users
        return {
            source: [
                message_from(one, source, users) for each in self.told for one in each.by(source)
            ]
            for source in Source
        }

    @cached_property
    def activation_events(self) -> Mapping[Source, Sequence[ActivationEvent]]:
        last, users = self.played.compared_at, self.played.users
        found = {}
        for source, its in self._by(ActivationReport).items():
            events = activation_events(its, source, users)
            if source is Source.PUSH_SERVER:
                events = [replace(each, compared_at=last) for each in events]
            found[source] = events
        return found

    @cached_property
    def operation_events(self) -> Mapping[Source, Sequence[OperationEvent]]:
        users = self.played.users
        told = self._by(OperationReport)
        return {source: operation_events(its, source, users) for source, its in told.items()}

    @cached_property
    def inbox_events(self) -> Mapping[Source, Sequence[InboxEvent]]:
        users = self.played.users
        told = self._by(InboxReport)
        return {source: inbox_events(its, source, users) for source, its in told.items()}

    @cached_property
    def deliveries(self) -> Mapping[UUID, Delivery]:
        """What the rows of the Push Server tell in the end."""
        told = (each for told in self.told for each in told.copies)
        return {
            key: _delivery(attempt, key)
            for attempt, emission in told
            if (key := emission.id_at(Source.PUSH_SERVER))
        }

    def _by(self, kind: type[Any]) -> dict[Source, list[Any]]:
        return {
            source: [each for each in its if isinstance(each, kind)]
            for source, its in self.reports.items()
        }


def record(played: Played) -> Recorded:
    return Recorded(
        played=played,
        told=[_told(each, played) for each in played.sent],
        reports={
            Source.BANK: [],
            Source.MIRROR: list(_mirrored(played)),
            Source.PUSH_SERVER: list(_read(played)),
            Source.CALLBACKS: list(_called_back(played)),
            Source.HISTORY: list(_histories(played)),
        },
    )


def message_from(emission: Emission, source: str, users: Mapping[str, int]) -> Message:
    return Message(
        id=emission.id_at(source),
        at=emission.emitted_at,
        source=source,
        message_type=emission.message_type,
        result=emission.result,
        operation=emission.operation_id,
        operation_name=emission.operation_name,
        inbox_message=emission.inbox_id,
        activation=emission.activation_id,
        recipient=None if emission.user_id is None else users[emission.user_id],
        addressed_to=emission.addressed_to,
        per_device=emission.per_device,
        app=emission.app_id,
        platform=emission.platform,
        personal=emission.personal,
        nonconforming=bool(emission.findings),
    )


def _told(sent: Sent, played: Played) -> Told:
    label, request = sent.label, sent.request
    bank = mirror = None
    if request is not None and played.was_recorded(Source.BANK, label.at):
        envelope = envelope_of(sent, played.ahead[Source.BANK])
        bank = None if envelope is None else emission_from(envelope, now=UNTIL)
    if request is not None and played.was_recorded(Source.MIRROR, request.at):
        mirror = read_message(_copy(request, played))[0].emission
    copies = ((each, _copy_of(each, played)) for each in sent.attempts if each.fate is Fate.STORED)
    return Told(sent=sent, bank=bank, mirror=mirror, copies=tuple(copies))


def _copy(request: Request, played: Played) -> Copy:
    at = to_millisecond(request.at + played.ahead[Source.MIRROR])
    body = json.dumps(request.body).encode()
    return Copy(body=body, request_id=request.request_id, started_at=at, now=at)


def _copy_of(attempt: Attempt, played: Played) -> Emission:
    """As the row is read. Without a device that its request named, it is that of its registration,
    where this was the same from one reading of the table to the next."""
    at = attempt.at + played.ahead[Source.PUSH_SERVER]
    told = attempt.row(moment=UNTIL, zone=ZONE)
    assert told is not None
    row = Row(
        id=told["id"],
        registration=told["device_registration_id"],
        user_id=told["user_id"],
        activation_id=told["activation_id"],
        is_silent=told["is_silent"],
        is_personal=told["is_personal"],
        body=told["message_body"],
        told=None,
        status=told["status"],
    )
    known = attempt.named or (_is_steady(attempt, played) and attempt.device.activation_id)
    by = DeviceBy.REQUEST if attempt.named else DeviceBy.REGISTRATION
    registered = Registered(
        activation=known or None,
        by=by if known else DeviceBy.NOBODY,
        app=APP,
        platform=attempt.device.platform,
    )
    return message_of(row, to_millisecond(at), registered, now=UNTIL).emission


def _is_steady(attempt: Attempt, played: Played) -> bool:
    row, polls = played.row_of(attempt), played.polls
    before, after = polls.at_or_before(attempt.at), polls.at_or_after(attempt.at)
    return (
        before is not None
        and row.since <= before
        and after < UNTIL
        and (row.until is None or row.until > after)
    )


def _delivery(attempt: Attempt, key: UUID) -> Delivery:
    answered = attempt.answered_at is not None and attempt.answered_at < UNTIL
    at = attempt.answered_at if answered and attempt.answered_at else attempt.at
    return Delivery(
        id=key,
        notification=key,
        source=Source.PUSH_SERVER,
        outcome=attempt.outcome_at(UNTIL) or attempt.outcome,
        is_final=answered or attempt.at + GIVEN_UP < UNTIL,
        cause=None if answered else attempt.cause,
        observed_at=at,
        recorded_at=at,
    )


def _mirrored(played: Played) -> Iterator[Report]:
    """The requests of the window about registrations and inboxes, but for those of its outages."""
    for each in played.served.registry.requests:
        if each.at >= played.since and played.was_recorded(Source.MIRROR, each.at):
            yield from READ[each.path](_copy(each, played))
    for _, request in played.posts:
        if played.was_recorded(Source.MIRROR, request.at):
            yield from requests.read_cloud_inbox_message(_copy(request, played))


def _read(played: Played) -> Iterator[Report]:
    """The Push Server's tables of registrations and of inboxes."""
    ahead, polls = played.ahead[Source.PUSH_SERVER], played.polls
    registrations = [
        replace(each, registered_at=each.registered_at + ahead)
        for each in played.served.registry.registrations
    ]
    yield from compared(registrations, polls, UNTIL)
    for fact in played.facts:
        if fact.inbox_id is not None and (seen := polls.at_or_after(fact.at)) < UNTIL:
            yield InboxReport(
                key=f"inbox {fact.inbox_id}",
                observed_at=seen,
                happened_at=to_millisecond(fact.at + ahead),
                user_id=fact.user.user_id,
                apps=(APP,),
                inbox_message_id=fact.inbox_id,
            )


def _called_back(played: Played) -> Iterator[Report]:
    """PowerAuth's own times are by its clock, those of arrival by ours."""
    for each in played.callbacks:
        arrived = each.arrived_at
        if arrived is None or not played.was_recorded(Source.CALLBACKS, arrived):
            continue
        body = {name: _by_clock(name, told, played) for name, told in each.body.items()}
        yield read_callback(json.dumps(body).encode(), key=each.key, now=arrived)


def _by_clock(name: str, told: Any, played: Played) -> Any:
    if name not in TIMES or told is None:
        return told
    moment = datetime.fromisoformat(told) + played.ahead[Source.CALLBACKS]
    return moment.isoformat()


def _histories(played: Played) -> Iterator[Report]:
    ahead = played.ahead[Source.CALLBACKS]  # one server, and one clock
    lives = list(played.served.registry.lives.values())
    for moment in played.histories:
        for items in history(lives, until=moment).values():
            for item in items:
                at = datetime.fromisoformat(item["timestampCreated"]) + ahead
                told = {**item, "timestampCreated": at.isoformat()}
                yield event_of(told, zone=UTC, now=moment)


def of(by_source: Mapping[Source, Sequence[Any]], sources: Collection[Source]) -> list[Any]:
    return [each for source in Source if source in sources for each in by_source.get(source, ())]


def about(told: Iterable[Message]) -> dict[str, list[Message]]:
    """By operation; those of none are left out."""
    found: dict[str, list[Message]] = {}
    for each in told:
        if each.operation is not None:
            found.setdefault(each.operation, []).append(each)
    return found
