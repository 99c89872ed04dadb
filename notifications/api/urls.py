"""Addresses below ``/api/v1/``."""

from django.urls import path
from rest_framework.routers import Route, SimpleRouter

from .callbacks import CallbackView
from .deliveries import DeliveryViewSet
from .docs import DocsView, SchemaView
from .exports import ExportViewSet
from .gap_notes import GapNoteViewSet
from .gaps import GapViewSet
from .heartbeats import HeartbeatViewSet
from .mirror import MIRRORED
from .notifications import NotificationViewSet
from .records import AccessRecordViewSet, SettingChangeViewSet
from .sources import SourceViewSet
from .stats import StatsViewSet
from .streams import StreamViewSet
from .subjects import (
    ActivationViewSet,
    InboxMessageViewSet,
    OperationViewSet,
    RecipientViewSet,
)


class Router(SimpleRouter):
    """DRF's, with what is asked of one thing (``…/{id}/trace/``) before the thing itself, whose
    identifier may be any text and would take in what follows it."""

    routes = sorted(SimpleRouter.routes, key=lambda each: (each.detail, isinstance(each, Route)))


router = Router(use_regex_path=False)
router.register("notifications", NotificationViewSet, basename="notification")
router.register("heartbeats", HeartbeatViewSet, basename="heartbeat")
router.register("operations", OperationViewSet, basename="operation")
router.register("activations", ActivationViewSet, basename="activation")
router.register("inbox-messages", InboxMessageViewSet, basename="inbox-message")
router.register("recipients", RecipientViewSet, basename="recipient")
router.register("gaps", GapViewSet, basename="gap")
router.register("stats", StatsViewSet, basename="stats")
router.register("exports", StreamViewSet, basename="export-stream")
router.register("exports", ExportViewSet, basename="export")
router.register("sources", SourceViewSet, basename="source")
router.register("access-records", AccessRecordViewSet, basename="access-record")
router.register("setting-changes", SettingChangeViewSet, basename="setting-change")

urlpatterns = [
    *router.urls,
    path(
        "notifications/<uuid:pk>/deliveries/",
        DeliveryViewSet.as_view({"get": "of_notification", "post": "create"}),
        name="notification-deliveries",
    ),
    path("deliveries/bulk/", DeliveryViewSet.as_view({"post": "bulk"}), name="deliveries-bulk"),
    path(
        "gaps/notes/",
        GapNoteViewSet.as_view({"get": "list", "post": "create"}),
        name="gap-notes",
    ),
    # As the original has them; and with the final slash that all other addresses have.
    *(
        path(f"mirror/{call}", view.as_view(), name=f"mirror-{call.replace('/', '-')}")
        for call, view in MIRRORED.items()
    ),
    *(path(f"mirror/{call}/", view.as_view(schema=None)) for call, view in MIRRORED.items()),
    path("powerauth/callbacks/", CallbackView.as_view(), name="powerauth-callbacks"),
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]
