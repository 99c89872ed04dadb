"""How far an export is, and what became of it, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from notifications.models import Export
from notifications.trace.sentences import told_at

from .words import Badge, of_state

State = Export.State
Delivery = Export.Delivery

LONG = timedelta(minutes=1)  # to wait for a worker
NEARLY = 99  # per cent: an estimate that was too low ends here
# Where it went, of those whose files are not kept here.
ELSEWHERE = {
    Delivery.STREAM: gettext_noop("It was sent as one answer, of which nothing is kept here."),
    Delivery.DIRECTORY: gettext_noop("The command wrote it into a directory of its own."),
    Delivery.INCREMENTS: gettext_noop(
        "The command writes it into a directory of its own, more each time."
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """``percent`` is None where nobody knows; ``live``: it will be another one soon. ``told`` is
    the same as ``sentence`` in steps, for those who have it read to them."""

    badge: Badge
    sentence: str
    told: str
    percent: int | None
    live: bool


def progress_of(export: Export, *, now: datetime) -> Progress:
    badge, sentence = of_state(export.state), _sentence(export, now)
    percent = percent_of(export)
    is_made = export.state == State.RUNNING
    told = badge.text
    if is_made and percent:
        told = _("%(state)s, about %(percent)s") % {
            "state": badge.text,
            "percent": f"{percent // 10 * 10} %",
        }
    return Progress(
        badge=badge,
        sentence=sentence,
        told=told if export.is_unfinished else sentence,
        percent=percent,
        live=export.is_unfinished and export.delivery == Delivery.JOB,
    )


def percent_of(export: Export) -> int | None:
    """Of about how many rows there will be; None where that is not known."""
    if not export.estimate:
        return None
    return min(export.rows * 100 // export.estimate, NEARLY)


def rows_of(export: Export) -> str:
    """1,234 of about 5,000"""
    is_known = export.is_unfinished and export.estimate and export.rows <= export.estimate
    if not is_known:
        return f"{export.rows:,}"
    told = {"rows": f"{export.rows:,}", "estimate": f"{export.estimate:,}"}
    return _("%(rows)s of about %(estimate)s") % told


def _sentence(export: Export, now: datetime) -> str:
    if export.state == State.QUEUED:
        late = _("None has come for over a minute: is “manage.py work” running?")
        waits = [_("Waiting for a worker."), late if now - export.asked_at > LONG else ""]
        return " ".join(filter(None, [*waits, export.reason]))
    if export.state == State.RUNNING:
        return f"{_how_far(export)} {export.reason}".strip()
    if export.state == State.FINISHED:
        told = _("Finished: %(size)s.") % {"size": _size(export)}
        return f"{told} {_where(export)}"
    if export.state == State.EXPIRED:
        told = _("Its files, %(size)s, were kept for their time and removed. Ask for it again.")
        return told % {"size": _size(export)}
    told = _("%(state)s after %(rows)s rows.")
    state = of_state(export.state).text.capitalize()
    return f"{told % {'state': state, 'rows': rows_of(export)}} {export.reason}"


def _how_far(export: Export) -> str:
    percent, rows = percent_of(export), rows_of(export)
    if percent is None or export.rows > (export.estimate or 0):
        return _("%(rows)s rows so far.") % {"rows": rows}
    return _("About %(percent)s: %(rows)s rows.") % {"percent": f"{percent} %", "rows": rows}


def _size(export: Export) -> str:
    words = ngettext("%(rows)s row, %(size)s", "%(rows)s rows, %(size)s", export.rows)
    return words % {"rows": f"{export.rows:,}", "size": filesizeformat(export.bytes)}


def _where(export: Export) -> str:
    if export.delivery != Delivery.JOB:
        return _(ELSEWHERE[Delivery(export.delivery)])
    if not export.expires_at:
        return ""
    return _("Kept until %(time)s.") % {"time": told_at(export.expires_at)}
