"""The columns of what is exported, and how PostgreSQL is asked for them.

Rows are copied out of the database as it writes them itself (COPY), because making an object of
each takes ten times as long. What it would write slowly is done behind it, in ``writers``: so
columns stand in the order of ``Kind``, where a row is cut at few places.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

from django.db.models import F, Func, TextField
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

# What begins so, spreadsheets take for a formula; the last four are the wide forms that some
# take for the first.
FORMULAS = "\t\n\r+-=@＋－＝＠"  # noqa: RUF001  (they are meant)


class Kind(IntEnum):
    """What a column holds, in the order that columns stand in."""

    MOMENT = 1
    ID = 2  # UUIDs of notifications, never null
    NAME = 3  # text of which there are few different ones
    TEXT = 4
    FLAG = 5
    NUMBER = 6
    DECIMAL = 7
    JSON = 8
    USER = 9
    PERSON = 10  # the key of a recipient, for which its pseudonym is put in; one at most, the last


class How(StrEnum):
    """The formats of COPY that rows are taken in."""

    CSV = "csv"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """``source`` is the model's field, or an expression."""

    name: str
    kind: Kind
    source: str | Combinable = ""

    @property
    def expression(self) -> Combinable:
        return F(self.source) if isinstance(self.source, str) else self.source


def in_order(columns: Iterable[Column]) -> tuple[Column, ...]:
    return tuple(sorted(columns, key=lambda column: column.kind))


def copied_as(column: Column, how: How, *, defused: bool) -> Combinable:
    """What is selected of ``column``.

    As text it is JSON already, but for moments and names and what stands for persons; texts are in
    quotes, and nothing in them is escaped: PostgreSQL takes longer for that than for all the rest.
    """
    told, kind = column.expression, column.kind
    if how is How.TEXT and kind in _JSON_OF:
        return _JSON_OF[kind](told)
    if kind is Kind.FLAG:
        return Cast(told, TextField())  # true, not t
    if how is How.CSV and defused and kind in (Kind.TEXT, Kind.NAME, Kind.USER):
        return _Defused(told)
    return told


class _InQuotes(Func):
    template = """COALESCE('"' || %(expressions)s || '"', 'null')"""
    output_field = TextField()


class _JSONValue(Func):
    template = "COALESCE((%(expressions)s)::text, 'null')"
    output_field = TextField()


_JSON_OF = {
    Kind.TEXT: _InQuotes,
    Kind.USER: _InQuotes,
    Kind.FLAG: _JSONValue,
    Kind.NUMBER: _JSONValue,
    Kind.DECIMAL: _JSONValue,
}


class _Defused(Func):
    """Text, behind an apostrophe where a spreadsheet would calculate it."""

    template = (
        f"CASE WHEN ascii(%(expressions)s) IN ({', '.join(str(ord(each)) for each in FORMULAS)})"
        " THEN '''' || %(expressions)s ELSE %(expressions)s END"
    )
    output_field = TextField()

    def __init__(self, told: Combinable, **options: Any) -> None:
        super().__init__(told, **options)


class TimeIn(Func):
    """The moment that the id of a notification carries, to the millisecond; null of null."""

    # In two halves: an interval times all 48 bits would be rounded from the year 2255 on.
    template = (
        "(timestamptz 'epoch'"
        " + ('x' || left(%(expressions)s::text, 8))::bit(32)::bigint * interval '65.536 seconds'"
        " + ('x' || substr(%(expressions)s::text, 10, 4))::bit(16)::int * interval '1 millisecond')"
    )


def defused(text: str) -> str:
    """The same of a text that comes not from the database."""
    return f"'{text}" if text[:1] and text[0] in FORMULAS else text
