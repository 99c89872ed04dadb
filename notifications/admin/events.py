"""Events as the pages list them, and those of an operation or an inbox message. They are in order
of when they happened; where that was not told, of when they were observed."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from notifications.models import InboxEvent, Operation, OperationEvent
from notifications.models.querysets import EventQuerySet, Extent
from notifications.protocol.events import FINAL
from notifications.protocol.identity import time_of
from notifications.protocol.merging import WITHIN
from notifications.protocol.message import later
from notifications.protocol.posts import posts_of
from notifications.protocol.window import Window
from notifications.trace.lives import inbox_events_of

from .addresses import page_address
from .telling import Filling, Sentence, given, key, moment, paragraph, tell
from .trails import May
from .words import Badge, of_operation_status

MOST = 200  # on a page
_NEAR = 2 * WITHIN  # what a row and a request may have matched instead


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """``at`` is when it happened as told, or by when where ``is_dated`` is False, and then after
    ``not_before`` where that was seen; ``is_ahead``: that is later than it was observed, by a clock
    astray. ``is_request`` is None where that is not told apart."""

    id: UUID
    what: Badge
    told: Sentence
    at: datetime
    is_dated: bool
    observed_at: datetime
    recorded_at: datetime
    source: str | None
    recipient: int | None
    token: str | None = None
    is_request: bool | None = None
    is_ahead: bool = False
    not_before: datetime | None = None
    findings: Sequence[Mapping[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Events:
    """The latest ``MOST`` in time order; ``more``: there are older ones."""

    rows: Sequence[Row]
    more: bool
    tells_requests: bool = False

    @property
    def limit(self) -> int:
        return MOST


# Operations and inbox messages


def events_of_operation(operation: str, *, may: May) -> Events:
    """Those that name it, and those of what another system has this name for."""
    events = OperationEvent.objects.all()
    named, more = _latest(events.filter(operation=operation))
    called, more_called = _latest(events.filter(external_id=operation))
    both = {each.pk: each for each in (*named, *called)}
    rows = sorted(both.values(), key=lambda each: each.pk)
    latest = rows[-MOST:]
    others = {each.external_id for each in latest} - {operation, None}
    known = set(Operation.objects.filter(pk__in=others).values_list("pk", flat=True))
    return Events(
        rows=[_of_operation(each, operation, known, may) for each in latest],
        more=more or more_called or len(rows) > MOST,
    )


def _of_operation(event: OperationEvent, operation: str, known: set[str], may: May) -> Row:
    status = event.status
    nothing = Badge(_("no status"), "odd", "?", "")
    return _row(
        event,
        what=nothing if status is None else of_operation_status(status),
        told=paragraph(*_details_of_operation(event, operation, known, may)),
    )


def _details_of_operation(
    event: OperationEvent, operation: str, known: set[str], may: May
) -> Iterator[Sentence]:
    """``known`` are other systems' names under which an operation has a page."""
    linked = may("notifications.view_operation")
    if event.operation_id is not None and event.operation_id != operation:
        address = page_address("operation", event.operation_id) if linked else ""
        words = _("PowerAuth has it as %(operation)s.")
        yield tell(words, operation=key(event.operation_id, address))
    if event.external_id is not None and event.external_id != operation:
        has_page = linked and event.external_id in known
        address = page_address("operation", event.external_id) if has_page else ""
        words = _("Messages may call it %(external)s.")
        yield tell(words, external=key(event.external_id, address))
    if event.name is not None:
        yield tell(_("Name: %(name)s."), name=given(event.name))
    if event.activation_id is not None:
        yield tell(_("Device %(device)s."), device=device_link(event.activation_id, may))
    yield from _apps(event.apps)
    if event.created_at is not None:
        yield tell(_("Created at %(at)s."), at=moment(event.created_at))
    if event.expires_at is not None:
        yield tell(_("It expires at %(at)s."), at=moment(event.expires_at))


