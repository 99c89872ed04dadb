"""Which device a registration was, by readings of a table whose every state is known here."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from notifications.protocol.bindings import ONCE_WITHIN, Binding, device_at
from tests.protocol.lives import moment

APART = int(ONCE_WITHIN / timedelta(seconds=1))
USER, OTHER = 1, 2
OWNERS = {"phone": USER, "tablet": USER, "strange": OTHER}


@dataclass(frozen=True, slots=True)
class Row:
    """What the table has under one number."""

    activation: str
    registered: int
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class Table:
    """Its every change: from a second on it has this row, or None."""

    changes: Sequence[tuple[int, Row | None]]

    def at(self, second: float) -> Row | None:
        passed = bisect_right(self.changes, second, key=lambda change: change[0])
        return self.changes[passed - 1][1] if passed else None

    @property
    def end(self) -> int:
        return self.changes[-1][0]

    def bound(self) -> Iterator[tuple[int, int]]:
        """The first and last second of each row."""
        last = (self.end + APART, None)
        for (began, row), (ended, _) in pairwise([*self.changes, last]):
            if row is not None:
                yield began, ended - 1


@st.composite
def tables(draw: st.DrawFn) -> Table:
    """Bound, deleted, and made anew; in between registered again by the same device, or told
    another status."""
    changes: list[tuple[int, Row | None]] = []
    second, row = draw(st.integers(-2_000, 0)), None
    for _ in range(draw(st.integers(1, 6))):
        second += draw(st.integers(APART + 2, 6 * APART))
        who = draw(st.sampled_from([None, *OWNERS]))
        row = None if who is None else Row(who, second)
        changes.append((second, row))
        for after in sorted(draw(st.sets(st.integers(1, APART), max_size=2))):
            if row is not None:
                again = draw(st.booleans())
                row = replace(row, registered=second + after) if again else _flipped(row)
                changes.append((second + after, row))
    return Table(changes)


def _flipped(row: Row) -> Row:
    return replace(row, is_active=not row.is_active)


def compared(table: Table, readings: Sequence[float]) -> list[Binding]:
    """As the comparings of these moments keep it."""
    found: list[Binding] = []
    known: Row | None = None
    for before, second in zip([None, *readings], readings, strict=False):
        row = table.at(second)
        if row == known:
            continue
        if known is not None and before is not None:
            ended = {"last_seen_at": moment(before), "gone_at": moment(second)}
            found[-1] = replace(found[-1], **ended)
        if row is not None:
            found.append(binding(row, second, before))
        known = row
    return found


def binding(row: Row, seen: float, before: float | None = None, **told: Any) -> Binding:
    return Binding(
        number=1,
        activation=row.activation,
        recipient=OWNERS[row.activation],
        is_active=row.is_active,
        registered_at=moment(row.registered),
        not_before=None if before is None else moment(before),
        seen_at=moment(seen),
        **told,
    )


@settings(deadline=None, max_examples=400)
@given(st.data())
def test_a_device_that_is_named_is_the_one_that_it_was(data: st.DataObject) -> None:
    table = data.draw(tables())
    bound = list(table.bound())
    assume(bound)
    sent = data.draw(st.integers(*data.draw(st.sampled_from(bound))))
    read = data.draw(st.sets(st.integers(-2_000, table.end + APART), max_size=11))
    last = data.draw(st.integers(sent, table.end + APART))
    readings = [second + 0.5 for second in sorted({*read, last})]
    row = table.at(sent)
    assert row is not None
    since = data.draw(st.integers(-2_500, sent))
    until = data.draw(st.integers(sent, int(readings[-1])))
    named = device_at(
        compared(table, readings),
        recipient=OWNERS[row.activation],
        since=moment(since),
        until=moment(until),
    )
    assert named is None or named.activation == row.activation


@settings(deadline=None)
@given(st.data())
def test_whom_it_was_all_the_while_is_named_where_readings_follow_each_other(
    data: st.DataObject,
) -> None:
    table = data.draw(tables())
    first = table.changes[0][0]
    every = data.draw(st.integers(1, APART))
    readings = [first + 0.5 + every * n for n in range((table.end - first) // every + 3)]
    since = data.draw(st.integers(first + 1, table.end + 1))
    until = data.draw(st.integers(since, min(since + APART, table.end + 1)))
    near = range(since - every - 1, until + every + 2)
    who = {row and row.activation for row in map(table.at, near)}
    assume(len(who) == 1 and None not in who)
    (one,) = who
    named = device_at(
        compared(table, readings),
        recipient=OWNERS[one or ""],
        since=moment(since),
        until=moment(until),
    )
    assert named is not None
    assert named.activation == one


PHONES, TABLETS = Row("phone", 0), Row("tablet", 500)
TWO = compared(Table([(0, PHONES), (500, TABLETS)]), [10.5, 490.5, 505.5])


@pytest.mark.parametrize(
    ("bindings", "since", "until", "expected"),
    [
        # Its own time of registration tells of before the first reading, and no more than that.
        ([binding(PHONES, 1_000)], 0, 50, "phone"),
        ([binding(PHONES, 1_000)], -1, 50, None),
        ([replace(binding(PHONES, 1_000), registered_at=None)], 900, 1_100, None),
        ([replace(binding(PHONES, 1_000), registered_at=None)], 1_000, 1_100, "phone"),
        # The number was not there at the comparing before.
        ([binding(PHONES, 60, -60)], -50, 70, "phone"),
        ([binding(PHONES, 90, -60)], -50, 70, None),
        # What it was before that comparing, if anything, is not known.
        ([binding(PHONES, 60, -50)], -51, 70, None),
        # Two of the user's devices may have been bound when it was sent.
        (TWO, 495, 506, None),
        (TWO, 400, 489, "phone"),
        (TWO, 506, 510, "tablet"),
        ([], 0, 1, None),
    ],
)
def test_what_the_readings_show(
    bindings: list[Binding], since: int, until: int, expected: str | None
) -> None:
    named = device_at(bindings, recipient=USER, since=moment(since), until=moment(until))
    assert (named and named.activation) == expected


def test_a_message_to_nobody_or_to_another_user_names_no_device() -> None:
    told = [binding(PHONES, 0)]
    within = {"since": moment(0), "until": moment(5)}
    assert device_at(told, recipient=USER, **within) == told[0]
    assert device_at(told, recipient=OTHER, **within) is None
    assert device_at(told, recipient=None, **within) is None
    unnamed = [replace(told[0], activation=None)]
    assert device_at(unnamed, recipient=USER, **within) is None
