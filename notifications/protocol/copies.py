"""E7: where a source reports the copies that were made, a message is owed one for every device that
it goes to. What no copy was made for did not go there, whatever was asked for.

Source: the Push Server writes a row for each registration of the user in the app, of which the
request may name one, before it sends; without any registration it writes none.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .audience import Certainty
from .eligibility import is_known_eligible, kept_from
from .expectations import Gap
from .knowledge import Knowledge
from .merging import WITHIN, Merged
from .message import Message, later
from .reasons import Reason, Rule
from .state import DeviceState, Standing, Told

MOST_COPIES = 20  # that a gap names: a user may have any number of devices
# Of a message: where it was asked for again and again, and the clocks are apart, it may have merged
# with the copy of another of its requests, and its own with none.
AROUND = 5 * WITHIN

Says = tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A request of which a device may be owed a copy, at the time of its emission, and ``twins`` of
    it that other sources report. ``spare`` are copies that say the same at nearly that time and may
    be of it. ``rivals`` are what a source that reports it reports of the same at nearly that time:
    which of them a device got no copy of is not known. It was ``told_at``."""

    request: Message
    told_at: datetime
    twins: tuple[Message, ...]
    copies: tuple[Message, ...]
    spare: tuple[Message, ...]
    rivals: tuple[Message, ...]
    due: datetime
    known: Knowledge

    @property
    def is_due(self) -> bool:
        return self.known.now >= self.due

    def is_certain_for(self, device: str) -> bool:
        """Whom it is for is known, and that it is this message which there is no copy of for the
        device: what names another is no rival there."""
        told = self.request.addressed_to != "unknown" and self.request.recipient is not None
        return told and not any(
            each.is_user_wide or each.activation in (None, device) for each in self.rivals
        )

    @property
    def devices(self) -> tuple[str, ...]:
        """Those that a copy was made for, in their order."""
        return tuple(sorted({each.activation for each in self.copies if each.activation}))

    def may_have(self, device: str) -> bool:
        """There is a copy for it, of this message or another one that says the same."""
        return any(each.activation == device for each in (*self.copies, *self.spare))

    @property
    def has_nameless(self) -> bool:
        """There is a copy for a device that is not known: it may be any of the user's."""
        user = self.request.recipient
        return any(
            each.activation is None and user in (None, each.recipient)
            for each in (*self.copies, *self.spare)
        )


def copies_owed(
    messages: Collection[Message], merged: Merged, known: Knowledge, devices: Collection[str]
) -> Iterator[Gap]:
    """Of the requests among ``messages`` what each of these ``devices`` should have got a copy of
    and did not. Which of them are copies of which is ``merged``. In the trace of its device, such a
    gap stands in place of the request: that did not go there."""
    of_users, corrected = _by_user(devices, known), merged.at_one_time(messages)
    said = _said(corrected)
    for told, request in zip(messages, corrected, strict=True):
        if request.per_device or not merged.stands_first(request):
            continue
        if not (concerned := _concerned(request, of_users, devices)):
            continue
        asked = _asked(request, told.at, merged, said, known)
        for device in concerned:
            if not asked.may_have(device) and (gap := _lacking(asked, device)) is not None:
                yield gap


def _said(messages: Iterable[Message]) -> Mapping[Says, Sequence[Message]]:
    found: dict[Says, list[Message]] = {}
    for each in messages:
        found.setdefault(_says(each), []).append(each)
    return found


def _says(message: Message) -> Says:
    return message.message_type, message.result, message.operation, message.inbox_message


def _asked(
    request: Message,
    told_at: datetime,
    merged: Merged,
    said: Mapping[Says, Sequence[Message]],
    known: Knowledge,
) -> _Asked:
    twins = merged.twins(request)
    sources = frozenset(each.source for each in (request, *twins))
    same = [each for each in said[_says(request)] if abs(each.at - request.at) <= AROUND]
    return _Asked(
        request=request,
        told_at=told_at,
        twins=twins,
        copies=merged.copies.get(request.id, ()),
        spare=tuple(each for each in same if _is_spare(each, sources, merged)),
        rivals=tuple(each for each in same if _is_rival(each, request, twins)),
        due=later(request.at, max(known.terms.grace, WITHIN)),
        known=known,
    )


def _is_spare(message: Message, sources: Collection[str | None], merged: Merged) -> bool:
    """A copy that may be of another request than it merged with, if with any: of one of these
    ``sources``, none of which reports that other one."""
    if not message.per_device or message.source in sources:
        return False
    askers = {each.source for each in merged.requests.get(message.id, ())}
    return message.is_to_somebody_unknown or askers.isdisjoint(sources)


