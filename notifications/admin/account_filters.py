"""The filters of the list of accounts, of which the API knows nothing."""

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.admin import ModelAdmin, SimpleListFilter
from django.contrib.auth.models import Group
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Account
from notifications.models.tokens import SERVICE

from .filters import Option

Offered = Iterable[tuple[str, str]]
KINDS = {"person": ~SERVICE, "service": SERVICE, "superuser": Q(is_superuser=True)}
STATES = {"active": Q(is_active=True), "deactivated": Q(is_active=False)}


class Menu(SimpleListFilter):
    """A value that is none of its choices is as good as none given."""

    template = "admin/notifications/filter_menu.html"

    def value(self) -> str | None:
        given = super().value()
        return given if given in dict(self.lookup_choices) else None

    @property
    def options(self) -> Iterator[Option]:
        yield Option("", _("Any"), self.value() is None)
        for value, label in self.lookup_choices:
            yield Option(value, str(label), value == self.value())


class KindFilter(Menu):
    title: Any = gettext_lazy("Kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Offered:
        yield "person", _("Persons")
        yield "service", _("Service accounts")
        yield "superuser", _("Superusers")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(KINDS.get(self.value() or "", Q()))


class StateFilter(Menu):
    title: Any = gettext_lazy("State")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Offered:
        yield "active", _("Active")
        yield "deactivated", _("Deactivated")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(STATES.get(self.value() or "", Q()))


class GroupFilter(Menu):
    title: Any = gettext_lazy("Group")
    parameter_name = "group"

    def lookups(self, request: HttpRequest, model_admin: ModelAdmin[Any]) -> Offered:
        for name in Group.objects.order_by("name").values_list("name", flat=True):
            yield name, name

    def queryset(self, request: HttpRequest, queryset: QuerySet[Account]) -> QuerySet[Account]:
        name = self.value()
        return queryset if name is None else queryset.filter(groups__name=name)
