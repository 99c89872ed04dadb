"""Addresses below ``/api/v1/``."""

from django.urls import path
from rest_framework.routers import SimpleRouter

from .notifications import NotificationViewSet
from .traces import ActivationViewSet, GapsView, OperationViewSet, RecipientViewSet

router = SimpleRouter(use_regex_path=False)
router.register("notifications", NotificationViewSet, basename="notification")
router.register("activations", ActivationViewSet, basename="activation")
router.register("operations", OperationViewSet, basename="operation")
router.register("recipients", RecipientViewSet, basename="recipient")

urlpatterns = [*router.urls, path("gaps/", GapsView.as_view(), name="gaps")]
