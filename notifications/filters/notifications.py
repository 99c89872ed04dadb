"""What notifications can be asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.lookups import Exact
from django.http import QueryDict

from notifications.models import Recipient
from notifications.models.querysets import having_finding
from notifications.protocol.clients import PLATFORM_NAMES
from notifications.protocol.extras import Code
from notifications.protocol.window import Bounds

from .base import WindowedFilters
from .parameters import (
    NAME,
    NUL,
    TRUTHS,
    Parameter,
    choices,
    identity,
    names,
    one_of,
    text,
    truth,
    whole,
)

EXTRAS = "extras."
PERSONAL = ("user_id", "recipient")  # parameters by which somebody asks for a person
ANY, NONE = "any", "none"
FINDING = "With any finding, with none, or with this one."
FINDINGS = (ANY, NONE, *Code)
PLATFORM = "Through this gateway, or one that was not told (unknown)."
PLATFORMS: Mapping[str, str | None] = {**PLATFORM_NAMES, "unknown": None}


def platform(given: str) -> str | None:
    return PLATFORMS[one_of(PLATFORMS)(given)]


class Users(Parameter):
    """By user id. Who that is, is asked first: a join would keep the index of the recipients from
    giving their notifications in order."""

    def conditions(self, values: Sequence[Any]) -> list[Q]:
        people = Recipient.objects.filter(user_id__in=values).values_list("pk", flat=True)
        return [Q(**{self.field_name: key}) for key in people]


class Findings(Parameter):
    def condition(self, value: Any) -> Q:
        if value == ANY:
            return ~Q(findings=[])
        return Q(findings=[]) if value == NONE else having_finding(value)


class Extras(Parameter):
    """What one key of the extras holds, compared as text; of a key that holds an object, its JSON.

    Not by Django's key transform, which takes a key of digits for a place in a list.
    """

    def __init__(self, key: str) -> None:
        super().__init__(_without_nul, column="extras", help=f"What {key} holds.")
        self.key = key

    def condition(self, value: Any) -> Q:
        held = Func(
            F("extras"),
            Value(self.key),
            function="jsonb_extract_path_text",
            output_field=TextField(),
        )
        return Q(Exact(held, Value(value)))


class NotificationFilters(WindowedFilters):
    """Beside those that are declared there is ``extras.<key>`` for any key."""

    aliases: ClassVar[Mapping[str, str]] = {
        **WindowedFilters.aliases,
        "type": "message_type",
        "user": "user_id",
        "app": "app_id",
        "device": "activation",
        "inbox_id": "inbox_message",
        "inboxId": "inbox_message",
        "operationId": "operation",
        "activationId": "activation",
    }

    operation = names("operation", "About this operation.", identifies=True, read=identity)
    activation = names(
        "activation", "About this activation (device).", identifies=True, read=identity
    )
    inbox_message = names(
        "inbox_message", "About this inbox message.", identifies=True, read=identity
    )
    user_id = Users(
        text,
        column="recipient",
        help="Addressed to this user. Not for accounts that read pseudonyms.",
        schema=NAME,
        identifies=True,
    )
    recipient = Parameter(
        whole(1, 2**63 - 1),
        column="recipient",
        help="Addressed to the user with this key. Not for accounts that read pseudonyms.",
        schema={"type": "integer", "minimum": 1, "maximum": 2**63 - 1},
        identifies=True,
    )
    message_id = names("message_id", "Named so by its source.", identifies=True)
    message_type = names("message_type", "Of this type, such as mtoken.operationInit.")
    result = names("result", "With this result, such as operation.timeout.")
    operation_name = names("operation__name", "About an operation of this name.")
    app_id = names("app_id", "Of this app.")
    platform = Parameter(platform, column="platform", help=PLATFORM, schema=choices(PLATFORMS))
    source = names("source", "Reported by this source.")
    finding = Findings(one_of(FINDINGS), column="findings", help=FINDING, schema=choices(FINDINGS))
    silent = Parameter(
        truth, column="silent", help="Silent, not, or not told.", schema=choices(TRUTHS)
    )
    personal = Parameter(
        truth, column="personal", help="Personal, not, or not told.", schema=choices(TRUTHS)
    )

    def __init__(
        self, data: QueryDict, queryset: "QuerySet[Any] | None" = None, **context: Any
    ) -> None:
        super().__init__(data, queryset, **context)
        for name in data:
            if self.knows(name) and name not in self.filters:
                self.filters[name] = Extras(name.removeprefix(EXTRAS))

    @classmethod
    def knows(cls, name: str) -> bool:
        """A key that nothing recorded can have is not known."""
        key = name.removeprefix(EXTRAS)
        return super().knows(name) or (key != name and NUL not in key)

    def within(self, queryset: Any, bounds: Bounds) -> "QuerySet[Any]":
        found: QuerySet[Any] = queryset.emitted_between(bounds.since, bounds.until)
        return found


def _without_nul(given: str) -> str:
    """A value of the extras, which may be empty."""
    if NUL in given:
        raise ValidationError("has the character U+0000, which nothing recorded has.")
    return given
