"""Posting notifications, the list of them, and the feed in the order of recording."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from notifications.filters.notifications import NotificationFilters
from notifications.filters.questions import FeedQuestion, Paging
from notifications.ingest.decoder import decode
from notifications.ingest.ndjson import Envelopes
from notifications.ingest.recorder import Status, record
from notifications.models import Notification
from notifications.models.querysets import Apps

from .addresses import address_of, address_of_list, address_of_trace
from .bodies import json_body
from .deliveries import MayViewDeliveries, beside_notification
from .feed import FeedPage, read_feed
from .ingesting import Ingesting
from .json_schemas import LINES
from .lists import ListViewSet
from .pagination import link_header
from .permissions import apps_of
from .problems import Fault, Problem
from .receipts import BulkReportSerializer, ReceiptSerializer
from .schema import may_answer
from .serializers import NotificationSerializer
from .shapes import FeedSerializer, NotificationDetailSerializer
from .streaming import INTERRUPTIONS, record_stream


@extend_schema_view(retrieve=extend_schema(responses=NotificationDetailSerializer))
class NotificationViewSet(Ingesting, ListViewSet):
    queryset = Notification.objects.all()
    serializer_class = NotificationSerializer
    question_class = NotificationFilters
    lookup_value_converter = "uuid"

    def listed(self, apps: Apps) -> Any:
        return Notification.objects.of_apps(apps).as_shown()

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/Envelope"}},
        responses={201: ReceiptSerializer, 200: ReceiptSerializer},
    )
    @may_answer("empty_body", "malformed_json", "conflict", "too_large", "invalid_envelope")
    def create(self, request: Request) -> Response:
        """Records one envelope: 201 when it is new, 200 when it stood already. Both mean that it is
        committed. 409: its id stands with another content, which is kept."""
        emission = decode(json_body(request), now=timezone.now())
        receipt = record([emission], source=request.user.get_username())
        (notification_id,), (status,) = receipt.ids, receipt.statuses
        if status is Status.CONFLICT:
            raise _conflict(notification_id)
        findings = [asdict(finding) for finding in emission.findings]
        return Response(
            {"id": notification_id, "status": status, "findings": findings},
            201 if status is Status.RECORDED else 200,
        )

    @extend_schema(request={"application/x-ndjson": LINES}, responses=BulkReportSerializer)
    @may_answer(*INTERRUPTIONS)
    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Records lines of NDJSON, gzipped or not, of any number. Read to the end it is 200, and
        says what became of them; what is committed stays when the stream is damaged."""
        return record_stream(self, Envelopes(request.user.get_username()))

    @extend_schema(responses=FeedSerializer)
    @action(detail=False, question_class=FeedQuestion, paging_class=Paging, bucket="export")
    def feed(self, request: Request) -> Response:
        """The feed: all notifications in the order of recording. What is committed late comes late
        and is never passed over, so this is for programs that must miss none."""
        question, paging = self.asked()
        if paging.value("cursor") and question.value("start"):
            told = "says where a feed begins, and is not given along with a cursor."
            raise exceptions.ValidationError({"start": [told]})
        page = read_feed(
            Notification.objects.as_shown(),
            cursor=paging.value("cursor"),
            size=paging.size,
            from_now=question.value("start") is not None,
            apps=apps_of(request),
        )
        return _fed(request, page, self.get_serializer(page.rows, many=True).data)

    def beside(self, shown: Any) -> Mapping[str, Any]:
        """Also what became of it, null for those who may not read delivery reports."""
        inbox_id = shown.inbox_message_id
        may_view = self.request.user.has_perm(MayViewDeliveries.right)
        return {
            **(
                beside_notification(shown.id) if may_view else {"outcome": None, "deliveries": None}
            ),
            "links": {
                "deliveries": address_of(self.request, "notification-deliveries", shown.id),
                "operation": address_of(self.request, "operation-detail", shown.operation_id),
                "activation": address_of(self.request, "activation-detail", shown.activation_id),
                "inbox_message": address_of(self.request, "inbox-message-detail", inbox_id),
                "trace": address_of_trace(self.request, shown),
                "same_operation": address_of_list(
                    self.request, "notification-list", operation=shown.operation_id
                ),
            },
        }


def _fed(request: Request, page: FeedPage, results: Any) -> Response:
    here = remove_query_param(request.build_absolute_uri(), "start")
    following = replace_query_param(here, "cursor", page.cursor)
    return Response(
        {"next": following, "cursor": page.cursor, "has_more": page.has_more, "results": results},
        headers=link_header(following, None),
    )


def _conflict(notification_id: UUID) -> Problem:
    detail = (
        f"Notification {notification_id} was recorded under this message_id and emitted_at with"
        " another content, which stands. A new message needs a new message_id."
    )
    fault = Fault("body", "#/message_id", "conflict", detail)
    return Problem(409, "conflict", detail, fault, id=str(notification_id))
