"""What events owe: of the lives of operations, devices and inbox messages, whatever was sent.

A rule applies to the sources that are known to send such messages to the app, from the first that
was seen on or as an operator set it, and to no others. Times of events are often those at which
they were observed, a little after they happened, so what was sent up to a grace earlier meets them
too.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from .audience import Certainty
from .episodes import LATE_WITHIN
from .events import BEGINNING, InboxEvent, OperationEvent
from .expectations import Gap
from .extras import MessageType
from .knowledge import Knowledge
from .merging import merge
from .message import Message, later
from .posts import Post, posts_of
from .reasons import Reason, Rule, Seen
from .state import Span, Standing, Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """One message that an event owes. ``anchor`` is that message as it would have been sent, under
    the id of the event; ``apps`` is empty where the event tells none. It ``may_be_told_late``: by
    when it was observed, up to an hour after it happened. It is of the time that all are compared
    by, and was ``told_at`` another where its source's clock differs."""

    rule: Rule
    message_type: MessageType
    anchor: Message
    apps: tuple[str, ...]
    seen: Seen
    unmet: Reason
    may_be_told_late: bool = False
    told_at: datetime | None = None

    @property
    def at(self) -> datetime:
        return self.anchor.at


def announcements_owed(
    events: Iterable[OperationEvent], told: Collection[str], known: Knowledge
) -> Iterator[Gap]:
    """E0: an operation known to exist for a user is owed its announcement. ``told`` are the
    operations that any message announces or finishes: what those lack, the messages show.

    Specification, Operation Lifecycle: operationInit is sent "in case a new operation was
    triggered".
    """
    for life in _by_operation(events):
        first = min(life, key=lambda each: (each.created_at or each.at, each.id))
        names = {each.operation for each in life} | {each.external for each in life}
        named = next((each.activation for each in life if each.activation), None)
        user = next((each.recipient for each in life if each.recipient is not None), None)
        addressed = user is not None or named is not None
        at, apps = first.created_at or first.at, _apps(life)
        if not names.isdisjoint(told) or not addressed or not _is_linked(first, at, apps, known):
            continue
        anchor = Message(
            id=first.id,
            at=at,
            source=None,
            message_type=MessageType.OPERATION_INIT,
            operation=first.operation,
            operation_name=next((each.name for each in life if each.name), None),
            activation=named,
            recipient=user,
            addressed_to="user" if named is None else "activation",
            app=apps[0] if len(apps) == 1 else None,
        )
        yield from _gap(
            Owed(
                rule=Rule.E0,
                message_type=MessageType.OPERATION_INIT,
                anchor=anchor,
                apps=apps,
                seen=Seen(at, events=(first.id,)),
                unmet=Reason.CREATED_UNANNOUNCED,
            ),
            known,
        )


def _is_linked(event: OperationEvent, at: datetime, apps: Sequence[str], known: Knowledge) -> bool:
    """Whether messages would have the operation's name: seen so, or taken for so where a source was
    set to announce."""
    is_set = known.emitters.is_set(MessageType.OPERATION_INIT, apps, at=at)
    return event.source in known.linked or is_set


def status_changes_owed(
    activation: str, told: Iterable[Message], known: Knowledge
) -> Iterator[Gap]:
    """E4: a change of a device's status after it was registered for push is owed a statusChange.
    ``told`` are the messages that name the device.

    Specification, Registration Lifecycle: "Whenever a registered mobile token status changes, our
    systems send the push message".
    """
    sent = [each for each in told if each.message_type == MessageType.STATUS_CHANGE]
    owed = [_change(activation, *each) for each in _changes(known.spans.get(activation, ()))]
    for each in _unmet(owed, sent, known):
        yield from _gap(each, known)


def inbox_pushes_owed(
    events: Collection[InboxEvent], told: Iterable[Message], known: Knowledge
) -> Iterator[Gap]:
    """E5: an inbox message seen in a request and not silent is owed its push. Known from the inbox
    table alone, whether one was wanted is not told.

    Specification, Message Inbox: "When a new message is sent to the user's message inbox, our
    systems send the push message".
    """
    sent = [each for each in told if each.message_type == MessageType.INBOX_MESSAGE_NEW]
    told_at = {each.id: each.at for each in events if each.recipient is not None}
    posts = posts_of(known.clocks.of_event(each) for each in events if each.id in told_at)
    owed = [_post(each, told_at[each.told.id]) for each in posts if not each.told.silent]
    for each in _unmet(owed, sent, known):
        yield from _gap(each, known)


def _by_operation(events: Iterable[OperationEvent]) -> Iterable[list[OperationEvent]]:
    found: dict[str, list[OperationEvent]] = {}
    for each in events:
        found.setdefault(each.operation, []).append(each)
    return found.values()


def _apps(life: Iterable[OperationEvent]) -> tuple[str, ...]:
    return tuple(sorted({app for each in life for app in each.apps}))


def _changes(spans: Sequence[Span]) -> Iterator[tuple[Told[str], Span]]:
    """Where a device that is not known to be unregistered has another status than before. Until it
    is active for the first time it is being activated, and knows it."""
    before: Told[str] | None = None
    for span in spans:
        status = span.state.status
        if status.value is None:
            continue
        is_change = before is not None and before.value != status.value
        begins = before is not None and before.value in BEGINNING
        if is_change and not begins and span.state.registered.value is not False:
            yield status, span
        before = status


