"""The list of notifications and the page of one."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest

from notifications.models import Export, Notification
from notifications.protocol.extras import identifier

from . import filters
from .exporting import Exportable, searched_notifications
from .reading import judged_today, pretty_json, read_apps, read_extras
from .rows import for_rows
from .search import mentioning
from .site import pages_of

MAX_SHOWN = 200  # keys, and findings: a page of ten thousand serves nobody
HOURLY = "how many, by whole hours"


@pages_of(Notification)
class NotificationAdmin(Exportable[Notification]):
    datasets = ((Export.DataSet.NOTIFICATIONS, "notifications"), (Export.DataSet.STATS, HOURLY))
    keyset = "id"
    rows_template = "admin/notifications/rows/notifications.html"
    page_template = "admin/notifications/notification.html"
    search_help_text = (
        "Exactly the id, message id, operation, activation, inbox message or user id."
    )
    list_filter = (
        filters.TypeFilter,
        filters.ResultFilter,
        filters.FindingFilter,
        filters.SourceFilter,
        filters.WindowFilter,
        filters.AboutOperation,
        filters.AboutDevice,
        filters.AboutInboxMessage,
        filters.AboutRecipient,
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notification]:
        return for_rows(Notification.objects.newest_first())

    def search(
        self, request: HttpRequest, queryset: QuerySet[Notification], term: str
    ) -> QuerySet[Notification]:
        by_user = request.user.has_perm("notifications.view_recipient")
        return mentioning(queryset, term, by_user=by_user)

    def asked_by_search(self, request: HttpRequest, term: str) -> filters.Asked:
        return searched_notifications(request, term)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Notification | None:
        try:
            key = UUID(object_id)
        except ValueError:
            return None
        return Notification.objects.select_related("recipient").filter(pk=key).first()

    def page(self, request: HttpRequest, shown: Notification) -> dict[str, Any]:
        entries = read_extras(shown.extras, shown.findings)
        return {
            "entries": entries[:MAX_SHOWN],
            "more_entries": max(0, len(entries) - MAX_SHOWN),
            "findings": shown.findings[:MAX_SHOWN],
            "more_findings": max(0, len(shown.findings) - MAX_SHOWN),
            "json": pretty_json(shown.extras),
            "apps": read_apps(shown.extras, shown.platform),
            "today": judged_today(shown.extras, shown.findings, shown.rules),
            "operation_name": identifier(shown.extras.get("operationName")),
        }
