"""Posting one notification, reading one, and the list, newest first."""

from dataclasses import asdict
from uuid import UUID

from django.utils import timezone
from rest_framework import mixins, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.ingest.decoder import decode
from notifications.ingest.ndjson import Interrupted, record_lines
from notifications.ingest.recorder import Status, record
from notifications.models import Notification

from .bodies import json_body, ndjson_body
from .filters import NotificationFilter
from .pagination import NewestFirst
from .problems import Fault, Problem
from .serializers import NotificationSerializer

INTERRUPTIONS = {
    "incomplete_body": 400,
    "bad_gzip": 400,
    "truncated_gzip": 400,
    "line_too_long": 413,
    "expands_too_much": 413,
    "unavailable": 503,
}


class NotificationViewSet(
    mixins.RetrieveModelMixin, mixins.ListModelMixin, viewsets.GenericViewSet[Notification]
):
    queryset = Notification.objects.select_related("recipient")
    serializer_class = NotificationSerializer
    filterset_class = NotificationFilter
    pagination_class = NewestFirst
    lookup_value_converter = "uuid"

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

    @action(detail=False, methods=["post"])
    def bulk(self, request: Request) -> Response:
        """Records lines of NDJSON, gzipped or not, of any number. Read to the end it is 200, and
        says what became of them; what is committed stays when the stream is damaged."""
        body, gzipped = ndjson_body(request)
        try:
            report = record_lines(
                body, source=request.user.get_username(), clock=timezone.now, gzipped=gzipped
            )
        except Interrupted as interruption:
            raise _interrupted(interruption) from interruption
        counts = report.as_json()
        del counts["committed_through_line"]  # of a stream that was read to its end: its last
        return Response(counts)


def _interrupted(interruption: Interrupted) -> Problem:
    committed = interruption.report.committed_through_line
    detail = f"{interruption.detail} What was sent is committed through line {committed}."
    fault = Fault("body", "#", interruption.code, interruption.detail)
    counts = interruption.report.as_json()
    return Problem(INTERRUPTIONS[interruption.code], interruption.code, detail, fault, **counts)


def _conflict(notification_id: UUID) -> Problem:
    detail = (
        f"Notification {notification_id} was recorded under this message_id and emitted_at with"
        " another content, which stands. A new message needs a new message_id."
    )
    fault = Fault("body", "#/message_id", "conflict", detail)
    return Problem(409, "conflict", detail, fault, id=str(notification_id))
