"""The base of every page over the record: looking is all that can be done.

Triggers refuse changes in the database; here nothing offers them.
"""

from typing import Any, TypeVar

from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from notifications.filters.base import ListFilters
from notifications.models.patience import TooMuch, at_most

from .addresses import unquote_key
from .keyset import KeysetChangeList
from .search import NUL, written_as
from .trails import Crumb, beginning, crumb
from .walks import Walk, walk_list

M = TypeVar("M", bound=Model)


class ReadOnlyAdmin(admin.ModelAdmin[M]):
    """A list and a page for each row. Subclasses name their templates and their order.

    ``keyset`` is the column that orders the list and marks its pages; it has an index.
    ``question`` is what the API can be asked for the same rows, which filters go by.
    """

    actions = None
    list_per_page = 100
    show_full_result_count = False
    change_list_template = "admin/notifications/list.html"
    rows_template: str
    page_template: str
    keyset: str
    question: type[ListFilters]
    newest_first = True
    longest_query = "5s"
    searched: tuple[str, ...] = ("pk",)
    search_fields = ("pk",)  # tells Django that there is a search; ``search`` does it

    def get_urls(self) -> list[URLPattern]:
        """The list and the page: add, delete and history have no address at all."""
        name = f"{self.opts.app_label}_{self.opts.model_name}"
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name=f"{name}_changelist"),
            path("<path:object_id>/change/", view(self.change_view), name=f"{name}_change"),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return KeysetChangeList

    def get_ordering(self, request: HttpRequest) -> tuple[str]:
        return (f"-{self.keyset}" if self.newest_first else self.keyset,)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[M], bool]:
        """Exactly this identifier: an index serves it, as it does no part of one."""
        found = self.search(request, queryset, search_term) if search_term else queryset
        return found, False

    def search(self, request: HttpRequest, queryset: QuerySet[M], term: str) -> QuerySet[M]:
        (field,) = self.searched
        return queryset.filter(**{f"{field}__in": written_as(term)})

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with what else the list shows of the few that are on a page."""
        return rows

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Gives up in time: a rare value looked for in all of time reads the whole record."""
        try:
            with at_most(self.longest_query):
                return super().changelist_view(request, extra_context)
        except TooMuch:
            told = _("That took longer than %(limit)s; choose a shorter time.")
            messages.warning(request, told % {"limit": self.longest_query})
            # As it opens it may take too long as well, and would lead to itself for ever.
            return redirect(request.path if request.GET else f"{self.admin_site.name}:index")

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = self.of_address(request, object_id)
        if shown is None:
            return self.unknown(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": shown,
            "permalink": request.build_absolute_uri(request.path),
            "trail": self.trail(shown),
            "walks": self.walks(request, shown),
            **self.page(request, shown),
        }
        return TemplateResponse(request, self.page_template, context)

    def of_address(self, request: HttpRequest, object_id: str) -> M | None:
        key = unquote_key(object_id)
        return None if NUL in key else self.get_object(request, key)

    def unknown(self, request: HttpRequest) -> HttpResponse:
        told = _("There is no such %(kind)s in the record.")
        messages.warning(request, told % {"kind": self.opts.verbose_name})
        return redirect(f"{self.admin_site.name}:index")

    def page(self, request: HttpRequest, shown: M) -> dict[str, Any]:
        """What the page's template needs beside the ``object``: also ``happened``, a sentence, and
        ``trail`` and ``walks`` where they are others."""
        return {}

    def trail(self, shown: M, *between: Crumb) -> list[Crumb]:
        kind = str(self.opts.model_name)
        begun = beginning(kind, str(self.opts.verbose_name_plural))
        return [*begun, *between, crumb(kind, self.called(shown))]

    def walks(self, request: HttpRequest, shown: M) -> list[Walk]:
        others = self.get_queryset(request)
        walk = walk_list(shown, others, keyset=self.keyset, name=self.called)
        return [walk] if walk is not None else []

    def called(self, shown: M) -> str:
        """In the breadcrumbs, and in steps to its page."""
        return str(shown.pk)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: M | None = None) -> bool:
        return False
