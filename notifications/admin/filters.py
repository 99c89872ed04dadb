"""The filters of the notification list. None asks the table for its distinct values."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.admin.views.main import SEARCH_VAR
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from notifications.filters.notifications import ANY, NONE, NotificationFilters
from notifications.models import Source
from notifications.protocol.extras import Code, MessageType, OperationResult
from notifications.protocol.window import written

from .search import written_as
from .words import finding_name, of_result, of_type

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

Choices = Iterable[tuple[str, str]]
Asked = dict[str, list[str]]  # parameters of the API

OTHER = "other"
MAX_SOURCES = 200  # in the menu; more than anyone picks from
DEFAULT_WINDOW = "30d"
WINDOWS: Mapping[str, tuple[str, timedelta | None]] = {
    "1h": ("Last hour", timedelta(hours=1)),
    "24h": ("Last 24 hours", timedelta(hours=24)),
    "7d": ("Last 7 days", timedelta(days=7)),
    DEFAULT_WINDOW: ("Last 30 days", timedelta(days=30)),
    "all": ("All time", None),
}


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


class NotAskable(Exception):
    """What a list is narrowed by, and no parameter of the API can be; the text says what."""


class ListFilter(SimpleListFilter):
    """Narrows the list as the parameter of the same name does in the API."""

    parameter_name: str

    def values(self) -> Sequence[Any]:
        """What was asked for, as the parameter reads it; nothing when it was not asked."""
        given = self.value()
        return [] if given is None else [given]

    def asked(self) -> Asked:
        """The parameters that narrow to the same. Raises ``NotAskable``."""
        values = [str(each) for each in self.values()]
        return {self.parameter_name: values} if values else {}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        parameter = NotificationFilters.parameters()[self.parameter_name]
        return parameter.filter(queryset, self.values())


class ChoiceFilter(ListFilter):
    """A menu. A value that is none of its choices is as good as none given."""

    title: str
    parameter_name: str
    everything = "Any"
    template = "admin/notifications/filter_menu.html"

    def value(self) -> str | None:
        given = super().value()
        return given if given in dict(self.lookup_choices) else None

    @property
    def options(self) -> Iterator[Option]:
        yield Option("", self.everything, self.value() is None)
        for value, label in self.lookup_choices:
            yield Option(value, str(label), value == self.value())


class OpenFilter(ChoiceFilter):
    """A menu of what the specification names, and ``OTHER``."""

    def asked(self) -> Asked:
        if self.value() == OTHER:
            words = f"{self.title}: {dict(self.lookup_choices)[OTHER]}"
            raise NotAskable(f"No export can be asked for “{words}”; choose another.")
        return super().asked()


class TypeFilter(OpenFilter):
    title = "Type"
    parameter_name = "message_type"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        for message_type in MessageType:
            yield message_type.value, of_type(message_type).text
        yield OTHER, "other or none"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == OTHER:
            known = Q(message_type__in=list(MessageType))
            return queryset.filter(Q(message_type=None) | ~known)
        return super().queryset(request, queryset)


class ResultFilter(OpenFilter):
    title = "Result"
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        for result in OperationResult:
            yield result.value, of_result(result).text
        yield OTHER, "other"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == OTHER:
            return queryset.exclude(result=None).exclude(result__in=list(OperationResult))
        return super().queryset(request, queryset)


class FindingFilter(ChoiceFilter):
    title = "Findings"
    parameter_name = "finding"
    everything = "Any or none"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        yield ANY, "any finding"
        yield NONE, "no finding"
        for code in Code:
            yield code.value, finding_name(code)


class SourceFilter(ChoiceFilter):
    title = "Source"
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        slugs = Source.objects.order_by("slug").values_list("slug", flat=True)
        return [(slug, slug) for slug in slugs[:MAX_SOURCES]]


class WindowFilter(ChoiceFilter):
    """Bounds every list, so that no other filter scans the whole record unasked. Looking for one
    identifier needs no bound and lifts the one that nobody chose."""

    title = "Emitted"
    parameter_name = "when"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        self.lifted = bool(request.GET.get(SEARCH_VAR))
        return [(value, label) for value, (label, _) in WINDOWS.items()]

    def chosen(self) -> str:
        return self.value() or ("all" if self.lifted else DEFAULT_WINDOW)

    @property
    def label(self) -> str:
        return WINDOWS[self.chosen()][0]

    @property
    def options(self) -> Iterator[Option]:
        """The default goes without a value, so that a search can tell it from a choice."""
        for value, (label, _) in WINDOWS.items():
            given = "" if value == DEFAULT_WINDOW and not self.lifted else value
            yield Option(given, label, value == self.chosen())

    @cached_property
    def since(self) -> datetime | None:
        length = WINDOWS[self.chosen()][1]
        return None if length is None else timezone.now() - length

    def asked(self) -> Asked:
        return {} if self.since is None else {"since": [written(self.since)]}

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.emitted_between(self.since, None)  # type: ignore[attr-defined, no-any-return]

    def wider(self, changelist: "ChangeList") -> dict[str, str] | None:
        values = list(WINDOWS)
        place = values.index(self.chosen()) + 1
        if place == len(values):
            return None
        value = values[place]
        return {
            "label": WINDOWS[value][0].lower(),
            "query_string": changelist.get_query_string({self.parameter_name: value}),
        }


class AboutFilter(ListFilter):
    """Only what is about one subject: given by links from that subject's page, never chosen."""

    template = "admin/notifications/filter_about.html"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:
        given = self.value()
        return [] if given is None else [(given, given)]

    def values(self) -> Sequence[Any]:
        return written_as(self.value() or "")

    def asked(self) -> Asked:
        if not self.values():
            raise NotAskable(f"No {self.title} can have this identifier.")
        return super().asked()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is not None and not self.values():
            return queryset.none()  # nothing can have this identifier
        return super().queryset(request, queryset)

    def choices(self, changelist: "ChangeList") -> Iterator[Any]:
        yield {
            "value": self.value(),
            "query_string": changelist.get_query_string({self.parameter_name: None}),
        }


class AboutOperation(AboutFilter):
    title, parameter_name = "operation", "operation"


class AboutDevice(AboutFilter):
    title, parameter_name = "device", "activation"


class AboutInboxMessage(AboutFilter):
    title, parameter_name = "inbox message", "inbox_message"


class AboutRecipient(AboutFilter):
    """By the surrogate key, which tells nothing of the person."""

    title, parameter_name = "recipient", "recipient"

    def values(self) -> Sequence[Any]:
        given = self.value() or ""
        is_key = given.isascii() and given.isdigit() and len(given) < 19
        return [int(given)] if is_key else []
