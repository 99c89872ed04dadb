"""What events owe to a user is not owed to a device that could not be sent to, nor to a user of
whom that is so of all devices."""

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from .eligibility import kept_from, not_active
from .episodes import LATE_WITHIN
from .expectations import Gap
from .knowledge import Knowledge
from .merging import WITHIN
from .message import FIRST, later
from .reasons import CountsAs, Reason, Rule, Seen

MOST_EVENTS = 20  # that a gap names: a user may have any number of devices


@dataclass(frozen=True, slots=True)
class Owned:
    """A device of a user, the app it is known from (None where that is not told), and when it was
    first told of."""

    device: str
    app: str | None = None
    since: datetime = FIRST


def excused(gap: Gap, device: str, known: Knowledge) -> Gap:
    """The ``gap`` as it is of one ``device``."""
    if not _is_owed_by_events(gap):
        return gap
    if (kept := _kept(gap, device, known)) is not None:
        return _because(gap, *kept)
    return _doubted(gap, [device], known)


def excused_of_user(gap: Gap, owned: Collection[Owned], known: Knowledge) -> Gap:
    """The ``gap`` as it is of a user who ``owned`` these devices: without any in its app by then,
    nobody is known who could be told."""
    if not is_of_user(gap):
        return gap
    by = later(gap.at, known.terms.grace)
    there = (each for each in owned if each.since <= by)
    concerned = {each.device for each in there if _is_of_app(gap, each, known)}
    if not concerned:
        is_missing = gap.counts_as is CountsAs.MISSING
        return _because(gap, Reason.DEVICES_UNKNOWN, Seen()) if is_missing else gap
    kept = {each: _kept(gap, each, known) for each in sorted(concerned)}
    if free := [device for device, why in kept.items() if why is None]:
        return _doubted(gap, free, known)
    events = tuple(event for why in kept.values() if why for event in why[1].events)
    return _because(gap, Reason.NOBODY_TO_TELL, Seen(events=events[:MOST_EVENTS]))


def is_of_user(gap: Gap) -> bool:
    """Owed by an event, and to no device by name."""
    return _is_owed_by_events(gap) and gap.activation is None


def _is_owed_by_events(gap: Gap) -> bool:
    """And not excused for all already, or not due."""
    is_open = gap.counts_as is not CountsAs.PENDING and gap.reason is not Reason.RULE_OFF
    return gap.rule in (Rule.E0, Rule.E5) and is_open


def _is_of_app(gap: Gap, owned: Owned, known: Knowledge) -> bool:
    """Where one is not told: assumed to be the same."""
    state = known.state_at(owned.device, gap.at)
    told = {owned.app, state.app.value if state is not None else None} - {None}
    return gap.anchor.app is None or not told or gap.anchor.app in told


def _kept(gap: Gap, device: str, known: Knowledge) -> tuple[Reason, Seen] | None:
    """Operations are announced to active activations; inbox messages go to blocked ones too."""
    state = known.state_at(device, gap.at)
    if state is None:
        return None
    kept = kept_from(state, personal=gap.anchor.personal)
    if kept is None and gap.rule is Rule.E0 and (seen := not_active(state)) is not None:
        return Reason.NOT_ACTIVE, seen
    return kept


def _doubted(gap: Gap, devices: Collection[str], known: Knowledge) -> Gap:
    """The ``gap``, of which nothing is known that kept it from these ``devices``, where each may
    have become another than is known."""
    changed = [_changed(gap, each, known) for each in devices]
    told = [each for each in changed if each is not None]
    if gap.counts_as is not CountsAs.MISSING or len(told) < len(changed):
        return gap
    return _because(gap, Reason.STATUS_UNKNOWN, Seen(max(told)))


def _changed(gap: Gap, device: str, known: Knowledge) -> datetime | None:
    """When the ``device`` was told last that its status changed, not long before, where no event
    tells its status since: the one that would may be lost."""
    changes = known.status_changes.get(device, ())
    place = bisect_right(changes, gap.at) - 1
    if place < 0 or changes[place] < later(gap.at, -LATE_WITHIN):
        return None
    state = known.state_at(device, gap.at)
    seen = state.status.seen if state is not None else None
    is_told = seen is not None and seen >= later(changes[place], -WITHIN)
    return None if is_told else changes[place]


def _because(gap: Gap, reason: Reason, seen: Seen) -> Gap:
    return replace(
        gap,
        reason=reason,
        seen=seen.at,
        seen_until=None,
        other=seen.other,
        events=tuple(dict.fromkeys((*gap.events, *seen.events))),
    )
