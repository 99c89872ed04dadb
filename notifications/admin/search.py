"""Finding by exact identifier, which is all that indexes serve: no part, no other case.

A UUID in upper case names the same subject as in lower case.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from notifications.filters.parameters import any_of
from notifications.models import (
    Activation,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
    Source,
    Subject,
)
from notifications.protocol.extras import MAX_IDENTIFIER, identifier, is_uuid

from .addresses import TRACED, page_address, trace_address
from .asking import around

NUL = "\0"  # PostgreSQL has no such character, so nothing is recorded with it
MESSAGES_SHOWN = 20

_SUBJECTS: tuple[tuple[str, str, type[Subject]], ...] = (
    ("operation", "Operation", Operation),
    ("activation", "Device (activation)", Activation),
    ("inboxmessage", "Inbox message", InboxMessage),
)
_NEEDED = ("id", "source", "emitted_at", "activation", "recipient")


@dataclass(frozen=True, slots=True)
class Found:
    """Something that carries the identifier: its ``kind`` in words, its page, what to call it, and
    the address of its trace or of one around it, "" without one."""

    kind: str
    address: str
    name: str
    trace: str = ""


def written_as(term: str) -> list[str]:
    """The identifiers that someone who typed ``term`` may mean: spaces around it are a slip of
    copying, and yet an identifier may have them."""
    meant: dict[str, None] = {}
    for text in (term, term.strip()):
        if NUL not in text and 0 < len(text) <= MAX_IDENTIFIER:
            meant |= dict.fromkeys((text, identifier(text) or text))
    return list(meant)


def ids_in(texts: list[str]) -> list[UUID]:
    return list({UUID(text) for text in texts if is_uuid(text)})


def find(term: str, may: Callable[[str], bool]) -> list[Found]:
    """Whatever carries ``term``; ``may`` says which permissions the person has."""
    texts = written_as(term)
    return list(_find(texts, may)) if texts else []


def columns_naming(term: str, *, by_user: bool) -> dict[str, list[Any]]:
    """The columns of notifications that have what ``term`` names, and what each has; ``by_user``
    says whether a user id counts."""
    texts = written_as(term)
    people = Recipient.objects.filter(user_id__in=texts if by_user else [])
    meant: dict[str, list[Any]] = {
        "pk": ids_in(texts),
        "message_id": texts,
        "operation": texts,
        "activation": texts,
        "inbox_message": texts,
        "recipient": list(people.values_list("pk", flat=True)),
    }
    return {
        column: values
        for column, values in meant.items()
        if values and Notification.objects.filter(**{f"{column}__in": values}).exists()
    }


def mentioning(
    notifications: QuerySet[Notification], term: str, *, by_user: bool
) -> QuerySet[Notification]:
    """Those of ``notifications`` that ``term`` names or that are about what it names.

    Which column has it is asked first, by index: an OR over all of them at once would make the
    planner walk the whole record from the newest on.
    """
    columns = columns_naming(term, by_user=by_user).items()
    return any_of(notifications, [Q(**{f"{column}__in": values}) for column, values in columns])


def _find(texts: list[str], may: Callable[[str], bool]) -> Iterator[Found]:
    if may("notifications.view_notification"):
        yield from _notifications(texts)
    for kind, words, model in _SUBJECTS:
        if may(f"notifications.view_{kind}"):
            for subject in model._default_manager.filter(pk__in=texts):
                trace = trace_address(kind, subject.pk) if kind in TRACED else ""
                yield Found(words, page_address(kind, subject.pk), subject.pk, trace)
    if may("notifications.view_recipient"):
        for person in Recipient.objects.filter(user_id__in=texts):
            trace = trace_address("recipient", person.pk)
            address = page_address("recipient", person.pk)
            yield Found("Recipient", address, str(person.user_id), trace)
    if may("notifications.view_source"):
        for source in Source.objects.filter(pk__in=texts):
            yield Found("Source", page_address("source", source.pk), source.pk)


def _notifications(texts: list[str]) -> Iterator[Found]:
    ids = ids_in(texts)
    for found in Notification.objects.filter(pk__in=ids).only(*_NEEDED):
        yield _notification(found, str(found.pk))
    named = Notification.objects.filter(message_id__in=texts).exclude(pk__in=ids).newest_first()
    for found in named.only(*_NEEDED)[:MESSAGES_SHOWN]:
        yield _notification(found, f"{found.pk}, message of {found.source_id}")


def _notification(found: Notification, name: str) -> Found:
    trace = around(found.emitted_at, activation=found.activation_id, recipient=found.recipient_id)
    return Found("Notification", page_address("notification", found.pk), name, trace)
