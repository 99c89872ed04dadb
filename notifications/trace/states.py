"""What is on record of the lives of devices, and what is known of one at a moment."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from notifications.models import ActivationEvent as Stored
from notifications.models.querysets import Extent
from notifications.models.statements import Answer, asked_at_most, nothing
from notifications.protocol.events import ActivationEvent, ActivationEventKind
from notifications.protocol.identity import first_id_at
from notifications.protocol.state import (
    DeviceState,
    Registration,
    fold_registrations,
    fold_state,
)

MOST = 20_000  # events that one answer may rest on
EVERYTHING = Extent()
# When the table of an event's source was last compared; and as was on record.
_COMPARED = """(
    SELECT registrations_at FROM notifications_pushserverreading AS reading
    WHERE reading.source_id = event.source_id
)"""
_COMPARED_THEN = """(
    SELECT compared_at FROM notifications_pushcomparing AS comparing
    WHERE comparing.source_id = event.source_id
        AND (%(below)s::xid8 IS NULL OR comparing.recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR comparing.recorded_at <= %(as_of)s)
    ORDER BY comparing.recorded_at DESC LIMIT 1
)"""
_SELECT = """
    SELECT id, source_id, observed_at, recorded_at, happened_at, recipient_id, kind, activation_id,
        status, reason, apps, platform, push_active, token, is_request, not_before, {compared}
    FROM notifications_activationevent AS event
    WHERE (%(until)s::uuid IS NULL OR id < %(until)s)
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
"""
# What names the devices, and what names no or another one and a token that one of them ever had.
_EVENTS = f"""
    WITH named AS MATERIALIZED (
        {_SELECT} AND activation_id = ANY(%(devices)s::text[]) LIMIT %(most)s
    )
    SELECT * FROM named UNION ALL (
        {_SELECT} AND token = ANY(ARRAY(SELECT DISTINCT token FROM named WHERE token IS NOT NULL))
            AND (activation_id IS NULL OR activation_id <> ALL(%(devices)s::text[]))
        LIMIT %(most)s
    )
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a device at a moment, and all its push registrations."""

    state: DeviceState
    registrations: tuple[Registration, ...]

    @property
    def recipients(self) -> frozenset[int]:
        told = {self.state.recipient.value, *(each.recipient for each in self.registrations)}
        return frozenset(each for each in told if each is not None)


def state_of(activation: str, at: datetime, *, extent: Extent = EVERYTHING) -> DeviceState:
    """At ``at``, from what is on record, also of later events: a history is told afterwards. Raises
    ``TooMuch``."""
    return fold_state(activation, events_of({activation}, extent=extent)[activation], at)


def life_of(activation: str, at: datetime, *, extent: Extent = EVERYTHING) -> Life:
    """The same with all push registrations. Raises ``TooMuch``."""
    events = events_of({activation}, extent=extent)[activation]
    return Life(fold_state(activation, events, at), fold_registrations(activation, events))


def tokens_of(activation: str, extent: Extent = EVERYTHING) -> list[str]:
    """The fingerprints of the push tokens that a device ever had."""
    named = Stored.objects.within(extent).filter(activation=activation, token__isnull=False)
    return [token for token in named.order_by().values_list("token", flat=True).distinct() if token]


def events_of(
    devices: Collection[str],
    *,
    until: datetime | None = None,
    extent: Extent = EVERYTHING,
) -> dict[str, list[ActivationEvent]]:
    """Of each device, in order of time, all that name it or a token it ever had: in one query.

    When a table was last compared is read with what that found, in one statement. It was noted once
    that was on record; before ``until`` it counts where all that it found is. Raises ``TooMuch``.
    """
    return ask_events(devices, until=until, extent=extent)()


def ask_events(
    devices: Collection[str],
    *,
    until: datetime | None = None,
    extent: Extent = EVERYTHING,
) -> Answer[dict[str, list[ActivationEvent]]]:
    if not devices:
        return nothing({})
    given = {
        "devices": list(devices),
        "until": None if until is None else first_id_at(until),
        "most": MOST + 1,
        **extent.parameters,
    }
    timed = _COMPARED_THEN if extent.is_timed else _COMPARED
    rows = asked_at_most(MOST, "events", _EVENTS.format(compared=timed), given)
    return lambda: _by_device((_event(row, until) for row in rows()), devices)


def _by_device(
    events: Iterable[ActivationEvent], devices: Collection[str]
) -> dict[str, list[ActivationEvent]]:
    told = sorted(events, key=lambda each: each.id)
    found: dict[str, list[ActivationEvent]] = {each: [] for each in devices}
    tokens: dict[str, set[str]] = {}
    for each in told:
        if each.token is not None and each.activation in found:
            tokens.setdefault(each.token, set()).add(each.activation)
    for each in told:
        for device in found.keys() & {each.activation, *tokens.get(each.token or "", ())}:
            found[device].append(each)
    return found


def _event(row: tuple[Any, ...], compared_by: datetime | None) -> ActivationEvent:
    (
        key, source, observed_at, recorded_at, happened_at, recipient,
        kind, activation, status, reason, apps, platform, push_active, token, is_request,
        not_before, compared_at,
    ) = row  # fmt: skip
    if compared_by is not None and compared_at is not None and compared_at > compared_by:
        compared_at = None
    return ActivationEvent(
        id=key, source=source, observed_at=observed_at, recorded_at=recorded_at,
        happened_at=happened_at, recipient=recipient, kind=ActivationEventKind(kind),
        activation=activation, status=status, reason=reason, app=apps[0] if apps else None,
        platform=platform, push_active=push_active, token=token, is_request=is_request,
        not_before=not_before, compared_at=compared_at,
    )  # fmt: skip
