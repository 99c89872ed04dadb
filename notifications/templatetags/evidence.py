"""Where the events are listed that an entry of a trace rests on."""

from typing import Any
from urllib.parse import urlencode

from django import template

from notifications.admin.addresses import page_address
from notifications.admin.asking import bounds
from notifications.admin.moments import AT
from notifications.protocol.reasons import Reason, Rule
from notifications.protocol.window import written
from notifications.trace.entries import Entry

register = template.Library()

# What these rest on is the state of the device, whatever owed the message.
_OF_DEVICE = frozenset(
    {
        *(Reason.NOT_REGISTERED, Reason.INACTIVE_PERSONAL, Reason.NOT_ACTIVE),
        *(Reason.STATUS_CHANGED, Reason.CHANGE_UNTOLD, Reason.REGISTRATION_UNKNOWN),
        *(Reason.NO_COPY, Reason.ELIGIBILITY_UNKNOWN),
    }
)


@register.simple_tag(takes_context=True)
def events_of_entry(context: Any, entry: Entry) -> str:
    """The row of one of them, which is marked there: on the page of the device, as it was at the
    time of the ``entry``; or of the operation or the inbox message that they tell of. "" where no
    page lists them."""
    if entry.reason not in _OF_DEVICE:
        if entry.rule is Rule.E5:
            return _page("inboxmessage", entry.inbox_message, entry)
        if entry.rule in (Rule.E0, Rule.E6):
            return _page("operation", entry.operation, entry)
    opts = context.get("opts")  # the gaps of all have none
    is_of_device = opts is not None and opts.model_name == "activation"
    device = context["object"].pk if is_of_device else entry.activation
    if device is None:
        return _page("operation", entry.operation, entry)
    window = bounds(context["question"].window) if is_of_device else {}
    asked = {**window, AT: written(entry.at)}
    return f"{page_address('activation', device)}?{urlencode(asked)}#event-{entry.events[-1]}"


def _page(kind: str, key: str | None, entry: Entry) -> str:
    return "" if key is None else f"{page_address(kind, key)}#event-{entry.events[0]}"
