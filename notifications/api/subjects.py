"""What notifications are about: lists, single ones with what is asked next, and their traces.

No action is called ``trace``: the view would then answer the HTTP method of that name.
"""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import Http404
from django.utils import timezone
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.questions import Paging, TimelineQuestion, TraceQuestion
from notifications.filters.subjects import (
    ActivationFilters,
    InboxMessageFilters,
    OperationFilters,
    RecipientFilters,
)
from notifications.models import Activation, InboxMessage, Notification, Operation, Recipient
from notifications.models.patience import TooMuch
from notifications.models.querysets import Apps, NotificationQuerySet
from notifications.models.subject import is_known
from notifications.protocol.extras import identifier
from notifications.trace import documents, viewing
from notifications.trace.entries import Kind
from notifications.trace.operation import trace_operation
from notifications.trace.pages import rows_with_payloads, with_payloads
from notifications.trace.subjects import tell_operations

from .addresses import address_of, address_of_list
from .life_shapes import ActivationDetailSerializer
from .lists import ListViewSet, is_key
from .lives import DeviceLife, OperationLife
from .permissions import MayTrace, apps_of, may_see_users
from .schema import may_answer
from .serializers import (
    NotificationSerializer,
    OperationSerializer,
    RecipientSerializer,
    SubjectSerializer,
    recipient_of,
)
from .shapes import (
    DeviceTraceSerializer,
    OperationDetailSerializer,
    RecipientDetailSerializer,
    SubjectDetailSerializer,
    TimelineSerializer,
    UserTraceSerializer,
)
from .traces import as_of_in, asked_of, bounded, paged, viewer_of

LATEST = 100  # notifications shown beside what they are about
TRACE: dict[str, Any] = {
    "detail": True,
    "url_path": "trace",
    "permission_classes": (MayTrace,),
    "question_class": TraceQuestion,
    "paging_class": Paging,
}


class SubjectViewSet(ListViewSet):
    """``relation`` is the notification's column that names the subject, and the parameter by which
    the list of notifications has all of them."""

    relation: str
    pointers: tuple[str, ...] = ("first_notification",)
    lookup_value_converter = "path"  # an identifier may be any text

    def listed(self, apps: Apps) -> "QuerySet[Any]":
        """Those whose rows, which rest on all apps, tell of nothing beyond ``apps``. One that
        events alone name has no place in the order of lists; its address finds it."""
        found: QuerySet[Any] = self.get_queryset().exclude(first_notification=None)
        for pointer in () if apps is None else self.pointers:
            told_here = Q(**{f"{pointer}__app_id__in": apps})
            found = found.filter(Q(**{pointer: None}) | told_here)
        return found

    def findable(self, apps: Apps) -> "QuerySet[Any]":
        known: Any = self.get_queryset()
        found: QuerySet[Any] = known.told_in(apps)
        return found

    def find(self, pk: str) -> Any:
        """By the identifier; a UUID may be in upper case."""
        key = identifier(pk)
        if key is None:
            raise Http404
        found = super().find(key)
        return found if apps_of(self.request) is None else self.as_told(found)

    def key_of(self, pk: Any) -> Any:
        """The key of one that there is, where an answer reads all else itself: to make an object of
        its row takes longer than to look it up. Raises ``Http404``."""
        if apps_of(self.request) is not None:
            return self.find(pk).pk
        key = pk if isinstance(pk, int) else identifier(pk)
        if key is None or not is_key(key) or not is_known(self.get_queryset().model, key):
            raise Http404
        return key

    def as_told(self, shown: Any) -> Any:
        """``shown`` with what its row says derived from the notifications of the account's apps."""
        first = self._about(shown).order_by("id").values_list("pk", flat=True).first()
        shown.first_notification_id = first
        return shown

    def beside(self, shown: Any) -> dict[str, Any]:
        """Its latest notifications in order of time, and whom they were for."""
        about = self._about(shown)
        latest = list(about.as_shown().newest_first()[:LATEST])[::-1]
        shown_as = NotificationSerializer(context=self.get_serializer_context())
        named = [each.activation_id for each in latest]
        return {
            "activations": list(dict.fromkeys(name for name in named if name is not None)),
            "users": self._users(latest),
            "notifications": [shown_as.to_representation(each) for each in latest],
            "links": self.links(shown),
        }

    def links(self, shown: Any) -> dict[str, str | None]:
        return {
            "notifications": address_of_list(
                self.request, "notification-list", **{self.relation: shown.pk}
            )
        }

    def _about(self, shown: Any) -> NotificationQuerySet:
        about: NotificationQuerySet = Notification.objects.filter(**{self.relation: shown.pk})
        return about.of_apps(apps_of(self.request))

    def _users(self, latest: Sequence[Any]) -> list[dict[str, Any]]:
        people = {each.recipient_id: each.user_id for each in latest}
        users = may_see_users(self.request)
        return [
            recipient_of(key, user_id, users=users)
            for key, user_id in people.items()
            if key is not None
        ]


