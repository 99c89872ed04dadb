"""How right the rules are about worlds whose truth is known: what was lost, what of that the record
can show, and what the rules claim. Nothing here asks the rules what can be seen."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime, timedelta
from random import Random

from notifications.ingest.envelope import emission_from
from notifications.protocol.audience import Certainty, Device, reaches, status_changes
from notifications.protocol.expectations import Gap, Judgement, judge
from notifications.protocol.extras import MessageType
from notifications.protocol.knowledge import Heard, Knowledge, Terms
from notifications.protocol.message import Message
from notifications.protocol.reasons import CountsAs
from notifications.world import Corruption, Emitted, Fault, Faults, Style, World

UNTIL = datetime(2026, 1, 31, 9, 41, tzinfo=UTC)
SIZES = (200, 400)  # messages of a world
WORST = 0.04  # the highest probability of each fault
SOURCE = "emitter"
LIFE, GRACE = timedelta(minutes=5), timedelta(minutes=2)
INIT, FINISHED = MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED
# Corrupted like this, a message no longer is one of its type that relates to its subject.
LOST_BY = frozenset({Corruption.NOT_UUID, Corruption.NUMBER, Corruption.UNKNOWN_TYPE})


@dataclass(frozen=True, slots=True)
class Told:
    """What is known to have happened to a message, and what was recorded of it, if anything."""

    label: Emitted
    message: Message | None

    @property
    def is_lost(self) -> bool:
        return self.label.fault is Fault.DROPPED or self.label.corruption in LOST_BY

    @property
    def kind(self) -> tuple[str, MessageType, int | None]:
        """Its operation ("" for none), its type and its episode, in truth."""
        fact = self.label.fact
        assert fact.owes is not None
        return (fact.operation.operation_id if fact.operation else "", fact.owes, fact.episode)

    @property
    def sent_to(self) -> str | None:
        """The device it was truly sent to; None for a message to a user as a whole."""
        fact, envelope = self.label.fact, self.label.envelope
        if self.label.fault is Fault.MISDIRECTED and envelope is not None:
            return envelope.get("activation_id")
        return fact.device.activation_id if fact.device else None


@dataclass(kw_only=True)
class Score:
    """Counts of one world, or of several added up. ``faults`` counts worlds that have each fault;
    ``stories`` tell of each operation about which something wrong was said."""

    worlds: int = 0
    messages: int = 0
    lost: int = 0
    visible: int = 0
    seen: int = 0  # of the visible
    claims: int = 0
    right: int = 0  # of the claims
    known: int = 0
    wrong: int = 0  # of the known
    misdirected: int = 0
    named: int = 0  # of the misdirected
    counted: Counter[CountsAs] = field(default_factory=Counter)
    faults: Counter[Fault] = field(default_factory=Counter)
    stories: list[str] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        names = [each.name for each in fields(self)]
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def recall(self) -> float:
        return self.seen / self.visible

    @property
    def precision(self) -> float:
        return self.right / self.claims


def score(seed: int, *, bare: bool, later: timedelta = timedelta(0)) -> Score:
    """Of the world of ``seed``, judged ``later`` than its end; ``bare``: of its messages only the
    extras are reported, with their time and message id."""
    told = list(tellings(seed, bare=bare))
    messages = [each.message for each in told if each.message is not None]
    now = UNTIL + later
    known = knowledge(messages, now)
    counted = Score(
        worlds=1,
        messages=len(messages),
        lost=sum(each.is_lost for each in told),
        faults=Counter({each.label.fault for each in told} - {None}),
    )
    by_operation: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if message.operation is not None:
            by_operation[message.operation].append(message)
    labelled: dict[str, list[Told]] = defaultdict(list)
    for each in told:
        labelled[each.kind[0]].append(each)
    labelled.pop("", None)  # what is about no operation
    for operation in sorted(by_operation.keys() | labelled.keys()):
        labels = labelled.get(operation, [])
        judgement = judge(by_operation.get(operation, ()), known)
        one = _score_operation(labels, judgement, known)
        if one.seen < one.visible or one.right < one.claims or one.wrong:
            one.stories.append(story(seed, operation, labels, judgement))
        counted += one
    return counted + _score_audience(seed, told, messages)


def tellings(seed: int, *, bare: bool) -> Iterator[Told]:
    """All that the emitter made of the world of ``seed``, and what of it was recorded."""
    rng = Random(seed)  # noqa: S311 - a world to be repeated, no secret
    size = rng.randint(*SIZES)
    faults = Faults(**{each.name: rng.uniform(0, WORST) for each in fields(Faults)})
    world = World(seed=seed, size=size, until=UNTIL, style=Style.FULL)
    users = {user.user_id: number for number, user in enumerate(world.people, start=1)}
    for emitted in world.emissions(faults):
        envelope = emitted.envelope
        if envelope is not None and bare:
            envelope = {key: envelope[key] for key in ("emitted_at", "message_id", "extras")}
        yield Told(emitted, None if envelope is None else _message(envelope, users))


def _message(envelope: Mapping[str, object], users: Mapping[str, int]) -> Message:
    emission = emission_from(envelope, now=UNTIL)
    return Message(
        id=emission.id_at(SOURCE),
        at=emission.emitted_at,
        source=SOURCE,
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
        personal=emission.personal,
        nonconforming=bool(emission.findings),
    )


def knowledge(messages: Sequence[Message], now: datetime) -> Knowledge:
    typed = [each for each in messages if each.message_type in set(MessageType)]
    times = [each.at for each in typed]
    heard = Heard(min(times), max(times), frozenset(str(each.message_type) for each in typed))
    return Knowledge(
        now=now,
        terms=Terms(life=LIFE, grace=GRACE),
        heard={SOURCE: heard},
        status_changes=status_changes(messages),
    )


def visible(labels: Sequence[Told], known: Knowledge) -> Counter[MessageType]:
    """Of which types a loss can be seen in the record of one operation; of each one at most.

    A finish can be seen to be lost when the announcement of its episode is there and no finish of
    the operation at all. With one, the record is the same as that of a page that was reloaded (two
    announcements, then a finish) or of a repeated push (a finish, then an announcement).

    An announcement can be seen to be lost when the finish of its episode begins the record, and
    there are fewer announcements after it than outcomes. Otherwise the record is the same as that
    of a finish that was repeated or corrected, or that overtook its announcement.

    Neither can be seen before it is due, nor where the source had not been heard of for long enough
    before (of an announcement) or after (of a finish), and a finish not where the device's status
    changed meanwhile, so that it may not have been asked.

    So nothing is visible of an episode of which nothing was recorded; and of status changes and
    inbox messages, which nothing else in the extras owes, nothing ever is.
    """
    record = sorted(
        (each for each in labels if each.message is not None and not each.is_lost),
        key=lambda each: (each.message.at, each.kind[1] is FINISHED),
    )
    if not record:
        return Counter()
    first, heard = record[0].message.at, known.heard[SOURCE]
    present = {each.kind for each in record}
    lost = {each.kind for each in labels if each.is_lost} - present
    inits = [each.message for each in record if each.kind[1] is INIT]
    finishes = [each.message for each in record if each.kind[1] is FINISHED]
    operation, began_with, episode = record[0].kind
    found: Counter[MessageType] = Counter()
    if not finishes:
        until = first + LIFE + GRACE
        asked = not any(
            first - GRACE <= at <= until
            for each in inits
            for at in known.status_changes.get(each.activation, ())
        )
        due = until <= min(known.now, heard.last)
        rounds = {kind[2] for kind in lost if kind[1] is FINISHED}
        found[FINISHED] = (
            due and asked and any((operation, INIT, each) in present for each in rounds)
        )
    elif began_with is FINISHED and (operation, INIT, episode) in lost:
        due = first + GRACE <= known.now and heard.first <= first - LIFE - GRACE
        outcomes = {each.result for each in finishes}
        found[INIT] = due and len(inits) < len(outcomes)
    return found


def _score_operation(labels: Sequence[Told], judgement: Judgement, known: Knowledge) -> Score:
    """A claim is right when as much of its operation and type was lost."""
    lost = Counter(each.kind[1] for each in labels if each.is_lost)
    can_be_seen = visible(labels, known)
    missing = [each for each in judgement.gaps if each.counts_as is CountsAs.MISSING]
    claims = Counter(each.message_type for each in missing)
    certain = Counter(
        each.message_type for each in judgement.gaps if each.certainty is Certainty.KNOWN
    )
    astray = [each for each in labels if each.label.fault is Fault.MISDIRECTED]
    return Score(
        visible=can_be_seen.total(),
        seen=(can_be_seen & claims).total(),
        claims=claims.total(),
        right=(claims & lost).total(),
        known=certain.total(),
        wrong=(certain - lost).total(),
        misdirected=len(astray),
        named=sum(any(_names(gap, each.sent_to) for gap in judgement.gaps) for each in astray),
        counted=Counter(each.counts_as for each in judgement.gaps),
    )


def _names(gap: Gap, activation: str | None) -> bool:
    return activation is not None and activation in (gap.activation, *gap.other)


def _score_audience(seed: int, told: Sequence[Told], messages: Sequence[Message]) -> Score:
    """A known audience is wrong unless it is the device that the message was truly sent to; asked
    for the device that the message names and for the one it was meant for."""
    by_activation: dict[str, list[Message]] = defaultdict(list)
    for message in messages:
        if message.activation is not None:
            by_activation[message.activation].append(message)
    devices = {name: Device.from_messages(name, its) for name, its in by_activation.items()}
    counted = Score()
    for each in told:
        meant = each.label.fact.device
        if each.message is None:
            continue
        for name in {each.message.activation, meant.activation_id if meant else None} - {None}:
            answer = reaches(each.message, devices.get(name) or Device(name))
            if answer is not None and answer[1] is Certainty.KNOWN:
                counted.known += 1
                if name != each.sent_to:
                    counted.wrong += 1
                    counted.stories.append(
                        f"seed {seed}, message {each.message.id}: known to be for {name},"
                        f" truly sent to {each.sent_to}"
                    )
    return counted


def story(seed: int, operation: str, labels: Sequence[Told], judgement: Judgement) -> str:
    """What was recorded of an operation beside the truth, and what the rules say of it."""
    lines = [f"seed {seed}, operation {operation}"]
    for each in labels:
        fault, message = each.label.corruption or each.label.fault or "", each.message
        told = "nothing" if message is None else f"{message.message_type} {message.result or ''}"
        lane = message and message.activation
        lines.append(
            f"  {each.label.at:%H:%M:%S.%f} episode {each.kind[2]} {each.kind[1]}"
            f" for {each.label.fact.device and each.label.fact.device.activation_id}"
            f" {fault}: {told} to {lane}"
        )
    for gap in judgement.gaps:
        lines.append(
            f"  {gap.rule} {gap.certainty} {gap.reason} ({gap.counts_as}): {gap.message_type}"
            f" to {gap.activation}, due {gap.due:%H:%M:%S.%f}"
        )
    return "\n".join(lines)
