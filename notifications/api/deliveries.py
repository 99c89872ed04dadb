"""Delivery reports: what gateways answered, of one notification or as lines about many."""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.deliveries import DeliveriesOfOne
from notifications.ingest.deliveries import record_deliveries
from notifications.ingest.delivery_envelope import read_told
from notifications.ingest.delivery_lines import LINE_FIELDS, DeliveryLines
from notifications.ingest.recorder import Status
from notifications.models import DeliveryReport, Notification
from notifications.protocol.deliveries import last_word
from notifications.trace.deliveries import delivery_of

from .bodies import json_body
from .delivery_shapes import DeliveryReceiptSerializer, DeliverySerializer
from .ingesting import Ingesting
from .json_schemas import DELIVERY_LINES
from .lists import ListViewSet
from .permissions import NamedRight, apps_of
from .problems import Fault, Problem
from .receipts import DeliveryBulkReportSerializer
from .schema import may_answer
from .streaming import INTERRUPTIONS, record_stream

SHOWN = 20  # reports beside their notification, the latest
WEIGHED = 1_000  # of which the last word is told beside it


class MayViewDeliveries(NamedRight):
    right = "notifications.view_deliveryreport"


class DeliveryViewSet(Ingesting, ListViewSet):
    queryset = DeliveryReport.objects.all()
    serializer_class = DeliverySerializer
    question_class = DeliveriesOfOne
    known_fields = frozenset(LINE_FIELDS)

    @extend_schema(responses=DeliverySerializer(many=True))
    @may_answer("too_much")
    def of_notification(self, request: Request, pk: UUID) -> Response:
        """What gateways answered for this notification. Newest first, by the time of the answer, or
        of its report where that was not told."""
        about = Notification.objects.of_apps(apps_of(request)).filter(pk=pk)
        if not about.exists():
            raise not_on_record(request, "There is no such notification here.")
        asked, paging = self.asked(DeliveryReport.objects.filter(notification=pk))
        name = f"deliveries of notification {pk}"
        return self.page_of(asked, paging, of=name, shown_as=DeliverySerializer)

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/DeliveryReport"}},
        responses={201: DeliveryReceiptSerializer, 200: DeliveryReceiptSerializer},
    )
    @may_answer("empty_body", "malformed_json", "conflict", "too_large", "invalid_envelope")
    def create(self, request: Request, pk: UUID) -> Response:
        """Records what a gateway answered for this notification: 201 when it is new, 200 when it
        stood already. Both mean that it is committed. 409: its report_id stands with another
        content, which is kept."""
        told = read_told(json_body(request), now=timezone.now())
        if not Notification.objects.filter(pk=pk).exists():
            raise not_on_record(request, NOT_YET)
        receipt = record_deliveries([told.of(pk)], source=request.user.get_username())
        (report,), (status,) = receipt.ids, receipt.statuses
        if status is Status.CONFLICT:
            raise _conflict(report)
        answer = {"outcome": told.outcome, "is_final": told.is_final}
        return Response(
            {"id": report, "status": status, **answer}, 201 if status is Status.RECORDED else 200
        )

    @extend_schema(
        request={"application/x-ndjson": DELIVERY_LINES}, responses=DeliveryBulkReportSerializer
    )
    @may_answer(*INTERRUPTIONS)
    def bulk(self, request: Request) -> Response:
        """Records lines of NDJSON, gzipped or not, of any number, each about a message by the name
        that its source gave it, or by its id. Read to the end it is 200, and says what became of
        them; what is committed stays when the stream is damaged."""
        return record_stream(self, DeliveryLines(request.user.get_username()))


def beside_notification(notification: UUID) -> dict[str, Any]:
    """What became of it in the end, and what was told of that last."""
    told = DeliveryReport.objects.filter(notification=notification).newest_first()[:WEIGHED]
    reports = list(told)
    word = last_word(map(delivery_of, reports))
    shown_as = DeliverySerializer()
    return {
        "outcome": word and word.outcome,
        "deliveries": [shown_as.to_representation(each) for each in reports[:SHOWN]],
    }


def not_on_record(request: Request, detail: str) -> Problem:
    return Problem(404, "not_found", detail, Fault("path", request.path, "not_found", detail))


NOT_YET = (
    "No such notification is on record: record it first, then what became of it. Its id is in the"
    " receipt; lines of deliveries/bulk/ may name it as its source does."
)


def _conflict(report: UUID) -> Problem:
    detail = (
        f"Delivery report {report} was recorded under this report_id with another content, which"
        " stands. A new report needs a new report_id."
    )
    fault = Fault("body", "#/report_id", "conflict", detail)
    return Problem(409, "conflict", detail, fault, id=str(report))
