"""What can be exported, with which parameters, and by whom: the same parameters as the API's."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from django.http import QueryDict

from notifications.filters.base import MOMENT, Filters, WindowedFilters, nearest
from notifications.filters.deliveries import DeliveryFilters
from notifications.filters.notifications import PERSONAL, NotificationFilters
from notifications.filters.parameters import Once, text
from notifications.filters.questions import GapsQuestion, StatsQuestion
from notifications.filters.subjects import OperationFilters
from notifications.models import Account, DeliveryReport, Export, Notification, Operation
from notifications.models.querysets import Extent
from notifications.protocol.identity import time_of
from notifications.protocol.window import BadWindow, Bounds, Window, read_as_of, read_bounds

from .days import GapRows, StatsRows
from .deliveries import DeliveryRows, RecordingDeliveryRows
from .operations import OperationRows
from .slices import Rows
from .tables import NotificationRows, RecordingRows

DataSet = Export.DataSet
UNCHANGING = (DataSet.NOTIFICATIONS, DataSet.DELIVERIES)  # which increments can be of
Given: TypeAlias = Mapping[str, Iterable[str]]
VIEW_USERS = "notifications.view_recipient"
_UNBOUNDED = (
    "is missing: say where the export begins, by a moment such as 2026-01-31T00:00:00Z or a length"
    " of time such as 30d, or all."
)
ALL = "all"  # a value of since


def _since() -> Once:
    words = "From this moment on, RFC 3339 with its zone, or a length of time before now; or all."
    pattern = MOMENT["pattern"].replace("^(", f"^({ALL}|", 1)
    return Once(_moment_or_all, help=words, schema={**MOMENT, "pattern": pattern})


def _moment_or_all(given: str) -> str | None:
    return None if given == ALL else text(given)


class ExportedNotifications(NotificationFilters):
    """As of the list, but for its order: exports are in order of time."""

    since = _since()
    order = None  # type: ignore[assignment]


class ExportedOperations(OperationFilters):
    since = _since()
    order = None  # type: ignore[assignment]


class ExportedDeliveries(DeliveryFilters):
    since = _since()
    order = None  # type: ignore[assignment]


class ExportedGaps(GapsQuestion):
    since = _since()


class ExportedStats(StatsQuestion):
    since = _since()


@dataclass(frozen=True, slots=True)
class DataSetOffer:
    """``right`` is what whoever exports it must have beside that to export."""

    question: type[Filters]
    right: str


OFFERS: Mapping[str, DataSetOffer] = {
    DataSet.NOTIFICATIONS: DataSetOffer(ExportedNotifications, "notifications.view_notification"),
    DataSet.OPERATIONS: DataSetOffer(ExportedOperations, "notifications.view_operation"),
    DataSet.DELIVERIES: DataSetOffer(ExportedDeliveries, "notifications.view_deliveryreport"),
    DataSet.GAPS: DataSetOffer(ExportedGaps, "notifications.view_operation"),
    DataSet.STATS: DataSetOffer(ExportedStats, "notifications.view_notification"),
}


def problems_with(export: Export) -> dict[str, list[str]]:
    """What is wrong with it, by parameter; nothing when all is well."""
    asked = _asked(export)
    found: dict[str, list[str]] = {}
    if export.gzip and export.format == Export.Format.PARQUET:
        found["gzip"] = ["is for CSV and NDJSON; Parquet is compressed by itself."]
    for name in export.filters:
        if not asked.knows(name):
            found[name] = [_unknown(name, asked)]
        elif name in PERSONAL and not export.tells_users:
            found[name] = [f"needs the right {VIEW_USERS}: this account reads pseudonyms."]
    found |= asked.told
    if not found:
        try:
            bounds_of(export)
            as_of_in(export)
        except BadWindow as problem:
            found[problem.parameter] = [problem.detail]
    return found


def bounds_of(export: Export) -> Bounds:
    """The window that was asked for. Raises ``BadWindow``: somebody who forgets it must not get
    the last days for everything."""
    asked = _asked(export)
    since, until = (asked.value(name) for name in ("since", "until"))
    bounds = read_bounds(since, until, now=export.asked_at)
    is_narrow = isinstance(asked, WindowedFilters) and asked.is_narrow
    is_unasked = since is None and not _is_of_all(export) and not is_narrow
    if is_unasked and export.delivery != Export.Delivery.INCREMENTS:
        raise BadWindow("since", _UNBOUNDED)
    return bounds


def as_of_in(export: Export) -> datetime | None:
    """The moment as of which gaps are asked for. Raises ``BadWindow``."""
    return read_as_of(_asked(export).value("as_of"), now=export.asked_at)


def shown_filters(export: Export, *, users: bool) -> dict[str, list[str] | None]:
    """With None for those that name a person, where ``users`` are not to be seen."""
    return {
        name: values if users or name not in PERSONAL else None
        for name, values in export.filters.items()
    }


def rows_of(export: Export) -> Rows:
    """Of filters without problems."""
    extent = Extent(None if export.apps is None else tuple(export.apps), export.below)
    asked = _asked(export)
    is_incremental = export.delivery == Export.Delivery.INCREMENTS
    if isinstance(asked, DeliveryFilters):
        of_deliveries = RecordingDeliveryRows if is_incremental else DeliveryRows
        return of_deliveries(asked, extent)
    if isinstance(asked, NotificationFilters):
        rows = RecordingRows if is_incremental else NotificationRows
        return rows(asked, extent, tells_users=export.tells_users)
    if isinstance(asked, OperationFilters):
        return OperationRows(asked, extent)
    bounds = bounds_of(export)
    until = bounds.until or export.asked_at
    window = Window(min(bounds.since or _first_emission(until), until), until)
    if isinstance(asked, GapsQuestion):
        return GapRows(asked, window, extent)
    return StatsRows(asked, window, extent)


def lacking(account: Account, dataset: str) -> list[str]:
    """The rights that this account would need and has not."""
    needed = ("notifications.add_export", OFFERS[dataset].right)
    return [right for right in needed if not account.has_perm(right)]


def _asked(export: Export) -> Any:
    data = QueryDict(mutable=True)
    for name, values in export.filters.items():
        data.setlist(name, values)
    question = OFFERS[export.dataset].question
    queryset = {
        DataSet.NOTIFICATIONS: Notification.objects.all,
        DataSet.OPERATIONS: Operation.objects.all,
        DataSet.DELIVERIES: DeliveryReport.objects.all,
    }.get(DataSet(export.dataset), lambda: None)()
    return question(data, queryset, now=export.asked_at, apps=export.apps, whole=True)


def _unknown(name: str, asked: Filters) -> str:
    known = asked.parameters()
    meant = nearest(name, known, asked.aliases)
    hint = f"did you mean {meant}?" if meant else f"it takes {', '.join(sorted(known))}."
    return f"is no parameter of this data set; {hint}"


def _is_of_all(export: Export) -> bool:
    return list(export.filters.get("since", ())) == [ALL]


def _first_emission(until: datetime) -> datetime:
    """As its id has it, so 1970 where a clock was astray; ``until`` where there is none."""
    first = Notification.objects.in_time_order().values_list("id", flat=True).first()
    return until if first is None else time_of(first)
