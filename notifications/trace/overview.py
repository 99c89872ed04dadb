"""What the home page is read from, made ahead: the gaps around now, and when each source was last
heard. How many gaps there are in each hour is kept where that of all hours is, in `gap_hours`.

Both cost more the more is recorded, so no page computes them; the page says of when they are.
"""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Sum

from notifications.models import GapHour, Overview, Source
from notifications.models.patience import TooMuch
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import HOUR, Window, written

from .entries import Entry
from .gap_hours import AROUND, around, begin, write_hours
from .gap_notes import acknowledgements, narrowed
from .gaps import Gaps
from .kept_gaps import gaps_of
from .last_contacts import MOST_SOURCES, LastContact, last_contacts, read_contact

EVERY = timedelta(seconds=30)
PATIENCE = timedelta(seconds=30)  # then no smaller parts are tried; the worker has other work
LATE = timedelta(minutes=3)
SHARE = 10  # at most a tenth of the time goes into making it
NEWEST = 10

# Not the lock of the row: whoever has that has a transaction number, and below it neither would
# tallies be counted nor the feed go on while gaps are looked for.
_LOCK = "SELECT pg_try_advisory_xact_lock(hashtext('notifications_overview'))"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenGap:
    """What the home page shows of a gap."""

    at: datetime
    due: datetime | None
    message_type: str | None
    operation: str | None
    activation: str | None
    rule: Rule
    reason: Reason
    counts_as: CountsAs


@dataclass(frozen=True, slots=True, kw_only=True)
class GapsAround:
    """The gaps first owed in ``window``: how many in each hour count as what, how many of these are
    missing and ``open``, and the ``newest`` of those. ``unjudged`` operations have too many
    messages."""

    window: Window
    by_hour: Mapping[datetime, Mapping[CountsAs, int]]
    open: Mapping[datetime, int]
    newest: Sequence[OpenGap]
    unjudged: int

    def counted(self, window: Window) -> Mapping[CountsAs, int]:
        """Of the whole hours of ``window``."""
        found: Counter[CountsAs] = Counter()
        for hour, counts in self.by_hour.items():
            if hour in window:
                found.update(counts)
        return found

    def acknowledged(self, window: Window) -> int:
        """Of those that are missing in the whole hours of ``window``."""
        still = sum(count for hour, count in self.open.items() if hour in window)
        return self.counted(window).get(CountsAs.MISSING, 0) - still


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How things stood at ``as_of``, which ``took`` so long to find out. ``gaps`` is None where
    they were too many to judge."""

    as_of: datetime
    took: timedelta
    gaps: GapsAround | None
    contacts: Sequence[LastContact]

    def is_late(self, now: datetime) -> bool:
        """Whether no worker kept it lately."""
        return now > self.as_of + max(LATE, 2 * SHARE * self.took)


def read_overview() -> Standing | None:
    """As it was last made; None before that."""
    row = Overview.objects.filter(as_of__isnull=False, gaps_since__isnull=False).first()
    if row is None or row.as_of is None or row.gaps_since is None:
        return None
    gaps = None if row.too_much else _read_gaps(row, row.gaps_since)
    return Standing(
        as_of=row.as_of,
        took=row.took,
        gaps=gaps,
        contacts=[read_contact(each) for each in row.contacts],
    )


def keep_overview(now: datetime) -> bool:
    """Makes it anew if that is due and no other worker is at it; whether it did."""
    if not _is_due(now):
        return False
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_LOCK)
            (is_free,) = cursor.fetchone()
        if not is_free or not _is_due(now):  # another may have made it just now
            return False
        began = time.monotonic()
        made = {**_contacts(now), **_gaps(now)}
        took = timedelta(seconds=time.monotonic() - began)
        Overview.objects.update_or_create(pk=1, defaults={**made, "as_of": now, "took": took})
    return True


def _is_due(now: datetime) -> bool:
    row = Overview.objects.exclude(as_of=None).first()
    if row is None or row.as_of is None:
        return True
    return not row.as_of <= now < row.as_of + max(EVERY, SHARE * row.took)


def _contacts(now: datetime) -> dict[str, Any]:
    slugs = Source.objects.order_by("slug").values_list("slug", flat=True)[:MOST_SOURCES]
    return {"contacts": [_write(asdict(each)) for each in last_contacts(list(slugs), now)]}


def _gaps(now: datetime) -> dict[str, Any]:
    window, since = around(now), begin(now)
    try:
        parts = _found(window, now, until=time.monotonic() + PATIENCE.total_seconds())
    except TooMuch:
        told = {"gaps_since": window.since, "too_much": True, "newest_missing": [], "unjudged": 0}
        return told
    entries = [entry for part in parts for entry in part.entries]
    unjudged = sum(part.unjudged for part in parts)
    write_hours(window, entries, now=now, since=since, unjudged=unjudged)
    return {
        "gaps_since": window.since,
        "too_much": False,
        "newest_missing": _newest(entries),
        "unjudged": unjudged,
    }


def _found(window: Window, now: datetime, *, until: float) -> list[Gaps]:
    """In order of time: where it is too much for one answer, of either half. Raises ``TooMuch``
    where an hour is, or time is up."""
    try:
        return [gaps_of(window, now=now)]
    except TooMuch:
        hours = (window.until - window.since) // HOUR
        if hours < 2 or time.monotonic() > until:
            raise
    middle = window.since + hours // 2 * HOUR
    halves = (Window(window.since, middle), Window(middle, window.until))
    return [part for half in halves for part in _found(half, now, until=until)]


def _newest(entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """Those that are missing and open."""
    found = [each for each in entries if each.counts_as is CountsAs.MISSING]
    missing = narrowed(found, acknowledgements(found), acknowledged=False)
    names = [each.name for each in fields(OpenGap)]
    return [
        _write({name: getattr(each, name) for name in names})
        for each in reversed(missing[-NEWEST:])
    ]


def _write(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: written(value) if isinstance(value, datetime) else value
        for name, value in values.items()
    }


def _read_gaps(row: Overview, since: datetime) -> GapsAround:
    window = Window(since, since + 2 * AROUND)
    rows = GapHour.objects.filter(hour__gte=window.since, hour__lt=window.until)
    by_hour: dict[datetime, dict[CountsAs, int]] = {}
    still: dict[datetime, int] = {}
    for hour, counts_as, count, opened in (
        rows.values_list("hour", "counts_as").annotate(Sum("count"), Sum("open")).order_by()
    ):
        by_hour.setdefault(hour, {})[CountsAs(counts_as)] = count
        if counts_as == CountsAs.MISSING:
            still[hour] = opened
    return GapsAround(
        window=window,
        by_hour=by_hour,
        open=still,
        newest=[_read_gap(each) for each in row.newest_missing],
        unjudged=row.unjudged,
    )


def _read_gap(told: Mapping[str, Any]) -> OpenGap:
    return OpenGap(
        at=datetime.fromisoformat(told["at"]),
        due=_moment(told["due"]),
        message_type=told["message_type"],
        operation=told["operation"],
        activation=told["activation"],
        rule=Rule(told["rule"]),
        reason=Reason(told["reason"]),
        counts_as=CountsAs(told["counts_as"]),
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
