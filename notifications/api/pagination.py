"""Pages of lists by the key that orders them: as quick on the thousandth page as on the first, and
no totals but by estimate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Model
from rest_framework.request import Request
from rest_framework.utils.urls import replace_query_param

from notifications.filters.base import ListFilters, WindowedFilters
from notifications.filters.questions import ListPaging
from notifications.models.estimates import planned_rows
from notifications.models.patience import at_most
from notifications.protocol.window import written

from .cursors import bad_cursor, read_cursor, write_cursor

LONGEST_QUERY = "20s"


@dataclass(frozen=True, slots=True)
class Page:
    """``rows`` of a list in its order, and the cursors of the neighbouring pages, or None."""

    rows: Sequence[Any]
    next: str | None
    previous: str | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page begins: behind ``key`` in the list's order, or before it."""

    key: Any
    onward: bool


class ListPages:
    """The pages of what ``asked`` finds, in its order. ``name`` is the list's own: a cursor of
    another list, or of the other order, is refused."""

    def __init__(self, name: str, asked: ListFilters, paging: ListPaging) -> None:
        self.asked, self.paging = asked, paging
        self.name = f"{name} {'desc' if asked.descending else 'asc'}"

    def read(self) -> Page:
        """The page that was asked for, from at most two queries. Raises ``TooMuch``."""
        place = self._place()
        onward = place is None or place.onward
        if self.asked.is_narrow or self.asked.is_short:
            rows = self._rows(place, onward=onward)
        else:  # only a long window bounds what is read
            with at_most(LONGEST_QUERY):
                rows = self._rows(place, onward=onward)
        more = len(rows) > self.paging.size
        before = place is not None if onward else more
        shown = rows[: self.paging.size]
        if not onward:
            shown.reverse()
        return Page(
            rows=shown,
            next=self._cursor(shown, onward=True) if more or not onward else None,
            previous=self._cursor(shown, onward=False) if before else None,
        )

    def estimate(self) -> int:
        """About how many there are on all pages, as the planner has it."""
        return sum(planned_rows(part) for part in self.asked.parts)

    def _place(self) -> Place | None:
        cursor = self.paging.value("cursor")
        if not cursor:
            return None
        key, onward = read_cursor(self.name, cursor)
        column: Any = self.asked.queryset.model._meta.get_field(
            self.asked.keyset.removesuffix("_id")
        )
        try:
            return Place(getattr(column, "target_field", column).to_python(key), onward)
        except ValidationError:
            raise bad_cursor() from None

    def _rows(self, place: Place | None, *, onward: bool) -> list[Any]:
        """One more than a page, going away from ``place``."""
        keyset = self.asked.keyset
        falling = self.asked.descending == onward
        order = f"-{keyset}" if falling else keyset
        bound = {} if place is None else {f"{keyset}__{'lt' if falling else 'gt'}": place.key}
        limit = self.paging.size + 1
        parts = [part.filter(**bound) for part in self.asked.parts if not part.query.is_empty()]
        if not parts:
            return []
        if len(parts) == 1:
            return list(parts[0].order_by(order)[:limit])
        first, *others = (part.order_by(order).values_list("pk", keyset)[:limit] for part in parts)
        union = first.union(*others, all=False).order_by(order)[:limit]
        keys = [key for key, _ in union]
        found = self.asked.queryset.filter(pk__in=keys).order_by(order)
        return list(found)

    def _cursor(self, shown: Sequence[Model], *, onward: bool) -> str | None:
        if not shown:
            return None
        edge = shown[-1] if onward else shown[0]
        return write_cursor(self.name, str(getattr(edge, self.asked.keyset)), onward)


def links(request: Request, page: Page, asked: ListFilters) -> dict[str, str | None]:
    """The addresses of the neighbouring pages. They name the window, which would else move on."""
    here = request.build_absolute_uri()
    if isinstance(asked, WindowedFilters):
        bounds = asked.bounds
        if bounds.since is not None:
            here = replace_query_param(here, "since", written(bounds.since))
        if bounds.until is not None:
            here = replace_query_param(here, "until", written(bounds.until))
    return {
        name: replace_query_param(here, "cursor", cursor) if cursor else None
        for name, cursor in (("next", page.next), ("previous", page.previous))
    }


def link_header(following: str | None, previous: str | None) -> dict[str, str]:
    """``Link`` (RFC 8288), where there is anything to link to."""
    told = {"next": following, "prev": previous}
    given = [f'<{url}>; rel="{name}"' for name, url in told.items() if url]
    return {"Link": ", ".join(given)} if given else {}
