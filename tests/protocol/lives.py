"""Events in the life of a device, told in seconds after ``START``."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from itertools import count
from uuid import UUID

from notifications.protocol.events import ActivationEvent, ActivationEventKind
from notifications.protocol.state import DeviceState, Span, fold_spans, fold_state
from notifications.protocol.window import Window
from tests.protocol.messages import PHONE, TABLET, moment

__all__ = ("PHONE", "TABLET", "moment")

TOKEN = "t-1"  # a fingerprint
# A table of registrations is read all the while, but where a test says otherwise.
COMPARED: Mapping[str, datetime] = {"powerauth": moment(1_000_000), "push-db": moment(300)}
_ids = count(1)


def event(kind: ActivationEventKind, observed: float, **told: object) -> ActivationEvent:
    """``happened``: the time that its source told."""
    happened = told.pop("happened", None)
    fields = {
        "id": UUID(int=next(_ids)),
        "source": "powerauth",
        "activation": PHONE,
        "observed_at": moment(observed),
        "recorded_at": moment(observed),
        "happened_at": moment(happened) if isinstance(happened, int | float) else None,
    } | told
    return ActivationEvent(kind=kind, **fields)  # type: ignore[arg-type]


def callback(observed: float, status: str, **told: object) -> ActivationEvent:
    return event(ActivationEventKind.STATUS, observed, status=status, **told)


def history(observed: float, *rows: tuple[float, str]) -> list[ActivationEvent]:
    """Read at ``observed``, each with the time of its change."""
    return [callback(observed, status, happened=happened) for happened, status in rows]


def registered(observed: float, token: str | None = TOKEN, **told: object) -> ActivationEvent:
    return event(ActivationEventKind.REGISTERED, observed, token=token, **told)


def deleted(observed: float, token: str | None = TOKEN, **told: object) -> ActivationEvent:
    named = {"activation": None} | told
    return event(ActivationEventKind.UNREGISTERED, observed, token=token, **named)


def push_status(observed: float, active: bool | None = None, **told: object) -> ActivationEvent:
    return event(ActivationEventKind.PUSH_STATUS, observed, push_active=active, **told)


def state(
    events: Iterable[ActivationEvent], at: float, last: Mapping[str, datetime] = COMPARED
) -> DeviceState:
    return fold_state(PHONE, compared(events, last), moment(at))


def compared(
    events: Iterable[ActivationEvent], last: Mapping[str, datetime] = COMPARED
) -> list[ActivationEvent]:
    """As they are read when the tables of their sources were ``last`` compared."""
    return [replace(each, compared_at=last.get(each.source or "")) for each in events]


def spans(
    events: Iterable[ActivationEvent],
    since: float = -100_000,
    until: float = 100_000,
) -> tuple[Span, ...]:
    return fold_spans(PHONE, compared(events), Window(moment(since), moment(until)))


def at_end(span: Span) -> datetime:
    """The last moment within it."""
    return span.until - datetime.resolution
