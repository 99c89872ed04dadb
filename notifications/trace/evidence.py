"""Reading what a question needs, in a number of queries that does not depend on how much it is.

Whatever has an ``extent`` is answered as if only the notifications of it were recorded.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings

from notifications.models import Notification
from notifications.models.querysets import Extent
from notifications.models.statements import Answer, nothing
from notifications.protocol.audience import status_changes
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.events import InboxEvent, OperationEvent
from notifications.protocol.extras import MAX_IDENTIFIER, MessageType
from notifications.protocol.knowledge import Emitters, Knowledge, Terms
from notifications.protocol.message import Message, later
from notifications.protocol.state import Span
from notifications.protocol.window import Window

from . import lives
from .clocks import ask_clocks
from .copiers import NO_COPIERS, Copiers
from .coverage import ask_coverage, coverage_of
from .reporting import Reporting
from .told import (
    BETWEEN,
    BETWEEN_IDS,
    COLUMNS,
    ask_rows,
    ask_where,
    between,
    bounds,
    distinct,
    message_of,
    rows_of,
    told_where,
    within,
)

_NAMING = f"""
    SELECT {COLUMNS} FROM notifications_notification AS told
    WHERE told.activation_id = ANY(%(devices)s::text[]) AND {BETWEEN}{{limits}}
    UNION ALL
"""  # noqa: S608 - of constants
# Of each device the notification that tells its user: the last one before a moment, or the first.
_BEFORE = "AND told.id < %(earliest)s"
_BINDINGS = f"""
    SELECT {COLUMNS} FROM unnest(%(devices)s::text[]) AS device (name)
    CROSS JOIN LATERAL (
        SELECT * FROM notifications_notification AS told
        WHERE activation_id = device.name AND recipient_id IS NOT NULL {{which}}
        ORDER BY told.id {{order}} LIMIT 1
    ) AS told
"""  # noqa: S608 - of constants
# Only so that months before the first of them are not looked into. ``uuid`` has no ``min``.
_EARLIEST = """
    SELECT (array_agg(first_notification_id ORDER BY first_notification_id))[1]
    FROM notifications_operation WHERE id = ANY(%(operations)s::text[])
"""
_OF_OPERATIONS = f"""
    SELECT {COLUMNS}, operation.name
    FROM notifications_notification AS told
    JOIN notifications_operation AS operation ON operation.id = told.operation_id
    WHERE told.operation_id = ANY(%(operations)s::text[]) AND told.id >= ({_EARLIEST})
"""  # noqa: S608 - of constants
# Of many devices: all of that type are fewer than all that names one of these.
_CHANGES = f"""
    SELECT {COLUMNS} FROM notifications_source AS source
    JOIN notifications_notification AS told ON told.source_id = source.slug
    WHERE told.message_type = %(type)s AND told.activation_id = ANY(%(keys)s::text[]) AND {BETWEEN}
