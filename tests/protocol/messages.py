"""Messages of one operation, told in seconds after ``START``, and what else is known of it."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any
from uuid import UUID

from notifications.protocol.debts import Heard, Knowledge, Terms
from notifications.protocol.expectations import Judgement, judge
from notifications.protocol.extras import MessageType, OperationResult
from notifications.protocol.message import Message

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
OPERATION = "3f0d1c5e-7a52-4f0e-9d0b-6a2f3c1b8e47"
PHONE, TABLET, WATCH = "phone", "tablet", "watch"
SOURCE = "cloud"
LIFE, GRACE = 300, 120  # seconds
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
    **terms: Any,
) -> Knowledge:
    """By default long after everything, of a source that was heard of long before and after."""
    terms = {"life": timedelta(seconds=LIFE), "grace": timedelta(seconds=GRACE)} | terms
    return Knowledge(
        now=moment(now),
        terms=Terms(**terms),
        heard={SOURCE: Heard(moment(first), moment(last), frozenset(types))},
        status_changes={
            device: [moment(each) for each in times] for device, times in (changes or {}).items()
        },
    )


def judged(*messages: Message, **known: Any) -> Judgement:
    return judge(messages, knowing(**known))
