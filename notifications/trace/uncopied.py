"""The copies that devices should have got of the messages of a window and did not (rule E7), looked
for among those messages that may lack one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models import ActivationEvent
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.copies import copies_owed
from notifications.protocol.expectations import Gap
from notifications.protocol.merging import WITHIN, merge
from notifications.protocol.message import later
from notifications.protocol.state import Span
from notifications.protocol.window import Window

from . import evidence, owed
from . import uncopied_requests as requests
from .copiers import Copiers, copiers
from .coverage import coverage_of
from .reporting import Reporting
from .states import events_of

TOGETHER = 200  # messages that are judged at a time
MOST_DEVICES = 20_000  # that one answer may rest on
NEAR = timedelta(minutes=10)  # of a message: whatever copies may be taken for copies of it

_WHEN = """
    id >= first_id_at(asked.emitted_at - %(near)s) AND id < first_id_at(asked.emitted_at + %(near)s)
"""
# What may say the same as these messages, which are about no operation, at nearly the same time:
# others that the copies may be of, and the copies.
_NEAR = f"""
    SELECT DISTINCT near.id
    FROM notifications_notification AS asked
    CROSS JOIN LATERAL (
        SELECT id, message_type, operation_id FROM notifications_notification
        WHERE recipient_id = asked.recipient_id AND {_WHEN}
        UNION ALL
        SELECT id, message_type, operation_id FROM notifications_notification
        WHERE activation_id = asked.activation_id AND {_WHEN}
    ) AS near
    WHERE asked.id = ANY(%(ids)s) AND near.message_type IS NOT DISTINCT FROM asked.message_type
        AND near.operation_id IS NULL
"""  # noqa: S608 - of constants


@dataclass(slots=True)
class _States:
    """The states of devices around ``window``, read and folded once for all that is judged, as far
    as there are ``MOST_DEVICES``: the messages of one are seldom judged together."""

    window: Window
    extent: Extent
    spans: dict[str, tuple[Span, ...]] = field(default_factory=dict)
    known: set[str] = field(default_factory=set)

    def of(self, devices: Collection[str]) -> Mapping[str, tuple[Span, ...]]:
        """Of those without events, nothing. Raises ``TooMuch``."""
        if len(self.known.union(devices)) > MOST_DEVICES:
            self.spans, self.known = {}, set()
        unknown = set(devices) - self.known
        self.spans |= owed.spans_of(events_of(unknown, extent=self.extent), self.window)
        self.known |= unknown
        return {each: self.spans[each] for each in devices if each in self.spans}


def in_window(
    window: Window,
    now: datetime,
    extent: Extent,
    reporting: Reporting,
    clocks: Clocks = NO_CLOCKS,
) -> Iterator[Gap]:
    """Nothing is read where no source reports copies. Raises ``TooMuch``."""
    copying = copiers(reporting)
    if not copying.by_app:
        return
    beside = evidence.Beside(emitters=reporting.emitters(()), copiers=copying)
    found = requests.uncopied_in(window, extent, _seen(window, extent, copying), clocks)
    states = _States(window, extent)
    for place in range(0, len(found), TOGETHER):
        chunk = found[place : place + TOGETHER]
        yield from _judged(chunk, now, extent, reporting, beside, clocks, states)


def owned_by(recipients: Collection[int], extent: Extent) -> set[str]:
    """The devices that events tell to be of these users. Raises ``TooMuch``."""
    if not recipients:
        return set()
    told = ActivationEvent.objects.within(extent).filter(recipient__in=recipients)
    names = told.exclude(activation=None).order_by().values_list("activation_id", flat=True)
    found = {each for each in names.distinct()[: MOST_DEVICES + 1] if each is not None}
    if len(found) > MOST_DEVICES:
        raise TooMuch(f"{MOST_DEVICES:,} devices of users")
    return found


def _seen(window: Window, extent: Extent, copying: Copiers) -> Iterator[requests.Seen]:
    """When copies of what was sent would have been recorded, as far as one source of each app
    tells."""
    reach = later(window.since, -WITHIN), later(window.until, WITHIN)
    covered = coverage_of(copying.sources, *reach, as_of=extent.as_of)
    for app, sources in copying.by_app.items():
        for source in sources:
            for began, ended in covered[source].intervals:
                if ended >= reach[0] and began <= reach[1]:
                    yield requests.Seen(app, later(began, WITHIN), later(ended, WITHIN))


def _judged(
    ids: Sequence[UUID],
    now: datetime,
    extent: Extent,
    reporting: Reporting,
    beside: evidence.Beside,
    clocks: Clocks,
    states: _States,
) -> Iterator[Gap]:
    asked = evidence.by_ids(ids, extent)
    operations = {each.operation for each in asked if each.operation is not None}
    lived = evidence.about_operations(operations, extent)
    others = [each.id for each in asked if each.operation is None]
    near = evidence.by_ids(_near(others, NEAR + clocks.apart), extent)
    told = {each.id: each for of_one in (near, *lived.values()) for each in of_one}
    named = {each.activation for each in asked if each.activation is not None}
    users = {each.recipient for each in asked if each.is_user_wide}
    devices = named | owned_by({each for each in users if each is not None}, extent)
    beside = replace(beside, spans=states.of(devices))
    known = evidence.knowledge(
        told.values(),
        (),
        now,
        extent,
        reporting=reporting,
        beside=beside,
        owed_at=states.window.days,
    )
    wanted = set(ids)
    found = copies_owed(told.values(), merge(told.values(), known.clocks), known, devices)
    yield from (gap for gap in found if gap.anchor.id in wanted)


def _near(ids: Sequence[UUID], reach: timedelta) -> list[UUID]:
    """With these messages themselves."""
    if not ids:
        return []
    given: dict[str, Any] = {"ids": list(ids), "near": reach}
    with connection.cursor() as cursor:
        cursor.execute(_NEAR, given)
        return [key for (key,) in cursor.fetchall()]
