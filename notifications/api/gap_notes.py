"""Notes on gaps: acknowledged, opened again, or no more than a note; and the list of them."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.records import GapNoteFilters
from notifications.models import AccessRecord, GapNote
from notifications.models.querysets import Apps
from notifications.trace.access import Viewer
from notifications.trace.gap_notes import record_notes
from notifications.trace.kept_gaps import gaps_of

from .bodies import json_body
from .gap_note_requests import invalid_note, lost_keys, read_note_request
from .gap_shapes import GapNoteSerializer, NotedSerializer
from .lists import ListViewSet
from .permissions import MayAcknowledgeGaps, MayViewOperations, apps_of
from .schema import may_answer
from .traces import bounded


class GapNoteViewSet(ListViewSet):
    queryset = GapNote.objects.all()
    serializer_class = GapNoteSerializer
    question_class = GapNoteFilters

    def get_permissions(self) -> Any:
        return [MayAcknowledgeGaps() if self.action == "create" else MayViewOperations()]

    def listed(self, apps: Apps) -> "QuerySet[Any]":
        found = self.get_queryset()
        return found if apps is None else found.filter(app_id__in=apps)

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/GapNoteRequest"}},
        responses={201: NotedSerializer},
    )
    @may_answer("empty_body", "malformed_json", "too_large", "invalid_note", "too_much")
    def create(self, request: Request) -> Response:
        """Notes the same of one gap or of several, all or none. Acknowledged they leave the open
        ones, until they become something else; what is owed, and what is counted, stays."""
        now = timezone.now()
        asked = read_note_request(json_body(request), now)
        gaps = bounded(gaps_of, asked.window, now=now, apps=apps_of(request))
        found = {each.key: each for each in gaps.entries}
        if lost := [*lost_keys(asked.keys, found)]:
            raise invalid_note(lost)
        viewer = Viewer(request.user.get_username(), AccessRecord.Via.API)
        noted = record_notes([found[key] for key in asked.keys], asked.kind, asked.note, viewer)
        stored = GapNote.objects.in_bulk([each.pk for each in noted])
        one = GapNoteSerializer()
        shown = [one.to_representation(stored[each.pk]) for each in noted]
        return Response({"results": shown}, 201)
