"""What an identifier typed into the search box may mean: exactly it, or else what begins with it.

Every question is one range of an index, read from its beginning and no further than is shown: texts
compare byte by byte, so what begins alike lies together, and so do notifications by their ids.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Model, Q, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from notifications.models import (
    Activation,
    InboxMessage,
    Notification,
    Operation,
    OperationEvent,
    Recipient,
    Source,
    Subject,
)
from notifications.protocol.extras import MAX_IDENTIFIER

from .addresses import TRACED, list_address, page_address, trace_address
from .asking import around
from .search import NUL, ids_in, written_as

MOST = 10  # of one kind
SHORTEST = 8  # characters that a prefix must have: fewer tell nothing apart

_SUBJECTS: tuple[tuple[str, Promise, type[Subject]], ...] = (
    ("operation", _("Operations"), Operation),
    ("activation", _("Devices (activations)"), Activation),
    ("inboxmessage", _("Inbox messages"), InboxMessage),
)
_NEEDED = ("id", "source", "message_id", "emitted_at", "activation", "recipient")
_DIGITS = re.compile("[0-9a-f]{8,32}")
_GROUPS = (8, 4, 4, 4, 12)  # digits of a UUID between its hyphens

May = Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Something that the identifier may name: its page, what to call it, and the address of its
    trace or of one around it, "" without one. A notification has its time and its source."""

    address: str
    name: str
    trace: str = ""
    emitted_at: datetime | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidates:
    """Those of one ``kind``, at most ``MOST``. There are ``more``; ``all`` is the address of a list
    of them, "" without one."""

    kind: str
    title: Promise
    found: tuple[Found, ...]
    more: bool
    all: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``exactly``: these have the identifier itself; else they begin with it."""

    exactly: bool
    groups: tuple[Candidates, ...]

    @property
    def only(self) -> Found | None:
        """The one thing that it can mean."""
        found = {each.address: each for group in self.groups for each in group.found}
        return next(iter(found.values())) if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The texts that are looked for, ``exactly`` or as beginnings; each is a question by itself,
    which one range of an index answers."""

    texts: Sequence[str]
    exactly: bool

    def named(self, column: str) -> list[Q]:
        lookup = column if self.exactly else f"{column}__startswith"
        return [Q(**{lookup: text}) for text in self.texts]

    def ids(self) -> list[Q]:
        if self.exactly:
            return [Q(pk=each) for each in ids_in(list(self.texts))]
        return [Q(pk__range=each) for text in self.texts if (each := ids_beginning(text))][:1]


def find(term: str, may: May) -> Answer:
    """Whatever has ``term``, else what begins with it. ``may`` says which permissions the person
    has: nothing else is looked for."""
    exact = _Asked(written_as(term), exactly=True)
    asked = exact if (groups := _groups(exact, may)) else _Asked(beginnings(term), exactly=False)
    return Answer(exactly=asked.exactly, groups=groups or _groups(asked, may))


def beginnings(term: str) -> list[str]:
    """The texts that may begin with what was typed: the digits of a UUID in either case, with its
    hyphens or without; none where that is too short to tell anything apart."""
    text = term.strip()
    if NUL in text or not SHORTEST <= len(text) <= MAX_IDENTIFIER:
        return []
    digits = _digits_of(text)
    hyphened = "" if digits is None else _hyphened(digits) + ("-" if text.endswith("-") else "")
    return [each for each in dict.fromkeys((text, hyphened)) if each]


def ids_beginning(text: str) -> tuple[UUID, UUID] | None:
    """The least and the greatest id that begin with ``text``, if any can."""
    digits = _digits_of(text)
    if digits is None:
        return None
    return UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))


def _digits_of(text: str) -> str | None:
    """Of the beginning of a UUID, in lower case."""
    lower = text.lower()
    digits = lower.replace("-", "")
    if not _DIGITS.fullmatch(digits):
        return None
    return digits if lower in (digits, _hyphened(digits), f"{_hyphened(digits)}-") else None


def _hyphened(digits: str) -> str:
    parts, rest = [], digits
    for length in _GROUPS:
        parts.append(rest[:length])
        rest = rest[length:]
    return "-".join(part for part in parts if part)


def _groups(asked: _Asked, may: May) -> tuple[Candidates, ...]:
    return tuple(group for group in _of_each_kind(asked, may) if group.found)


def _of_each_kind(asked: _Asked, may: May) -> Iterator[Candidates]:
    if may("notifications.view_notification"):
        yield from _notifications(asked)
    for kind, title, model in _SUBJECTS:
        if may(f"notifications.view_{kind}"):
            subjects = _first(model._default_manager.only("pk"), asked.named("pk"), "pk")
            yield _group(kind, title, (_subject(kind, each.pk, each.pk) for each in subjects))
            if kind == "operation" and not subjects and may("notifications.view_operationevent"):
                yield _operations_called(asked)
    if may("notifications.view_recipient"):
        people = _first(Recipient.objects.all(), asked.named("user_id"), "user_id")
        named = (_subject("recipient", each.pk, str(each.user_id)) for each in people)
        yield _group("recipient", _("Recipients (users)"), named)
    if may("notifications.view_source"):
        sources = _first(Source.objects.all(), asked.named("pk"), "pk")
        named = (_subject("source", each.pk, each.pk) for each in sources)
        yield _group("source", _("Sources"), named)


def _operations_called(asked: _Asked) -> Candidates:
    """Those that another system has under this name, where no message has it."""
    rows = OperationEvent.objects.only("operation", "external_id")
    events = _first(rows, asked.named("external_id"), "external_id", "pk")
    called = {each.operation_id: each.external_id for each in events if each.operation_id}
    named = (_subject("operation", key, str(name)) for key, name in called.items())
    return _group("external", _("Operations that another system calls so"), named)


def _notifications(asked: _Asked) -> Iterator[Candidates]:
    """By their ids, and by their sources' ids of them: those in the order of the index, so that no
    more is read than is shown."""
    rows = Notification.objects.only(*_NEEDED)
    by_id = (_notification(each, str(each.pk)) for each in _first(rows, asked.ids(), "pk"))
    yield _group("notification", _("Notifications"), by_id)
    order = ("-pk",) if asked.exactly else ("message_id", "pk")
    messages = _first(rows, asked.named("message_id"), *order)
    listed = ""
    if asked.exactly and messages:
        query = urlencode({"q": messages[0].message_id})
        listed = f"{list_address('notification')}?{query}"
    by_name = (_notification(each, str(each.message_id)) for each in messages)
    yield _group("message", _("Message ids of sources"), by_name, listed)


def _first(rows: QuerySet[Any], questions: Iterable[Q], *order: str) -> list[Any]:
    """One more than is shown, so that it is seen whether there are more."""
    found: dict[Any, Model] = {}
    for question in questions:
        found |= {row.pk: row for row in rows.filter(question).order_by(*order)[: MOST + 1]}
    return list(found.values())[: MOST + 1]


def _group(kind: str, title: Promise, found: Iterable[Found], all: str = "") -> Candidates:
    given = tuple(found)
    return Candidates(kind=kind, title=title, found=given[:MOST], more=len(given) > MOST, all=all)


def _subject(kind: str, key: object, name: str) -> Found:
    trace = trace_address(kind, key) if kind in TRACED else ""
    return Found(address=page_address(kind, key), name=name, trace=trace)


def _notification(found: Notification, name: str) -> Found:
    return Found(
        address=page_address("notification", found.pk),
        name=name,
        trace=around(
            found.emitted_at, activation=found.activation_id, recipient=found.recipient_id
        ),
        emitted_at=found.emitted_at,
        source=found.source_id,
    )
