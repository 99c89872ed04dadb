"""The sources. What one reported is the notification list, filtered: no index serves it alone."""

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from notifications.models import Account, Source
from notifications.models.clock import clocks_now
from notifications.models.patience import TooMuch
from notifications.models.tokens import IN_USE
from notifications.trace.coverage import show_coverage
from notifications.trace.readings import reading_of
from notifications.trace.sources import errors_of, reports_of, standings

from . import following
from .addresses import page_address, unquote_key
from .asking import Question, asked
from .coverage import Strip, strip_of
from .readings import told_of
from .readonly import ReadOnlyAdmin
from .rules import rules_page
from .site import pages_of
from .trails import Crumb, beginning, crumb

LONGEST = timedelta(days=31)


@pages_of(Source)
class SourceAdmin(ReadOnlyAdmin[Source]):
    """A source has the name of the account that reports as it; one that was recorded from a file,
    or by the demo, may have none."""

    keyset = "slug"
    newest_first = False
    search_help_text = gettext_lazy("Exactly the slug.")
    change_list_template = "admin/notifications/sources.html"
    rows_template = "admin/notifications/rows/sources.html"
    page_template = "admin/notifications/source.html"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        one, name = "<path:object_id>", "notifications_source"
        follow = view(self.follow)
        return [
            path(f"{one}/reading/", view(self.reading), name=f"{name}_reading"),
            path(f"{one}/rules/", view(self.rules), name=f"{name}_rules"),
            path(f"{one}/start/", follow, {"wanted": True}, name=f"{name}_start"),
            path(f"{one}/stop/", follow, {"wanted": False}, name=f"{name}_stop"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Source]:
        """With the key and the state of its account, None without one, and whether it has tokens
        that are accepted."""
        account = Account.objects.filter(username=OuterRef("slug"))
        return (
            super()
            .get_queryset(request)
            .annotate(
                account=Subquery(account.values("pk")),
                is_active=Subquery(account.values("is_active")),
                has_token=Exists(AuthToken.objects.filter(IN_USE, user__username=OuterRef("slug"))),
            )
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """With how each of the sources that are shown does, and the Push Servers that may be
        followed, which are none before somebody starts that."""
        now = timezone.now()
        offered = following.offered(now) if self.has_view_permission(request) else []
        may_follow = request.user.has_perm(following.RIGHT)
        context = {"push_servers": offered, "may_follow": may_follow, **(extra_context or {})}
        response = super().changelist_view(request, context)
        listed = getattr(response, "context_data", None)
        if listed and "cl" in listed:
            rows = list(listed["cl"].result_list)
            found = standings([each.pk for each in rows], now)
            for each in rows:
                each.standing = found[each.pk]
            listed["cl"].result_list = rows
        return response

    def page(self, request: HttpRequest, shown: Source) -> dict[str, Any]:
        now = timezone.now()
        question = asked(request.GET, now=now, longest=LONGEST)
        for problem in question.problems:
            messages.warning(request, problem)
        standing = standings([shown.pk], now)[shown.pk]
        shown.standing = standing  # type: ignore[attr-defined]
        reports = reports_of(standing, now)
        query = question.permalink if request.GET else ""
        return {
            "standing": standing,
            "reports": reports,
            "errors": errors_of(shown.pk),
            "clock": clocks_now(now).get(shown.pk),
            "question": question,
            "strip": _strip(request, shown, question),
            "permalink": request.build_absolute_uri(request.path + query),
            **self._reading(request, shown, now),
        }

    def reading(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the page shows of the database that is read, which changes while it is."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        self._refuse_who_may_not_view(request)
        shown = self.of_address(request, object_id)
        told = {} if shown is None else self._reading(request, shown, timezone.now())
        if not told.get("followed"):
            raise Http404
        context = {"object": shown, **told}
        return TemplateResponse(request, "admin/notifications/source/reading.html", context)

    def rules(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Where the rules apply to what it sends."""
        self._refuse_who_may_not_view(request)
        shown = self.of_address(request, object_id)
        if shown is None:
            return self.unknown(request)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": shown,
            "trail": self.rules_trail(shown),
        }
        return rules_page(request, shown, timezone.now(), context)

    def rules_trail(self, shown: Source) -> list[Crumb]:
        begun = beginning("source", str(self.opts.verbose_name_plural))
        page = crumb("source", shown.pk, page_address("source", shown.pk))
        return [*begun, page, Crumb(_("Rules"))]

    def follow(self, request: HttpRequest, object_id: str, wanted: bool) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        self._refuse_who_may_not_view(request)
        return following.follow(request, unquote_key(object_id), wanted)

    def _reading(self, request: HttpRequest, shown: Source, now: datetime) -> dict[str, Any]:
        reading = reading_of(shown.pk, now)
        is_configured = shown.pk in settings.PUSH_SERVERS
        return {
            "reading": reading,
            "followed": told_of(reading, now) if reading or is_configured else None,
            "is_configured": is_configured,
            "may_follow": request.user.has_perm(following.RIGHT),
        }

    def _refuse_who_may_not_view(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied


def _strip(request: HttpRequest, shown: Source, question: Question) -> Strip | None:
    """None where there is too much to show."""
    try:
        coverage = show_coverage(shown.pk, question.window, now=question.now)
    except TooMuch as problem:
        messages.warning(request, str(problem))
        return None
    return strip_of(coverage)
