"""Where the pages are. A key is any text of up to 256 characters and must survive an address."""

import re
from collections.abc import Mapping

from django.contrib.admin.utils import quote
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme

from notifications.models import AccessRecord

# What is traced, and what its page is called.
TRACED = {"activation": "trace", "recipient": "trace", "operation": "timeline"}
_QUOTED = re.compile("_([0-9A-F]{2})")
# The kind of page that what somebody looked at has.
LOOKED_AT: Mapping[str, str] = {
    AccessRecord.Action.DEVICE_TRACE: "activation",
    AccessRecord.Action.USER_TRACE: "recipient",
    AccessRecord.Action.OPERATION_TIMELINE: "operation",
    AccessRecord.Action.EXPORT: "export",
    AccessRecord.Action.EXPORT_DOWNLOAD: "export",
}


def quote_key(key: object) -> str:
    """``key`` as one segment of a path: Django's quoting, and dots where nothing else is there,
    because browsers resolve ``.`` and ``..`` before they ask."""
    text = str(key)
    return text.replace(".", "_2E") if set(text) <= {"."} else str(quote(text))


def unquote_key(segment: str) -> str:
    return _QUOTED.sub(lambda match: chr(int(match[1], 16)), segment)


def page_address(kind: str, key: object) -> str:
    """The page of one ``kind`` ("notification", "operation", …)."""
    return reverse(f"admin:notifications_{kind}_change", args=[quote_key(key)])


def list_address(kind: str) -> str:
    return reverse(f"admin:notifications_{kind}_changelist")


def trace_address(kind: str, key: object) -> str:
    """The trace of an ``activation`` or a ``recipient``, the timeline of an ``operation``."""
    return reverse(f"admin:notifications_{kind}_{TRACED[kind]}", args=[quote_key(key)])


def ours(given: str | None) -> str | None:
    """The address of the page to go back to, as a form tells it, unless it is another site's."""
    text = given or ""
    is_ours = url_has_allowed_host_and_scheme(text, allowed_hosts=None)
    return text if is_ours and text.startswith("/") else None
