"""The trace of a user: all of the user's devices side by side. A call begins with a user."""

from collections.abc import Iterable
from datetime import datetime

from notifications.models import Notification
from notifications.models.querysets import Apps, Extent
from notifications.models.statements import asked, together
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.excuses import excused_of_user
from notifications.protocol.identity import first_id_at
from notifications.protocol.merging import Merged
from notifications.protocol.reasons import CountsAs, Rule
from notifications.protocol.window import Window

from . import entries, sentences, silence
from .device import Gathered, emitted_entry, gather, trace_of, with_verdicts
from .entries import Entry, Row, Trace, UserTrace
from .entry_of import entry_of_gap
from .nearest import why_nothing
from .told import within

# The device that each of a user's latest notifications names, and each of the latest events.
_NAMED = """
    SELECT activation_id FROM notifications_notification AS told
    WHERE recipient_id = %(recipient)s::bigint AND id < %(until)s::uuid {within}
    ORDER BY id DESC LIMIT %(most)s
"""
_TOLD = """
    SELECT activation_id FROM notifications_activationevent
    WHERE recipient_id = %(recipient)s::bigint AND activation_id IS NOT NULL
        AND id < %(until)s::uuid
        AND (%(apps)s::text[] IS NULL OR apps && %(apps)s::varchar[])
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
    ORDER BY id DESC LIMIT %(most)s
"""
MOST_DEVICES = 20  # side by side; the ones told most lately
LOOKED_THROUGH = 500  # of a user's latest notifications, for the devices they name


def trace_user(
    recipient: int,
    window: Window,
    *,
    now: datetime,
    apps: Apps = None,
    as_of: datetime | None = None,
) -> UserTrace:
    """Of a recipient by its surrogate key; ``as_of`` as for a device. Raises ``TooMuch``."""
    extent = Extent(apps, as_of=as_of)
    activations = devices_of(recipient, window, extent)
    gathered = gather(activations, window, now=as_of or now, extent=extent, recipients={recipient})
    traces = with_verdicts(
        [trace_of(each, gathered, window, recipient=recipient) for each in activations], gathered
    )
    rows = _rows(traces, _to_nobody(recipient, traces, gathered, window), gathered.merged)
    found = [entry for row in rows for entry in row.counted]
    counts = entries.count(found)
    about = Notification.objects.within(extent).filter(recipient=recipient)
    verdict = (
        sentences.verdict(counts.as_json(), entries.reasons(found))
        if found
        else why_nothing(about, window, "was sent to this user")
    )
    return UserTrace(
        recipient=recipient,
        window=window,
        verdict=sentences.as_known(verdict, as_of),
        counts=counts,
        devices=traces,
        rows=rows,
        coverage=gathered.coverage,
        recorded=silence.in_words(gathered.coverage),
        as_of=as_of,
    )


def devices_of(recipient: int, window: Window, extent: Extent) -> tuple[str, ...]:
    """The devices that notifications to this user, and events, named last before the end of
    ``window``."""
    given = {
        "recipient": recipient,
        "until": first_id_at(window.until),
        "most": LOOKED_THROUGH,
        **extent.parameters,
    }
    with together():
        answers = asked(_NAMED.format(within=within(extent)), given), asked(_TOLD, given)
        named = [each for rows in answers for (each,) in rows() if each is not None]
    return tuple(dict.fromkeys(named))[:MOST_DEVICES]


def _to_nobody(
    recipient: int, traces: Iterable[Trace], gathered: Gathered, window: Window
) -> list[Entry]:
    """What was sent to the user and reaches none of the devices, or owed so, and the copies for
    devices that are not known. A request whose copies are shown is shown by them."""
    seen = [entry for trace in traces for entry in trace.entries]
    merged = gathered.merged
    first = (each for each in gathered.messages.values() if merged.stands_first(each))
    mine = [
        each
        for each in map(merged.whole, first)
        if each.recipient == recipient and each.at in window
    ]
    reached = Basis.USER_WIDE, Certainty.KNOWN
    found = [emitted_entry(each, reached, gathered) for each in mine if each.is_to_somebody_unknown]
    shown = {entry.key for entry in seen}
    shown |= {
        str(key)
        for each in (*seen, *found)
        if each.is_emitted or each.rule is Rule.E7
        for key in each.evidence
    }
    assumed = Basis.USER_WIDE, Certainty.ASSUMED
    found += [
        emitted_entry(each, assumed, gathered)
        for each in mine
        if each.is_user_wide and str(each.id) not in shown
    ]
    for gap in gathered.gaps:
        if gap.activation is None and gap.anchor.recipient == recipient and gap.at in window:
            # It is shown where it concerns none of the devices.
            told = excused_of_user(gap, (), gathered.known)
            found.append(entry_of_gap(told, told.certainty))
    return [each for each in found if each.is_emitted or each.key not in shown]


def _rows(traces: tuple[Trace, ...], others: Iterable[Entry], merged: Merged) -> tuple[Row, ...]:
    """One for each emission: the copies of a request are in one row."""
    rows: dict[str, dict[str, Entry]] = {}
    for trace in traces:
        for entry in trace.entries:
            place = _request_of(entry, merged)
            if trace.activation in rows.get(place, ()):
                place = entry.key  # another source reports its own copy for the device
            rows.setdefault(place, {})[trace.activation] = entry
    unknown: dict[str, list[Entry]] = {}
    alone: list[Row] = []
    for entry in others:
        if entry.is_emitted and (place := _request_of(entry, merged)) in rows:
            unknown.setdefault(place, []).append(entry)
        else:
            alone.append(Row(entry=entry))
    found = [
        Row(
            entry=_of_all((*cells.values(), *unknown.get(place, ()))),
            devices=cells,
            unknown=tuple(unknown.get(place, ())),
        )
        for place, cells in rows.items()
    ]
    return tuple(sorted((*found, *alone), key=lambda row: row.place))


def _request_of(entry: Entry, merged: Merged) -> str:
    """The key of the request that it merged with, or that no copy was made of, else its own."""
    if entry.rule is Rule.E7:
        return str(entry.evidence[0])
    requests = merged.requests.get(entry.evidence[0], ()) if entry.is_emitted else ()
    return str(requests[0].id) if requests else entry.key


def _of_all(cells: Iterable[Entry]) -> Entry:
    """The one that stands for the user: sent to any device, it was sent, taken for any, it was
    taken; and what is missing on one is not explained by another."""
    order = (None, CountsAs.MISSING, CountsAs.UNDECIDED, CountsAs.PENDING, CountsAs.EXPLAINED)
    return min(cells, key=lambda each: (order.index(each.counts_as), each.is_failed))
