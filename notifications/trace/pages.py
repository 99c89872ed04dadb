"""Pages of a trace. A trace is computed whole, since its counts and its verdict are of the whole
window; what a page shows of each notification is read for that page alone."""

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, Protocol, TypeVar
from uuid import UUID

from notifications.models.statements import fetched
from notifications.protocol.clients import Platform, views

from .entries import Entry, Payload, Row
from .told import BETWEEN_IDS, between

MOST_ON_A_PAGE = 1_000
ON_A_PAGE = 100

_PAYLOADS = f"""
    SELECT id, extras, findings, platform FROM notifications_notification AS told
    WHERE id = ANY(%(ids)s::uuid[]) AND {BETWEEN_IDS}
"""  # noqa: S608 - of constants

Place = tuple[datetime, int, str]


class Placed(Protocol):
    @property
    def place(self) -> Place: ...


Item = TypeVar("Item", bound=Placed)


class BadCursor(ValueError):
    """This cursor is none of ours; follow next and previous as they were given."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """``next`` and ``previous`` are the cursors of the neighbouring pages, or None."""

    items: tuple[Item, ...]
    next: str | None
    previous: str | None


def page_of(items: Sequence[Item], cursor: str | None, size: int = ON_A_PAGE) -> Page[Item]:
    """One page of ``items``, which are in order of their places. Raises ``BadCursor``."""
    start = 0
    if cursor:
        onward, place = _read(cursor)
        if onward:
            start = bisect_right(items, place, key=lambda each: each.place)
        else:
            end = bisect_left(items, place, key=lambda each: each.place)
            start = max(0, end - size)
    shown = tuple(items[start : start + size])
    return Page(
        items=shown,
        next=_write(True, shown[-1].place) if shown and start + size < len(items) else None,
        previous=_write(False, shown[0].place) if shown and start > 0 else None,
    )


def with_payloads(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The same, each notification with its extras, findings and what the apps make of it."""
    given = tuple(entries)
    payloads = _payloads([each.evidence[0] for each in given if each.is_emitted])
    return tuple(
        replace(each, payload=payloads.get(each.evidence[0])) if each.is_emitted else each
        for each in given
    )


def rows_with_payloads(rows: Iterable[Row]) -> tuple[Row, ...]:
    given = tuple(rows)
    entries = with_payloads(each.entry for each in given)
    return tuple(replace(row, entry=entry) for row, entry in zip(given, entries, strict=True))


def _payloads(ids: Sequence[UUID]) -> Mapping[UUID, Payload]:
    """By id."""
    rows = fetched(_PAYLOADS, {"ids": ids, **between(ids)}) if ids else []
    return {key: _payload(*of_one) for key, *of_one in rows}


def _payload(extras: str, findings: str, platform: str | None) -> Payload:
    told = json.loads(extras)
    shown = views(told, Platform(platform) if platform else None)
    return Payload(
        extras=told,
        findings=json.loads(findings),
        clients={
            str(generation): {"kind": view.kind, "result": view.result}
            for generation, view in shown.items()
        },
        platform=platform,
    )


def _write(onward: bool, place: Place) -> str:
    text = json.dumps([onward, place[0].isoformat(), *place[1:]])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read(cursor: str) -> tuple[bool, Place]:
    try:
        text = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        onward, moment, rank, key = json.loads(text)
        at = datetime.fromisoformat(moment)
    except (ValueError, TypeError, binascii.Error, RecursionError):
        raise BadCursor from None
    fits = isinstance(rank, int) and isinstance(key, str) and at.utcoffset() is not None
    if not fits or not isinstance(onward, bool):
        raise BadCursor
    return onward, (at, rank, key)
