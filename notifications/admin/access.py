"""Who looked at which trace, for auditors."""

from typing import Any

from django.http import HttpRequest

from notifications.models import AccessRecord

from .addresses import page_address
from .readonly import ReadOnlyAdmin
from .site import pages_of

Action = AccessRecord.Action
KINDS = {
    Action.DEVICE_TRACE: "activation",
    Action.USER_TRACE: "recipient",
    Action.OPERATION_TIMELINE: "operation",
}


@pages_of(AccessRecord)
class AccessRecordAdmin(ReadOnlyAdmin[AccessRecord]):
    keyset = "id"
    searched = ("subject",)
    search_help_text = (
        "Exactly the activation or operation that was looked at, or a recipient's number."
    )
    rows_template = "admin/notifications/rows/access_records.html"
    page_template = "admin/notifications/access_record.html"

    def page(self, request: HttpRequest, shown: AccessRecord) -> dict[str, Any]:
        return {"subject_address": subject_address(shown)}


def subject_address(record: AccessRecord) -> str:
    """The page of what was looked at."""
    return page_address(KINDS[Action(record.action)], record.subject)
