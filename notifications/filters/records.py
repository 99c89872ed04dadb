"""What sources and access records can be asked for."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from notifications.models import MAX_CASE_NUMBER, AccessRecord, Export, GapNote
from notifications.models.gap import MAX_GAP_KEY
from notifications.protocol.identity import first_id_at
from notifications.protocol.reasons import Reason, Rule
from notifications.protocol.window import Bounds

from .base import ListFilters, WindowedFilters
from .parameters import NAME, Parameter, choices, identity, names, one_of, text, text_up_to


class SourceFilters(ListFilters):
    keyset = "slug"

    source = names("pk", "This source.", identifies=True)


class NotedFilters(WindowedFilters):
    """Of what was noted at a time, which is in the column ``noted``."""

    noted = "at"

    def within(self, queryset: "QuerySet[Any]", bounds: Bounds) -> "QuerySet[Any]":
        if bounds.since is not None:
            queryset = queryset.filter(**{f"{self.noted}__gte": bounds.since})
        if bounds.until is not None:
            queryset = queryset.filter(**{f"{self.noted}__lt": bounds.until})
        return queryset


class AccessRecordFilters(NotedFilters):
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


class GapNoteFilters(NotedFilters):
    """In the order of their ids, which is that in which they were noted."""

    noted = "noted_at"

    key = Parameter(
        text_up_to(MAX_GAP_KEY),
        column="key",
        help="On the gap with this key.",
        schema={**NAME, "maxLength": MAX_GAP_KEY},
        identifies=True,
    )
    kind = Parameter(
        one_of(GapNote.Kind.values),
        column="kind",
        help="That say this.",
        schema=choices(GapNote.Kind.values),
    )
    rule = Parameter(
        one_of(list(Rule)), column="rule", help="By this rule.", schema=choices(list(Rule))
    )
    reason = Parameter(
        one_of(list(Reason)),
        column="reason",
        help="On gaps that had this reason then.",
        schema=choices(list(Reason)),
    )
    app_id = names("app_id", "On gaps of this app.")
    source = names("source", "On what this source owes.")
    who = names("who", "By this account.")


class SettingChangeFilters(NotedFilters):
    name = Parameter(text, column="name", help="Of the setting of this name.", schema=NAME)
    about = Parameter(
        identity,
        column="about",
        help="Of this source or account, or this kind of process.",
        schema=NAME,
    )
    who = names("who", "By this account.")


class ExportFilters(WindowedFilters):
    """In the order of their ids, which is that of the times they were asked at."""

    state = Parameter(
        one_of(Export.State.values),
        column="state",
        help="In this state.",
        schema=choices(Export.State.values),
    )
    dataset = Parameter(
        one_of(Export.DataSet.values),
        column="dataset",
        help="Of this data set.",
        schema=choices(Export.DataSet.values),
    )
    format = Parameter(
        one_of(Export.Format.values),
        column="format",
        help="In this format.",
        schema=choices(Export.Format.values),
    )
    delivery = Parameter(
        one_of(Export.Delivery.values),
        column="delivery",
        help="Delivered in this way.",
        schema=choices(Export.Delivery.values),
    )
    who = names("who", "Asked for by this account.")

    def within(self, queryset: "QuerySet[Any]", bounds: Bounds) -> "QuerySet[Any]":
        """By the ids as well, which carry the same times to the millisecond: a page is then read by
        the index that orders it, from where the window begins."""
        if bounds.since is not None:
            first = first_id_at(bounds.since)
            queryset = queryset.filter(id__gte=first, asked_at__gte=bounds.since)
        if bounds.until is not None:
            last = UUID(int=first_id_at(bounds.until).int | 2**80 - 1)
            queryset = queryset.filter(id__lte=last, asked_at__lt=bounds.until)
        return queryset
