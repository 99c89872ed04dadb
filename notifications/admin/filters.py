"""The filters of the lists. None asks its table for its distinct values."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from notifications.filters.base import ListFilters
from notifications.filters.notifications import ANY, NONE
from notifications.models import AccessRecord, Export, Source
from notifications.protocol.extras import Code, MessageType, OperationResult

from .search import written_as
from .words import finding_name, of_result, of_state, of_type

if TYPE_CHECKING:
    from django.contrib.admin.views.main import ChangeList

    from .readonly import ReadOnlyAdmin

Choices = Iterable[tuple[str, str | Promise]]
Asked = dict[str, list[str]]  # parameters of the API

OTHER = "other"
MAX_SOURCES = 200  # in the menu; more than anyone picks from


@dataclass(frozen=True, slots=True)
class Option:
    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Chip:
    """Something that the list is narrowed by; the query string ``without`` is of the same list but
    for it."""

    name: str
    value: str
    without: str

    @property
    def undoing(self) -> str:
        return _("Remove the filter %(name)s: %(value)s") % {"name": self.name, "value": self.value}


class NotAskable(Exception):
    """What a list is narrowed by, and no parameter of the API can be; the text says what."""


class ListFilter(SimpleListFilter):
    """Narrows the list as the parameter of the same name does in the API."""

    title: str | Promise  # type: ignore[assignment]  # which may be translated
    parameter_name: str
    question: type[ListFilters]

    def __init__(
        self,
        request: HttpRequest,
        params: dict[str, list[str]],
        model: type[Model],
        model_admin: "ReadOnlyAdmin[Any]",
    ) -> None:
        self.question = model_admin.question
        super().__init__(request, params, model, model_admin)

    def values(self) -> Sequence[Any]:
        """What was asked for, as the parameter reads it; nothing when it was not asked."""
        given = self.value()
        return [] if given is None else [given]

    def asked(self) -> Asked:
        """The parameters that narrow to the same. Raises ``NotAskable``."""
        values = [str(each) for each in self.values()]
        return {self.parameter_name: values} if values else {}

    def chips(self, changelist: "ChangeList") -> Iterator[Chip]:
        if (given := self.value()) is not None:
            without = changelist.get_query_string({self.parameter_name: None})
            yield Chip(str(self.title), self.called(given), without)

    def called(self, value: str) -> str:
        """``value`` in the words of the page."""
        return value

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return self.question.parameters()[self.parameter_name].filter(queryset, self.values())


class ChoiceFilter(ListFilter):
    """A menu. A value that is none of its choices is as good as none given."""

    everything: str | Promise = gettext_lazy("Any")
    template = "admin/notifications/filter_menu.html"

    def value(self) -> str | None:
        given = super().value()
        return given if given in dict(self.lookup_choices) else None

    def called(self, value: str) -> str:
        return str(dict(self.lookup_choices)[value])

    @property
    def options(self) -> Iterator[Option]:
        yield Option("", str(self.everything), self.value() is None)
        for value, label in self.lookup_choices:
            yield Option(value, str(label), value == self.value())


class OpenFilter(ChoiceFilter):
    """A menu of what the specification names, and ``OTHER``."""

    def asked(self) -> Asked:
        if self.value() == OTHER:
            raise NotAskable(
                _("No export can be asked for “%(name)s: %(value)s”; choose another.")
                % {"name": self.title, "value": self.called(OTHER)}
            )
        return super().asked()


class TypeFilter(OpenFilter):
    title = gettext_lazy("Type")
    parameter_name = "message_type"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        for message_type in MessageType:
            yield message_type.value, of_type(message_type).text
        yield OTHER, _("other or none")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == OTHER:
            known = Q(message_type__in=list(MessageType))
            return queryset.filter(Q(message_type=None) | ~known)
        return super().queryset(request, queryset)


class ResultFilter(OpenFilter):
    title = gettext_lazy("Result")
    parameter_name = "result"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        for result in OperationResult:
            yield result.value, of_result(result).text
        yield OTHER, _("other")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() == OTHER:
            return queryset.exclude(result=None).exclude(result__in=list(OperationResult))
        return super().queryset(request, queryset)


class FinishedFilter(ChoiceFilter):
    """Operations whose finish was told, or was not."""

    title = gettext_lazy("Finish")
    parameter_name = "finished"
    everything = gettext_lazy("Told or not")

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        yield "true", pgettext_lazy("a finish", "told")
        yield "false", pgettext_lazy("a finish", "not told")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        parameter = self.question.parameters()[self.parameter_name]
        return parameter.filter(queryset, parameter.values(self.values()))


class FindingFilter(ChoiceFilter):
    title = gettext_lazy("Findings")
    parameter_name = "finding"
    everything = gettext_lazy("Any or none")

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        yield ANY, _("any finding")
        yield NONE, _("no finding")
        for code in Code:
            yield code.value, finding_name(code)


class SourceFilter(ChoiceFilter):
    title = gettext_lazy("Source")
    parameter_name = "source"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        slugs = Source.objects.order_by("slug").values_list("slug", flat=True)
        return [(slug, slug) for slug in slugs[:MAX_SOURCES]]


class ActionFilter(ChoiceFilter):
    title = gettext_lazy("What")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        return AccessRecord.Action.choices


class ViaFilter(ChoiceFilter):
    title = gettext_lazy("Via")
    parameter_name = "via"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        return AccessRecord.Via.choices


class StateFilter(ChoiceFilter):
    title = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        return [(state, of_state(state).text) for state in Export.State.values]


class DataSetFilter(ChoiceFilter):
    title = gettext_lazy("What")
    parameter_name = "dataset"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        return Export.DataSet.choices


class AboutFilter(ListFilter):
    """Only what is about one subject: given by links from that subject's page, never chosen."""

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Choices:  # type: ignore[override]
        given = self.value()
        return [] if given is None else [(given, given)]

    def values(self) -> Sequence[Any]:
        return written_as(self.value() or "")

    def asked(self) -> Asked:
        if not self.values():
            told = _("No %(subject)s can have this identifier.")
            raise NotAskable(told % {"subject": str(self.title).lower()})
        return super().asked()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() is not None and not self.values():
            return queryset.none()  # nothing can have this identifier
        return super().queryset(request, queryset)


class AboutOperation(AboutFilter):
    title, parameter_name = gettext_lazy("Operation"), "operation"


class AboutDevice(AboutFilter):
    title, parameter_name = gettext_lazy("Device"), "activation"


class AboutInboxMessage(AboutFilter):
    title, parameter_name = gettext_lazy("Inbox message"), "inbox_message"


class AboutRecipient(AboutFilter):
    """By the surrogate key, which tells nothing of the person."""

    title, parameter_name = gettext_lazy("Recipient"), "recipient"

    def values(self) -> Sequence[Any]:
        given = self.value() or ""
        is_key = given.isascii() and given.isdigit() and len(given) < 19
        return [int(given)] if is_key else []