def _is_rival(message: Message, request: Message, twins: Collection[Message]) -> bool:
    is_to_same = message.recipient == request.recipient and not message.per_device
    reports = (request, *twins)
    return (
        is_to_same
        and any(message.source == each.source for each in reports)
        and all(message.id != each.id for each in reports)
    )


def _by_user(devices: Collection[str], known: Knowledge) -> Mapping[int, list[str]]:
    """The devices of each user, as their events tell."""
    found: dict[int, list[str]] = {}
    for device in sorted(devices):
        told = {each.state.recipient.value for each in known.spans.get(device, ())}
        for recipient in told:
            if recipient is not None:
                found.setdefault(recipient, []).append(device)
    return found


def _concerned(
    request: Message, of_users: Mapping[int, list[str]], devices: Collection[str]
) -> Sequence[str]:
    if request.is_user_wide:
        return of_users.get(request.recipient or 0, ())
    named = request.activation
    return (named,) if named is not None and named in devices else ()


def _lacking(asked: _Asked, device: str) -> Gap | None:
    """What is owed to ``device``, which no copy was made for; None where it was to get none, or
    where that there is none tells nothing."""
    request, known = asked.request, asked.known
    state = known.state_at(device, request.at)
    if state is None and request.is_user_wide:
        return None
    app = request.app if request.app is not None or state is None else state.app.value
    if state is not None and not _is_to(state, request, app):
        return None
    if not _would_be_seen(asked, app):
        return None
    if not asked.is_due:
        return _gap(asked, device, state, Reason.NOT_DUE)
    if asked.has_nameless:
        return _gap(asked, device, state, Reason.DEVICE_NOT_KNOWN)
    eligible = state is not None and _is_certain(asked, device, app)
    return _gap(asked, device, state, Reason.NO_COPY if eligible else Reason.ELIGIBILITY_UNKNOWN)


def _is_to(state: DeviceState, request: Message, app: str | None) -> bool:
    """Whether the request may go to a device in this ``state``: to the user and the app that it
    is registered for, and to nothing that is known to be kept from it."""
    users = {state.recipient.value, request.recipient} - {None}
    apps = {state.app.value, app} - {None}
    is_kept = kept_from(state, personal=request.personal) is not None
    return len(users) <= 1 and len(apps) <= 1 and not is_kept


def _would_be_seen(asked: _Asked, app: str | None) -> bool:
    """Whether a copy would be on record, if there were one: every source that reports those of the
    app was recorded all the while, and had compared what was registered then. Of what is not due
    it is enough that they were recorded when it was sent."""
    request, known = asked.request, asked.known
    since = later(request.at, -WITHIN)
    copiers = [each for each in known.copiers_of(app, request.at) if each != request.source]
    for source in copiers:
        if not known.is_measured(source, since):
            return False
        hole = known.hole(source, since, min(asked.due, known.now))
        if hole is not None and (asked.is_due or hole[0] <= since):
            return False
        if asked.is_due and known.compared.get(source, asked.due) < asked.due:
            return False
    return bool(copiers)


def _is_certain(asked: _Asked, device: str, app: str | None) -> bool:
    """Whether the device was known to be one of those it goes to all the while in which the Push
    Server may have looked: its clock may differ from that of the request."""
    request = asked.request
    # Where clocks are apart, so may be the one that they are measured by, from the readings'.
    reach = WITHIN + asked.known.clocks.apart
    since, until = later(request.at, -reach), later(request.at, reach)
    states = list(asked.known.states_between(device, since, until))
    return all(
        is_known_eligible(each, personal=request.personal)
        and _is_known(each.recipient, request.recipient)
        and _is_known(each.app, app)
        for each in states
    )


def _is_known(told: "Told[int] | Told[str]", wanted: int | str | None) -> bool:
    return wanted is None or (told.value == wanted and told.standing is Standing.KNOWN)


def _gap(asked: _Asked, device: str, state: DeviceState | None, reason: Reason) -> Gap:
    request = asked.request
    known = reason is Reason.NO_COPY and asked.is_certain_for(device)
    beside = tuple(each.id for each in (*asked.twins, *asked.copies[:MOST_COPIES]))
    told = (state.registered.evidence, state.push_active.evidence) if state is not None else ()
    return Gap(
        rule=Rule.E7,
        reason=reason,
        certainty=Certainty.KNOWN if known else Certainty.ASSUMED,
        message_type=request.message_type,
        operation=request.operation,
        episode=None,
        activation=device,
        at=asked.told_at,
        due=asked.due,
        anchor=replace(request, at=asked.told_at),
        evidence=(request.id, *beside),
        events=tuple(dict.fromkeys(each for events in told for each in events)),
        seen=asked.told_at,
        other=asked.devices,
    )
