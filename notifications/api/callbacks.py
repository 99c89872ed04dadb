"""Where PowerAuth posts its callbacks.

What can never succeed is answered with 200 all the same where a PowerAuth can be set up to send it:
it stops to dispatch after 200 failures in a row, and the callbacks that matter would go with them.
"""

from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.ingest.callbacks import IDENTIFYING, KEY_HEADER, UnknownType, read_callback
from notifications.ingest.contacts import note_error
from notifications.ingest.envelope import Rejected
from notifications.ingest.events import ActivationReport, Report, record_events
from notifications.models import ActivationEvent, OperationEvent

from .authentication import BasicTokenAuthentication, TokenAuthentication
from .bodies import json_body
from .ingesting import Ingesting
from .permissions import MayReportEvents
from .problems import Fault, Problem
from .receipts import CallbackReceiptSerializer
from .schema import may_answer

KEY = OpenApiParameter(
    KEY_HEADER,
    str,
    OpenApiParameter.HEADER,
    description="The event's own name; told again under it, it is the same event.",
)


class CallbackView(Ingesting):
    known_fields = IDENTIFYING
    authentication_classes = (BasicTokenAuthentication, TokenAuthentication)
    permission_classes = (MayReportEvents,)

    @extend_schema(
        parameters=[KEY],
        request={"application/json": {"$ref": "#/components/schemas/Callback"}},
        responses={201: CallbackReceiptSerializer, 200: CallbackReceiptSerializer},
    )
    @may_answer("empty_body", "malformed_json", "too_large", "invalid_callback")
    def post(self, request: Request) -> Response:
        """Records one callback of PowerAuth: 201 when its event is new, 200 when it stood already
        or when callbacks of its type are ignored. All mean that PowerAuth need not repeat it."""
        source, body = request.user.get_username(), json_body(request)
        try:
            report = read_callback(body, key=request.headers.get(KEY_HEADER), now=timezone.now())
        except UnknownType:
            note_error(source, code="unknown_callback_type", pointer="#/type")
            return Response({"id": None, "status": "ignored"})
        except Rejected as rejected:
            raise _invalid(rejected) from rejected
        receipt = record_events([report], source=source)
        (event_id,), (is_new,) = receipt.ids, receipt.is_new
        if is_new:
            return Response({"id": event_id, "status": "recorded"}, 201)
        return Response({"id": _standing(report, source), "status": "duplicate"})


def _standing(report: Report, source: str) -> UUID:
    """The event under the key of ``report``. It is named by the time it was first told, so that a
    later repeat cannot derive its id."""
    model: Any = ActivationEvent if isinstance(report, ActivationReport) else OperationEvent
    event_id: UUID = model.objects.values_list("id", flat=True).get(source=source, key=report.key)
    return event_id


def _invalid(rejected: Rejected) -> Problem:
    faults = [Fault("body", each.pointer, each.code, each.detail) for each in rejected.faults]
    return Problem(422, "invalid_callback", "; ".join(each.detail for each in faults), *faults)
