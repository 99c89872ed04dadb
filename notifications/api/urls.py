"""Addresses below ``/api/v1/``."""

from django.urls import path
from rest_framework.routers import Route, SimpleRouter

from .docs import DocsView, SchemaView
from .exports import ExportViewSet
from .gaps import GapViewSet
from .notifications import NotificationViewSet
from .records import AccessRecordViewSet, SourceViewSet
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

urlpatterns = [
    *router.urls,
    path("schema/", SchemaView.as_view(), name="schema"),
    path("docs/", DocsView.as_view(), name="docs"),
]
