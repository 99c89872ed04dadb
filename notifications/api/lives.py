"""What is on record of the lives of devices and operations, and what is known of a device.

A state is what its events say, put together: whoever may read these may read it, and like a list of
them it leaves no access record. What is recorded is the view of a trace, which judges.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db.models import Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.events import EventFilters
from notifications.filters.questions import ListPaging, StateQuestion
from notifications.models import ActivationEvent, OperationEvent
from notifications.models.patience import TooMuch
from notifications.models.querysets import EventQuerySet, Extent
from notifications.trace import documents
from notifications.trace.states import life_of, tokens_of

from .addresses import address_of
from .life_shapes import ActivationEventSerializer, DeviceStateSerializer, OperationEventSerializer
from .lists import ListViewSet
from .permissions import MayViewActivationEvents, MayViewOperationEvents, apps_of, may_see_users
from .schema import may_answer
from .serializers import recipients_by_key
from .traces import as_of_in, bounded, moment_of

EVENTS: dict[str, Any] = {
    "detail": True,
    "url_path": "events",
    "question_class": EventFilters,
    "paging_class": ListPaging,
}


class LifeViewSet(ListViewSet):
    """Of what events tell the life of."""

    @property
    def extent(self) -> Extent:
        return Extent(apps_of(self.request))

    def list_events(
        self, events: "EventQuerySet[Any]", *about: Q, of: str, shown_as: Any
    ) -> Response:
        """Those ``about`` any of these; ``of`` names the list, whose cursors no other takes."""
        within = events.within(self.extent).select_related("recipient")
        asked, paging = self.asked(within)
        asked.about = about
        return self.page_of(asked, paging, of=of, shown_as=shown_as)


class OperationLife(LifeViewSet):
    @extend_schema(responses=OperationEventSerializer(many=True))
    @may_answer("too_much")
    @action(**EVENTS, permission_classes=(MayViewOperationEvents,))
    def operation_events(self, request: Request, pk: str) -> Response:
        """What PowerAuth told of this operation. Also under its own id, where messages carry
        another system's."""
        operation = self.find(pk).pk
        return self.list_events(
            OperationEvent.objects.all(),
            Q(operation=operation),
            Q(external_id=operation),
            of=f"events of operation {operation}",
            shown_as=OperationEventSerializer,
        )


class DeviceLife(LifeViewSet):
    @extend_schema(responses=ActivationEventSerializer(many=True))
    @may_answer("too_much")
    @action(**EVENTS, permission_classes=(MayViewActivationEvents,))
    def activation_events(self, request: Request, pk: str) -> Response:
        """What PowerAuth and the Push Server told of this device. Also what names no or another
        device and a push token that this one had."""
        activation = self.find(pk).pk
        about = [Q(activation=activation)]
        if tokens := tokens_of(activation, self.extent):
            about.append(Q(token__in=tokens))
        return self.list_events(
            ActivationEvent.objects.all(),
            *about,
            of=f"events of activation {activation}",
            shown_as=ActivationEventSerializer,
        )

    @extend_schema(responses=DeviceStateSerializer)
    @may_answer("too_much")
    @action(
        detail=True,
        url_path="state",
        permission_classes=(MayViewActivationEvents,),
        question_class=StateQuestion,
        paging_class=None,
    )
    def device_state(self, request: Request, pk: str) -> Response:
        """What is known of this device at a moment, and its push registrations. By what is on
        record now, or was at another moment."""
        (question,) = self.asked()
        at, as_of = moment_of(question, "at"), as_of_in(question)
        activation = self.find(pk).pk
        return Response(bounded(self._state, activation, at or question.now, as_of))

    def state_of_now(self, activation: str) -> dict[str, Any] | None:
        """Null for those who may not read events, and where these are too many."""
        if not self.request.user.has_perm(MayViewActivationEvents.right):
            return None
        try:
            return self._state(activation, timezone.now(), None)
        except TooMuch:
            return None

    def life_links(self, activation: str) -> dict[str, str | None]:
        return {
            "state": address_of(self.request, "activation-device-state", activation),
            "events": address_of(self.request, "activation-activation-events", activation),
        }

    def _state(self, activation: str, at: datetime, as_of: datetime | None) -> dict[str, Any]:
        life = life_of(activation, at, extent=replace(self.extent, as_of=as_of))
        people = recipients_by_key(life.recipients, users=may_see_users(self.request))
        return documents.of_life(life, as_of, people)
