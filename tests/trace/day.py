"""What a story of one day consists of: what happened to whom, and what the trace must answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from notifications.protocol.audience import Grade
from notifications.protocol.reasons import Reason, counts_as

from .bank import Happening, Phone, named

INIT, FINISHED, STATUS, INBOX = (
    f"mtoken.{each}"
    for each in ("operationInit", "operationFinished", "statusChange", "inboxMessage.new")
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entry of a trace. ``sentence`` is what it says, or a part of that, with {day} for the
    day; ``events`` is how many it rests on."""

    what: str
    grade: Grade
    sentence: str
    reason: Reason | None = None
    events: int = 0

    @property
    def counts_as(self) -> str:
        return "" if self.reason is None else str(counts_as(self.reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Asked of ``phone``, from the one time of the day to the other. ``beside`` are the verdicts of
    the user's other devices, ``of_user`` is that of the user where it is another. ``evidence`` is
    what the page says of the events that ``rows`` rest on. ``before`` is what was answered before
    the ``night``."""

    name: str
    phone: Phone
    window: tuple[str, str]
    happenings: Sequence[Happening]
    verdict: str
    rows: Sequence[Row]
    evidence: Sequence[str] = ()
    beside: Mapping[Phone, str] = field(default_factory=dict)
    of_user: str = ""
    before: str = ""
    night: Happening | None = None


# --- What happens


def payment(user: str) -> str:
    return named(f"the payment of {user}")


def about(kind: str, operation: str, result: str = "") -> dict[str, Any]:
    told = {"messageType": kind, "operationId": operation, "operationName": "authorize_payment"}
    return told | ({"mtokenOperationResult": result} if result else {})


def created(clock: str, user: str, operation: str = "") -> Happening:
    it = operation or payment(user)
    return clock, lambda bank: bank.operation(user, it, "PENDING", created=clock)


def announced(clock: str, user: str) -> Happening:
    return clock, lambda bank: bank.send(user, about(INIT, payment(user)))


def approved(clock: str, user: str, since: str) -> Happening:
    return clock, lambda bank: bank.operation(user, payment(user), "APPROVED", created=since)


def finished(clock: str, user: str) -> Happening:
    told = about(FINISHED, payment(user), "authentication.success")
    return clock, lambda bank: bank.send(user, told)


def paid(user: str, hour: int, minute: int) -> list[Happening]:
    """Asked for in the browser, and confirmed in the app a minute later."""
    since, then = f"{hour:02}:{minute:02}", f"{hour:02}:{minute + 1:02}"
    return [
        created(since, user),
        announced(f"{since}:01", user),
        approved(then, user, since),
        finished(f"{then}:01", user),
    ]


def expired(user: str, hour: int, minute: int) -> list[Happening]:
    """Asked for in the browser, and never confirmed."""
    since, then = f"{hour:02}:{minute:02}", f"{hour:02}:{minute + 5:02}"
    told = about(FINISHED, payment(user), "operation.timeout")
    return [
        created(since, user),
        announced(f"{since}:01", user),
        (then, lambda bank: bank.operation(user, payment(user), "EXPIRED", created=since)),
        (f"{then}:01", lambda bank: bank.send(user, told)),
    ]


def activated(*phones: Phone, clock: str = "08:00") -> list[Happening]:
    """And registered for push."""
    of_each = [
        ((clock, _status(phone, "ACTIVE")), (clock, lambda bank, it=phone: bank.register(it)))
        for phone in phones
    ]
    return [happening for both in of_each for happening in both]


def became(clock: str, phone: Phone, status: str) -> Happening:
    """As PowerAuth calls back."""
    return clock, _status(phone, status)


def _status(phone: Phone, status: str) -> Any:
    return lambda bank: bank.status(phone, status)


def told_status(clock: str, phone: Phone) -> Happening:
    """Not personal: it goes to blocked devices as well."""
    told, to = {"messageType": STATUS, "activationId": phone.activation}, phone.activation
    return clock, lambda bank: bank.send(phone.user, told, personal=False, to=to)


def posted(clock: str, user: str, name: str, *, silent: bool = False) -> Happening:
    return clock, lambda bank: bank.post(user, name, silent=silent)


def told_inbox(clock: str, user: str, name: str) -> Happening:
    told = {"messageType": INBOX, "inboxId": named(name)}
    return clock, lambda bank: bank.send(user, told, personal=False)
