"""What keeps a message from a device, by what is known of the device's state.

Source: the Push Server sends to the devices that are registered for push, and a personal message to
those of them alone that are push-active; emitters announce to active activations only. ``silent``
is irrelevant.
"""

from .deliveries import Cause, Delivery, Outcome
from .events import ActivationStatus
from .reasons import Reason, Seen
from .state import DeviceState, Standing, Told

_INACTIVE = frozenset({ActivationStatus.BLOCKED, ActivationStatus.REMOVED})


def not_registered(state: DeviceState) -> Seen | None:
    return _seen(state.registered) if state.registered.value is False else None


def not_push_active(state: DeviceState) -> Seen | None:
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
    state: DeviceState | None, word: Delivery | None, *, personal: bool | None
) -> tuple[Reason, Seen] | None:
    """The same, where the last ``word`` of its gateway is known: an answer says that it did go,
    whatever is known of the device; that none came yet, that the device was registered."""
    kept = kept_from(state, personal=personal) if state is not None else None
    if word is None:
        return kept
    if word.outcome is not Outcome.PENDING:
        return None
    personally = kept if kept is not None and kept[0] is Reason.INACTIVE_PERSONAL else None
    if word.is_final and word.cause is Cause.INACTIVE_PERSONAL:
        return personally or (Reason.INACTIVE_PERSONAL, Seen())
    has_another_cause = word.is_final and word.cause not in (None, Cause.UNKNOWN)
    return None if has_another_cause else personally


def is_known_eligible(state: DeviceState, *, personal: bool | None) -> bool:
    """Registered, and push-active unless the message is not personal, and both for certain."""
    active = personal is False or _is_known(state.push_active)
    return _is_known(state.registered) and active


def _is_known(told: Told[bool]) -> bool:
    return told.value is True and told.standing is Standing.KNOWN


def _seen(told: "Told[bool] | Told[str]") -> Seen:
    other = (told.value,) if isinstance(told.value, str) else ()
    return Seen(told.since, other, events=told.evidence)
