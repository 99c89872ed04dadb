"""What is on record of the lives of devices, and what is known of one at a moment."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from notifications.models import ActivationEvent as Stored
from notifications.models.patience import TooMuch
from notifications.models.querysets import EventQuerySet, Extent
from notifications.protocol.events import ActivationEvent, ActivationEventKind
from notifications.protocol.message import later
from notifications.protocol.state import (
    DeviceState,
    Registration,
    fold_registrations,
    fold_state,
)

MOST = 20_000  # events that one answer may rest on
EVERYTHING = Extent()
_COLUMNS = (
    *("id", "source_id", "observed_at", "recorded_at", "happened_at", "recipient_id", "kind"),
    *("activation_id", "status", "reason", "apps", "platform", "push_active", "token"),
    *("is_request", "not_before", "source__reading__registrations_at"),
)
_NEVER = datetime.min.replace(tzinfo=UTC)
_RECORDED_WITHIN = timedelta(minutes=10)  # what a comparing found; few take a minute


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a device at a moment, and all its push registrations."""

    state: DeviceState
    registrations: tuple[Registration, ...]

    @property
    def recipients(self) -> frozenset[int]:
        told = {self.state.recipient.value, *(each.recipient for each in self.registrations)}
        return frozenset(each for each in told if each is not None)


def state_of(
    activation: str,
    at: datetime,
    *,
    as_of: datetime | None = None,
    extent: Extent = EVERYTHING,
) -> DeviceState:
    """At ``at``, from what was on record at ``as_of`` (None: now), also of later events: a history
    is told afterwards. Raises ``TooMuch``."""
    events = events_of({activation}, extent=extent, as_of=as_of)[activation]
    return fold_state(activation, events, at)


def life_of(
    activation: str,
    at: datetime,
    *,
    as_of: datetime | None = None,
    extent: Extent = EVERYTHING,
) -> Life:
    """The same with all push registrations. Raises ``TooMuch``."""
    events = events_of({activation}, extent=extent, as_of=as_of)[activation]
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
    as_of: datetime | None = None,
) -> dict[str, list[ActivationEvent]]:
    """Of each device, in order of time, all that name it or a token it ever had: in two queries.

    When a table was last compared is read with what that found, in one statement; it counts where
    all that it found is surely among the events. Raises ``TooMuch``.
    """
    known = Stored.objects.within(extent).known_at(as_of).between(None, until)
    bounds = [until, None if as_of is None else later(as_of, -_RECORDED_WITHIN)]
    bounds += [] if extent.below is None else [_NEVER]
    compared_by = min((each for each in bounds if each is not None), default=None)
    named = _read(known.filter(activation__in=devices), compared_by)
    tokens: dict[str, set[str]] = {}
    for each in named:
        if each.token is not None and each.activation is not None:
            tokens.setdefault(each.token, set()).add(each.activation)
    others = _read(known.filter(token__in=tokens), compared_by) if tokens else []
    found: dict[str | None, dict[UUID, ActivationEvent]] = {each: {} for each in devices}
    for each in sorted([*named, *others], key=lambda event: event.id):
        concerned = {each.activation, *tokens.get(each.token or "", ())}
        for device in concerned & found.keys():
            found[device][each.id] = each
    return {device: list(found[device].values()) for device in devices}


def _read(events: "EventQuerySet[Stored]", compared_by: datetime | None) -> list[ActivationEvent]:
    found = [
        _event(row, compared_by) for row in events.order_by().values_list(*_COLUMNS)[: MOST + 1]
    ]
    if len(found) > MOST:
        raise TooMuch(f"{MOST:,} events")
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
