"""How right the rules are about a played world, by the record of any of its sources."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

from bench._grades import Course, courses, wrong_course
from bench._knowing import Known
from bench._losses import is_copy_seen, visible_of_operation, visible_of_others
from bench._reasons import is_right
from bench._records import Told
from bench._stories import named, story
from bench._truth import INIT, NOT_MADE, Truth, owes, was_lost
from bench._worlds import Source
from notifications.protocol.audience import Certainty
from notifications.protocol.expectations import Gap
from notifications.protocol.reasons import CountsAs, Reason, Rule

Subset = frozenset[Source]


@dataclass(kw_only=True)
class Score:
    """Counts of one world, or of several added up. ``wrong`` tells of all that was said as known
    and is not true, ``stories`` of what else was said wrong, and of what was not said."""

    worlds: int = 0
    messages: int = 0
    lost: int = 0
    visible: int = 0
    seen: int = 0  # of the visible
    claims: int = 0
    right: int = 0  # of the claims
    known: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    right_reasons: Counter[Reason] = field(default_factory=Counter)
    counted: Counter[CountsAs] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)

    def __add__(self, other: "Score") -> "Score":
        names = [each.name for each in fields(self)]
        return Score(**{name: getattr(self, name) + getattr(other, name) for name in names})

    @property
    def recall(self) -> float:
        return self.seen / self.visible if self.visible else 1.0

    @property
    def precision(self) -> float:
        return self.right / self.claims if self.claims else 1.0

    @property
    def of_reasons(self) -> float:
        total = self.reasons.total()
        return self.right_reasons.total() / total if total else 1.0


def score(truth: Truth, sources: Subset, *, is_bare: bool = False) -> Score:
    known = Known(recorded=truth.recorded, sources=sources, is_bare=is_bare)
    gaps = list(known.whole.of_users(known.owned, known.knowledge))
    counted = Score(worlds=1, messages=len(known.messages))
    for gap in gaps:
        _score_gap(counted, gap, known, truth)
    for course in courses(known, truth):
        _score_course(counted, course, known, truth)
    _score_losses(counted, gaps, known, truth)
    return counted


def _score_gap(counted: Score, gap: Gap, known: Known, truth: Truth) -> None:
    right = is_right(gap, known, truth)
    counted.reasons[gap.reason] += 1
    counted.right_reasons[gap.reason] += right
    counted.counted[gap.counts_as] += 1
    if gap.counts_as is CountsAs.MISSING:
        counted.claims += 1
        counted.right += right
    if gap.certainty is Certainty.KNOWN:
        counted.known += 1
        if not _is_true(gap, known, truth):
            counted.wrong.append(story(f"known: {gap.reason}", known, truth, gap=gap))
    if not right:
        counted.stories.append(story(f"not right: {gap.reason}", known, truth, gap=gap))


def _is_true(gap: Gap, known: Known, truth: Truth) -> bool:
    """What was said as known: that of this very request no copy was made for the device; that the
    operation was not announced before, to anybody as far as these sources tell."""
    anchor = truth.of_message.get(gap.anchor.id)
    if anchor is None:  # what owes it is an event
        return is_right(gap, known, truth)
    if gap.rule is Rule.E7:
        request = anchor.sent.request
        made = truth.attempts.get((request.request_id, gap.activation or "")) if request else None
        return made is not None and made.fate in NOT_MADE
    labels = truth.by_operation.get(gap.operation or "", ())
    before = (each for each in labels if each.sent.label.at <= anchor.sent.label.at)
    return is_right(gap, known, truth) or all(
        was_lost(each, known.sources) for each in before if owes(each) is INIT
    )


def _score_course(counted: Score, course: Course, known: Known, truth: Truth) -> None:
    if course.reason is not None:
        counted.reasons[course.reason] += 1
        counted.right_reasons[course.reason] += course.is_right
        counted.counted[CountsAs.EXPLAINED] += 1
        if not course.is_right:
            told = f"not right: {course.reason} of {course.message.id}"
            counted.stories.append(story(told, known, truth, device=course.device))
    if course.is_known:
        counted.known += 1
        if (why := wrong_course(course, truth)) is not None:
            told = f"known: {why} of {course.message.id}"
            counted.wrong.append(story(told, known, truth, device=course.device))


def _score_losses(counted: Score, gaps: Sequence[Gap], known: Known, truth: Truth) -> None:
    missing = [each for each in gaps if each.counts_as is CountsAs.MISSING]
    for name, labels in truth.by_operation.items():
        claims = Counter(
            each.message_type
            for each in missing
            if truth.external.get(each.operation or "", each.operation) == name
            and each.rule is not Rule.E7
        )
        can_be_seen = visible_of_operation(name, labels, known, truth)
        counted.visible += can_be_seen.total()
        counted.seen += (can_be_seen & claims).total()
        if can_be_seen - claims:
            counted.stories.append(story("not seen", known, truth, operation=name))
    claimed = [each for each in missing if each.rule in (Rule.E4, Rule.E5)]
    for told in truth.of_others:
        if was_lost(told, known.sources) and visible_of_others(told, known, truth):
            counted.visible += 1
            if any(_is_about(gap, told, known, truth) for gap in claimed):
                counted.seen += 1
            else:
                device = told.sent.label.fact.device
                name = device.activation_id if device else None
                counted.stories.append(story(f"not seen: {named(told)}", known, truth, device=name))
    _score_copies(counted, missing, known, truth)
    counted.lost += sum(was_lost(each, known.sources) for each in known.recorded.told)


def _is_about(gap: Gap, told: Told, known: Known, truth: Truth) -> bool:
    fact = told.sent.label.fact
    named = fact.device.activation_id if fact.device is not None else None
    same = (
        gap.activation == named
        if named
        else (gap.anchor.recipient == known.recorded.played.users[fact.user.user_id])
    )
    return same and gap.message_type == fact.owes and is_right(gap, known, truth)


def _score_copies(counted: Score, missing: Sequence[Gap], known: Known, truth: Truth) -> None:
    if Source.PUSH_SERVER not in known.sources:
        return
    claimed = {
        (id(truth.of_message[gap.anchor.id]), gap.activation)
        for gap in missing
        if gap.rule is Rule.E7
    }
    for told in known.recorded.told:
        for attempt in told.sent.attempts:
            kept = attempt.personal and not attempt.registration.is_active
            counted.lost += attempt.fate in NOT_MADE and not kept
            if not is_copy_seen(told, attempt, known):
                continue
            counted.visible += 1
            device = attempt.device.activation_id
            if (id(told), device) in claimed:
                counted.seen += 1
            else:
                what = f"no copy, not seen of {named(told)}"
                counted.stories.append(story(what, known, truth, device=device))
