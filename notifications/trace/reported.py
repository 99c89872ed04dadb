"""What else reports the emission that a notification is of: the request that a mirror saw, and the
copies that the Push Server made of it."""

from notifications.models import Notification
from notifications.models.patience import TooMuch
from notifications.protocol.merging import WITHIN, merge
from notifications.protocol.message import Message, later

from . import evidence

REACH = 2 * WITHIN  # so that the others which it could be merged with have their own about them


def reported_beside(shown: Notification, *, by_user: bool) -> tuple[Message, ...]:
    """In order of time, from one query: among what is to the same user, where ``by_user`` allows to
    look for that, else to the same device. None where these are too many."""
    if by_user and shown.recipient_id is not None:
        same = Notification.objects.filter(recipient=shown.recipient_id)
    elif shown.activation_id is not None:
        same = Notification.objects.filter(activation=shown.activation_id)
    else:
        return ()
    since, until = later(shown.emitted_at, -REACH), later(shown.emitted_at, REACH)
    try:
        around = evidence.messages(same.emitted_between(since, until))
    except TooMuch:
        return ()
    merged = merge(around)
    return merged.copies.get(shown.pk, ()) or merged.requests.get(shown.pk, ())
