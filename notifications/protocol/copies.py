"""E7: where a source reports the copies that were made, a message is owed one for every device that
it goes to. What no copy was made for did not go there, whatever was asked for.

Source: the Push Server writes a row for each registration of the user in the app, of which the
request may name one, before it sends; without any registration it writes none.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

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
    """A request of which a device may be owed a copy, and the ``repeats`` of it that other sources
    report, which share a copy with it. ``spare`` are copies that say the same at nearly that time
    and may be of it. It ``has_rival`` where its source reports the same again at nearly that time:
    which of them got no copy is not known."""

    request: Message
    repeats: tuple[Message, ...]
    copies: tuple[Message, ...]
    spare: tuple[Message, ...]
    has_rival: bool
    due: datetime
    known: Knowledge

    @property
    def is_due(self) -> bool:
        return self.known.now >= self.due

    @property
    def certain(self) -> bool:
        """Whom it is for is known, and that it is this message which there is no copy of."""
        told = self.request.addressed_to != "unknown" and self.request.recipient is not None
        return told and not self.has_rival

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
    of_users, said = _by_user(devices, known), _said(messages)
    for request in messages:
        concerned = () if request.per_device else _concerned(request, of_users, devices)
        if not concerned or (asked := _asked(request, merged, said, known)) is None:
            continue
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
    request: Message, merged: Merged, said: Mapping[Says, Sequence[Message]], known: Knowledge
) -> _Asked | None:
    """None of one that another source reports too, if that is the earlier report."""
    shared = [
        each for copy in merged.copies.get(request.id, ()) for each in merged.requests[copy.id]
    ]
    reports = sorted({each.id: each for each in (request, *shared)}.values(), key=_place)
    if reports[0].id != request.id:
        return None
    copies = {each.id: each for one in reports for each in merged.copies.get(one.id, ())}
    same = [each for each in said[_says(request)] if abs(each.at - request.at) <= AROUND]
    return _Asked(
        request=request,
        repeats=tuple(reports[1:]),
        copies=tuple(sorted(copies.values(), key=_place)),
        spare=tuple(each for each in same if _is_spare(each, request, merged)),
        has_rival=any(_is_rival(each, request) for each in same),
        due=later(request.at, max(known.terms.grace, WITHIN)),
        known=known,
    )


def _is_spare(message: Message, request: Message, merged: Merged) -> bool:
    """A copy that may be of another request than it merged with, if with any: of this one."""
    is_free = message.is_to_somebody_unknown or message.id not in merged.requests
    return message.per_device and is_free and message.source != request.source


def _is_rival(message: Message, request: Message) -> bool:
    mine = (request.source, request.recipient, request.per_device)
    is_other = message.id != request.id
    return is_other and (message.source, message.recipient, message.per_device) == mine


def _place(message: Message) -> tuple[datetime, UUID]:
    return message.at, message.id


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
    copiers = [each for each in known.copiers.get(app or "", ()) if each != request.source]
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
    since, until = later(request.at, -WITHIN), later(request.at, WITHIN)
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
    known = reason is Reason.NO_COPY and asked.certain
    beside = tuple(each.id for each in (*asked.repeats, *asked.copies[:MOST_COPIES]))
    told = (state.registered.evidence, state.push_active.evidence) if state is not None else ()
    return Gap(
        rule=Rule.E7,
        reason=reason,
        certainty=Certainty.KNOWN if known else Certainty.ASSUMED,
        message_type=request.message_type,
        operation=request.operation,
        episode=None,
        activation=device,
        at=request.at,
        due=asked.due,
        anchor=request,
        evidence=(request.id, *beside),
        events=tuple(dict.fromkeys(each for events in told for each in events)),
        seen=request.at,
        other=asked.devices,
    )