class OperationViewSet(OperationLife, SubjectViewSet):
    queryset = Operation.objects.all()
    serializer_class = OperationSerializer
    question_class = OperationFilters
    relation = "operation"
    pointers = ("first_notification", "named_by", "first_init", "last_finish")

    @extend_schema(responses=OperationDetailSerializer)
    @may_answer("too_much")  # an account that is limited to apps, whose notifications are read
    def retrieve(self, request: Request, pk: Any) -> Response:
        return super().retrieve(request, pk)

    @extend_schema(responses=TimelineSerializer)
    @may_answer("too_much")
    @action(
        detail=True,
        permission_classes=(MayTrace,),
        question_class=TimelineQuestion,
        paging_class=Paging,
    )
    def timeline(self, request: Request, pk: str) -> Response:
        """What the life cycle of this operation owes, and what was sent, by device."""
        question, paging = self.asked()
        operation = self.key_of(pk)
        as_of, viewer = as_of_in(question), viewer_of(request, question)
        timeline = bounded(viewing.view_operation, operation, viewer, now=question.now, as_of=as_of)
        return paged(
            request,
            paging,
            timeline.entries,
            lambda shown: documents.of_timeline(timeline, with_payloads(shown)),
            of=f"timeline {operation}",
            as_of=as_of,
        )

    def as_told(self, shown: Operation) -> Operation:
        told = bounded(tell_operations, {shown.pk}, apps_of(self.request)).get(shown.pk)
        if told is None:  # known from events alone
            return Operation(pk=shown.pk)
        shown.name, shown.result = told.name, told.result
        shown.first_notification_id = told.first_notification
        shown.first_init_id, shown.last_finish_id = told.first_init, told.last_finish
        return shown

    def beside(self, shown: Operation) -> dict[str, Any]:
        """Also its gaps, null where it has too many notifications to judge."""
        try:
            apps = apps_of(self.request)
            entries = trace_operation(shown.pk, now=timezone.now(), apps=apps).entries
        except TooMuch:
            gaps = None
        else:
            gaps = [documents.of_entry(each) for each in entries if each.kind is Kind.GAP]
        return {**super().beside(shown), "gaps": gaps}

    def links(self, shown: Operation) -> dict[str, str | None]:
        timeline = address_of(self.request, "operation-timeline", shown.pk)
        events = address_of(self.request, "operation-operation-events", shown.pk)
        return {**super().links(shown), "timeline": timeline, "events": events}


@extend_schema_view(retrieve=extend_schema(responses=ActivationDetailSerializer))
class ActivationViewSet(DeviceLife, SubjectViewSet):
    queryset = Activation.objects.all()
    serializer_class = SubjectSerializer
    question_class = ActivationFilters
    relation = "activation"

    @extend_schema(responses=DeviceTraceSerializer)
    @may_answer("too_much")
    @action(**TRACE)
    def device_trace(self, request: Request, pk: str) -> Response:
        """What this device should have been told in a window, and what it was told."""
        question, paging = self.asked()
        activation, asked = self.key_of(pk), asked_of(question)
        viewer = viewer_of(request, question)
        trace = bounded(
            viewing.view_device,
            activation,
            asked.window,
            viewer,
            now=question.now,
            as_of=asked.as_of,
        )
        return paged(
            request,
            paging,
            trace.entries,
            lambda shown: documents.of_trace(trace, with_payloads(shown)),
            of=f"trace of activation {activation}",
            window=asked.window,
            as_of=asked.as_of,
        )

    def beside(self, shown: Activation) -> dict[str, Any]:
        """Also what is known of it now."""
        return {**super().beside(shown), "state": self.state_of_now(shown.pk)}

    def links(self, shown: Activation) -> dict[str, str | None]:
        trace = address_of(self.request, "activation-device-trace", shown.pk)
        return {**super().links(shown), "trace": trace, **self.life_links(shown.pk)}


@extend_schema_view(retrieve=extend_schema(responses=SubjectDetailSerializer))
class InboxMessageViewSet(SubjectViewSet):
    queryset = InboxMessage.objects.all()
    serializer_class = SubjectSerializer
    question_class = InboxMessageFilters
    relation = "inbox_message"


@extend_schema_view(retrieve=extend_schema(responses=RecipientDetailSerializer))
class RecipientViewSet(SubjectViewSet):
    """Users under a surrogate key, so that no address names a person."""

    queryset = Recipient.objects.all()
    serializer_class = RecipientSerializer
    question_class = RecipientFilters
    relation = "recipient"
    pointers = ()
    lookup_value_converter = "int"

    @extend_schema(responses=UserTraceSerializer)
    @may_answer("too_much")
    @action(**TRACE)
    def user_trace(self, request: Request, pk: int) -> Response:
        """All devices of this user side by side: a call begins with a user."""
        question, paging = self.asked()
        recipient, asked = self.key_of(pk), asked_of(question)
        viewer = viewer_of(request, question)
        trace = bounded(
            viewing.view_user, recipient, asked.window, viewer, now=question.now, as_of=asked.as_of
        )
        return paged(
            request,
            paging,
            trace.rows,
            lambda shown: documents.of_user_trace(trace, rows_with_payloads(shown)),
            of=f"trace of recipient {recipient}",
            window=asked.window,
            as_of=asked.as_of,
        )

    def listed(self, apps: Apps) -> "QuerySet[Any]":
        return self.findable(apps)

    def find(self, pk: int) -> Recipient:  # type: ignore[override]  # a number, not a text
        found: Recipient = ListViewSet.find(self, pk)
        return found

    def links(self, shown: Recipient) -> dict[str, str | None]:
        trace = address_of(self.request, "recipient-user-trace", shown.pk)
        return {**super().links(shown), "trace": trace}
