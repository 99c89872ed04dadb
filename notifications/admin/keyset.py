"""Lists that are read from a bound in an index, as quick on the thousandth page as on the first:
no COUNT, no OFFSET."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from .filters import WindowFilter
from .search import NUL

if TYPE_CHECKING:
    from .readonly import ReadOnlyAdmin

BEFORE, AFTER = "before", "after"


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a page begins: at keys less than ``key`` (before) or greater (after)."""

    side: str
    key: Any


class KeysetChangeList(ChangeList):
    """``first``, ``newer`` and ``older`` are the query strings of the neighbouring pages, or None;
    in a list that is not of time they are the previous and the next."""

    model_admin: "ReadOnlyAdmin[Any]"
    first: str | None = None
    newer: str | None = None
    older: str | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        self.bound = self._bound(request)
        known = {SEARCH_VAR, *(getattr(each, "parameter_name", "") for each in self.list_filter)}
        # The form of filters sends those that nobody chose as well, empty.
        self.params = {key: text for key, text in self.params.items() if text and key in known}
        self.filter_params = {key: self.filter_params[key] for key in self.params}
        found = super().get_queryset(request, exclude_parameters)
        # A subject that no notification names yet has no place in time; only a search finds it.
        return found if self.query else found.exclude(**{self.model_admin.keyset: None})

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """The index's order and no other."""
        return list(self.model_admin.get_ordering(request))

    def get_results(self, request: HttpRequest) -> None:
        rows, more = self._read(self.bound)
        backwards = self.bound is not None and not self._is_onward(self.bound)
        if backwards and not more:  # the start is reached: show the whole first page
            self.bound = None
            backwards = False
            rows, more = self._read(None)
        self.result_list = rows
        self.result_count = len(rows)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = False
        self.can_show_all = self.multi_page = False
        if self.bound is not None:
            self.first = self.get_query_string()
        if rows and self.bound is not None:
            self.newer = self._neighbour(rows[0], onward=False)
        if rows and (more or backwards):
            self.older = self._neighbour(rows[-1], onward=True)

    @property
    def wider(self) -> dict[str, str] | None:
        """The next wider window of time, for a list that shows nothing in this one."""
        for spec in self.filter_specs:
            if isinstance(spec, WindowFilter):
                return spec.wider(self)
        return None

    def _read(self, bound: Bound | None) -> tuple[list[Model], bool]:
        """One page in the list's order, and whether there is more beyond it."""
        rows = self.queryset
        if bound is not None:
            less_or_greater = "lt" if bound.side == BEFORE else "gt"
            rows = rows.filter(**{f"{self.model_admin.keyset}__{less_or_greater}": bound.key})
        onward = bound is None or self._is_onward(bound)
        found = list((rows if onward else rows.reverse())[: self.list_per_page + 1])
        page = found[: self.list_per_page]
        return (page if onward else page[::-1]), len(found) > self.list_per_page

    def _bound(self, request: HttpRequest) -> Bound | None:
        column: Any = self.opts.get_field(self.model_admin.keyset.removesuffix("_id"))
        target = getattr(column, "target_field", column)
        for side in (BEFORE, AFTER):
            given = request.GET.get(side)
            if given is None:
                continue
            try:
                if NUL in given:
                    raise ValidationError("no key has it")
                return Bound(side, target.to_python(given))
            except ValidationError:
                messages.warning(request, "That page does not exist; this is the first one.")
        return None

    def _is_onward(self, bound: Bound) -> bool:
        return (bound.side == BEFORE) == self.model_admin.newest_first

    def _neighbour(self, row: Model, *, onward: bool) -> str:
        side = BEFORE if onward == self.model_admin.newest_first else AFTER
        return self.get_query_string({side: getattr(row, self.model_admin.keyset)})
