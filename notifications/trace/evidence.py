"""Reading what a question needs, in a number of queries that does not depend on how much it is.

Whatever has an ``extent`` is answered as if only the notifications of it were recorded.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import BooleanField, ExpressionWrapper, OuterRef, Q, Subquery

from notifications.models import Activation, Notification, Operation
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent, NotificationQuerySet
from notifications.protocol.audience import status_changes
from notifications.protocol.clients import Platform, views
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.events import InboxEvent, OperationEvent
from notifications.protocol.extras import MAX_IDENTIFIER, MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.knowledge import Emitters, Knowledge, Terms
from notifications.protocol.message import Message, later
from notifications.protocol.state import Span
from notifications.protocol.window import Window

from . import lives, sentences
from .contacts import heard
from .copiers import NO_COPIERS, Copiers
from .coverage import coverage_of
from .entries import Payload

MOST = 20_000  # notifications that one answer may rest on
NAMELESS: Mapping[str, str | None] = MappingProxyType({})
_COLUMNS = (
    "id",
    "emitted_at",
    "source_id",
    "message_type",
    "result",
    "operation_id",
    "inbox_message_id",
    "activation_id",
    "recipient_id",
    "addressed_to",
    "per_device",
    "app_id",
    "platform",
    "personal",
    "nonconforming",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known of devices and operations from events: the states of each device, the events of
    each operation under each of its names, and who is known to send what."""

    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    lives: Mapping[str, Sequence[OperationEvent]] = field(default_factory=dict)
    emitters: Emitters = field(default_factory=Emitters)
    linked: frozenset[str] = frozenset()
    copiers: Copiers = NO_COPIERS


NOTHING_BESIDE = Beside()


def terms() -> Terms:
    """What the operator has set of operations' lives."""
    return Terms(
        life=settings.OPERATION_LIFE,
        lives=settings.OPERATION_LIVES,
        grace=settings.TRACE_GRACE,
        ids_are_uuids=settings.OPERATION_IDS_ARE_UUIDS,
    )


def knowledge(
    told: Collection[Message],
    changes: Iterable[Message],
    now: datetime,
    extent: Extent,
    *,
    beside: Beside = NOTHING_BESIDE,
    since: datetime | None = None,
) -> Knowledge:
    """What is known beside the messages that are ``told``; ``changes`` have the status changes of
    their devices, ``beside`` what events tell of them. ``since`` is when anything may be owed from,
    where that is before the first of what is told."""
    moments = [each.at for each in told] + ([] if since is None else [since])
    owed_since = later(min(moments, default=now), -terms().longest)
    sources = {each.source for each in told if each.source is not None}
    sources |= beside.emitters.sources
    copiers = beside.copiers
    return Knowledge(
        now=now,
        terms=terms(),
        heard=heard(sources, now, extent, since=owed_since),
        covered=coverage_of(sources | copiers.sources, owed_since, now),
        emitters=beside.emitters,
        linked=beside.linked,
        copiers=copiers.by_app,
        compared=copiers.compared,
        status_changes=status_changes(changes),
        spans=beside.spans,
        lives=beside.lives,
    )


def beside(
    operations: Collection[OperationEvent],
    inbox: Collection[InboxEvent],
    spans: Mapping[str, Sequence[Span]],
    now: datetime,
    extent: Extent,
    copying: Copiers = NO_COPIERS,
) -> Beside:
    """What these events tell. Who sends what is asked only where an event may owe something."""
    owing: list[OperationEvent | InboxEvent] = [*operations, *inbox]
    apps = {app for each in owing for app in each.apps} | {
        span.state.app.value for of_one in spans.values() for span in of_one
    }
    sources = {each.source for each in operations if each.source is not None}
    without = any(not each.apps for each in owing)
    wanted: set[str | None] = {*apps, *((None,) if without else ())}
    return Beside(
        spans=spans,
        lives=lives.by_name(operations),
        emitters=lives.emitters(wanted, now, extent) if wanted else Emitters(),
        linked=lives.linked(extent, sources) if sources else frozenset(),
        copiers=copying,
    )


def messages(
    notifications: NotificationQuerySet, names: Mapping[str, str | None] = NAMELESS
) -> list[Message]:
    """Those ``notifications`` without their payloads; ``names`` are the names of operations.

    Raises ``TooMuch``.
    """
    judged = ExpressionWrapper(~Q(findings=[]), output_field=BooleanField())
    rows = notifications.annotate(nonconforming=judged).order_by().values_list(*_COLUMNS)
    found = [_message(row, names) for row in rows[: MOST + 1]]
    if len(found) > MOST:
        raise TooMuch(f"{MOST:,} notifications")
    return found


def naming(devices: Collection[str], window: Window, extent: Extent) -> list[Message]:
    """What names these devices around ``window``, and of each the last before that told its user:
    without any, the first one after."""
    notifications = Notification.objects.within(extent).filter(activation__in=devices)
    around = messages(notifications.emitted_between(*_around(window)))
    told = {each.activation for each in around if each.recipient is not None}
    ids = _bindings(set(devices), extent, before=_around(window)[0])
    if untold := set(devices) - told - ids.keys():
        ids |= _bindings(untold, extent, before=None)
    return _distinct([*around, *messages(Notification.objects.filter(pk__in=ids.values()))])


def to_users(recipients: Collection[int], window: Window, extent: Extent) -> list[Message]:
    """What names these users and no device, around ``window``; and copies for devices of theirs
    that are not known."""
    wide = Q(addressed_to="user", per_device=False) | Q(activation=None)
    notifications = Notification.objects.within(extent).filter(wide, recipient__in=recipients)
    return messages(notifications.emitted_between(*_around(window)))


