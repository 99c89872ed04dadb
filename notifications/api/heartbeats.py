"""Heartbeats: a source says that it is well, so that its silence means that there was nothing to
tell."""

from typing import Any

from django.conf import settings
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.ingest.contacts import note_contact
from notifications.ingest.envelope import MAX_FAULTS, Fault, Rejected, field_fault
from notifications.models import ContactKind
from notifications.protocol.identity import timestamp
from notifications.protocol.payload import Reading, repeated_keys

from .bodies import json_body
from .ingesting import Ingesting
from .permissions import MayReport
from .schema import may_answer
from .source_shapes import HeartbeatSerializer
from .views import QuestionViewSet


class HeartbeatViewSet(Ingesting, QuestionViewSet):
    serializer_class = HeartbeatSerializer
    permission_classes = (MayReport,)
    known_fields = frozenset()

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/HeartbeatRequest"}},
        responses={201: HeartbeatSerializer, 200: HeartbeatSerializer},
    )
    @may_answer("malformed_json", "too_large", "invalid_envelope", body_is_optional=True)
    def create(self, request: Request) -> Response:
        """Notes that the source is well: 200 when that extends an interval of its coverage, 201
        when it begins one. By a heartbeat it asserts that all it had to report until then is
        reported or will be."""
        _check_body(request)
        source = request.user.get_username()
        contacted = note_contact(source, ContactKind.HEARTBEAT)
        document = {
            "source": source,
            "began_at": timestamp(contacted.began_at),
            "ended_at": timestamp(contacted.ended_at),
            "silence": int(settings.COVERAGE_SILENCE.total_seconds()),
        }
        return Response(document, 201 if contacted.is_new else 200)


def _check_body(request: Request) -> None:
    """Nothing, or an object with nothing in it: there is no field yet, and what somebody says in
    one must not be passed over. Raises ``MalformedJSON``, ``Rejected`` and ``Problem``."""
    if request.META.get("CONTENT_LENGTH") in (None, "", "0") and not _is_chunked(request):
        return
    document: Any = Reading(json_body(request), envelope_levels=1).value
    if not isinstance(document, dict):
        raise Rejected(Fault("#", "wrong_type", "The body must be empty or one JSON object."))
    names = dict.fromkeys([*repeated_keys(document), *document])
    if names:
        told = "is not a field; a heartbeat has none."
        raise Rejected(
            *(field_fault(each, "unknown_field", told) for each in [*names][:MAX_FAULTS])
        )


def _is_chunked(request: Request) -> bool:
    return "Transfer-Encoding" in request.headers