def _change(activation: str, status: Told[str], span: Span) -> Owed:
    at = span.since
    registered, app = span.state.registered.value, span.state.app.value
    anchor = Message(
        id=status.evidence[0],
        at=at,
        source=None,
        message_type=MessageType.STATUS_CHANGE,
        activation=activation,
        recipient=span.state.recipient.value,
        addressed_to="activation",
        app=app,
    )
    return Owed(
        rule=Rule.E4,
        message_type=MessageType.STATUS_CHANGE,
        anchor=anchor,
        apps=() if app is None else (app,),
        seen=Seen(at, (status.value or "",), events=status.evidence),
        unmet=Reason.CHANGE_UNTOLD if registered else Reason.REGISTRATION_UNKNOWN,
        may_be_told_late=status.standing is not Standing.KNOWN,  # by a callback, not a history
    )


def _post(post: Post, told_at: datetime) -> Owed:
    event = post.told
    anchor = Message(
        id=event.id,
        at=event.at,
        source=None,
        message_type=MessageType.INBOX_MESSAGE_NEW,
        inbox_message=event.inbox_message,
        recipient=event.recipient,
        addressed_to="user",
        app=event.apps[0] if len(event.apps) == 1 else None,
    )
    return Owed(
        rule=Rule.E5,
        message_type=MessageType.INBOX_MESSAGE_NEW,
        anchor=anchor,
        apps=event.apps,
        seen=Seen(event.at, events=tuple(each.id for each in post.events)),
        unmet=Reason.POSTED_UNPUSHED if event.silent is False else Reason.PUSH_NOT_TOLD,
        told_at=told_at,
    )


def _unmet(owed: Iterable[Owed], sent: Iterable[Message], known: Knowledge) -> Iterator[Owed]:
    """What no message meets; in order of time, each emission meeting one at most."""
    given = list(sent)
    merged = merge(given, known.clocks)
    once = merged.at_one_time(each for each in given if merged.stands(each))
    left = sorted(once, key=lambda each: (each.at, each.id))
    for each in sorted(owed, key=lambda each: (each.at, each.anchor.id)):
        met = next((message for message in left if _meets(message, each, known)), None)
        if met is None:
            yield each
        else:
            left = [message for message in left if not _repeats(message, met)]


def _meets(message: Message, owed: Owed, known: Knowledge) -> bool:
    since = later(owed.at, -(LATE_WITHIN if owed.may_be_told_late else known.terms.grace))
    return (
        since <= message.at <= later(owed.at, LATE_WITHIN)
        and _agree(message.inbox_message, owed.anchor.inbox_message)
        and (not owed.apps or message.app is None or message.app in owed.apps)
        and (message.recipient is None or owed.anchor.recipient in (None, message.recipient))
    )


def _repeats(message: Message, met: Message) -> bool:
    """The very message, or another about the same inbox message: a copy, or a second report."""
    same = met.inbox_message is not None and message.inbox_message == met.inbox_message
    return same or message.id == met.id


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _gap(owed: Owed, known: Knowledge) -> Iterator[Gap]:
    """The gap that is left of it, unless no source is to send such messages to its app."""
    due = later(owed.at, known.terms.grace)
    found = _unsent(owed, due, known)
    if found is None:
        return
    reason, seen, source = found
    on = known.gates.on(owed.rule, source, owed.apps, owed.at)
    yield Gap(
        rule=owed.rule,
        reason=reason,
        certainty=Certainty.ASSUMED,
        message_type=owed.message_type,
        operation=owed.anchor.operation,
        episode=None,
        activation=owed.anchor.activation,
        at=owed.told_at or owed.at,
        due=due,
        anchor=replace(owed.anchor, source=source, at=owed.told_at or owed.at),
        evidence=(),
        events=tuple(dict.fromkeys((*owed.seen.events, *seen.events))),
        seen=seen.at,
        seen_until=seen.until,
        other=seen.other,
        set_at=on.set_at if on is not None else None,
    )


def _unsent(owed: Owed, due: datetime, known: Knowledge) -> tuple[Reason, Seen, str] | None:
    """Why it is not there, and the source that was to send it."""
    what: tuple[MessageType, tuple[str, ...]] = owed.message_type, owed.apps
    sources = known.emitters.of(*what, at=owed.at)
    if sources and known.now < due:
        return Reason.NOT_DUE, owed.seen, sources[0]
    # Whoever was seen to send such messages only later, and was not recorded before, may have.
    unheard = known.emitters.begun_later(*what, at=owed.at)
    sources += tuple(each for each in unheard if _doubt(each, owed.at, due, known) is not None)
    if sources:
        return _why(owed, sources, due, known)
    off = known.emitters.turned_off(*what, at=owed.at)
    return (Reason.RULE_OFF, Seen(off.set_at, (owed.rule,)), off.source) if off else None


def _why(
    owed: Owed, sources: Sequence[str], due: datetime, known: Knowledge
) -> tuple[Reason, Seen, str]:
    """Any source that was not recorded all the while may have sent it: which of several is to send
    what is not known."""
    for source in sources:
        if (doubt := _doubt(source, owed.at, due, known)) is not None:
            return *doubt, source
    return owed.unmet, owed.seen, sources[0]


def _doubt(
    source: str, at: datetime, due: datetime, known: Knowledge
) -> tuple[Reason, Seen] | None:
    """Why it is not known whether ``source`` sent something between the two."""
    since = later(at, -known.terms.grace)
    if (hole := known.missed(source, since, due)) is not None:
        return Reason.NOT_COVERED, Seen(hole[0], (source,), until=hole[1])
    heard = known.heard_of(source)
    if known.is_measured(source, since):
        return None
    if heard is None:  # it was set to send them, and never reported anything
        return Reason.SOURCE_SILENT, Seen(since)
    if heard.last < due:
        return Reason.SOURCE_SILENT, Seen(heard.last)
    if heard.first > since:
        return Reason.RECORDING_BEGAN, Seen(heard.first)
    return None
