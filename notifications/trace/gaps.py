"""The gaps of a window over all operations: set-based, no query for each of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Any

from django.db import connection

from notifications.models.patience import TooMuch, at_most
from notifications.models.querysets import Apps, Extent
from notifications.protocol.expectations import Gap, judge
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import Window

from . import entries, evidence, lives, owed, sentences, uncopied
from .entries import Counts, Entry
from .entry_of import entry_of_gap
from .states import events_of

LONGEST = timedelta(days=31)
MOST_MESSAGES = 1_000  # of one operation around the window; real ones have a dozen
MOST_SUSPECTS = 50_000  # operations that may have a gap; some seconds to judge
LONGEST_QUERY = "20s"
TOGETHER = 5_000  # messages of operations that are judged at a time

# All but the ordinary: announced, then finished, no two devices named, and nothing told before,
# however many reports that has: a request and its copy are two. The rules owe nothing for those (a
# test holds the two equal), and they are nearly all.
# Where the answer is limited, what others told before makes no suspect either; OFFSET keeps the
# planner from reading all that is earlier at once, which may be years, to have it at hand.
_SUSPECTS = """
    SELECT operation_id, count(*)
    FROM notifications_notification AS told
    WHERE operation_id IS NOT NULL AND id >= %(since)s AND id < %(until)s
        AND message_type IN (%(init)s, %(finished)s)
        AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
    GROUP BY operation_id
    HAVING NOT (
        min(message_type) <> max(message_type)
        AND min(activation_id) IS NOT DISTINCT FROM max(activation_id)
        AND max(emitted_at) FILTER (WHERE message_type = %(init)s) <=
            min(emitted_at) FILTER (WHERE message_type = %(finished)s)
        AND (
            (
                SELECT operation.first_notification_id FROM notifications_operation AS operation
                WHERE operation.id = operation_id
            ) >= %(since)s
            OR %(is_limited)s AND NOT EXISTS (
                SELECT FROM notifications_notification AS earlier
                WHERE earlier.operation_id = told.operation_id AND earlier.id < %(since)s
                    AND (%(apps)s::text[] IS NULL OR earlier.app_id = ANY(%(apps)s))
                    AND (%(below)s::xid8 IS NULL OR earlier.recorded_xid < %(below)s::xid8)
                OFFSET 0
            )
        )
    )
    ORDER BY operation_id
    LIMIT %(most)s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which gaps; what is empty wants all."""

    rules: Collection[Rule] = ()
    reasons: Collection[Reason] = ()
    counts_as: Collection[CountsAs] = ()
    operation_names: Collection[str] = ()
    apps: Collection[str] = ()
    sources: Collection[str] = ()

    def __contains__(self, gap: Gap) -> bool:
        return all(
            not wanted or told in wanted
            for told, wanted in (
                (gap.rule, self.rules),
                (gap.reason, self.reasons),
                (gap.counts_as, self.counts_as),
                (gap.anchor.operation_name, self.operation_names),
                (gap.anchor.app, self.apps),
                (gap.anchor.source, self.sources),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """In order of the time they were first owed. ``unjudged`` operations have over 1,000 messages
    around the window, which no life cycle has."""

    window: Window
    verdict: str
    counts: Counts
    entries: tuple[Entry, ...]
    unjudged: int


def find_gaps(
    window: Window,
    *,
    now: datetime,
    wanted: Wanted | None = None,
    apps: Apps = None,
    below: int | None = None,
) -> Gaps:
    """Those first owed in ``window``, a month at most. Raises ``TooMuch``.

    With ``below``, as if only transactions with a lower number had recorded: up to the horizon, the
    same question with the same ``now`` has the same answer for ever.
    """
    extent = Extent(apps, below)
    with at_most(LONGEST_QUERY):
        suspects = _suspects(window, extent)
        judged = (gap for chunk in _chunks(suspects) for gap in _judged(chunk, window, now, extent))
        found = entries.in_order(
            entry_of_gap(gap, gap.certainty)
            for gap in chain(
                judged,
                owed.in_window(window, now, extent),
                uncopied.in_window(window, now, extent),
            )
            if gap.at in window and (wanted is None or gap in wanted)
        )
    counts = entries.count(found)
    return Gaps(
        window=window,
        verdict=sentences.of_gaps(counts.as_json(), entries.reasons(found)),
        counts=counts,
        entries=found,
        unjudged=sum(count > MOST_MESSAGES for count in suspects.values()),
    )


def _suspects(window: Window, extent: Extent) -> dict[str, int]:
    """The operations that may have a gap in the window, each with how many messages it has."""
    margin = evidence.terms().longest
    given: dict[str, Any] = {
        "since": first_id_at(window.since - margin),
        "until": first_id_at(window.until + margin),
        "init": MessageType.OPERATION_INIT,
        "finished": MessageType.OPERATION_FINISHED,
        "most": MOST_SUSPECTS + 1,
        "is_limited": extent.is_limited,
        **extent.parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(_SUSPECTS, given)
        found = dict(cursor.fetchall())
    if len(found) > MOST_SUSPECTS:
        raise TooMuch(f"{MOST_SUSPECTS:,} operations that are not plainly in order")
    return found


def _chunks(suspects: Mapping[str, int]) -> Iterator[list[str]]:
    judged = [(key, count) for key, count in suspects.items() if count <= MOST_MESSAGES]
    before, numbered = 0, []
    for key, count in judged:
        numbered.append((before // TOGETHER, key))
        before += count
    for _, chunk in groupby(numbered, key=lambda each: each[0]):
        yield [key for _, key in chunk]


def _judged(operations: list[str], window: Window, now: datetime, extent: Extent) -> Iterator[Gap]:
    told = evidence.about_operations(operations, extent)
    messages = [each for of_one in told.values() for each in of_one]
    devices = {each.activation for each in messages if each.activation is not None}
    changes = evidence.status_changes_of(devices, window, extent)
    beside = evidence.Beside(lives=lives.by_name(lives.operation_events(operations, extent)))
    known = evidence.knowledge(messages, changes, now, extent, beside=beside)
    # What is known of a device tells why something is not there, and nothing of whether it is: so
    # it is read for those alone that lack something.
    lacking = {key: found for key, of_one in told.items() if (found := judge(of_one, known).gaps)}
    named = {gap.activation for gaps in lacking.values() for gap in gaps}
    events = events_of({each for each in named if each is not None}, extent=extent)
    spans = owed.spans_of(events, window)
    if not spans:
        yield from chain.from_iterable(lacking.values())
        return
    known = replace(known, spans=spans)
    for key in lacking:
        yield from judge(told[key], known).gaps
