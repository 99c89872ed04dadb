"""The sources. What one reported is the notification list, filtered: no index serves it alone."""

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from notifications.models import Account, Source
from notifications.models.querysets import Extent
from notifications.models.tokens import IN_USE
from notifications.trace.contacts import contacts

from .readonly import ReadOnlyAdmin
from .site import pages_of


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

    def page(self, request: HttpRequest, shown: Source) -> dict[str, Any]:
        heard = contacts([shown.pk], timezone.now(), Extent())
        return {"contacts": sorted(heard, key=lambda each: each.last, reverse=True)}
