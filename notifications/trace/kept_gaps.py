"""The gaps of a window, as far as they were found before and would be found again: of hours that
nothing touched since, and that rest on what they rested on. All others are looked for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec
from django.db import connection

from notifications.models.patience import TooMuch, at_most
from notifications.models.querysets import Apps
from notifications.protocol.window import HOUR, Window

from .entries import Entry
from .gap_grounds import read_grounds
from .gap_touches import fingerprint, hours_left
from .gaps import LONGEST_QUERY, MOST_SUSPECTS, Gaps, Wanted, find_gaps, told_of

MOST_PARTS = 3  # that are looked for, each for itself
TOGETHER = 24  # hours that are read at a time
_LOOKS = """
    SELECT hour, terms, below::text, rests_on, rests_until,
        touched_at IS NULL AND rests_until <= %(now)s AND found IS NOT NULL
    FROM notifications_gaplook CROSS JOIN notifications_gapmark
    WHERE hour > %(since)s AND hour < %(until)s AND below <= pg_snapshot_xmax(pg_current_snapshot())
"""
_FOUND = """
    SELECT hour, found FROM notifications_gaplook WHERE hour = ANY(%(hours)s::timestamptz[])
"""
_reader = msgspec.json.Decoder(list[Entry])


def gaps_of(
    window: Window,
    *,
    now: datetime,
    wanted: Wanted | None = None,
    apps: Apps = None,
    as_of: datetime | None = None,
) -> Gaps:
    """What ``find_gaps`` finds. Raises ``TooMuch``.

    For some apps or as of an earlier moment all is looked for: what is kept rests on the whole
    record as it is now.
    """
    stands = None if apps is not None or as_of is not None else _standing(window, now)
    if stands is None:
        return find_gaps(window, now=now, wanted=wanted, apps=apps, as_of=as_of)
    parts = _parts([hour for hour, does in stands.items() if not does], window)
    looked_for = [find_gaps(each, now=now, wanted=wanted) for each in parts]
    found = [entry for each in looked_for for entry in each.entries]
    kept = sorted(
        hour for hour, does in stands.items() if does and not any(hour in each for each in parts)
    )
    for told in _kept(kept, now):
        found += [each for each in told if each.at in window and (not wanted or each in wanted)]
        if len(found) > MOST_SUSPECTS:
            raise TooMuch(f"{MOST_SUSPECTS:,} gaps")
    return told_of(window, found, unjudged=sum(each.unjudged for each in looked_for))


def written(found: Sequence[Entry]) -> str:
    """As it is kept."""
    return msgspec.json.encode(found).decode()


def _standing(window: Window, now: datetime) -> Mapping[datetime, bool] | None:
    """Of each hour whether what was found in it stands; None where nothing does. Hours that are not
    named have nothing on record. Raises ``TooMuch``."""
    since, until = window.since - HOUR, window.until
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"since": since, "until": until, "now": now})
        rows = cursor.fetchall()
    if not any(is_kept for *_, is_kept in rows):
        return None
    _, terms, below, *_ = rows[0]
    if terms != fingerprint():
        return None
    with at_most(LONGEST_QUERY):
        # Later than the rows: what a worker goes through meanwhile is seen here.
        left, grounds = hours_left(below), read_grounds(now)
    if left is None:
        return None
    stands = {
        hour: is_kept and rests_on == grounds.until(rests_until)
        for hour, _, _, rests_on, rests_until, is_kept in rows
    }
    return stands | {hour: False for hour in left if since < hour < until}


def _kept(hours: Sequence[datetime], now: datetime) -> Iterator[Sequence[Entry]]:
    """What was found in each of them, also where that is later than when they were seen to stand;
    what is not kept any more is looked for."""
    for place in range(0, len(hours), TOGETHER):
        with connection.cursor() as cursor:
            cursor.execute(_FOUND, {"hours": list(hours[place : place + TOGETHER])})
            rows = cursor.fetchall()
        for hour, found in rows:
            if found is not None:
                yield _reader.decode(found)
            else:
                yield find_gaps(Window(hour, hour + HOUR), now=now).entries


def _parts(hours: Collection[datetime], window: Window) -> list[Window]:
    """What of ``window`` has all these ``hours``, in a few parts, with what is between them where
    they are many."""
    told = sorted(hours)
    apart = sorted(pairwise(told), key=lambda each: each[0] - each[1])[: MOST_PARTS - 1]
    between = sorted(each for each in apart if each[1] - each[0] > HOUR)
    starts = [*told[:1], *(after for _, after in between)]
    ends = [*(before for before, _ in between), *told[-1:]]
    return [
        Window(max(start, window.since), min(end + HOUR, window.until))
        for start, end in zip(starts, ends, strict=True)
    ]
