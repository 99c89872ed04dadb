"""The state of a device in words and as a table, and its push registrations: each thing with how
sure it is, since when, when it was last seen, and which events say so."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.protocol.events import ActivationEvent
from notifications.protocol.identity import time_of
from notifications.protocol.state import DeviceState, Ending, Registration, Standing, Told

from .moments import Moment
from .ribbon import badge_of
from .telling import Sentence, given, paragraph, tell
from .telling import moment as at_moment
from .words import Badge, of_standing

MOST_REGISTRATIONS = 100
# What is told of a device, in the order of the table; `kind` says how the page shows a value.
PARTS: Mapping[str, tuple[Promise, str]] = {
    "status": (gettext_lazy("PowerAuth status"), "badge"),
    "registered": (gettext_lazy("Registered for push"), "badge"),
    "push_active": (gettext_lazy("Push-active"), "badge"),
    "recipient": (gettext_lazy("User"), "user"),
    "app": (gettext_lazy("App"), "text"),
    "platform": (gettext_lazy("Gateway"), "gateway"),
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """An event that says so: its time, and where it stands on this page."""

    at: datetime
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the table. ``is_open``: what was told of it contradicts itself."""

    name: Promise
    kind: str
    value: Any
    badge: Badge | None
    standing: Badge
    since: datetime | None
    seen: datetime | None
    evidence: tuple[Evidence, ...]
    is_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """One push registration, and whom the token was bound to where that ended it."""

    told: Registration
    standing: Badge
    ending: Badge
    bound_to: str | None


def lines_of(state: DeviceState, moment: Moment, listed: Collection[UUID]) -> list[Line]:
    """``listed`` are the events that the page has; to others leads a page of an earlier moment."""
    return [
        _line(name, kind, getattr(state, part), moment, listed)
        for part, (name, kind) in PARTS.items()
    ]


def _line(
    name: Promise, kind: str, told: Told[Any], moment: Moment, listed: Collection[UUID]
) -> Line:
    is_known = told.standing is not Standing.UNKNOWN
    return Line(
        name=name,
        kind=kind,
        value=told.value if is_known else None,
        badge=badge_of(told) if kind == "badge" else None,
        standing=of_standing(told.standing),
        since=told.since,
        seen=told.seen,
        evidence=tuple(_evidence(each, moment, listed) for each in told.evidence),
        is_open=not is_known and len(told.evidence) > 1,
    )


def _evidence(event: UUID, moment: Moment, listed: Collection[UUID]) -> Evidence:
    at = time_of(event)
    page = "" if event in listed else moment.just_after(at)
    return Evidence(at, f"{page}#event-{event}")


def in_words(state: DeviceState, moment: Moment, *, is_told: bool) -> Sentence:
    """``is_told``: there are events to know anything by."""
    if not is_told:
        return paragraph(_when(moment), tell(_("No event of it is on record: nothing is known.")))
    return paragraph(
        _when(moment),
        _status(state.status),
        _registered(state.registered),
        _push_active(state.push_active),
    )


def _when(moment: Moment) -> Sentence:
    if moment.is_plain:
        return ()
    if moment.as_of is None:
        return tell(_("At %(at)s, as is known today:"), at=at_moment(moment.at))
    if moment.as_of == moment.at:
        return tell(_("At %(at)s, as was known at that moment:"), at=at_moment(moment.at))
    words = _("At %(at)s, as was known at %(as_of)s:")
    return tell(words, at=at_moment(moment.at), as_of=at_moment(moment.as_of))


def _status(told: Told[str]) -> Sentence:
    if told.value is None or told.standing is Standing.UNKNOWN:
        if len(told.evidence) > 1:
            return tell(_("What was told of its status with PowerAuth contradicts itself."))
        return tell(_("Its status with PowerAuth is not known."))
    words = _("PowerAuth has it as %(status)s%(since)s.")
    if told.standing is Standing.ASSUMED:
        words = _("PowerAuth is assumed to have it as %(status)s%(since)s.")
    return tell(words, status=given(told.value), since=_since(told))


def _registered(told: Told[bool]) -> Sentence:
    words: dict[tuple[bool | None, Standing], str] = {
        (True, Standing.KNOWN): _("It is registered for push%(since)s."),
        (True, Standing.ASSUMED): _("It is assumed to be registered for push%(since)s."),
        (False, Standing.KNOWN): _("It is not registered for push%(since)s."),
        (False, Standing.ASSUMED): _("It is assumed not to be registered for push%(since)s."),
    }
    unknown = _("Whether it is registered for push is not known.")
    return tell(words.get(told.sense, unknown), since=_since(told))


def _push_active(told: Told[bool]) -> Sentence:
    words: dict[tuple[bool | None, Standing], str] = {
        (True, Standing.KNOWN): _("The Push Server has it as push-active."),
        (True, Standing.ASSUMED): _("The Push Server is assumed to have it as push-active."),
        (False, Standing.KNOWN): _(
            "The Push Server does not have it as push-active: it gets no personal messages."
        ),
        (False, Standing.ASSUMED): _("The Push Server is assumed not to have it as push-active."),
    }
    return tell(words.get(told.sense, _("Whether it is push-active is not known.")))


def _since(told: Told[Any]) -> Sentence:
    return tell(_(" since %(at)s"), at=at_moment(told.since)) if told.since is not None else ()


ENDINGS: Mapping[Ending, tuple[Promise, str, str]] = {
    Ending.RE_REGISTERED: (gettext_lazy("re-registered"), "init", "↻"),
    Ending.RE_BOUND: (gettext_lazy("re-bound"), "warn", "→"),
    Ending.DELETED: (gettext_lazy("deleted"), "quiet", "✕"),
}


def registrations_of(
    registrations: Sequence[Registration], events: Iterable[ActivationEvent], activation: str
) -> tuple[list[Registered], bool]:
    """The latest in order of time, and whether there are older ones."""
    named = {each.id: each.activation for each in events}
    latest = registrations[-MOST_REGISTRATIONS:]
    return [_registration(each, named, activation) for each in latest], len(latest) < len(
        registrations
    )


def _registration(
    told: Registration, named: Mapping[UUID, str | None], activation: str
) -> Registered:
    ending = Badge(_("still there"), "good", "✓", "")
    if told.ended_by is not None:
        text, look, sign = ENDINGS[told.ended_by]
        ending = Badge(str(text), look, sign, "")
    last = named.get(told.evidence[-1]) if told.evidence else None
    is_bound = told.ended_by is Ending.RE_BOUND and last != activation
    return Registered(
        told=told,
        standing=of_standing(told.standing),
        ending=ending,
        bound_to=last if is_bound else None,
    )
