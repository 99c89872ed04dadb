"""How the reading of a Push Server's database does, in the words of the pages."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from notifications.models import MessageStorage
from notifications.trace.readings import MOST_COUNTED, Reading

from .progress import NEARLY
from .times import age
from .words import Badge, Look

LONG = timedelta(minutes=1)  # to wait for a worker
LAST_PIECE = timedelta(seconds=30)  # which a worker may still have at hand when it is to stop
SOON, LATER = 2000, 5000  # milliseconds until the page looks again


class State(StrEnum):
    NOT_STARTED = "not started"
    WAITING = "waiting"
    READING = "reading"
    FOLLOWING = "following"
    BEHIND = "behind"
    BY_COMMAND = "by command"
    STOPPED = "stopped"
    UNREADABLE = "unreadable"


STATES: Mapping[State, Look] = {
    State.NOT_STARTED: (gettext_lazy("not started"), "quiet", "○"),
    State.WAITING: (gettext_lazy("waiting for a worker"), "quiet", "◷"),
    State.READING: (gettext_lazy("reading what is there"), "init", "▸"),
    State.FOLLOWING: (gettext_lazy("following"), "good", "✓"),
    State.BEHIND: (gettext_lazy("behind"), "warn", "!"),
    State.BY_COMMAND: (gettext_lazy("followed by a command"), "good", "✓"),
    State.STOPPED: (gettext_lazy("stopped"), "quiet", "⊘"),
    State.UNREADABLE: (gettext_lazy("cannot be read"), "bad", "✕"),
}
STORAGES: Mapping[str, Look] = {
    MessageStorage.ON: (gettext_lazy("on"), "good", "✓"),
    MessageStorage.OFF: (gettext_lazy("off"), "bad", "✕"),
    MessageStorage.UNKNOWN: (gettext_lazy("not known"), "quiet", "○"),
}


class Read(Protocol):
    """What the state rests on: a ``Reading``, or its row."""

    @property
    def is_wanted(self) -> bool: ...
    @property
    def wanted_at(self) -> datetime | None: ...
    @property
    def begun_at(self) -> datetime | None: ...
    @property
    def polled_at(self) -> datetime | None: ...
    @property
    def problem(self) -> str: ...
    @property
    def rows_read(self) -> int: ...
    @property
    def rows_estimate(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """``percent`` is None where nobody knows; ``pause``: after so many milliseconds it may be
    another one, None where nothing is at work. ``said`` is the same as ``sentence`` in steps, for
    those who have it read to them."""

    state: State
    badge: Badge
    sentence: str
    said: str
    percent: int | None
    pause: int | None


def told_of(reading: Read | None, now: datetime) -> Told:
    state = state_of(reading, now)
    badge = _badge(STATES[state])
    percent = None if reading is None else _percent(reading)
    said = badge.text
    if state == State.READING and percent:
        said = _("%(state)s, about %(percent)s") % {
            "state": badge.text,
            "percent": f"{percent // 10 * 10} %",
        }
    return Told(
        state=state,
        badge=badge,
        sentence="" if reading is None else _sentence(state, reading, now),
        said=said,
        percent=percent,
        pause=_pause(state, reading),
    )


def state_of(reading: Read | None, now: datetime) -> State:
    if reading is None:
        return State.NOT_STARTED
    return _wanted(reading, now) if reading.is_wanted else _unwanted(reading, now)


def of_storage(storage: str) -> Badge:
    return _badge(STORAGES[storage])


def awaited(reading: Reading) -> str:
    """1,234; of so many that they are not counted: 1,000 or more"""
    number = f"{reading.awaited:,}"
    if reading.awaited < MOST_COUNTED:
        return number
    return _("%(number)s or more") % {"number": number}


def _wanted(reading: Read, now: datetime) -> State:
    if reading.problem:
        return State.UNREADABLE
    if reading.begun_at is None:
        return State.WAITING
    if reading.polled_at is None:
        return State.READING
    return State.FOLLOWING if _is_recent(reading.polled_at, now) else State.BEHIND


def _unwanted(reading: Read, now: datetime) -> State:
    """Read by a command, if it was read although nobody wanted that of the worker."""
    stopped, polled = reading.wanted_at, reading.polled_at
    if reading.begun_at is None and not reading.problem:
        return State.NOT_STARTED
    if polled is None or reading.problem or not _is_recent(polled, now):
        return State.STOPPED
    is_by_worker = stopped is not None and polled <= stopped + LAST_PIECE
    return State.STOPPED if is_by_worker else State.BY_COMMAND


def _is_recent(polled: datetime, now: datetime) -> bool:
    return now - polled <= settings.COVERAGE_SILENCE


def _sentence(state: State, reading: Read, now: datetime) -> str:
    match state:
        case State.NOT_STARTED:
            return _("Nothing of it was read yet.")
        case State.WAITING:
            since = reading.wanted_at
            is_late = since is not None and now - since > LONG
            late = _("None has come for over a minute: %(hint)s") % {"hint": _worker()}
            return late if is_late else _("A worker begins within seconds.")
        case State.READING:
            return _rows(reading)
        case State.BEHIND:
            hint = _("It is catching up, or no worker reads it: %(hint)s") % {"hint": _worker()}
            return f"{_end(reading, now)} {hint}"
        case _:
            return _end(reading, now)


def _worker() -> str:
    return _("is “manage.py work” running, with this source in its PUSHAUDIT_PUSH_SERVERS?")


def _end(reading: Read, now: datetime) -> str:
    if reading.polled_at is None:
        return _("It was never read to its end. %(rows)s") % {"rows": _rows(reading)}
    return _("Read to its end %(length)s ago.") % {"length": age(now - reading.polled_at)}


def _rows(reading: Read) -> str:
    """What is read of what there is, as far as that is known."""
    percent, rows = _percent(reading), f"{reading.rows_read:,}"
    estimate = reading.rows_estimate
    if percent is None or estimate is None or reading.rows_read > estimate:
        told = ngettext("%(rows)s row so far.", "%(rows)s rows so far.", reading.rows_read)
        return told % {"rows": rows}
    return _("About %(percent)s: %(rows)s of about %(estimate)s rows.") % {
        "percent": f"{percent} %",
        "rows": rows,
        "estimate": f"{estimate:,}",
    }


def _percent(reading: Read) -> int | None:
    if not reading.rows_estimate:
        return None
    return min(reading.rows_read * 100 // reading.rows_estimate, NEARLY)


def _pause(state: State, reading: Read | None) -> int | None:
    if state in (State.WAITING, State.READING):
        return SOON
    return LATER if reading is not None and reading.is_wanted else None


def _badge(words: Look) -> Badge:
    text, look, sign = words
    return Badge(str(text), look, sign, "")
