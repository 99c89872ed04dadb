"""Questions to the notifications, in sentences."""

from datetime import datetime
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models

from notifications.protocol.identity import first_id_at

if TYPE_CHECKING:
    from .notification import Notification  # noqa: F401  (names the row type below)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def newest_first(self) -> Self:
        return self.order_by("-id")

    def in_time_order(self) -> Self:
        return self.order_by("id")

    def emitted_between(self, since: datetime | None, until: datetime | None) -> Self:
        """Emitted at ``since`` or later and before ``until``; None leaves that side open.

        The bounds on the id are what prunes partitions; those on the time settle what the id's
        clamped milliseconds cannot.
        """
        found = self
        if since is not None:
            found = found.filter(id__gte=first_id_at(since), emitted_at__gte=since)
        if until is not None:
            found = found.filter(emitted_at__lt=until)
            found = found.filter(id__lt=_id_after(until))
        return found

    def about_operation(self, operation_id: str) -> Self:
        return self.filter(operation=operation_id)

    def about_device(self, activation_id: str) -> Self:
        return self.filter(activation=activation_id)

    def about_inbox_message(self, inbox_id: str) -> Self:
        return self.filter(inbox_message=inbox_id)

    def nonconforming(self) -> Self:
        return self.exclude(findings=[])

    def with_finding(self, code: str) -> Self:
        """Saying ``findings <> '[]'`` as well is what lets the partial index serve."""
        return self.nonconforming().filter(findings__contains=[{"code": code}])


def _id_after(until: datetime) -> UUID:
    """The least id above every emission before ``until`` (whose millisecond may be cut by it)."""
    return UUID(int=first_id_at(until).int + (1 << 80))
