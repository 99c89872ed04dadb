"""The rules against random worlds whose truth is known; `bench.truth` prints the table."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta

import pytest

from bench import _scoring
from bench._scoring import Score, score
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.expectations import Judgement, judge
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.message import Message
from notifications.protocol.reasons import CountsAs, Reason
from notifications.world import Fault

WORLDS = 200


def scored(worlds: int, *, bare: bool, later: timedelta = timedelta(0)) -> Score:
    return sum((score(seed, bare=bare, later=later) for seed in range(worlds)), Score())


def test_with_full_envelopes_what_is_called_missing_is_and_nothing_known_is_wrong() -> None:
    total = scored(WORLDS, bare=False)
    stories = "\n\n".join(total.stories)

    assert total.wrong == 0, stories
    assert total.recall >= 0.99, stories
    assert total.precision >= 0.99, stories
    assert total.named >= 0.99 * total.misdirected
    # These figures mean something:
    assert total.visible > 1_000
    assert total.visible > 0.7 * total.lost
    assert total.misdirected > 500
    assert total.known > 50_000
    assert min(total.faults[each] for each in Fault) > 150


def test_with_bare_extras_nothing_known_is_wrong() -> None:
    total = scored(WORLDS, bare=True)

    assert total.wrong == 0, "\n\n".join(total.stories)
    assert total.known > 200
    assert total.counted[CountsAs.MISSING] > 1_000


def test_a_day_after_the_end_nothing_is_pending_and_what_is_called_missing_is() -> None:
    total, before = scored(20, bare=False, later=timedelta(days=1)), scored(20, bare=False)

    assert total.counted[CountsAs.PENDING] == 0 < before.counted[CountsAs.PENDING]
    assert total.wrong == 0
    assert min(total.recall, total.precision) >= 0.99


def test_a_device_known_to_be_told_that_was_not_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_scoring, "reaches", lambda *_: (Basis.ADDRESSED, Certainty.KNOWN))
    total = scored(5, bare=False)

    assert total.wrong > 10
    assert any("truly sent to" in story for story in total.stories)


def test_rules_that_claim_nothing_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def silent(messages: Iterable[Message], known: Knowledge) -> Judgement:
        return replace(judge(messages, known), gaps=())

    monkeypatch.setattr(_scoring, "judge", silent)
    total = scored(5, bare=False)

    assert total.recall == 0
    assert len(total.stories) == total.visible > 10
    assert total.stories[0].startswith("seed 0, operation ")


def test_rules_that_claim_whatever_is_not_there_are_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def rash(messages: Iterable[Message], known: Knowledge) -> Judgement:
        judgement = judge(messages, known)
        gaps = (replace(gap, reason=Reason.NEVER_ANNOUNCED) for gap in judgement.gaps)
        return replace(judgement, gaps=tuple(gaps))

    monkeypatch.setattr(_scoring, "judge", rash)
    total = scored(5, bare=False)

    assert total.precision < 0.9
    assert total.stories
