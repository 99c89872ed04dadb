"""The window of time of a list: one that ends now, or exact bounds. It bounds every list that has
other filters, so that none of these reads the whole record unasked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Model, QuerySet
from django.http import HttpRequest, QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.filters.base import WindowedFilters
from notifications.protocol.identity import time_of
from notifications.protocol.window import EARLIEST, LATEST, BadWindow, Bounds, read_bounds, written

from .asking import Choice, fields_of, moment_in
from .filters import Asked, Chip, ChoiceFilter, Choices
from .times import moment, second, zone_name
from .zones import named_zone

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    from .readonly import ReadOnlyAdmin

SINCE, UNTIL, ZONE = "since", "until", "zone"
MONTH, ALL = "30d", "all"
_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Length:
    """Of a window that ends now; None: it never began."""

    span: timedelta | None
    label: str | Promise
    offer: str | Promise


WINDOWS: Mapping[str, Length] = {
    "1h": Length(timedelta(hours=1), gettext_lazy("1 hour"), gettext_lazy("Look at the last hour")),
    "24h": Length(
        timedelta(hours=24), gettext_lazy("24 hours"), gettext_lazy("Look at the last 24 hours")
    ),
    "7d": Length(
        timedelta(days=7), gettext_lazy("7 days"), gettext_lazy("Look at the last 7 days")
    ),
    MONTH: Length(
        timedelta(days=30), gettext_lazy("30 days"), gettext_lazy("Look at the last 30 days")
    ),
    ALL: Length(None, gettext_lazy("all time"), gettext_lazy("Look at all time")),
}


def settled(parameters: Mapping[str, str]) -> tuple[dict[str, str], str]:
    """``parameters`` with the exact bounds as instants, whichever way they were written; or without
    them, and what is wrong."""
    rest = {name: text for name, text in parameters.items() if name not in (SINCE, UNTIL, ZONE)}
    zone = named_zone(parameters.get(ZONE, ""))
    given = [moment_in(zone, parameters.get(name, "")) for name in (SINCE, UNTIL)]
    try:
        bounds = read_bounds(*given, now=timezone.now())
    except BadWindow as problem:
        return rest, str(problem)
    told = {SINCE: bounds.since, UNTIL: bounds.until}
    return rest | {name: written(each) for name, each in told.items() if each is not None}, ""


class WindowFilter(ChoiceFilter):
    """Looking for one identifier needs no bound and lifts the one that nobody chose."""

    title = gettext_lazy("Emitted")
    parameter_name = "when"
    default = MONTH
    question: type[WindowedFilters]

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: "ReadOnlyAdmin[Any]",
    ) -> None:
        self.now = timezone.now().replace(microsecond=0)  # so that addresses are short
        self.lifted = bool(request.GET.get(SEARCH_VAR))
        since, until = (params.pop(name, [None])[-1] for name in (SINCE, UNTIL))
        self.exact = read_bounds(since, until, now=self.now)  # settled already
        super().__init__(request, params, model, model_admin)

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        return [(value, length.label) for value, length in WINDOWS.items()]

    def at(self, row: Any) -> datetime | None:
        """The time of ``row`` that the window is of."""
        told: datetime = row.emitted_at
        return told

    @property
    def unchosen(self) -> str:
        return ALL if self.lifted else self.default

    @property
    def chosen(self) -> str | None:
        """The length that ends now; None where the bounds are exact."""
        return None if self.exact != Bounds() else self.value() or self.unchosen

    @property
    def bounds(self) -> Bounds:
        if self.chosen is None:
            return self.exact
        span = WINDOWS[self.chosen].span
        return Bounds() if span is None else Bounds(self.now - span)

    @property
    def fields(self) -> dict[str, str]:
        return fields_of(self.exact.since, self.exact.until)

    @cached_property
    def words(self) -> str:
        """The window, after the title."""
        since, until = self.bounds.since, self.bounds.until
        told = {
            "since": since and _told(since),
            "until": until and _told(until),
            "zone": zone_name(),
        }
        if since and until:
            return _("from %(since)s until %(until)s, %(zone)s") % told
        if since:
            return _("from %(since)s until now, %(zone)s") % told
        return _("before %(until)s, %(zone)s") % told if until else _("at any time")

    def asked(self) -> Asked:
        return {name: [text] for name, text in _as_parameters(self.bounds).items()}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.question(QueryDict(), queryset, now=self.now).within(queryset, self.bounds)

    def chips(self, changelist: "ChangeList") -> Iterator[Chip]:
        if self.chosen != self.unchosen:
            words = WINDOWS[self.chosen].label if self.chosen else self.words
            yield Chip(str(self.title), str(words), self._query(changelist, self.unchosen))

    def lengths(self, changelist: "ChangeList") -> list[Choice]:
        return [
            Choice(self._query(changelist, value), str(length.label), value == self.chosen)
            for value, length in WINDOWS.items()
        ]

    def earlier(self, changelist: "ChangeList") -> str | None:
        return self._moved(changelist, -1)

    def later(self, changelist: "ChangeList") -> str | None:
        until = self.bounds.until
        return self._moved(changelist, 1) if until is not None and until < self.now else None

    def wider(self, changelist: "ChangeList") -> Choice | None:
        """For a list that shows nothing in this window."""
        values = list(WINDOWS)
        if self.chosen == ALL:
            return None
        value = values[values.index(self.chosen) + 1] if self.chosen else ALL
        return Choice(self._query(changelist, value), str(WINDOWS[value].offer))

    def fixed(self, rows: list[Model]) -> dict[str, str]:
        """The parameters of this window at any later time. It ends behind all ``rows``, which a
        clock may have told to be of the future."""
        if self.lifted and self.chosen == ALL:
            return {}  # and what is searched for may have no time yet
        times = [at for at in map(self.at, rows[:1] + rows[-1:]) if at is not None]
        latest = min(max([self.now, *times]), LATEST - _SECOND)
        until = self.bounds.until or latest.replace(microsecond=0) + _SECOND
        return _as_parameters(Bounds(self.bounds.since, until))

    def _query(self, changelist: "ChangeList", value: str) -> str:
        chosen = None if value == self.unchosen else value
        return changelist.get_query_string({self.parameter_name: chosen, SINCE: None, UNTIL: None})

    def _moved(self, changelist: "ChangeList", by: int) -> str | None:
        since, until = self.bounds.since, self.bounds.until or self.now
        if since is None:
            return None
        length = until - since
        moved = Bounds(since + by * length, until + by * length)
        if moved.since < EARLIEST or moved.until > LATEST:  # type: ignore[operator]
            return None
        return changelist.get_query_string({self.parameter_name: None, **_as_parameters(moved)})


class FirstNotified(WindowFilter):
    """Of subjects: by the first notification about them, whose id carries its time."""

    title = gettext_lazy("First notified")

    def at(self, row: Any) -> datetime | None:
        return None if row.first_notification_id is None else time_of(row.first_notification_id)


class FirstNotifiedEver(FirstNotified):
    """Where there is no other filter, which might read all of it."""

    default = ALL


class Noted(WindowFilter):
    """Of access records."""

    title = gettext_lazy("Noted")

    def at(self, row: Any) -> datetime | None:
        told: datetime = row.at
        return told


class AskedFor(WindowFilter):
    """Of exports."""

    title = gettext_lazy("Asked for")

    def at(self, row: Any) -> datetime | None:
        told: datetime = row.asked_at
        return told


def _told(at: datetime) -> str:
    return moment(at) if at.microsecond else second(at)


def _as_parameters(bounds: Bounds) -> dict[str, str]:
    told = {SINCE: bounds.since, UNTIL: bounds.until}
    return {name: written(each) for name, each in told.items() if each is not None}
