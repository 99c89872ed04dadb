"""The window of time that a question is about, read from what a person or a program writes."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LONGEST = 366 * DAY
EARLIEST, LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
EXAMPLE = "2026-01-31T12:00:00Z"
_ORDER = "must be before until, which is {:%Y-%m-%dT%H:%M:%SZ}."
_UNITS = {"m": timedelta(minutes=1), "h": HOUR, "d": DAY}


@dataclass(frozen=True, slots=True)
class Window:
    """From ``since`` on and before ``until``, both UTC."""

    since: datetime
    until: datetime

    def __contains__(self, moment: datetime) -> bool:
        return self.since <= moment < self.until

    @property
    def days(self) -> list[datetime]:
        """Moments a day apart, both ends among them."""
        number = (self.until - self.since) // DAY
        return [*(self.since + each * DAY for each in range(number + 1)), self.until]


@dataclass(frozen=True, slots=True)
class Bounds:
    """A window of which either side may be open (None)."""

    since: datetime | None = None
    until: datetime | None = None


class BadWindow(ValueError):
    """``parameter`` ("since" or "until") says something that is no window, or any other something
    that is no moment, as ``detail`` tells."""

    def __init__(self, parameter: str, detail: str) -> None:
        super().__init__(f"{parameter}: {detail}")
        self.parameter, self.detail = parameter, detail


def read_window(
    since: str | None,
    until: str | None,
    *,
    now: datetime,
    default: timedelta = DAY,
    longest: timedelta = LONGEST,
) -> Window:
    """Each is a moment with its zone (RFC 3339) or a length of time before ``now``, such as 24h.

    By default it ends ``now`` and begins ``default`` before its end. Raises ``BadWindow``.
    """
    end = now if until is None else _moment("until", until, now)
    start = end - default if since is None else _moment("since", since, now)
    if start >= end:
        raise BadWindow("since", _ORDER.format(end))
    if end - start > longest:
        days = longest // DAY
        raise BadWindow("since", f"the window has over {days} days; choose a shorter one.")
    return Window(start, end)


def read_bounds(since: str | None, until: str | None, *, now: datetime) -> Bounds:
    """The same with either side open, of any length. Raises ``BadWindow``."""
    start = None if since is None else _moment("since", since, now)
    end = None if until is None else _moment("until", until, now)
    if start is not None and end is not None and start >= end:
        raise BadWindow("since", _ORDER.format(end))
    return Bounds(start, end)


def read_moment(parameter: str, given: str, *, now: datetime) -> datetime:
    """A moment, written as the bounds of a window are. Raises ``BadWindow``."""
    return _moment(parameter, given, now)


def read_as_of(given: str | None, *, now: datetime) -> datetime | None:
    """The earlier moment at which something was known; None where none is given. Raises
    ``BadWindow``."""
    if given is None:
        return None
    moment = _moment("as_of", given, now)
    if moment > now:
        told = f"lies ahead: write a moment up to now, {now:%Y-%m-%dT%H:%M:%SZ}, or leave it out."
        raise BadWindow("as_of", told)
    return moment


def day_around(moment: datetime) -> Window | None:
    """A day around ``moment``, from and to whole seconds; None where a clock was astray."""
    if not EARLIEST + DAY / 2 <= moment <= LATEST - DAY / 2:
        return None
    whole = moment.replace(microsecond=0)  # so that addresses are short
    return Window(whole - DAY / 2, whole + DAY / 2)


def written(moment: datetime) -> str:
    """A moment in UTC as it is read again, exactly."""
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


def _moment(parameter: str, text: str, now: datetime) -> datetime:
    length = re.fullmatch(r"([0-9]{1,6})([mhd])", text, re.ASCII)
    try:
        if length is not None:
            moment = now - int(length[1]) * _UNITS[length[2]]
        else:
            moment = datetime.fromisoformat(text)
            if moment.utcoffset() is None:
                raise BadWindow(parameter, f"has no zone; write {EXAMPLE}, Z meaning UTC.")
            moment = moment.astimezone(UTC)
    except BadWindow:
        raise
    except (ValueError, OverflowError):
        told = f"must be a moment such as {EXAMPLE} or a length of time such as 24h or 7d."
        raise BadWindow(parameter, told) from None
    if not EARLIEST <= moment <= LATEST:
        raise BadWindow(parameter, "must lie between 1970-01-02 and 2200.")
    return moment