def copies_to(
    recipients: Collection[int], sources: Collection[str], window: Window, extent: Extent
) -> list[Message]:
    """The copies that these ``sources`` report of what went to these users, around ``window``."""
    if not sources:
        return []
    notifications = Notification.objects.within(extent).filter(
        recipient__in=recipients, per_device=True, source__in=sources
    )
    return messages(notifications.emitted_between(*_around(window)))


def about_operations(operations: Collection[str], extent: Extent) -> dict[str, list[Message]]:
    """All that was ever told of each of these operations, with their names."""
    known = {
        key: (name, first)
        for key, name, first in Operation.objects.filter(pk__in=operations).values_list(
            "pk", "name", "first_notification_id"
        )
    }
    earliest = min((first for _, first in known.values() if first is not None), default=None)
    if earliest is None:
        return {}
    # Only so that months before the first of them are not looked into.
    notifications = Notification.objects.filter(operation__in=known, id__gte=earliest)
    names: dict[str, str | None] = {key: name for key, (name, _) in known.items()}
    if extent.is_limited:
        notifications = notifications.within(extent)
        names = _names(notifications)  # the subject's may rest on others
    found: dict[str, list[Message]] = {key: [] for key in known}
    for each in messages(notifications, names):
        found[each.operation or ""].append(each)
    return found


def status_changes_of(devices: Collection[str], window: Window, extent: Extent) -> list[Message]:
    notifications = Notification.objects.within(extent).filter(
        activation__in=devices, message_type=MessageType.STATUS_CHANGE
    )
    return messages(notifications.emitted_between(*_around(window)))


def inbox_pushes_to(recipients: Collection[int], window: Window, extent: Extent) -> list[Message]:
    notifications = Notification.objects.within(extent).filter(
        recipient__in=recipients, message_type=MessageType.INBOX_MESSAGE_NEW
    )
    return messages(notifications.emitted_between(*_around(window)))


def payloads(ids: Iterable[str]) -> Mapping[str, Payload]:
    """What a page shows of its notifications, by id."""
    rows = Notification.objects.filter(pk__in=list(ids)).values_list(
        "id", "extras", "findings", "platform"
    )
    return {
        str(key): Payload(
            extras=extras,
            findings=findings,
            clients={
                str(generation): asdict(view)
                for generation, view in views(
                    extras, Platform(platform) if platform else None
                ).items()
            },
            platform=platform,
        )
        for key, extras, findings, platform in rows
    }


def nearest(
    devices: Collection[str], window: Window, extent: Extent
) -> dict[str, tuple[datetime | None, datetime | None]]:
    """When a notification named each of these devices last before ``window`` and first after it."""
    about = Notification.objects.within(extent).filter(activation=OuterRef("pk"))
    before = about.filter(id__lt=first_id_at(window.since)).newest_first()
    after = about.filter(id__gte=first_id_at(window.until)).in_time_order()
    last, following = (Subquery(each.values("emitted_at")[:1]) for each in (before, after))
    found = Activation.objects.filter(pk__in=devices).values_list("pk", last, following)
    told = {key: (earlier, later_on) for key, earlier, later_on in found}
    return {each: told.get(each, (None, None)) for each in devices}


def why_nothing(notifications: NotificationQuerySet, window: Window, told: str) -> str:
    """That no notification ``told`` anything in ``window``, and which of them are nearest to it."""
    before = notifications.filter(id__lt=first_id_at(window.since)).newest_first()
    after = notifications.filter(id__gte=first_id_at(window.until)).in_time_order()
    last, following = (
        each.values_list("emitted_at", flat=True).first() for each in (before, after)
    )
    return sentences.nothing(told, last, following)


def _around(window: Window) -> tuple[datetime, datetime]:
    reach = terms().longest + LATE_WITHIN
    return later(window.since, -reach), later(window.until, reach)


def _names(notifications: NotificationQuerySet) -> dict[str, str | None]:
    """Of each operation the name that the first of ``notifications`` to tell one gives it."""
    found: dict[str, str | None] = {}
    told = notifications.in_time_order().values_list("operation_id", "extras__operationName")
    for operation, given in told[:MOST]:
        if operation and isinstance(given, str) and 0 < len(given) <= MAX_IDENTIFIER:
            found.setdefault(operation, given)
    return found


def _bindings(devices: set[str], extent: Extent, *, before: datetime | None) -> dict[str, UUID]:
    """Of each device the notification that tells its user: the last one ``before`` that moment, or
    the first of all when it is None."""
    told = Notification.objects.within(extent)
    told = told.filter(activation=OuterRef("pk"), recipient__isnull=False)
    told = told.in_time_order() if before is None else told.newest_first()
    if before is not None:
        told = told.filter(id__lt=first_id_at(before))
    found = Activation.objects.filter(pk__in=devices).annotate(told=Subquery(told.values("id")[:1]))
    return {key: told for key, told in found.values_list("pk", "told") if told is not None}


def _message(row: tuple[Any, ...], names: Mapping[str, str | None]) -> Message:
    (
        key, at, source, message_type, result, operation, inbox_message, activation, recipient,
        addressed_to, per_device, app, platform, personal, nonconforming,
    ) = row  # fmt: skip
    return Message(
        id=key, at=at, source=source, message_type=message_type,
        result=result, operation=operation, operation_name=names.get(operation),
        inbox_message=inbox_message, activation=activation, recipient=recipient,
        addressed_to=addressed_to, per_device=per_device, app=app, platform=platform,
        personal=personal, nonconforming=nonconforming,
    )  # fmt: skip


def _distinct(found: Iterable[Message]) -> list[Message]:
    return list({each.id: each for each in found}.values())
