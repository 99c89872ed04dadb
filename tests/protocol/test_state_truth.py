"""The folded state of devices against random worlds whose truth is known; `bench.states` prints the
table."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any

import pytest

from bench import _states
from bench._states import Part, Score, Source, Story, score, story_of
from bench.states import ROWS
from notifications.protocol.events import ActivationEvent
from notifications.protocol.state import DeviceState, Standing, Told, fold_state
from notifications.world.powerauth import CallbackFault

WORLDS = 10
KNOWN, ASSUMED = Standing.KNOWN, Standing.ASSUMED


@cache
def stories() -> tuple[Story, ...]:
    return tuple(story_of(seed) for seed in range(WORLDS))


@cache
def scored(name: str) -> Score:
    sources, then = ROWS[name]
    return sum((score(story, sources, then=then) for story in stories()), Score())


@pytest.mark.parametrize("name", ROWS)
def test_nothing_known_is_wrong_whatever_tells_of_it(name: str) -> None:
    total = scored(name)
    assert total.wrong == [], "\n\n".join(total.wrong[:5])
    assert sum(total.told[part, KNOWN] for part in Part) > 0.1 * total.asked
    assert min(total.faults[each] for each in CallbackFault) > 20


def test_what_is_assumed_is_nearly_always_right() -> None:
    total = scored("all, by what was told then")
    for part in (Part.STATUS, Part.REGISTERED, Part.PUSH_ACTIVE):
        assert total.told[part, ASSUMED] > 0.2 * total.asked
        assert total.right[part, ASSUMED] > 0.9 * total.told[part, ASSUMED]


def test_each_source_adds_to_what_is_known() -> None:
    less, more = scored("callbacks"), scored("all")
    for part in (Part.STATUS, Part.APP):
        assert more.told[part, KNOWN] > less.told[part, KNOWN]
    assert scored("history").told[Part.REGISTERED, Standing.UNKNOWN] == less.asked
    assert more.told[Part.REGISTERED, Standing.UNKNOWN] < 0.3 * more.asked


def test_a_table_that_is_read_makes_known_what_requests_leave_assumed() -> None:
    less, more = scored("mirror"), scored("mirror and table")
    for part in (Part.REGISTERED, Part.PUSH_ACTIVE):
        assert less.told[part, KNOWN] == 0
        assert more.told[part, KNOWN] > 0.3 * more.asked


def _all_known(state: DeviceState) -> DeviceState:
    """As if whatever is assumed were known."""
    parts: dict[str, Told[Any]] = {part: getattr(state, part) for part in Part}
    return replace(
        state,
        **{
            name: replace(said, standing=KNOWN)
            for name, said in parts.items()
            if said.standing is ASSUMED
        },
    )


def test_a_fold_that_knows_too_much_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def rash(activation: str, events: Iterable[ActivationEvent], at: datetime) -> DeviceState:
        return _all_known(fold_state(activation, events, at))

    monkeypatch.setattr(_states, "fold_state", rash)
    total = sum((score(each, tuple(Source)) for each in stories()[:4]), Score())

    assert len(total.wrong) > 5
    assert "is said to be known as" in total.wrong[0]
    assert "in truth from" in total.wrong[0]