def finalised(events: Sequence[Row]) -> Sentence:
    """How it ended with PowerAuth, as told first; and where it was told otherwise later."""
    final = [each for each in events if each.what.raw in FINAL]
    if not final:
        return ()
    first, told = final[0], given(final[0].what.raw)
    words = _("PowerAuth finalised it as %(status)s at %(at)s.")
    if not first.is_dated:
        words = _("PowerAuth had finalised it as %(status)s by %(at)s.")
    others = sorted({each.what.raw for each in final} - {first.what.raw})
    return paragraph(
        tell(words, status=told, at=moment(first.at)),
        tell(_("It was told otherwise, too: %(others)s."), others=given(", ".join(others)))
        if others
        else (),
    )


def events_of_inbox_message(inbox_message: str) -> Events:
    """Those that name it, and the request that the latest of them came of, which cannot: it tells
    whether a push was wanted."""
    named, more = _latest(InboxEvent.objects.filter(inbox_message=inbox_message))
    rows = sorted((*named, *_request_of(named[0])) if named else (), key=lambda each: each.pk)
    return Events(
        rows=[_of_inbox_message(each) for each in rows[-MOST:]],
        more=more,
    )


def _request_of(row: InboxEvent) -> Iterable[InboxEvent]:
    """One-to-one among all that is told of its user around then, as traces have it."""
    if row.recipient_id is None:
        return ()
    at = time_of(row.pk)
    around = Window(later(at, -_NEAR), later(at, _NEAR))
    posts = posts_of(inbox_events_of({row.recipient_id}, around, Extent()))
    of_it = (each.id for post in posts if row.pk == post.told.id for each in post.events)
    others = set(of_it) - {row.pk}
    return InboxEvent.objects.filter(pk__in=others).defer("digest") if others else ()


def _of_inbox_message(event: InboxEvent) -> Row:
    words = {
        True: _("Silent: no push was wanted."),
        False: _("Not silent: a push was wanted."),
        None: _("Whether a push was wanted is not told."),
    }
    told = paragraph(tell(words[event.silent]), *_apps(event.apps))
    return _row(event, what=Badge(_("posted"), "inbox", "✉", ""), told=told)


def posted(events: Sequence[Row]) -> Sentence:
    """When it was put into the inbox, and how, as told first."""
    if not events:
        return ()
    first = events[0]
    words = _("It was posted at %(at)s.") if first.is_dated else _("It was posted by %(at)s.")
    return paragraph(tell(words, at=moment(first.at)), first.told)


def _apps(apps: Sequence[str]) -> Iterator[Sentence]:
    if len(apps) == 1:
        yield tell(_("App %(app)s."), app=given(apps[0]))
    elif apps:
        yield tell(_("Apps %(apps)s."), apps=given(", ".join(apps)))


# Of every kind


def device_link(activation: str, may: May) -> Filling:
    linked = may("notifications.view_activation")
    return key(activation, page_address("activation", activation) if linked else "")


def from_events_alone(events: Sequence[Row]) -> Sentence:
    """Of what no notification is about."""
    return tell(_("It is known from events alone.")) if events else ()


def _row(event: OperationEvent | InboxEvent, *, what: Badge, told: Sentence) -> Row:
    at = event.happened_at or event.observed_at
    return Row(
        id=event.pk,
        what=what,
        told=told,
        at=at,
        is_dated=event.happened_at is not None,
        observed_at=event.observed_at,
        recorded_at=event.recorded_at,
        source=event.source_id,
        recipient=event.recipient_id,
        is_ahead=at > event.observed_at,
        findings=event.findings,
    )


def _latest(events: EventQuerySet[Any]) -> tuple[list[Any], bool]:
    """Newest first, and whether there are more."""
    rows = list(events.newest_first().defer("digest")[: MOST + 1])
    return rows[:MOST], len(rows) > MOST
