"""The rules against random worlds whose truth is known, by the records of several sets of sources;
`bench.truth` prints the table. That the product says the same is in tests/trace."""

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from bench import _grades, _knowing
from bench._records import record
from bench._scoring import Score, score
from bench._truth import Truth
from bench._worlds import Source, play
from bench.truth import MINUTES
from notifications.protocol.audience import Certainty
from notifications.protocol.reasons import CountsAs, Reason
from notifications.protocol.whole import Course, Whole, course_of, judge_whole
from notifications.world import Fault
from notifications.world.powerauth import CallbackFault
from notifications.world.push_messages import Fate

WORLDS = 24
BANK, MIRROR, SERVER = Source.BANK, Source.MIRROR, Source.PUSH_SERVER
ALL = frozenset(Source)
SUBSETS = (
    ALL,
    frozenset({BANK}),
    frozenset({SERVER}),
    frozenset({MIRROR, SERVER}),
    frozenset({BANK, MIRROR, Source.HISTORY}),
    frozenset({BANK, Source.CALLBACKS}),
)


@cache
def truths() -> tuple[Truth, ...]:
    return tuple(Truth(record(play(seed))) for seed in range(WORLDS))


@cache
def scored(sources: frozenset[Source], *, worlds: int = WORLDS, is_bare: bool = False) -> Score:
    of_each = (score(each, sources, is_bare=is_bare) for each in truths()[:worlds])
    return sum(of_each, Score())


@pytest.mark.parametrize("sources", SUBSETS, ids=lambda each: " ".join(sorted(each)))
def test_what_is_called_missing_is_and_nothing_known_is_wrong(sources: frozenset[Source]) -> None:
    total = scored(sources)
    stories = "\n\n".join([*total.wrong, *total.stories][:5])

    assert total.wrong == [], stories
    assert total.recall >= 0.99, stories
    assert total.precision >= 0.99, stories
    assert total.of_reasons >= 0.98, stories
    # These figures mean something:
    assert total.visible > 40
    assert total.known > 1_000


def test_with_bare_extras_nothing_known_is_wrong() -> None:
    total = scored(frozenset({BANK}), is_bare=True)
    assert total.wrong == []
    assert total.known > 5
    assert total.precision >= 0.99


def test_clocks_that_are_minutes_apart_make_nothing_known_that_is_wrong() -> None:
    apart = (Truth(record(play(seed, apart=MINUTES))) for seed in range(WORLDS // 3))
    total = sum((score(each, ALL) for each in apart), Score())
    stories = "\n\n".join([*total.wrong, *total.stories][:5])
    assert total.wrong == [], stories
    assert min(total.recall, total.precision) >= 0.99, stories


def test_everything_that_can_go_wrong_does() -> None:
    played = [each.recorded.played for each in truths()]
    labels = {sent.label.fault for each in played for sent in each.sent}
    fates = {attempt.fate for each in played for attempt in each.served.attempts}
    callbacks = {callback.fault for each in played for callback in each.callbacks}
    assert labels >= set(Fault)
    assert fates == set(Fate)
    assert callbacks >= set(CallbackFault)
    for source in Source:
        assert any(each.outages[source] for each in played)
    ended = [row for each in played for row in each.served.registry.registrations if row.until]
    assert len({row.device.activation_id for row in ended}) > 50


def test_each_source_adds_to_what_can_be_seen() -> None:
    one, two, whole = (scored(each) for each in (SUBSETS[1], SUBSETS[4], ALL))
    assert one.visible < two.visible < whole.visible
    assert {Reason.NO_COPY, Reason.POSTED_UNPUSHED} <= set(whole.reasons)
    assert not {Reason.NO_COPY, Reason.POSTED_UNPUSHED} & set(one.reasons)


def test_rules_that_claim_nothing_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_knowing, "judge_whole", lambda *_: Whole())
    total = sum((score(each, frozenset({BANK})) for each in truths()[:4]), Score())

    assert total.recall == 0 < total.visible
    assert len(total.stories) == total.visible
    assert "by bank: not seen" in total.stories[0]


def test_rules_that_claim_and_know_too_much_are_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def rash(*given: Any) -> Whole:
        whole = judge_whole(*given)
        told = (replace(each, certainty=Certainty.KNOWN) for each in whole.gaps)
        return Whole(merged=whole.merged, owed=[_claimed(each) for each in told])

    def _claimed(gap: Any) -> Any:
        is_undecided = gap.counts_as is CountsAs.UNDECIDED and gap.operation
        return replace(gap, reason=Reason.NEVER_FINISHED) if is_undecided else gap

    monkeypatch.setattr(_knowing, "judge_whole", rash)
    total = sum((score(each, ALL) for each in truths()[:4]), Score())

    assert total.precision < 0.9
    assert len(total.wrong) > 5


def test_a_grade_that_is_not_true_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def turned(*given: Any) -> Course:
        course = course_of(*given)
        swapped = {"accepted": "failed", "failed": "accepted"}
        return replace(course, grade=type(course.grade)(swapped.get(course.grade, course.grade)))

    monkeypatch.setattr(_grades, "course_of", turned)
    total = score(truths()[0], ALL)
    assert len(total.wrong) > 5
    assert any("failed for accepted" in each for each in total.wrong)
