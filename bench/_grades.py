"""What the rules say of each message that a device was sent, and whether that is so."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from bench._knowing import Known
from bench._truth import CLOCKS, Truth
from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.deliveries import Outcome
from notifications.protocol.message import Message
from notifications.protocol.reasons import Reason
from notifications.protocol.whole import course_of

OUTCOMES = {Grade.ACCEPTED: Outcome.ACCEPTED, Grade.FAILED: Outcome.FAILED}
SURE = frozenset({Grade.ELIGIBLE, Grade.ATTEMPTED, *OUTCOMES})


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One message in the trace of one device. ``reason`` is why it did not go there."""

    device: str
    message: Message
    basis: Basis
    certainty: Certainty
    grade: Grade
    reason: Reason | None
    is_right: bool

    @property
    def is_known(self) -> bool:
        return self.certainty is Certainty.KNOWN or self.grade in SURE


def courses(known: Known, truth: Truth) -> Iterator[Course]:
    """Of each device of the world."""
    deliveries = known.recorded.deliveries
    by_user: dict[int, list[Message]] = {}
    named: dict[str, list[Message]] = {}
    for each in known.messages:
        if each.is_user_wide and each.recipient is not None:
            by_user.setdefault(each.recipient, []).append(each)
        elif each.activation is not None:
            named.setdefault(each.activation, []).append(each)
    for name, device in known.device.items():
        if name not in truth.lives:
            continue
        users = {each.recipient for each in device.bindings} - {None}
        mine = [*named.get(name, ())]
        mine += [each for user in users for each in by_user.get(user or 0, ())]
        for message, (basis, certainty) in known.whole.told_to(device, mine):
            moment = known.whole.merged.time_of(message)
            state = known.knowledge.state_at(name, moment)
            told = [deliveries[message.id]] if message.id in deliveries else []
            course = course_of(message, basis, state, told)
            reason = course.kept[0] if course.kept is not None else None
            yield Course(
                device=name,
                message=message,
                basis=basis,
                certainty=certainty if reason is None else Certainty.ASSUMED,
                grade=course.grade,
                reason=reason,
                is_right=reason is None or _is_kept(reason, name, message, truth),
            )


def _is_kept(reason: Reason, device: str, message: Message, truth: Truth) -> bool:
    around = _around(message, truth)
    if reason is Reason.NOT_REGISTERED:
        return False in truth.registered(device, *around)
    return False in truth.push_active(device, *around)


def _around(message: Message, truth: Truth) -> tuple[datetime, datetime]:
    """When it was sent in truth, as well as clocks can tell."""
    at = truth.of_message[message.id].sent.label.at
    return at - CLOCKS, at + CLOCKS


def wrong_course(course: Course, truth: Truth) -> str | None:
    """What is said as known of it and is not so."""
    message, attempt = course.message, truth.attempt_of.get(course.message.id)
    if attempt is not None:
        if attempt.device.activation_id != course.device:
            return "made for another device"
        if course.grade in OUTCOMES and attempt.outcome is not OUTCOMES[course.grade]:
            return f"{course.grade} for {attempt.outcome}"
        return None if course.grade is not Grade.ATTEMPTED or attempt.was_sent else "not attempted"
    if course.certainty is Certainty.KNOWN and message.activation != course.device:
        return "to another device"
    if course.grade is Grade.ELIGIBLE:
        around = _around(message, truth)
        active = message.personal is False or True in truth.push_active(course.device, *around)
        if not (active and True in truth.registered(course.device, *around)):
            return "not eligible"
    return None
