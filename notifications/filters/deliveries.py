"""What delivery reports can be asked for."""

from typing import Any

from django.db.models import QuerySet

from notifications.protocol.deliveries import Outcome
from notifications.protocol.window import Bounds

from .base import WindowedFilters
from .parameters import Parameter, choices, names, one_of


class DeliveryFilters(WindowedFilters):
    """In the order of their ids, which is that of the times they tell, or were observed at."""

    outcome = Parameter(
        one_of(list(Outcome)),
        column="outcome",
        help="With this outcome.",
        schema=choices(list(Outcome)),
    )
    source = names("source", "Told by this source.")

    def within(self, queryset: Any, bounds: Bounds) -> "QuerySet[Any]":
        found: QuerySet[Any] = queryset.between(bounds.since, bounds.until)
        return found


class DeliveriesOfOne(DeliveryFilters):
    """Of one notification, which an index finds."""

    @property
    def is_narrow(self) -> bool:
        return True
