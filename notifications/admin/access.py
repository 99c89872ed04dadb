"""Who looked at what, for auditors."""

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from notifications.filters.records import AccessRecordFilters
from notifications.models import AccessRecord

from .filters import ActionFilter, ViaFilter
from .histories import of_access
from .readonly import ReadOnlyAdmin
from .site import pages_of
from .windows import Noted


@pages_of(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin[AccessRecord]):
    keyset = "id"
    question = AccessRecordFilters
    list_filter = (ActionFilter, ViaFilter, Noted)
    searched = ("subject",)
    search_help_text = _(
        "Exactly the activation, operation or export id, or the number of the recipient."
    )
    rows_template = "admin/notifications/rows/access_records.html"
    page_template = "admin/notifications/access_record.html"

    def page(self, request: HttpRequest, shown: AccessRecord) -> dict[str, Any]:
        return {"happened": of_access(shown)}
