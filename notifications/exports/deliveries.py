"""Delivery reports, as they were told."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from notifications.models import DeliveryReport, Notification

from .columns import Column, Kind, in_order
from .tables import InRecordingOrder, TableRows


def _of_its_notification(column: str) -> Subquery:
    """Looked up for each by its key: joined, all of the record would be read for one day of it."""
    about = Notification.objects.filter(pk=OuterRef("notification_id"))
    return Subquery(about.values(column)[:1])


class DeliveryRows(TableRows):
    told_by = DeliveryReport
    keyset = "id"
    columns = in_order(
        [
            Column("at", Kind.MOMENT, Coalesce("happened_at", "observed_at")),
            Column("answered_at", Kind.MOMENT, "happened_at"),
            Column("observed_at", Kind.MOMENT, "observed_at"),
            Column("recorded_at", Kind.MOMENT, "recorded_at"),
            Column("id", Kind.ID, "id"),
            Column("notification", Kind.ID, "notification_id"),
            Column("source", Kind.NAME, "source_id"),
            Column("outcome", Kind.NAME, "outcome"),
            Column("gateway", Kind.NAME, Coalesce("gateway", _of_its_notification("platform"))),
            Column("code", Kind.NAME, "code"),
            Column("cause", Kind.NAME, "cause"),
            Column("device_by", Kind.NAME, "device_by"),
            Column("zone", Kind.NAME, "zone"),
            Column("report_id", Kind.TEXT, "key"),
            Column("registration", Kind.TEXT, "registration"),
            Column("told_at", Kind.TEXT, "told_at"),
            Column("is_final", Kind.FLAG, "is_final"),
        ]
    )

    def found(self) -> "QuerySet[Any]":
        asked: Any = self.asked.qs
        found = asked.within(self.extent)
        if self.extent.apps is not None:
            found = found.alias(app_id=_of_its_notification("app_id"))
            found = found.filter(app_id__in=list(self.extent.apps))
        return found  # type: ignore[no-any-return]


class RecordingDeliveryRows(InRecordingOrder, DeliveryRows):
    pass
