"""The parameters that filters are made of: how each value is read, and the condition that it is.

A value that cannot be read is told, never passed over. A parameter without a value is refused, too:
a script whose variable is empty must not be answered with everything.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from copy import copy
from typing import Any

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet

from notifications.protocol.extras import MAX_IDENTIFIER, identifier

MOST_VALUES = 100
NUL = "\0"  # PostgreSQL has no such character, so nothing is recorded with it
NAME = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_IDENTIFIER,
    "pattern": "^[^\\u0000]*$",
}
TRUTHS: Mapping[str, bool | None] = {"true": True, "false": False, "unknown": None}

Read = Callable[[str], Any]
Schema = Mapping[str, Any]


class Parameter(django_filters.Filter):  # type: ignore[misc]
    """A parameter that can be repeated: any of its values will do. ``schema`` is the JSON schema of
    one value and ``help`` a sentence for the documentation; ``column`` is what it is compared to.

    ``identifies``: an index finds what one value names, so that no window is needed beside it.
    """

    def __init__(
        self,
        read: Read,
        *,
        help: str,
        column: str = "",
        schema: Schema | None = None,
        identifies: bool = False,
        most: int = MOST_VALUES,
    ) -> None:
        super().__init__(field_name=column, label=help)
        self.read, self.help, self.most = read, help, most
        self.schema = dict(schema or {"type": "string"})
        self.identifies = identifies

    def __deepcopy__(self, memo: Any) -> "Parameter":
        """Each question has its own, which shares what never changes: copying all of that took a
        tenth of the time of a short answer."""
        return copy(self)

    def values(self, given: Sequence[str]) -> list[Any]:
        """What is ``given``, read, each once. Raises ``ValidationError``."""
        if len(given) > self.most:
            limit = "once" if self.most == 1 else f"at most {self.most} times"
            raise ValidationError(f"is given {len(given)} times; give it {limit}.")
        return list(dict.fromkeys(self.read(each) for each in given))

    def conditions(self, values: Sequence[Any]) -> list[Q]:
        """One for each of ``values``, or fewer, where nothing can meet them."""
        return [self.condition(value) for value in values]

    def checks(self, values: Sequence[Any]) -> list[Q]:
        """The same of what is found already by something else."""
        return self.conditions(values)

    def condition(self, value: Any) -> Q:
        name = self.field_name
        return Q(**{f"{name}__isnull": True}) if value is None else Q(**{name: value})

    def filter(self, queryset: "QuerySet[Any]", value: Any) -> "QuerySet[Any]":
        if not value or not self.field_name:
            return queryset
        return any_of(queryset, self.conditions(value))


class Once(Parameter):
    """A parameter with one value, which says how to answer and filters nothing by itself."""

    def __init__(self, read: Read, **kwargs: Any) -> None:
        super().__init__(read, most=1, **kwargs)


def any_of(queryset: "QuerySet[Any]", conditions: Sequence[Q]) -> "QuerySet[Any]":
    if not conditions:
        return queryset.none()
    met = Q()
    for each in conditions:
        met |= each
    return queryset.filter(met)


def text_up_to(most: int) -> Callable[[str], str]:
    """Any text of at most so many characters that a column can hold."""

    def read(given: str) -> str:
        if not given:
            raise ValidationError("is empty; give a value, or leave it out.")
        if len(given) > most:
            raise ValidationError(f"has over {most} characters, which nothing recorded has.")
        if NUL in given:
            raise ValidationError("has the character U+0000, which nothing recorded has.")
        return given

    return read


text = text_up_to(MAX_IDENTIFIER)


def identity(given: str) -> str:
    """The identifier of a subject; a UUID may be in upper case."""
    return identifier(text(given)) or given


def one_of(choices: Collection[str]) -> Read:
    def read(given: str) -> str:
        if text(given) not in choices:
            raise ValidationError(f"“{_shown(given)}” is none of {', '.join(choices)}.")
        return given

    return read


def truth(given: str) -> bool | None:
    return TRUTHS[one_of(TRUTHS)(given)]


def whole(least: int, most: int) -> Read:
    """A whole number within bounds, in plain digits."""

    def read(given: str) -> int:
        digits = text(given)
        plain = digits.isascii() and digits.isdecimal() and len(digits) <= len(str(most))
        if not plain or not least <= int(digits) <= most:
            raise ValidationError(f"must be a whole number from {least} to {most:,}.")
        return int(digits)

    return read


def choices(values: Collection[str]) -> dict[str, Any]:
    """The schema of what ``one_of`` reads."""
    return {"type": "string", "enum": [str(each) for each in values]}


def names(column: str, words: str, *, identifies: bool = False, read: Read = text) -> Parameter:
    """What a text column holds exactly."""
    return Parameter(read, column=column, help=words, schema=NAME, identifies=identifies)


def _shown(given: str) -> str:
    return given if len(given) <= 80 else f"{given[:80]}…"
