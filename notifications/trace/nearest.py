"""Which notifications lie nearest to a window that has none."""

from collections.abc import Collection
from datetime import datetime

from notifications.models.querysets import Extent, NotificationQuerySet
from notifications.models.statements import fetched
from notifications.protocol.identity import first_id_at
from notifications.protocol.window import Window

from . import sentences
from .told import within

_NEAREST = """
    SELECT device.name, (
        SELECT emitted_at FROM notifications_notification AS told
        WHERE activation_id = device.name AND id < %(since)s::uuid {within}
        ORDER BY id DESC LIMIT 1
    ), (
        SELECT emitted_at FROM notifications_notification AS told
        WHERE activation_id = device.name AND id >= %(until)s::uuid {within}
        ORDER BY id LIMIT 1
    )
    FROM unnest(%(devices)s::text[]) AS device (name)
"""


def nearest_of(
    devices: Collection[str], window: Window, extent: Extent
) -> dict[str, tuple[datetime | None, datetime | None]]:
    """When a notification named each of these devices last before ``window`` and first after it."""
    given = {
        "devices": list(devices),
        "since": first_id_at(window.since),
        "until": first_id_at(window.until),
        **extent.parameters,
    }
    found = fetched(_NEAREST.format(within=within(extent)), given)
    return {device: (last, following) for device, last, following in found}


def why_nothing(notifications: NotificationQuerySet, window: Window, told: str) -> str:
    """That no notification ``told`` anything in ``window``, and which of them are nearest to it."""
    before = notifications.filter(id__lt=first_id_at(window.since)).newest_first()
    after = notifications.filter(id__gte=first_id_at(window.until)).in_time_order()
    last, following = (
        each.values_list("emitted_at", flat=True).first() for each in (before, after)
    )
    return sentences.nothing(told, last, following)
