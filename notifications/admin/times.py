"""Times as the pages tell them: exactly, in UTC or in the operator's own zone, whichever is active
(``zones.py``)."""

from datetime import UTC, datetime, timedelta, tzinfo

from django.contrib.humanize.templatetags.humanize import naturaltime
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

DAY = timedelta(days=1)
FAR = timedelta(days=36_525)  # of a clock that is astray nothing is told but the time itself


def zone_name() -> str:
    """``UTC`` or ``Europe/Prague``: what the times of a page are in."""
    return timezone.get_current_timezone_name()


def moment(value: datetime) -> str:
    """2026-01-31 12:00:00.000; the year always has four digits."""
    return _written(value, "milliseconds")


def second(value: datetime) -> str:
    """2026-01-31 12:00:00"""
    return _written(value, "seconds")


def day(value: datetime) -> str:
    """2026-01-31"""
    return here(value).date().isoformat()


def clock(value: datetime) -> str:
    """12:00:00.000, where the day is told already."""
    return moment(value)[11:]


def utc(value: datetime) -> str:
    """2026-01-31 12:00:00.000 UTC, whichever zone is active: for a title beside the time."""
    return f"{value.astimezone(UTC).replace(tzinfo=None).isoformat(' ', 'milliseconds')} UTC"


def iso(value: datetime) -> str:
    """For machines."""
    return value.astimezone(UTC).isoformat(timespec="milliseconds")


def ago(value: datetime, now: datetime) -> str:
    """“3 minutes ago”, "" of what is too far away to mean anything."""
    if abs(now - value) > FAR:
        return ""
    if abs(now - value) < DAY:
        return str(naturaltime(value))
    if value < now:
        return _("%(time)s ago") % {"time": timesince(value, now, depth=1)}
    return _("%(time)s from now") % {"time": timesince(now, value, depth=1)}


def age(length: timedelta) -> str:
    """3 s, 5 min, 3 h, 2 days: as exact as it is of use."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return _("%(number)d s") % {"number": seconds}
    if seconds < 3600:
        return _("%(number)d min") % {"number": seconds // 60}
    if seconds < 48 * 3600:
        return _("%(number)d h") % {"number": seconds // 3600}
    days = seconds // 86400
    return ngettext("%(number)d day", "%(number)d days", days) % {"number": days}


def here(value: datetime) -> datetime:
    """In the active zone; in UTC where the calendar ends before that zone's."""
    try:
        return timezone.localtime(value)
    except OverflowError:
        return value.astimezone(UTC)


def _written(value: datetime, timespec: str) -> str:
    told = here(value)
    text = told.replace(tzinfo=None).isoformat(" ", timespec)
    return f"{text} {_offset(told)}" if _is_ambiguous(told) else text


def _is_ambiguous(told: datetime) -> bool:
    """Where the clock is put back an hour happens twice; and at the calendar's ends the zone is
    not the one that the page names."""
    zone: tzinfo | None = told.tzinfo
    if zone is UTC:
        return zone_name() != "UTC"
    return told.replace(fold=0).utcoffset() != told.replace(fold=1).utcoffset()


def _offset(told: datetime) -> str:
    return "UTC" if told.tzinfo is UTC else f"UTC{told.isoformat(timespec='seconds')[19:]}"
