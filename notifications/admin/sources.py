"""The sources. What one reported is the notification list, filtered: no index serves it alone."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from notifications.models import Account, Source
from notifications.models.patience import TooMuch
from notifications.models.tokens import IN_USE
from notifications.trace.coverage import show_coverage
from notifications.trace.sources import errors_of, reports_of, standings

from .asking import Question, asked
from .coverage import Strip, strip_of
from .readonly import ReadOnlyAdmin
from .site import pages_of

LONGEST = timedelta(days=31)


@pages_of(Source)
class SourceAdmin(ReadOnlyAdmin[Source]):
    """A source has the name of the account that reports as it; one that was recorded from a file,
    or by the demo, may have none."""

    keyset = "slug"
    newest_first = False
    search_help_text = gettext_lazy("Exactly the slug.")
    rows_template = "admin/notifications/rows/sources.html"
    page_template = "admin/notifications/source.html"

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
        """With how each of the sources that are shown does."""
        response = super().changelist_view(request, extra_context)
        listed = getattr(response, "context_data", None)
        if listed and "cl" in listed:
            rows = list(listed["cl"].result_list)
            now = timezone.now()
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
            "question": question,
            "strip": _strip(request, shown, question),
            "permalink": request.build_absolute_uri(request.path + query),
        }


def _strip(request: HttpRequest, shown: Source, question: Question) -> Strip | None:
    """None where there is too much to show."""
    try:
        coverage = show_coverage(shown.pk, question.window, now=question.now)
    except TooMuch as problem:
        messages.warning(request, str(problem))
        return None
    return strip_of(coverage, question.now)
