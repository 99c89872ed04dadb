"""How a notification asked to be shown, and its texts for those who may read them. What is said of
its end is only what may have happened: nobody is told."""

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from notifications.models import Content, Notification, Presentation

from .telling import Sentence, moment, paragraph, tell
from .trails import May

RIGHT = "notifications.view_content"


def related(may: May) -> tuple[str, ...]:
    """What is read along with the notification: no texts for those who may not read them."""
    return ("presentation", "content") if may(RIGHT) else ("presentation",)


def presentation_of(shown: Notification, now: datetime, may: May) -> dict[str, Any]:
    """What the page's template needs; ``shown`` was read with what is ``related``."""
    told: Presentation | None = getattr(shown, "presentation", None)
    content: Content | None = getattr(shown, "content", None) if may(RIGHT) else None
    if told is None and content is None:
        return {}
    return {
        "presentation": told,
        "validity": _validity(shown, told, now) if told is not None else (),
        "content": content,
        "may_read": may(RIGHT),
    }


def _validity(shown: Notification, told: Presentation, now: datetime) -> Sentence:
    return paragraph(_until(shown, told.valid_until, now), _replaced(told))


def _until(shown: Notification, valid_until: datetime | None, now: datetime) -> Sentence:
    if valid_until is None:
        return ()
    words = _("The gateway may keep it for the device until %(at)s, and drops it then.")
    if valid_until <= shown.emitted_at:
        words = _("It was valid until %(at)s, which had passed when it was emitted.")
    elif valid_until <= now:
        words = _(
            "It was valid until %(at)s. A device that was out of reach until then never got it:"
            " it may have expired on the way, and nobody is told."
        )
    return tell(words, at=moment(valid_until))


def _replaced(told: Presentation) -> Sentence:
    if told.collapse_key is None:
        return ()
    return tell(_("A later one with the same collapse key may have taken its place."))
