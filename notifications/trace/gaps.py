"""The gaps of a window over all operations: set-based, no query for each of them."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from notifications.protocol.expectations import Gap, judge
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.reasons import Reason, Rule

from . import entries, evidence, sentences
from .entries import Counts, Entry
from .window import Window

LONGEST = timedelta(days=31)
MOST_MESSAGES = 1_000  # of one operation around the window; real ones have a dozen
MOST_SUSPECTS = 50_000  # operations that may have a gap; some seconds to judge
LONGEST_QUERY = "20s"
TOGETHER = 5_000  # messages of operations that are judged at a time

# All but the ordinary: one announcement, then one finish, no two devices named, and nothing told
# before. The rules owe nothing for those (a test holds the two equal), and they are nearly all.
_SUSPECTS = """
    SELECT operation_id, count(*)
    FROM notifications_notification
    WHERE operation_id IS NOT NULL AND id >= %s AND id < %s AND message_type IN (%s, %s)
    GROUP BY operation_id
    HAVING NOT (
        count(*) = 2
        AND min(message_type) <> max(message_type)
        AND min(activation_id) IS NOT DISTINCT FROM max(activation_id)
        AND min(emitted_at) FILTER (WHERE message_type = %s) <=
            min(emitted_at) FILTER (WHERE message_type = %s)
        AND (
            SELECT operation.first_notification_id FROM notifications_operation AS operation
            WHERE operation.id = operation_id
        ) >= %s
    )
    ORDER BY operation_id
    LIMIT %s
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which gaps; what is empty wants all."""

    rules: Collection[Rule] = ()
    reasons: Collection[Reason] = ()
    apps: Collection[str] = ()

    def __contains__(self, gap: Gap) -> bool:
        return (
            (not self.rules or gap.rule in self.rules)
            and (not self.reasons or gap.reason in self.reasons)
            and (not self.apps or gap.anchor.app in self.apps)
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


def find_gaps(window: Window, *, now: datetime, wanted: Wanted | None = None) -> Gaps:
    """Those first owed in ``window``, a month at most. Raises ``evidence.TooMuch``."""
    suspects = _suspects(window)
    found = entries.in_order(
        entries.entry_of_gap(gap, gap.certainty)
        for chunk in _chunks(suspects)
        for gap in _judged(chunk, window, now)
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


def _suspects(window: Window) -> dict[str, int]:
    """The operations that may have a gap in the window, each with how many messages it has."""
    margin = evidence.terms().longest
    kinds = (MessageType.OPERATION_INIT, MessageType.OPERATION_FINISHED)
    bounds = (first_id_at(window.since - margin), first_id_at(window.until + margin))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = %s", [LONGEST_QUERY])
        try:
            cursor.execute(_SUSPECTS, [*bounds, *kinds, *kinds, bounds[0], MOST_SUSPECTS + 1])
        except OperationalError as error:
            if not isinstance(error.__cause__, QueryCanceled):
                raise
            raise evidence.TooMuch(f"what can be read in {LONGEST_QUERY}") from error
        found = dict(cursor.fetchall())
    if len(found) > MOST_SUSPECTS:
        raise evidence.TooMuch(f"{MOST_SUSPECTS:,} operations that are not plainly in order")
    return found


def _chunks(suspects: Mapping[str, int]) -> Iterator[list[str]]:
    judged = [(key, count) for key, count in suspects.items() if count <= MOST_MESSAGES]
    before, numbered = 0, []
    for key, count in judged:
        numbered.append((before // TOGETHER, key))
        before += count
    for _, chunk in groupby(numbered, key=lambda each: each[0]):
        yield [key for _, key in chunk]


def _judged(operations: list[str], window: Window, now: datetime) -> Iterator[Gap]:
    told = evidence.about_operations(operations)
    messages = [each for of_one in told.values() for each in of_one]
    devices = {each.activation for each in messages if each.activation is not None}
    known = evidence.knowledge(messages, evidence.status_changes_of(devices, window), now)
    for of_one in told.values():
        yield from judge(of_one, known).gaps
