"""What is served where."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

from notifications.api.metrics import MetricsView

from . import health

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("notifications.api.urls")),
    path("metrics", MetricsView.as_view(), name="metrics"),
    path("health/live", health.live, name="live"),
    path("health/ready", health.ready, name="ready"),
]
handler400 = "notifications.api.problems.bad_request"
handler403 = "notifications.api.problems.permission_denied"
handler404 = "notifications.api.problems.page_not_found"
handler500 = "notifications.api.problems.server_error"
