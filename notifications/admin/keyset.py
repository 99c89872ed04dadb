"""Lists that are read from a bound in an index, as quick on the thousandth page as on the first:
no COUNT, no OFFSET."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from notifications.models.estimates import planned_rows

from .asking import Choice
from .filters import Chip, ChoiceFilter, ListFilter
from .search import NUL
from .windows import SINCE, UNTIL, ZONE, WindowFilter, settled

if TYPE_CHECKING:
    from .readonly import ReadOnlyAdmin

BEFORE, AFTER = "before", "after"
_OF_WINDOW = (WindowFilter.parameter_name, SINCE, UNTIL)


@dataclass(frozen=True, slots=True)
class Bound:
    """Where a page begins: at keys less than ``key`` (before) or greater (after)."""

    side: str
    key: Any


@dataclass(frozen=True, slots=True)
class Total:
    """How many there are on all pages: ``exact``ly, or about so many."""

    number: int
    exact: bool


class KeysetChangeList(ChangeList):
    """``first``, ``newer`` and ``older`` are the query strings of the neighbouring pages, or None;
    in a list that is not of time they are the previous and the next."""

    model_admin: "ReadOnlyAdmin[Any]"
    total: Total
    first: str | None = None
    newer: str | None = None
    older: str | None = None

    def get_queryset(
        self, request: HttpRequest, exclude_parameters: list[str | None] | None = None
    ) -> QuerySet[Any]:
        self.bound = self._bound(request)
        self.params = self._known(request)
        self.filter_params = {key: [text] for key, text in self.params.items()}
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
        self.total = self._total(is_all=self.bound is None and not more)
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
    def filters(self) -> list[ListFilter]:
        return [each for each in self.filter_specs if isinstance(each, ListFilter)]

    @property
    def window(self) -> WindowFilter | None:
        return next((each for each in self.filters if isinstance(each, WindowFilter)), None)

    @property
    def menus(self) -> list[ChoiceFilter]:
        """What the panel of filters has."""
        choices = (each for each in self.filters if isinstance(each, ChoiceFilter))
        return [each for each in choices if each is not self.window]

    @property
    def chosen_menus(self) -> int:
        return sum(each.value() is not None for each in self.menus)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the form sends along beside its own fields."""
        own = {SEARCH_VAR, SINCE, UNTIL, *(each.parameter_name for each in self.menus)}
        return [(name, text) for name, text in self.params.items() if name not in own]

    @cached_property
    def chips(self) -> list[Chip]:
        """What the list is narrowed by, each with the way to undo it."""
        found = [chip for each in self.filters for chip in each.chips(self)]
        if self.query:
            without = self.get_query_string({SEARCH_VAR: None})
            found.insert(0, Chip(_("Search"), self.query, without))
        return found

    @property
    def permalink(self) -> str:
        """Of this list at any later time: the same page of the same window."""
        told = self.params
        if self.window is not None:
            told = {name: text for name, text in told.items() if name not in _OF_WINDOW}
            told |= self.window.fixed(self.result_list)
        if self.bound is not None:
            told = told | {self.bound.side: str(self.bound.key)}
        return "?" + urlencode(sorted(told.items()))

    @property
    def lengths(self) -> list[Choice]:
        return self.window.lengths(self) if self.window else []

    @property
    def earlier(self) -> str | None:
        return self.window.earlier(self) if self.window else None

    @property
    def later(self) -> str | None:
        return self.window.later(self) if self.window else None

    @property
    def wider(self) -> Choice | None:
        """The next wider window of time, for a list that shows nothing in this one."""
        return self.window.wider(self) if self.window else None

    def _known(self, request: HttpRequest) -> dict[str, str]:
        """The parameters of this list that say something. The form of filters sends those that
        nobody chose as well, empty."""
        names = {getattr(each, "parameter_name", "") for each in self.list_filter}
        in_time = WindowFilter.parameter_name in names
        known = {SEARCH_VAR, *names, *((SINCE, UNTIL, ZONE) if in_time else ())}
        given = {key: text for key, text in self.params.items() if text and key in known}
        if not in_time:
            return given
        told, problem = settled(given)
        if problem:
            words = _("%(problem)s The window was left out.")
            messages.warning(request, words % {"problem": problem})
        return told

    def _total(self, *, is_all: bool) -> Total:
        if is_all:
            return Total(self.result_count, exact=True)
        return Total(max(planned_rows(self.queryset), self.result_count + 1), exact=False)

    def _read(self, bound: Bound | None) -> tuple[list[Model], bool]:
        """One page in the list's order, and whether there is more beyond it."""
        rows = self.queryset
        if bound is not None:
            less_or_greater = "lt" if bound.side == BEFORE else "gt"
            rows = rows.filter(**{f"{self.model_admin.keyset}__{less_or_greater}": bound.key})
        onward = bound is None or self._is_onward(bound)
        rows = self.model_admin.for_list(rows)
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
                messages.warning(request, _("That page does not exist; this is the first one."))
        return None

    def _is_onward(self, bound: Bound) -> bool:
        return (bound.side == BEFORE) == self.model_admin.newest_first

    def _neighbour(self, row: Model, *, onward: bool) -> str:
        side = BEFORE if onward == self.model_admin.newest_first else AFTER
        return self.get_query_string({side: getattr(row, self.model_admin.keyset)})
