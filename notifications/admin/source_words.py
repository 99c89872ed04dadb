"""How a source does, in the words of the pages."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import ContactKind
from notifications.protocol.clocks import Clock
from notifications.trace.sources import SourceStanding

from .times import age
from .words import Badge

LATE = timedelta(minutes=5)
EVENTS: Mapping[str, str | Promise] = {
    "activationevent": gettext_lazy("events of devices"),
    "operationevent": gettext_lazy("events of operations"),
    "inboxevent": gettext_lazy("events of inbox messages"),
}
_FIELD = gettext_lazy("Have its emitter send the field as docs/api.md describes it.")
_STREAM = gettext_lazy("Send the whole stream again: nothing is recorded twice.")
# What to do about an error, by its code.
REMEDIES: Mapping[str, str | Promise] = {
    "wrong_type": _FIELD,
    "wrong_length": _FIELD,
    "unknown_value": _FIELD,
    "invalid_character": _FIELD,
    "contradiction": _FIELD,
    "required": _FIELD,
    "activation_id_required": _FIELD,
    "unknown_field": gettext_lazy("Leave out what is no field, or put it into the extras."),
    "duplicate_key": gettext_lazy("Give each field once."),
    "invalid_time": gettext_lazy("Write times with their zone: 2026-01-31T12:00:00.000Z."),
    "emitted_at_required": gettext_lazy("Send emitted_at wherever message_id is sent."),
    "conflict": gettext_lazy(
        "Give each message a message_id of its own, and each delivery report a report_id; a retry"
        " repeats all."
    ),
    "unknown_code": gettext_lazy("Tell the outcome beside a code that is none of the table's."),
    "unknown_notification": gettext_lazy("Record a message first, then what became of it."),
    "not_found": gettext_lazy("Record a message first, then what became of it."),
    "invalid_uuid": _FIELD,
    "malformed_json": gettext_lazy("The body is no JSON: look at what writes it."),
    "empty_body": gettext_lazy("The body is empty: look at what writes it."),
    "incomplete_body": gettext_lazy("Its connection broke off: look at the network between."),
    "too_large": gettext_lazy("One body has at most 1 MiB."),
    "line_too_long": gettext_lazy("One line has at most 1 MiB."),
    "expands_too_much": gettext_lazy("Send the stream less compressed."),
    "bad_gzip": _STREAM,
    "truncated_gzip": _STREAM,
    "unsupported_media_type": gettext_lazy("Set Content-Type and Content-Encoding as described."),
    "length_required": gettext_lazy("Send a Content-Length."),
    "not_acceptable": gettext_lazy("Ask for application/json, or send no Accept."),
    "method_not_allowed": gettext_lazy("It posts to an address that takes no posts."),
    "throttled": gettext_lazy("It posts more than PUSHAUDIT_THROTTLE_INGEST allows; raise that."),
}


def of_coverage(standing: SourceStanding, now: datetime) -> Badge:
    """Whether it is covered now."""
    match standing.is_covered(now):
        case None:
            return Badge(_("not measured"), "quiet", "○", "")
        case True:
            return Badge(_("covered"), "good", "✓", "")
    return Badge(_("not covered"), "bad", "✕", "")


def of_push_server(standing: SourceStanding) -> Badge:
    """Why its database is not read: there first, what has to be done on our side."""
    if standing.unread_since is not None:
        return Badge(_("cannot be read"), "bad", "✕", "")
    return stores_nothing()


def stores_nothing() -> Badge:
    return Badge(_("stores no messages"), "bad", "!", "")


def lag_told(lag: timedelta) -> str:
    """A lag of either sign, and what it means."""
    length = {"length": age(abs(lag))}
    if abs(lag) < timedelta(seconds=1):
        return _("at once")
    if lag < timedelta():
        return _("%(length)s before its time: the source's clock is ahead of ours") % length
    if lag < LATE:
        return _("%(length)s after") % length
    return _("%(length)s after: it reports late, or its clock is behind ours") % length


def clock_told(clock: Clock) -> str:
    """How far it is ahead or behind, without of what."""
    if not clock.matters:
        return _("as the clock of")
    length = {"length": age(abs(clock.ahead))}
    if clock.ahead < timedelta():
        return _("%(length)s behind the clock of") % length
    return _("%(length)s ahead of the clock of") % length


def clock_use(clock: Clock) -> str:
    """What traces make of that."""
    if clock.is_beyond:
        return _(
            "Too far to be made up for: set the clock right, or the zone that its times are taken"
            " to be of."
        )
    if not clock.is_steady:
        return _("The differences vary too much to be the clock's: nothing is made up for.")
    return _("Traces make up for it.") if clock.correction else ""


def kinds_told(standing: SourceStanding) -> str:
    """By what it was in contact lately."""
    return ", ".join(str(ContactKind(each).label) for each in standing.kinds)


def remedy(code: str) -> str:
    return str(REMEDIES.get(code, ""))
