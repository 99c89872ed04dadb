"""The gaps of a window over all operations: set-based, no query for each of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import chain, groupby
from typing import Any

from django.db import connection

from notifications.models.patience import TooMuch, at_most
from notifications.models.querysets import Apps, Extent
from notifications.protocol.audience import status_changes
from notifications.protocol.clocks import Clocks
from notifications.protocol.coverage import SourceCoverage
from notifications.protocol.debts import Debt
from notifications.protocol.expectations import Gap, debts_of, gap_of
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at
from notifications.protocol.knowledge import Knowledge
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import Window

from . import entries, evidence, lives, owed, sentences, silence, uncopied
from .clocks import by_its_clock, clocks_in
from .entries import Counts, Entry
from .entry_of import entry_of_gap
from .listeners import ask_who_listened
from .reporting import Reporting, reporting_of
from .states import events_of

LONGEST = timedelta(days=31)
MOST_MESSAGES = 1_000  # of one operation around the window; real ones have a dozen
MOST_SUSPECTS = 50_000  # operations that may have a gap; some seconds to judge
LONGEST_QUERY = "20s"
TOGETHER = 5_000  # messages of operations that are judged at a time

# All but the ordinary: announced, then finished, no two devices named, and nothing told before,
# however many reports that has: a request and its copy are two. So are more rounds of that, one
# after the other, as far as one source alone tells of them and no two at one moment. The rules owe
# nothing for those (a test holds the two equal), and they are nearly all.
# What was told first of is joined as a whole, as that is a range of the index: looked up one by
# one, it takes longer than reading the window. Rounds are read for those few alone.
# Where the answer is limited, what others told before makes no suspect either; OFFSET keeps the
# planner from reading all that is earlier at once, which may be years, to have it at hand. That the
# bounds of rounds are columns keeps it from reading all of the window for each of them: of a few
# hours it may believe that there is nothing between their ids.
_SUSPECTS = """
    WITH grouped AS (
        SELECT operation_id, count(*) AS number, %(since)s::uuid AS since, %(until)s::uuid AS until,
            min(activation_id) IS NOT DISTINCT FROM max(activation_id) AS is_to_one,
            max(AT(report)) FILTER (WHERE message_type = %(init)s) AS last_init,
            min(AT(report)) FILTER (WHERE message_type = %(finished)s) AS first_finish
        FROM notifications_notification AS report
        WHERE operation_id IS NOT NULL AND id >= %(since)s AND id < %(until)s
            AND message_type IN (%(init)s, %(finished)s)
            AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
            AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
            AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        GROUP BY operation_id
    )
    SELECT operation_id, number
    FROM grouped AS told
    LEFT JOIN notifications_operation AS begun ON begun.id = operation_id
        AND begun.first_notification_id >= %(since)s AND begun.first_notification_id < %(until)s
    WHERE NOT (
        is_to_one
        AND (
            begun.id IS NOT NULL
            OR %(is_limited)s AND NOT EXISTS (
                SELECT FROM notifications_notification AS earlier
                WHERE earlier.operation_id = told.operation_id AND earlier.id < %(since)s
                    AND (%(apps)s::text[] IS NULL OR earlier.app_id = ANY(%(apps)s))
                    AND (%(below)s::xid8 IS NULL OR earlier.recorded_xid < %(below)s::xid8)
                    AND (%(as_of)s::timestamptz IS NULL OR earlier.recorded_at <= %(as_of)s)
                OFFSET 0
            )
        )
        AND CASE WHEN last_init <= first_finish THEN true WHEN first_finish < last_init THEN (
            SELECT count(DISTINCT AT(round)) = count(*) AND count(DISTINCT source_id) = 1
                AND count(source_id) = count(*) AND NOT bool_or(per_device)
                AND string_agg(
                    CASE message_type WHEN %(init)s THEN 'i' ELSE 'f' END, '' ORDER BY AT(round)
                ) ~ '^(i+f+)+$'
            FROM notifications_notification AS round
            WHERE round.operation_id = told.operation_id
                AND round.id >= told.since AND round.id < told.until
                AND message_type IN (%(init)s, %(finished)s)
                AND (%(apps)s::text[] IS NULL OR app_id = ANY(%(apps)s))
                AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
                AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
        ) ELSE false END
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

    def __contains__(self, gap: Entry) -> bool:
        return all(
            not wanted or told in wanted
            for told, wanted in (
                (gap.rule, self.rules),
                (gap.reason, self.reasons),
                (gap.counts_as, self.counts_as),
                (gap.operation_name, self.operation_names),
                (gap.app, self.apps),
                (gap.source, self.sources),
            )
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Gaps:
    """In order of the time they were first owed. ``unjudged`` operations have over 1,000 messages
    around the window, which no life cycle has. ``coverage`` and ``recorded``, which
    ``with_coverage`` adds, say of each source that could have told something whether it was."""

    window: Window
    verdict: str
    counts: Counts
    entries: tuple[Entry, ...]
    unjudged: int
    coverage: tuple[SourceCoverage, ...] = ()
    recorded: str = ""
    as_of: datetime | None = None


def find_gaps(
    window: Window,
    *,
    now: datetime,
    wanted: Wanted | None = None,
    apps: Apps = None,
    below: int | None = None,
    as_of: datetime | None = None,
) -> Gaps:
    """Those first owed in ``window``, a month at most; ``as_of`` as for a device. Raises
    ``TooMuch``.

    With ``below``, as if only transactions with a lower number had recorded: up to the horizon, the
    same question with the same ``now`` has the same answer for ever.
    """
    extent, now = Extent(apps, below, as_of), as_of or now
    with at_most(LONGEST_QUERY):
        clocks, reporting = clocks_in(window, extent), reporting_of(now, extent)
        suspects = _suspects(window, extent, clocks)
        judged = (
            gap
            for chunk in _chunks(suspects)
            for gap in _judged(chunk, window, now, extent, reporting)
        )
        gaps = chain(
            judged,
            owed.in_window(window, now, extent, reporting, clocks),
            uncopied.in_window(window, now, extent, reporting, clocks),
        )
        told = (entry_of_gap(gap, gap.certainty) for gap in gaps if gap.at in window)
        found = [each for each in told if wanted is None or each in wanted]
    unjudged = sum(count > MOST_MESSAGES for count in suspects.values())
    return told_of(window, found, unjudged=unjudged, as_of=as_of)


def told_of(
    window: Window, found: Iterable[Entry], *, unjudged: int, as_of: datetime | None = None
) -> Gaps:
    """What was ``found`` in it, in any order."""
    gaps = entries.in_order(found)
    counts = entries.count(gaps)
    told = sentences.of_gaps(counts.as_json(), entries.reasons(gaps))
    return Gaps(
        window=window,
        verdict=sentences.as_known(told, as_of),
        counts=counts,
        entries=gaps,
        unjudged=unjudged,
        as_of=as_of,
    )


def with_coverage(gaps: Gaps, *, now: datetime, wanted: Wanted, apps: Apps = None) -> Gaps:
    """With who was listening, for those who look: of the apps that were ``wanted``, if any, as
    known when the gaps were."""
    coverage = ask_who_listened(
        gaps.window,
        now=gaps.as_of or now,
        reporting=reporting_of(gaps.as_of or now, Extent(apps, as_of=gaps.as_of)),
        as_of=gaps.as_of,
        apps=wanted.apps or None,
        named={},
    )()
    return replace(gaps, coverage=coverage, recorded=silence.in_words(coverage))


def _suspects(window: Window, extent: Extent, clocks: Clocks) -> dict[str, int]:
    """The operations that may have a gap in the window, each with how many messages it has."""
    margin = evidence.terms().longest
    statement, corrections = by_its_clock(_SUSPECTS, clocks, window, margin)
    given: dict[str, Any] = {
        **corrections,
        "since": first_id_at(window.since - margin),
        "until": first_id_at(window.until + margin),
        "init": MessageType.OPERATION_INIT,
        "finished": MessageType.OPERATION_FINISHED,
        "most": MOST_SUSPECTS + 1,
        "is_limited": extent.is_limited,
        **extent.parameters,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, given)
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


def _judged(
    operations: list[str], window: Window, now: datetime, extent: Extent, reporting: Reporting
) -> Iterator[Gap]:
    told = evidence.about_operations(operations, extent)
    messages = [each for of_one in told.values() for each in of_one]
    beside = evidence.Beside(
        lives=lives.by_name(lives.operation_events(operations, extent)),
        emitters=reporting.emitters(()),
    )
    known = evidence.knowledge(
        messages,
        (),
        now,
        extent,
        reporting=reporting,
        beside=beside,
        clocks_of={each.source for each in reporting.messages},  # whatever is judged together
    )
    debts = [each for of_one in told.values() for each in debts_of(of_one, known)]
    known = _with_devices(known, [debt for debt, _ in debts], window, extent)
    for debt, anchor in debts:
        is_told_of = debt.lane in known.spans or debt.lane in known.status_changes
        yield gap_of(debt.with_known(known) if is_told_of else debt, anchor)


def _with_devices(
    known: Knowledge, debts: Collection[Debt], window: Window, extent: Extent
) -> Knowledge:
    """With what is known of the devices that are owed something; when one's status changed, which
    tells of finishes alone, of those that are owed one."""
    named = {debt.lane for debt in debts if debt.lane is not None}
    unfinished = {debt.lane for debt in debts if debt.owed is MessageType.OPERATION_FINISHED}
    changes = evidence.status_changes_of(named & unfinished, window, extent)
    told = status_changes(known.clocks.corrected(each) for each in changes)
    spans = owed.spans_of(events_of(named, extent=extent), window)
    return evidence.with_spans(replace(known, status_changes=told), spans, extent)
