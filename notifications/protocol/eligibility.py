"""What keeps a message from a device, by what is known of the device's state.

Source: the Push Server sends to the devices that are registered for push, and a personal message to
those of them alone that are push-active; emitters announce to active activations only. ``silent``
is irrelevant.
"""

from datetime import datetime

from .deliveries import Cause, Delivery, Outcome
from .events import BEGINNING, ActivationStatus
from .knowledge import Knowledge
from .message import LAST
from .reasons import Reason, Seen
from .state import DeviceState, Standing, Told

_INACTIVE = frozenset({ActivationStatus.BLOCKED, ActivationStatus.REMOVED})


def not_registered(state: DeviceState) -> Seen | None:
    return _seen(state.registered) if state.registered.value is False else None


def not_push_active(state: DeviceState) -> Seen | None:
    """Not so where all that is told is that the device was being activated: that takes minutes, and
    the callback about its end may be lost; or what a history had of it before it was read."""
    is_passing = state.status.value in BEGINNING or state.status.source is None
    if is_passing and _follows_assumed_status(state):
        return None
    return _seen(state.push_active) if state.push_active.value is False else None


def not_active(state: DeviceState) -> Seen | None:
    """Blocked or removed, as PowerAuth has it."""
    return _seen(state.status) if state.status.value in _INACTIVE else None


def kept_from(state: DeviceState, *, personal: bool | None) -> tuple[Reason, Seen] | None:
    """Why a message that was emitted did not go to a device in this ``state``; None where nothing
    is known that kept it. Whether a message is personal may not be told: then it may have gone."""
    if (seen := not_registered(state)) is not None:
        return Reason.NOT_REGISTERED, seen
    if personal and (seen := not_push_active(state)) is not None:
        return Reason.INACTIVE_PERSONAL, seen
    return None


def kept_back(
    state: DeviceState | None, word: Delivery | None, *, personal: bool | None, named: bool = False
) -> tuple[Reason, Seen] | None:
    """The same, where the last ``word`` of its gateway is known: an answer says that it did go,
    whatever is known of the device; that none came yet, that the device was registered. Without a
    word, that its request ``named`` the device says that PowerAuth had it as active, where the
    contrary is but assumed."""
    kept = kept_from(state, personal=personal) if state is not None else None
    if word is None:
        is_mistaken = named and state is not None and _follows_assumed_status(state)
        return None if is_mistaken and kept and kept[0] is Reason.INACTIVE_PERSONAL else kept
    if word.outcome is not Outcome.PENDING:
        return None
    personally = kept if kept is not None and kept[0] is Reason.INACTIVE_PERSONAL else None
    if word.is_final and word.cause is Cause.INACTIVE_PERSONAL:
        return personally or (Reason.INACTIVE_PERSONAL, Seen())
    has_another_cause = word.is_final and word.cause not in (None, Cause.UNKNOWN)
    return None if has_another_cause else personally


def registration_ended(
    device: str | None, known: Knowledge, since: datetime, due: datetime
) -> Seen | None:
    """As it was told; or between two readings of the Push Server's table, of which the one that no
    longer has the device may be of after it was ``due``."""
    told = [each.registered for each in known.states_between(device, since, due)]
    ended = next((each for each in told if each.value is False), None)
    for each in () if ended else known.states_between(device, due, LAST):
        if each.registered.standing is Standing.KNOWN or each.registered.value is None:
            ended = each.registered if each.registered.value is False else None
            break
    return Seen(ended.since, events=ended.evidence) if ended is not None else None


def is_known_eligible(state: DeviceState, *, personal: bool | None) -> bool:
    """Registered, and push-active unless the message is not personal, and both for certain."""
    active = personal is False or _is_known(state.push_active)
    return _is_known(state.registered) and active


def _follows_assumed_status(state: DeviceState) -> bool:
    """Nothing is known of the Push Server's own flag, nor for certain of PowerAuth's status."""
    active, status = state.push_active, state.status
    follows = active.source is None and active.evidence == status.evidence
    return follows and status.standing is Standing.ASSUMED


def _is_known(told: Told[bool]) -> bool:
    return told.value is True and told.standing is Standing.KNOWN


def _seen(told: "Told[bool] | Told[str]") -> Seen:
    other = (told.value,) if isinstance(told.value, str) else ()
    return Seen(told.since, other, events=told.evidence)
