"""What the gaps of an hour rest on beside the evidence about it: since when each source reports
what, when it was last heard, when it was recorded, and up to when its registrations were compared.
Evidence touches its hours (`gap_touches`); this holds for all hours at once, and is compared: hours
that rest on something else by now have to be looked at anew."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from itertools import groupby
from typing import Any

import msgspec
from django.db import connection, transaction

from notifications.models import GapLook, GapMark
from notifications.models.querysets import Extent
from notifications.models.statements import asked
from notifications.protocol.clocks import MOST as MOST_AHEAD
from notifications.protocol.coverage import Interval
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.extras import MessageType
from notifications.protocol.message import later
from notifications.protocol.window import HOUR

from . import evidence, lives
from .entries import Entry
from .reporting import Reporting, ask_reporting

TOGETHER = 100  # hours that are compared at a time
_OWED = frozenset(str(each) for each in MessageType)
_INTERVALS = """
    SELECT source_id, began_at, ended_at FROM notifications_coverage ORDER BY source_id, ended_at
"""
_BEGUN = "SELECT clock_timestamp()"
_TOUCH = """
    UPDATE notifications_gaplook SET touched_at = clock_timestamp() WHERE hour = ANY(%(hours)s)
"""


@dataclass(frozen=True, slots=True)
class _Past:
    """What is known of any number of ``moments``, in order of time: what it was up to each of them,
    all that came before included, as a digest."""

    moments: Sequence[datetime]
    digests: Sequence[bytes]

    @classmethod
    def of(cls, told: Iterable[tuple[datetime, object]]) -> "_Past":
        moments, digests = list[datetime](), [b""]
        for moment, what in told:
            moments.append(moment)
            digests.append(_digest(digests[-1], moment, what))
        return cls(moments, digests)

    def until(self, moment: datetime) -> bytes:
        return self.digests[bisect_right(self.moments, moment)]


@dataclass(frozen=True, slots=True)
class Grounds:
    """``base`` holds for all times; of the others only what is up to a moment bears on what was due
    long enough before it. What a source still reports, or was recorded for, beyond that moment is
    the same however long it goes on. ``covered`` has the starts and ends of coverage: after a start
    it is known that there is an end, and after an end whether there is another start."""

    base: bytes
    heard: _Past
    compared: _Past
    covered: Mapping[str, _Past]

    def until(self, moment: datetime) -> str:
        """A digest of what bears on hours that rest on nothing later than ``moment``."""
        told: list[object] = [self.base, self.heard.until(moment), self.compared.until(moment)]
        for source, bounds in self.covered.items():
            passed = bisect_right(bounds.moments, moment)
            # Before it was ever measured, nothing is known of it, whatever comes.
            if passed:
                resumes = passed % 2 == 0 and passed < len(bounds.moments)
                told += [source, resumes, bounds.digests[passed]]
        return _digest(*told).hex()


def read_grounds(now: datetime) -> Grounds:
    """As of ``now``, up to which sources are heard."""
    extent = Extent()
    telling, linking = ask_reporting(now, extent), lives.ask_linked(extent, None)
    intervals = asked(_INTERVALS, {})
    reporting, linked = telling(), linking()
    heard = reporting.heard({each.source for each in reporting.messages})
    firsts = sorted({(source, each.first) for source, each in heard.items()})
    return Grounds(
        base=_digest(sorted(linked), firsts, sorted(_begun(reporting)), sorted(reporting.compared)),
        heard=_Past.of(sorted((each.last, source) for source, each in heard.items())),
        compared=_Past.of(sorted((at, source) for source, at in reporting.compared.items())),
        covered={
            source: _bounds((began, ended) for _, began, ended in of_one)
            for source, of_one in groupby(intervals(), key=lambda row: row[0])
        },
    )


def touch_what_rests_on_else(now: datetime) -> None:
    """Goes from hour to hour, the latest first, as far as one may rest on something else than when
    it was looked at. Whatever became known up to some moment, all hours that rest on later ones
    rest on it: so where one does not, and was looked at before the last time, no earlier one does.
    """
    grounds, since = read_grounds(now), begun()
    compared_at = GapMark.objects.values_list("compared_at", flat=True).first()
    told = GapLook.objects.exclude(rests_on="").filter(touched_at=None)
    rows: Any = told.order_by("-rests_until", "-hour").values_list(
        "hour", "rests_on", "rests_until", "looked_at"
    )
    touched, is_further = list[datetime](), False
    with transaction.atomic():
        for hour, rests_on, until, looked_at in rows.iterator(TOGETHER):
            if rests_on != grounds.until(until):
                touched.append(hour)
            elif compared_at is not None and looked_at < compared_at:
                break
            is_further = True
    if touched:
        with connection.cursor() as cursor:
            cursor.execute(_TOUCH, {"hours": touched})
    if is_further:
        GapMark.objects.update(compared_at=since)


def begun() -> datetime:
    """By the clock of the database, which says of when what it is asked next is at least."""
    with connection.cursor() as cursor:
        cursor.execute(_BEGUN)
        row: tuple[datetime] = cursor.fetchone()
    return row[0]


def rest_until(hour: datetime, found: Iterable[Entry]) -> datetime:
    """Up to when anything bears on the gaps of an ``hour``, which were ``found`` in it: the last is
    due, and what would have come late is there."""
    terms = evidence.terms()
    due = max([hour + HOUR + terms.longest, *(each.due for each in found if each.due is not None)])
    return later(due, LATE_WITHIN + terms.grace + 2 * MOST_AHEAD)


def _begun(reporting: Reporting) -> Iterator[tuple[str, str, str, bool, datetime]]:
    """Since when messages that are owed, or copies, are reported of each app."""
    for each in reporting.messages:
        if each.per_device or each.told in _OWED:
            yield each.source, each.told, each.app or "", each.per_device, each.since


def _bounds(intervals: Iterable[Interval]) -> _Past:
    """Starts and ends by turns, as the intervals are apart."""
    return _Past.of((bound, place) for each in intervals for place, bound in enumerate(each))


def _digest(*told: object) -> bytes:
    return blake2b(msgspec.json.encode(told), digest_size=16).digest()
