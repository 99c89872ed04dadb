"""What the filters of all resources have in common: the window of time, the order, and what is told
of values that cannot be read."""

from abc import abstractmethod
from collections.abc import Mapping
from datetime import datetime, timedelta
from difflib import SequenceMatcher
from functools import cached_property
from typing import Any, ClassVar

import django_filters
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import QueryDict

from notifications.models import Notification
from notifications.models.querysets import Apps
from notifications.protocol.window import DAY, BadWindow, Bounds, read_bounds

from .parameters import Once, Parameter, any_of, choices, one_of, text

UNASKED = timedelta(days=7)  # the window of a list that was asked for nothing that an index finds
MOMENT: dict[str, Any] = {
    "type": "string",
    "pattern": r"^([0-9]{1,6}[mhd]|"
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2}))$",
    "examples": ["24h", "2026-01-31T12:00:00Z"],
}
ORDERS = ("desc", "asc")


def since() -> Once:
    words = "From this moment on: RFC 3339 with its zone, or a length of time before now (24h, 7d)."
    return Once(text, help=words, schema=MOMENT)


def until() -> Once:
    return Once(text, help="Before this moment, written like since.", schema=MOMENT)


class Filters(django_filters.FilterSet):  # type: ignore[misc]
    """``data`` are the parameters as they were given, ``now`` what lengths of time are before, and
    ``apps`` those that the answer is limited to. With ``whole`` a window that nobody asked for is
    all of time, and not the last days.

    ``told`` says of each parameter what is wrong; ``values`` are what the others were read as.
    """

    aliases: ClassVar[Mapping[str, str]] = {"from": "since", "to": "until", "limit": "page_size"}

    def __init__(
        self,
        data: QueryDict,
        queryset: "QuerySet[Any] | None" = None,
        *,
        now: datetime,
        apps: Apps = None,
        whole: bool = False,
    ) -> None:
        found = Notification.objects.none() if queryset is None else queryset
        super().__init__(data=data, queryset=found)
        self.now, self.apps, self.whole = now, apps, whole

    @classmethod
    def parameters(cls) -> Mapping[str, Parameter]:
        """By name, those whose names are known beforehand."""
        declared: Mapping[str, Parameter] = cls.base_filters
        return declared

    @classmethod
    def knows(cls, name: str) -> bool:
        return name in cls.base_filters

    @cached_property
    def _read(self) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
        """Without a Django form, which nobody sees here, and whose making takes longer than to read
        what was asked."""
        values, told = {}, {}
        for name in self.data:
            if name in self.filters:
                try:
                    values[name] = self.filters[name].values(self.data.getlist(name))
                except ValidationError as problem:
                    told[name] = problem.messages
        return values, told

    @property
    def told(self) -> dict[str, list[str]]:
        """What is wrong, by parameter; nothing when all is well."""
        return self._read[1]

    def values(self, name: str) -> list[Any]:
        """What was given and could be read."""
        return self._read[0].get(name, [])

    def value(self, name: str, default: Any = None) -> Any:
        """Of a parameter that is given once."""
        return next(iter(self.values(name)), default)


class ListFilters(Filters):
    """Filters of a list that has an order, and of which a page is read by an index.

    ``keyset`` is the column that orders it, unique and indexed.
    """

    keyset: ClassVar[str] = "id"

    order = Once(
        one_of(ORDERS), help="Newest first (desc, the default) or last.", schema=choices(ORDERS)
    )

    @property
    def descending(self) -> bool:
        return bool(self.value("order", "desc") == "desc")

    @property
    def is_short(self) -> bool:
        return False

    @property
    def is_narrow(self) -> bool:
        """It asks for something that an index finds, so that any window will do."""
        return any(self.filters[name].identifies for name in self._conditions)

    @property
    def qs(self) -> "QuerySet[Any]":
        """All that is found, in no order."""
        return self._narrowed()

    @property
    def parts(self) -> "list[QuerySet[Any]]":
        """The whole in parts that an index has in order each: one for each value of the identifier
        that has several. All of them in one condition would be read and sorted, or walked past."""
        for name, conditions in self._conditions.items():
            if self.filters[name].identifies and len(conditions) > 1:
                found = self._narrowed(without=name)
                return [found.filter(each) for each in conditions]
        return [self._narrowed()]

    @cached_property
    def _conditions(self) -> dict[str, list[Q]]:
        """Of each parameter that filters and was given."""
        found: dict[str, list[Q]] = {}
        is_found = False
        for name, values in self._read[0].items():
            parameter = self.filters[name]
            if values and parameter.field_name:
                ask = parameter.checks if is_found else parameter.conditions
                found[name] = ask(values)
                is_found |= parameter.identifies
        return found

    def _narrowed(self, without: str | None = None) -> "QuerySet[Any]":
        queryset: QuerySet[Any] = self.queryset.all()
        for name, conditions in self._conditions.items():
            if name != without:
                queryset = any_of(queryset, conditions)
        return queryset


class WindowedFilters(ListFilters):
    """A list in order of time. Without a window and without an identifier it is of the last days
    (``UNASKED``), so that nobody reads the whole record by leaving something out."""

    since = since()
    until = until()

    @property
    def told(self) -> dict[str, list[str]]:
        try:
            self.bounds  # noqa: B018  (reads them)
        except BadWindow as problem:
            return {**super().told, problem.parameter: [problem.detail]}
        return super().told

    @cached_property
    def bounds(self) -> Bounds:
        """The window that was asked for, or is taken for it. Raises ``BadWindow``."""
        given = read_bounds(self.value("since"), self.value("until"), now=self.now)
        if given.since is not None or self.is_narrow or self.whole:
            return given
        return Bounds((given.until or self.now) - UNASKED, given.until)

    @property
    def is_short(self) -> bool:
        """Its window is so short that all of it can be read."""
        since, until = self.bounds.since, self.bounds.until
        return since is not None and (until or self.now) - since <= DAY

    @property
    def is_unasked(self) -> bool:
        """Nobody chose when the window begins."""
        return self.value("since") is None and not self.is_narrow

    @abstractmethod
    def within(self, queryset: "QuerySet[Any]", bounds: Bounds) -> "QuerySet[Any]":
        """Those of ``queryset`` in the window."""

    def _narrowed(self, without: str | None = None) -> "QuerySet[Any]":
        return self.within(super()._narrowed(without), self.bounds)


def nearest(name: str, known: Mapping[str, Any], aliases: Mapping[str, str]) -> str | None:
    """The known parameter that somebody may have meant by ``name``."""
    if (alias := aliases.get(name)) in known:
        return alias
    within = [each for each in known if name and (name in each or each in name)]
    likeness = {each: SequenceMatcher(None, name, each).ratio() for each in within or known}
    best = max(likeness, key=likeness.__getitem__, default=None)
    return best if best is not None and (within or likeness[best] >= 0.6) else None
