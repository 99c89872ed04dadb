"""From one page to the one before and the one after it, and how far these are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _

from notifications.models import Notification

from .addresses import page_address
from .related import ALL, Around
from .telling import before, later
from .words import of_type

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Step:
    address: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Walk:
    """``along`` says what is walked, ``back`` and ``on`` what a step is called; None: there is none
    in that direction."""

    along: str
    back: str
    on: str
    previous: Step | None
    following: Step | None


def walk_around(found: Around) -> Walk:
    along, back, on = _called(found.relation)
    return Walk(
        along=along,
        back=back,
        on=on,
        previous=_step(found.shown, found.previous),
        following=_step(found.shown, found.following),
    )


def walk_list(
    shown: M, others: QuerySet[M], *, keyset: str, name: Callable[[M], str]
) -> Walk | None:
    """In the order of a list: two probes of the index on ``keyset``. None for what has no place in
    that order."""
    place = getattr(shown, keyset)
    if place is None:
        return None
    previous = others.filter(**{f"{keyset}__lt": place}).order_by(f"-{keyset}").first()
    following = others.filter(**{f"{keyset}__gt": place}).order_by(keyset).first()
    steps = [
        Step(page_address(str(each._meta.model_name), each.pk), name(each)) if each else None
        for each in (previous, following)
    ]
    return Walk(
        along=_("In the list"),
        back=_("Previous"),
        on=_("Next"),
        previous=steps[0],
        following=steps[1],
    )


def _step(shown: Notification, other: Notification | None) -> Step | None:
    if other is None:
        return None
    apart = abs(other.emitted_at - shown.emitted_at)
    told: Any = {
        "type": of_type(other.message_type).text,
        "length": before(apart) if other.pk < shown.pk else later(apart),
    }
    return Step(page_address("notification", other.pk), _("%(type)s, %(length)s") % told)


def _called(relation: str) -> tuple[str, str, str]:
    words = {
        "activation": (
            _("This device"),
            _("Previous of this device"),
            _("Next of this device"),
        ),
        "operation": (
            _("This operation"),
            _("Previous of this operation"),
            _("Next of this operation"),
        ),
        "inbox_message": (
            _("This inbox message"),
            _("Previous of this inbox message"),
            _("Next of this inbox message"),
        ),
        "recipient": (
            _("This recipient"),
            _("Previous of this recipient"),
            _("Next of this recipient"),
        ),
        ALL: (_("All notifications"), _("Previous of all"), _("Next of all")),
    }
    return words[relation]
