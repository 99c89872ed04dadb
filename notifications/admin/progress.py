"""How far an export is, and what became of it, in words."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.template.defaultfilters import filesizeformat

from notifications.models import Export
from notifications.trace.sentences import utc

from .words import Badge, of_state

State = Export.State
Delivery = Export.Delivery

LONG = timedelta(minutes=1)  # to wait for a worker
NEARLY = 99  # per cent: an estimate that was too low ends here
# Where it went, of those whose files are not kept here.
ELSEWHERE = {
    Delivery.STREAM: "It was sent as one answer, of which nothing is kept here.",
    Delivery.DIRECTORY: "The command wrote it into a directory of its own.",
    Delivery.INCREMENTS: "The command writes it into a directory of its own, more each time.",
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
    told = f"{badge.text}, about {percent // 10 * 10} %" if is_made and percent else badge.text
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
    return f"{export.rows:,} of about {export.estimate:,}" if is_known else f"{export.rows:,}"


def _sentence(export: Export, now: datetime) -> str:
    if export.state == State.QUEUED:
        late = " None has come for over a minute: is “manage.py work” running?"
        waits = f"Waiting for a worker.{late if now - export.asked_at > LONG else ''}"
        return f"{waits} {export.reason}".strip()
    if export.state == State.RUNNING:
        return f"{_how_far(export)} {export.reason}".strip()
    if export.state == State.FINISHED:
        return f"Finished: {_size(export)}. {_where(export)}"
    if export.state == State.EXPIRED:
        return (
            f"Its files, {_size(export)}, were kept for their time and removed. Ask for it again."
        )
    return (
        f"{of_state(export.state).text.capitalize()} after {rows_of(export)} rows. {export.reason}"
    )


def _how_far(export: Export) -> str:
    percent, rows = percent_of(export), rows_of(export)
    if percent is None or export.rows > (export.estimate or 0):
        return f"{rows} rows so far."
    return f"About {percent} %: {rows} rows."


def _size(export: Export) -> str:
    rows = f"{export.rows:,} row{'' if export.rows == 1 else 's'}"
    return f"{rows}, {filesizeformat(export.bytes)}"


def _where(export: Export) -> str:
    if export.delivery != Delivery.JOB:
        return ELSEWHERE[Delivery(export.delivery)]
    return f"Kept until {utc(export.expires_at)}." if export.expires_at else ""
