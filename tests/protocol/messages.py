"""Messages of one operation, told in seconds after ``START``, and what else is known of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.coverage import Covered
from notifications.protocol.events import (
    ActivationEvent,
    ActivationEventKind,
    InboxEvent,
    OperationEvent,
)
from notifications.protocol.expectations import Judgement, judge
from notifications.protocol.extras import MessageType, OperationResult
from notifications.protocol.gates import Gates, Says, Setting
from notifications.protocol.knowledge import Emitters, Heard, Knowledge, Terms
from notifications.protocol.message import Message
from notifications.protocol.reasons import Rule
from notifications.protocol.state import fold_spans
from notifications.protocol.window import Window

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
OPERATION = "3f0d1c5e-7a52-4f0e-9d0b-6a2f3c1b8e47"
PHONE, TABLET, WATCH = "phone", "tablet", "watch"
SOURCE, POWERAUTH = "cloud", "powerauth"
PUSH_SERVER, APP = "push-server", "retail"  # a source that reports the copies it made in the app
USER = 1
DAYS = 5 * 86_400  # seconds, long before and after everything
LIFE, GRACE, HOUR = 300, 120, 3600  # seconds
DUE = LIFE + GRACE
INIT, FINISHED = MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED
SUCCESS, FAIL = OperationResult.SUCCESS, OperationResult.FAIL

_ids = count(1)


def moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def message(
    message_type: str | None, at: float = 0, to: str | None = PHONE, **told: Any
) -> Message:
    told = {
        "source": SOURCE,
        "operation": OPERATION,
        "addressed_to": "unknown" if to is None else "activation",
    } | told
    return Message(
        id=UUID(int=next(_ids)),
        at=moment(at),
        message_type=message_type,
        activation=to,
        **told,
    )


def init(at: float = 0, to: str | None = PHONE, **told: Any) -> Message:
    return message(INIT, at, to, **told)


def finish(at: float, to: str | None = PHONE, result: str | None = SUCCESS, **told: Any) -> Message:
    return message(FINISHED, at, to, result=result, **told)


def knowing(
    now: float = 100_000,
    *,
    first: float = -100_000,
    last: float = 100_000,
    types: Iterable[str] = MessageType,
    changes: Mapping[str, Sequence[float]] | None = None,
    covered: Sequence[tuple[float, float]] = (),
    events: Sequence[ActivationEvent] = (),
    happened: Sequence[OperationEvent] = (),
    emits: Iterable[str] | Mapping[str, str] = MessageType,
    linked: Iterable[str] = (POWERAUTH,),
    copied: Sequence[tuple[float, float]] | None = None,
    compared: float | None = None,
    begun: float | None = None,
    settings: Iterable[Setting] = (),
    clocks: Clocks = NO_CLOCKS,
    **terms: Any,
) -> Knowledge:
    """By default long after everything, of a source that was heard of long before and after, sends
    everything, and whose operations have the names that PowerAuth has for them. The Push Server was
    recorded while it is ``copied``, and its registrations were ``compared`` last then. What it
    emits it was first seen to when it had ``begun``; ``settings`` say otherwise."""
    devices = {each.activation for each in events if each.activation is not None}
    all_of_it = Window(moment(-DAYS), moment(DAYS))
    terms = {"life": timedelta(seconds=LIFE), "grace": timedelta(seconds=GRACE)} | terms
    return Knowledge(
        now=moment(now),
        terms=Terms(**terms),
        heard={SOURCE: Heard(moment(first), moment(last), frozenset(types))},
        status_changes={
            device: [moment(each) for each in times] for device, times in (changes or {}).items()
        },
        covered={
            source: Covered(tuple((moment(a), moment(b)) for a, b in told))
            for source, told in ((SOURCE, covered), (PUSH_SERVER, copied))
            if told is not None
        },
        spans={each: fold_spans(each, events, all_of_it) for each in devices},
        lives={
            name: [each for each in happened if name in (each.operation, each.external)]
            for life in happened
            for name in (life.operation, life.external)
            if name is not None
        },
        emitters=Emitters(
            {(each, _app_of(each, emits)): (SOURCE,) for each in emits},
            {}
            if begun is None
            else {(each, _app_of(each, emits), SOURCE): moment(begun) for each in emits},
            Gates.of(settings),
        ),
        linked=frozenset(linked),
        copiers={APP: (PUSH_SERVER,)},
        compared={} if compared is None else {PUSH_SERVER: moment(compared)},
        clocks=clocks,
    )


def setting(rule: Rule, says: Says = Says.APPLIES, app: str | None = None, **told: Any) -> Setting:
    """Of what the source sends; ``since`` and ``until`` in seconds."""
    bounds = {name: moment(told[name]) for name in ("since", "until") if name in told}
    source = told.get("source", SOURCE)
    set_at = moment(told.get("set_at", -HOUR))
    return Setting(rule=rule, source=source, app=app, says=says, set_at=set_at, **bounds)


def _app_of(message_type: str, emits: Iterable[str] | Mapping[str, str]) -> str | None:
    return emits.get(message_type) if isinstance(emits, Mapping) else None


def told(kind: ActivationEventKind, at: float, of: str = PHONE, **more: Any) -> ActivationEvent:
    """As PowerAuth's history or the Push Server itself tells it: at its time."""
    return ActivationEvent(
        id=UUID(int=next(_ids)),
        kind=kind,
        activation=of,
        **{
            "source": POWERAUTH,
            "happened_at": moment(at),
            "observed_at": moment(DAYS),
            "recorded_at": moment(DAYS),
            "token": "t1",
        }
        | more,
    )


def status(value: str, at: float, of: str = PHONE, **more: Any) -> ActivationEvent:
    return told(ActivationEventKind.STATUS, at, of, status=value, token=None, **more)


def registered(at: float, of: str = PHONE, **more: Any) -> ActivationEvent:
    return told(ActivationEventKind.REGISTERED, at, of, **more)


def unregistered(at: float, of: str = PHONE, **more: Any) -> ActivationEvent:
    return told(ActivationEventKind.UNREGISTERED, at, of, **more)


def push_active(value: bool, at: float, of: str = PHONE) -> ActivationEvent:
    return told(ActivationEventKind.PUSH_STATUS, at, of, push_active=value, token=None)


def life(value: str, at: float = 0, **more: Any) -> OperationEvent:
    """A callback: it tells no time of its own."""
    return OperationEvent(
        id=UUID(int=next(_ids)),
        source=POWERAUTH,
        status=value,
        **{
            "operation": OPERATION,
            "observed_at": moment(at),
            "recorded_at": moment(at),
            "recipient": USER,
        }
        | more,
    )


def posted(at: float = 0, **more: Any) -> InboxEvent:
    return InboxEvent(
        id=UUID(int=next(_ids)),
        source=SOURCE,
        observed_at=moment(at),
        recorded_at=moment(at),
        **{"recipient": USER, "silent": False} | more,
    )


def judged(*messages: Message, **known: Any) -> Judgement:
    return judge(messages, knowing(**known))
