"""What else reports the emission that a notification is of: the request as others saw it, and the
copies that the Push Server made of it."""

from notifications.models import Notification
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.clocks import MOST
from notifications.protocol.merging import WITHIN, merge
from notifications.protocol.message import Message, later

from .clocks import clocks_at
from .told import BETWEEN, bounds, told_where

# So that the others which it could be merged with have their own about them.
REACH = 2 * WITHIN + MOST


def reported_beside(shown: Notification, *, by_user: bool) -> tuple[Message, ...]:
    """In order of time, from one query: among what is to the same user, where ``by_user`` allows to
    look for that, else to the same device. None where these are too many."""
    if by_user and shown.recipient_id is not None:
        same, key = "recipient_id", shown.recipient_id
    elif shown.activation_id is not None:
        same, key = "activation_id", shown.activation_id
    else:
        return ()
    since, until = later(shown.emitted_at, -REACH), later(shown.emitted_at, REACH)
    try:
        around = told_where(
            f"told.{same} = %(key)s AND {BETWEEN}", Extent(), key=key, **bounds(since, until)
        )
    except TooMuch:
        return ()
    sources = {each.source for each in around if each.source is not None}
    merged = merge(around, clocks_at(sources, [shown.emitted_at], Extent()))
    others = next((merged.beside(each) for each in around if each.id == shown.pk), ())
    return tuple(sorted(others, key=merged.clocks.place))
