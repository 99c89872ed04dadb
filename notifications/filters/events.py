"""What the events of a device or an operation can be asked for."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet

from notifications.protocol.window import Bounds

from .base import WindowedFilters


class EventFilters(WindowedFilters):
    """In the order of their ids, which is that of the times they tell, or were observed at."""

    about: Sequence[Q] = ()  # each by an index of its own; an event that meets any of them

    @property
    def is_narrow(self) -> bool:
        return True

    @property
    def parts(self) -> "list[QuerySet[Any]]":
        found = self._narrowed()
        return [found.filter(each) for each in self.about]

    def within(self, queryset: Any, bounds: Bounds) -> "QuerySet[Any]":
        found: QuerySet[Any] = queryset.between(bounds.since, bounds.until)
        return found
