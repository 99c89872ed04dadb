"""What sources and access records can be asked for."""

from typing import Any

from django.db.models import QuerySet

from notifications.models import MAX_CASE_NUMBER, AccessRecord
from notifications.protocol.window import Bounds

from .base import ListFilters, WindowedFilters
from .parameters import NAME, Parameter, choices, identity, names, one_of, text


class SourceFilters(ListFilters):
    keyset = "slug"

    source = names("pk", "This source.", identifies=True)


class AccessRecordFilters(WindowedFilters):
    subject = Parameter(
        identity,
        column="subject",
        help="Who looked at this activation, operation or recipient (its key).",
        schema=NAME,
        identifies=True,
    )
    who = names("who", "By this account.")
    via = Parameter(
        one_of(AccessRecord.Via.values),
        column="via",
        help="From here.",
        schema=choices(AccessRecord.Via.values),
    )
    action = Parameter(
        one_of(AccessRecord.Action.values),
        column="action",
        help="What was looked at.",
        schema=choices(AccessRecord.Action.values),
    )
    case = Parameter(
        text,
        column="case_number",
        help="For this case number.",
        schema={**NAME, "maxLength": MAX_CASE_NUMBER},
    )

    def within(self, queryset: "QuerySet[Any]", bounds: Bounds) -> "QuerySet[Any]":
        if bounds.since is not None:
            queryset = queryset.filter(at__gte=bounds.since)
        if bounds.until is not None:
            queryset = queryset.filter(at__lt=bounds.until)
        return queryset
