"""What a list is searched for: exactly one identifier, whichever column has it.

A UUID in upper case names the same subject as in lower case.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db.models import Model, Q, QuerySet

from notifications.filters.parameters import any_of
from notifications.models import Activation, InboxMessage, Notification, Operation, Recipient
from notifications.protocol.extras import MAX_IDENTIFIER, identifier, is_uuid

_SUBJECTS: Mapping[str, type[Model]] = {
    "operation": Operation,
    "activation": Activation,
    "inbox_message": InboxMessage,
}
NUL = "\0"  # PostgreSQL has no such character, so nothing is recorded with it


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
        if values and _has_any(column, values).exists()
    }


def _has_any(column: str, values: list[Any]) -> QuerySet[Any]:
    """Rows that are there if a notification has any of ``values``. Subjects are asked themselves:
    among notifications each month would be looked into."""
    if (subjects := _SUBJECTS.get(column)) is not None:
        return subjects._default_manager.filter(pk__in=values)
    return Notification.objects.filter(**{f"{column}__in": values})


def mentioning(
    notifications: QuerySet[Notification], term: str, *, by_user: bool
) -> QuerySet[Notification]:
    """Those of ``notifications`` that ``term`` names or that are about what it names.

    Which column has it is asked first, by index: an OR over all of them at once would make the
    planner walk the whole record from the newest on.
    """
    columns = columns_naming(term, by_user=by_user).items()
    return any_of(notifications, [Q(**{f"{column}__in": values}) for column, values in columns])
