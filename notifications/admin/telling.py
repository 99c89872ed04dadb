"""Sentences of the pages in pieces: a page shows a link or a time where a copy has plain text.

The words are translated whole, with their pieces as ``%(name)s``.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias
from uuid import UUID

from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _

from notifications.protocol.identity import EPOCH, time_of

from . import times

MILLISECOND = timedelta(milliseconds=1)
SECOND = timedelta(seconds=1)
FEW = timedelta(seconds=100)  # are told as seconds
_NAMED = re.compile(r"%\((\w+)\)s")


@dataclass(frozen=True, slots=True)
class Piece:
    """``text`` as a copy has it; on the page a link where there is an ``address``, a time ``at``
    with how long ``ago`` it is. ``given``: these are the words of others; ``is_key``: they are an
    identifier, which may be shown in part."""

    text: str
    address: str = ""
    at: datetime | UUID | None = None
    ago: str = ""
    given: bool = False
    is_key: bool = False


Sentence: TypeAlias = tuple[Piece, ...]
Filling: TypeAlias = Piece | Sentence | str | int


def tell(words: str, **pieces: Filling) -> Sentence:
    """``words`` with what their places stand for."""
    return tuple(_fill(words, pieces))


def key(text: object, address: str) -> Piece:
    """An identifier and the page of what it names; "" without one."""
    return Piece(str(text), address=address, given=True, is_key=True)


def link(text: str, address: str) -> Piece:
    return Piece(text, address=address, given=True)


def given(text: object) -> Piece:
    return Piece(str(text), given=True)


def moment(value: datetime | UUID) -> Piece:
    """A time, or that which a notification's id carries."""
    told = time_of(value) if isinstance(value, UUID) else value
    if isinstance(value, UUID) and told == EPOCH:
        return Piece(_("before 1970"))
    text = f"{times.moment(told)} {times.zone_name()}"
    return Piece(text, at=value, ago=times.ago(told, timezone.now()))


def plain(sentence: Sentence) -> str:
    return "".join(each.text for each in sentence)


def paragraph(*sentences: Sentence) -> Sentence:
    """One after the other; empty ones left out."""
    told = [each for each in sentences if each]
    return tuple(piece for n, each in enumerate(told) for piece in (_space(n) + each))


def before(length: timedelta) -> str:
    """“47 s before”"""
    return _("%(length)s before") % {"length": _length(abs(length))} if length else _same()


def later(length: timedelta) -> str:
    """“45 s later”"""
    return _("%(length)s later") % {"length": _length(abs(length))} if length else _same()


def apart(length: timedelta) -> str:
    """“45 s later”, or before, where ``length`` is below zero."""
    return before(length) if length < timedelta() else later(length)


def _same() -> str:
    return _("at the same time")


def _length(length: timedelta) -> str:
    if length < SECOND:
        return _("%(number)s ms") % {"number": length // MILLISECOND}
    if length < FEW:
        return _("%(number)s s") % {"number": round(length / SECOND)}
    if length > times.FAR:
        return _("over 100 years")
    return str(timesince(EPOCH, EPOCH + length, depth=2))


def _fill(words: str, pieces: dict[str, Filling]) -> Iterator[Piece]:
    for n, part in enumerate(_NAMED.split(words)):
        piece = pieces[part] if n % 2 else part
        if isinstance(piece, tuple):
            yield from piece
        elif isinstance(piece, Piece):
            yield piece
        elif piece != "":
            yield Piece(str(piece))


def _space(n: int) -> Sentence:
    return (Piece(" "),) if n else ()
