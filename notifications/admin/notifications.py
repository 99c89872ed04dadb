"""The list of notifications and the page of one."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.filters.notifications import NotificationFilters
from notifications.models import Export, Notification, Operation
from notifications.trace.reported import reported_beside

from . import filters, times
from .deliveries import deliveries_of
from .exporting import Exportable, searched_notifications
from .happened import of_notification
from .presentations import presentation_of
from .presentations import related as related_texts
from .reading import judged_today, pretty_json, read_apps, read_extras
from .related import WHAT, WHOM, neighbourhoods, within_a_minute
from .rows import for_rows
from .search import mentioning
from .site import pages_of
from .telling import apart
from .trails import about
from .walks import Walk, walk_around
from .windows import WindowFilter

MAX_OTHERS = 20  # reports of the same emission
MAX_SHOWN = 200  # keys, and findings: a page of ten thousand serves nobody
HOURLY = _("how many, by whole hours")


@pages_of(Notification)
class NotificationAdmin(Exportable[Notification]):
    datasets = ((Export.DataSet.NOTIFICATIONS, _("notifications")), (Export.DataSet.STATS, HOURLY))
    keyset = "id"
    question = NotificationFilters
    rows_template = "admin/notifications/rows/notifications.html"
    page_template = "admin/notifications/notification.html"
    search_help_text = _(
        "Exactly the id, message id, operation, activation, inbox message or user id."
    )
    list_filter = (
        filters.TypeFilter,
        filters.ResultFilter,
        filters.FindingFilter,
        filters.SourceFilter,
        WindowFilter,
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
        beside = related_texts(request.user.has_perm)
        return Notification.objects.select_related("recipient", *beside).filter(pk=key).first()

    def page(self, request: HttpRequest, shown: Notification) -> dict[str, Any]:
        presented = presentation_of(shown, timezone.now(), request.user.has_perm)
        return {**self._payload(shown), **presented, **self._relations(request, shown)}

    def walks(self, request: HttpRequest, shown: Notification) -> list[Walk]:
        return []  # along its relations instead of the list

    def called(self, shown: Notification) -> str:
        return times.clock(shown.emitted_at)

    def _payload(self, shown: Notification) -> dict[str, Any]:
        entries = read_extras(shown.extras, shown.findings)
        return {
            "entries": entries[:MAX_SHOWN],
            "more_entries": max(0, len(entries) - MAX_SHOWN),
            "findings": shown.findings[:MAX_SHOWN],
            "more_findings": max(0, len(shown.findings) - MAX_SHOWN),
            "json": pretty_json(shown.extras),
            "apps": read_apps(shown.extras, shown.platform),
            "today": judged_today(shown.extras, shown.findings, shown.rules),
        }

    def _relations(self, request: HttpRequest, shown: Notification) -> dict[str, Any]:
        may = request.user.has_perm
        found = neighbourhoods(shown, may)
        what = next((each for each in found if each.relation in WHAT), None)
        whom = next((each for each in found if each.relation in WHOM), None)
        operation = Operation.objects.filter(pk=shown.operation_id).first()
        deliveries = deliveries_of(shown, may)
        last = deliveries.last if deliveries is not None else None
        wider = about(
            may,
            recipient=shown.recipient_id,
            activation=shown.activation_id,
            operation=shown.operation_id,
            inboxmessage=shown.inbox_message_id,
        )
        return {
            "walks": [walk_around(each) for each in found],
            "happened": of_notification(shown, what, operation, last, may=may),
            "deliveries": deliveries,
            "others": self._others(shown, by_user=may("notifications.view_recipient")),
            "trail": self.trail(shown, *wider),
            "related": what,
            "near": within_a_minute(whom) if whom and whom.relation == "activation" else (),
        }

    def _others(self, shown: Notification, *, by_user: bool) -> dict[str, Any]:
        """What else reports the same, with how long before or after."""
        others = reported_beside(shown, by_user=by_user)
        return {
            "more": max(0, len(others) - MAX_OTHERS),
            "shown": [(each, apart(each.at - shown.emitted_at)) for each in others[:MAX_OTHERS]],
        }