"""  # noqa: S608 - of constants
FEW = 100  # devices
NOT_LINKED: Answer[frozenset[str]] = nothing(frozenset())


@dataclass(frozen=True, slots=True, kw_only=True)
class Beside:
    """What is known of devices and operations from events: the states of each device, the events of
    each operation under each of its names, and who is known to send what."""

    spans: Mapping[str, Sequence[Span]] = field(default_factory=dict)
    lives: Mapping[str, Sequence[OperationEvent]] = field(default_factory=dict)
    emitters: Emitters = field(default_factory=Emitters)
    linked: Answer[frozenset[str]] = NOT_LINKED
    copiers: Copiers = NO_COPIERS


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
    reporting: Reporting,
    beside: Beside,
    owed_at: Iterable[datetime] = (),
    clocks_of: Collection[str] = (),
) -> Knowledge:
    """What is known beside the messages that are ``told``; ``changes`` have the status changes of
    their devices, ``beside`` what events tell of them. ``owed_at`` are moments, one of each day at
    least, at which anything may be owed by events. The clocks of ``clocks_of`` are known, too."""
    moments = [each.at for each in told] + list(owed_at)
    owed_since = later(min(moments, default=now), -terms().longest)
    sources = {each.source for each in told if each.source is not None}
    sources |= beside.emitters.sources
    copiers = beside.copiers
    answer = ask_clocks(sources.union(copiers.sources, clocks_of), [*moments, now], extent)
    covered = ask_coverage(sources | copiers.sources, owed_since, now, as_of=extent.as_of)
    clocks = answer()
    known = Knowledge(
        now=now,
        terms=terms(),
        heard=reporting.heard(sources),
        covered=covered(),
        emitters=beside.emitters.by(clocks),
        linked=beside.linked(),
        copiers=copiers.by_app,
        copying_since={
            key: later(first, -clocks.ahead(key[1], first)) for key, first in copiers.since.items()
        },
        compared=copiers.compared,
        status_changes=status_changes(clocks.corrected(each) for each in changes),
        lives=beside.lives,
        clocks=clocks,
    )
    return with_spans(known, beside.spans, extent)


def with_spans(known: Knowledge, spans: Mapping[str, Sequence[Span]], extent: Extent) -> Knowledge:
    """With what is known of devices, and when the sources of that were recorded, as far as it may
    have ended since."""
    found = replace(known, spans=spans)
    doubtful = found.doubtful
    if not doubtful:
        return found
    since = min(doubtful.values())
    covered = coverage_of(doubtful.keys(), since, known.now, as_of=extent.as_of)
    also = {source: each.beside(known.covered.get(source)) for source, each in covered.items()}
    return replace(found, covered={**known.covered, **also})


def beside(
    operations: Collection[OperationEvent],
    inbox: Collection[InboxEvent],
    spans: Mapping[str, Sequence[Span]],
    extent: Extent,
    *,
    reporting: Reporting,
    copying: Copiers = NO_COPIERS,
) -> Beside:
    """What these events tell, and who sends what they may owe."""
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
        emitters=reporting.emitters(wanted),
        linked=lives.ask_linked(extent, sources) if sources else NOT_LINKED,
        copiers=copying,
    )


def by_ids(ids: Collection[UUID], extent: Extent) -> list[Message]:
    """Raises ``TooMuch``; so do the others."""
    condition = f"told.id = ANY(%(ids)s::uuid[]) AND {BETWEEN_IDS}"
    return told_where(condition, extent, ids=list(ids), **between(ids)) if ids else []


def ask_naming(devices: Collection[str], window: Window, extent: Extent) -> Answer[list[Message]]:
    """What names these devices around ``window``, and of each the last before that told its user:
    without any, the first one after."""
    limits = within(extent)
    statement = _NAMING.format(limits=limits) + _BINDINGS.format(
        which=_BEFORE + limits, order="DESC"
    )
    rows = ask_rows(statement, extent, devices=list(devices), **_around(window))

    def read() -> list[Message]:
        told = [message_of(row) for row in rows()]
        untold = set(devices) - {each.activation for each in told if each.recipient is not None}
        if untold:
            first = _BINDINGS.format(which=limits, order="ASC")
            told += [message_of(row) for row in rows_of(first, extent, devices=list(untold))]
        return distinct(told)

    return read


def ask_to_users(
    recipients: Collection[int], copying: Collection[str], window: Window, extent: Extent
) -> Answer[list[Message]]:
    """What names these users and no device, around ``window``; copies for devices of theirs that
    are not known; and the copies that the ``copying`` sources report of what went to them."""
    condition = (
        "told.recipient_id = ANY(%(recipients)s::bigint[]) AND ("
        "told.addressed_to = 'user' AND NOT told.per_device OR told.activation_id IS NULL"
        " OR told.per_device AND told.source_id = ANY(%(copying)s::text[])"
        f") AND {BETWEEN}"
    )
    given = {"recipients": list(recipients), "copying": list(copying), **_around(window)}
    return ask_where(condition, extent, **given) if recipients else nothing([])


def about_operations(operations: Collection[str], extent: Extent) -> dict[str, list[Message]]:
    """All that was ever told of each of these operations, with their names."""
    return ask_about_operations(operations, extent)()


def ask_about_operations(
    operations: Collection[str], extent: Extent
) -> Answer[dict[str, list[Message]]]:
    if not operations:
        return nothing({})
    answer = ask_rows(_OF_OPERATIONS + within(extent), extent, operations=list(operations))

    def read() -> dict[str, list[Message]]:
        rows = answer()
        found: dict[str, list[Message]] = {key: [] for key in operations}
        # The subject's name may rest on others.
        names = _names(rows) if extent.is_limited else None
        for *told, name in rows:
            key = told[5]
            found[key].append(message_of(tuple(told), name if names is None else names.get(key)))
        return found

    return read


def status_changes_of(devices: Collection[str], window: Window, extent: Extent) -> list[Message]:
    return ask_status_changes(devices, window, extent)()


def ask_status_changes(
    devices: Collection[str], window: Window, extent: Extent
) -> Answer[list[Message]]:
    if len(devices) <= FEW:
        return _ask_of_a_type("activation_id", devices, MessageType.STATUS_CHANGE, window, extent)
    given = {"keys": list(devices), "type": MessageType.STATUS_CHANGE, **_around(window)}
    rows = ask_rows(_CHANGES + within(extent), extent, **given)
    return lambda: [message_of(row) for row in rows()]


def inbox_pushes_to(recipients: Collection[int], window: Window, extent: Extent) -> list[Message]:
    return _ask_of_a_type(
        "recipient_id", recipients, MessageType.INBOX_MESSAGE_NEW, window, extent
    )()


def _ask_of_a_type(
    column: str,
    keys: Collection[str] | Collection[int],
    message_type: MessageType,
    window: Window,
    extent: Extent,
) -> Answer[list[Message]]:
    if not keys:
        return nothing([])
    condition = f"told.{column} = ANY(%(keys)s) AND told.message_type = %(type)s AND {BETWEEN}"
    return ask_where(condition, extent, keys=list(keys), type=message_type, **_around(window))


def _around(window: Window) -> dict[str, Any]:
    reach = terms().longest + LATE_WITHIN
    return bounds(later(window.since, -reach), later(window.until, reach))


def _names(rows: Iterable[tuple[Any, ...]]) -> dict[str, str | None]:
    """Of each operation the name that the first of its ``rows`` to tell one gives it."""
    found: dict[str, str | None] = {}
    ids = [row[0] for row in rows]
    told = Notification.objects.filter(pk__in=ids).in_time_order()
    for operation, given in told.values_list("operation_id", "extras__operationName"):
        if operation and isinstance(given, str) and 0 < len(given) <= MAX_IDENTIFIER:
            found.setdefault(operation, given)
    return found
