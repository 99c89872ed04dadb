"""The pages of what notifications are about; each lists its notifications in time order."""

from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest

from notifications.models import (
    Activation,
    Export,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
)

from .exporting import Exportable, searched_operations
from .filters import Asked
from .readonly import ReadOnlyAdmin
from .rows import for_rows
from .site import pages_of
from .traces import DeviceTraced, OperationTraced, UserTraced

SHOWN = 200

M = TypeVar("M", bound=Model)


class SubjectAdmin(ReadOnlyAdmin[M]):
    """``relation`` is the notification's column that names the subject."""

    keyset = "first_notification_id"
    relation: str
    search_help_text = "Exactly the identifier."

    def page(self, request: HttpRequest, shown: M) -> dict[str, Any]:
        """Its latest notifications in time order: of a device with thousands, what happened lately
        is what is asked for; the list, to which the page links, has them all."""
        about = Notification.objects.filter(**{self.relation: shown.pk})
        latest = list(for_rows(about.newest_first()).select_related("recipient")[: SHOWN + 1])
        rows = latest[:SHOWN][::-1]
        people = {row.recipient_id: row.recipient for row in rows if row.recipient is not None}
        return {
            "rows": rows,
            "relation": self.relation,
            "more": len(latest) > SHOWN,
            "limit": SHOWN,
            "recipients": list(people.values()),
        }


@pages_of(Operation)
class OperationAdmin(Exportable[Operation], OperationTraced, SubjectAdmin[Operation]):
    datasets = ((Export.DataSet.OPERATIONS, "operations"),)
    relation = "operation"
    rows_template = "admin/notifications/rows/operations.html"
    page_template = "admin/notifications/operation.html"

    def asked_by_search(self, request: HttpRequest, term: str) -> Asked:
        return searched_operations(term)


@pages_of(Activation)
class ActivationAdmin(DeviceTraced, SubjectAdmin[Activation]):
    relation = "activation"
    rows_template = "admin/notifications/rows/activations.html"
    page_template = "admin/notifications/activation.html"


@pages_of(InboxMessage)
class InboxMessageAdmin(SubjectAdmin[InboxMessage]):
    relation = "inbox_message"
    rows_template = "admin/notifications/rows/inbox_messages.html"
    page_template = "admin/notifications/inbox_message.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboxMessage]:
        """With what its first notification says of whom to trace."""
        told = ("emitted_at", "activation", "recipient")
        return (
            super()
            .get_queryset(request)
            .select_related("first_notification")
            .only("first_notification", *(f"first_notification__{name}" for name in told))
        )


@pages_of(Recipient)
class RecipientAdmin(UserTraced, SubjectAdmin[Recipient]):
    """Under a surrogate key: the address of the page says nothing of the person."""

    keyset = "id"
    relation = "recipient"
    searched = ("user_id",)
    search_help_text = "Exactly the user id."
    rows_template = "admin/notifications/rows/recipients.html"
    page_template = "admin/notifications/recipient.html"
