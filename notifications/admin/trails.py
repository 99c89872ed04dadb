"""Breadcrumbs: from home over the list, the person, the device and the operation to the page, as
far as these are known and may be seen. A person is told by the surrogate key alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from .addresses import list_address, page_address

May = Callable[[str], bool]

# What a page of each kind is of.
KINDS: Mapping[str, str] = {
    "notification": gettext_noop("Notification"),
    "operation": gettext_noop("Operation"),
    "activation": gettext_noop("Device"),
    "inboxmessage": gettext_noop("Inbox message"),
    "recipient": gettext_noop("Recipient"),
    "source": gettext_noop("Source"),
    "accessrecord": gettext_noop("Access record"),
    "export": gettext_noop("Export"),
}


@dataclass(frozen=True, slots=True)
class Crumb:
    """``kind`` in words before the ``name``, which may be the words of others. The last crumb is
    the page itself and has no ``address``."""

    kind: str
    name: str = ""
    address: str = ""


def beginning(kind: str, plural: str) -> list[Crumb]:
    home = Crumb(_("Home"), address=reverse("admin:index"))
    return [home, Crumb(plural[:1].upper() + plural[1:], address=list_address(kind))]


def about(
    may: May,
    *,
    recipient: int | None = None,
    activation: str | None = None,
    operation: str | None = None,
    inboxmessage: str | None = None,
) -> Iterator[Crumb]:
    """What a notification tells of whom and what it is for, the widest first."""
    for kind, key in (
        ("recipient", recipient),
        ("activation", activation),
        ("operation", operation),
        ("inboxmessage", inboxmessage),
    ):
        if key is not None and may(f"notifications.view_{kind}"):
            yield crumb(kind, key, page_address(kind, key))


def crumb(kind: str, name: object, address: str = "") -> Crumb:
    return Crumb(_(KINDS[kind]), str(name), address)
