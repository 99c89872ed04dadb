"""Who looked at what, for auditors."""

from notifications.models import AccessRecord

from .readonly import ReadOnlyAdmin
from .site import pages_of


@pages_of(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin[AccessRecord]):
    keyset = "id"
    searched = ("subject",)
    search_help_text = (
        "Exactly the activation, operation or export id, or the number of the recipient."
    )
    rows_template = "admin/notifications/rows/access_records.html"
    page_template = "admin/notifications/access_record.html"
