"""The objects of a trace as JSON documents: what the API answers and ``--json`` prints.

Times are RFC 3339 in UTC to the millisecond.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from notifications.protocol.coverage import SourceCoverage
from notifications.protocol.deliveries import Delivery
from notifications.protocol.identity import timestamp
from notifications.protocol.reasons import CountsAs
from notifications.protocol.state import Registration, Told
from notifications.protocol.window import Window

from .entries import Counts, Entry, EpisodeView, Row, Timeline, Trace, UserTrace
from .gap_notes import Acknowledgement, Acknowledgements, WorkingList
from .gaps import Gaps
from .states import Life

MOST_HOLES = 20  # of one source
People = Mapping[int | None, Any]  # by surrogate key, as they are shown to who asks


def of_trace(trace: Trace, shown: Iterable[Entry]) -> dict[str, Any]:
    """``shown`` are the entries of one page; the rest is of the whole window."""
    return {
        **_summary(trace),
        **_then(trace),
        **_recorded(trace),
        "entries": [of_entry(each) for each in shown],
    }


def of_user_trace(trace: UserTrace, shown: Iterable[Row]) -> dict[str, Any]:
    return {
        "recipient": trace.recipient,
        **_window(trace.window),
        "verdict": trace.verdict,
        "counts": trace.counts.as_json(),
        **_recorded(trace),
        **_then(trace),
        "devices": [_summary(each) for each in trace.devices],
        "entries": [_row(each) for each in shown],
    }


def of_timeline(timeline: Timeline, shown: Iterable[Entry]) -> dict[str, Any]:
    """``lanes`` hold the keys of their entries; None is the lane of what names no device."""
    lanes: dict[str | None, list[str]] = {lane: [] for lane in timeline.lanes}
    for each in timeline.entries:
        lanes[each.activation].append(each.key)
    return {
        "operation": timeline.operation,
        "operation_name": timeline.operation_name,
        "verdict": timeline.verdict,
        "counts": timeline.counts.as_json(),
        **_recorded(timeline),
        **_then(timeline),
        "lanes": [{"activation": lane, "entries": keys} for lane, keys in lanes.items()],
        "episodes": [_episode(each) for each in timeline.episodes],
        "entries": [of_entry(each) for each in shown],
    }


def of_gaps(found: WorkingList, shown: Iterable[Entry]) -> dict[str, Any]:
    gaps = found.gaps
    return {
        **_window(gaps.window),
        "verdict": gaps.verdict,
        "counts": _gap_counts(gaps.counts),
        "open": _gap_counts(found.open),
        "unjudged": gaps.unjudged,
        **_recorded(gaps),
        "as_of": _moment(gaps.as_of),
        "results": [of_gap(each, found.notes) for each in shown],
    }


def of_gap(gap: Entry, notes: Acknowledgements) -> dict[str, Any]:
    noted = notes.get(gap.key)
    return {
        **of_entry(gap),
        "app_id": gap.app,
        "source": gap.source,
        "acknowledgement": None if noted is None else _acknowledgement(noted),
    }


def _gap_counts(counts: Counts) -> dict[str, int]:
    return {str(kind): getattr(counts, kind) for kind in CountsAs}


def _acknowledgement(noted: Acknowledgement) -> dict[str, Any]:
    reason, counts_as = noted.was
    return {
        "kind": noted.kind,
        "holds": noted.holds,
        "note": noted.note,
        "who": noted.who,
        "at": timestamp(noted.at),
        "reason": reason,
        "counts_as": counts_as,
    }


def of_life(life: Life, as_of: datetime | None, people: People) -> dict[str, Any]:
    """Every recipient is shown as ``people`` have it."""
    state = life.state
    recipient = {**_told(state.recipient), "value": people.get(state.recipient.value)}
    return {
        "activation": state.activation,
        "at": timestamp(state.at),
        "as_of": _moment(as_of),
        "recipient": recipient,
        "app_id": _told(state.app),
        "platform": _told(state.platform),
        "status": _told(state.status),
        "registered": _told(state.registered),
        "push_active": _told(state.push_active),
        "registrations": [_registration(each, people) for each in life.registrations],
    }


def of_entry(entry: Entry) -> dict[str, Any]:
    payload = entry.payload
    return {
        "key": entry.key,
        "at": timestamp(entry.at),
        "due": _moment(entry.due),
        "kind": entry.kind,
        "message_type": entry.message_type,
        "result": entry.result,
        "operation": entry.operation,
        "operation_name": entry.operation_name,
        "episode": entry.episode,
        "inbox_message": entry.inbox_message,
        "activation": entry.activation,
        "recipient": entry.recipient,
        "basis": entry.basis,
        "certainty": entry.certainty,
        "grade": entry.grade,
        "rule": entry.rule,
        "reason": entry.reason,
        "counts_as": entry.counts_as,
        "marks": list(entry.marks),
        "sentence": entry.sentence,
        "clients": payload.clients if payload else None,
        "findings": list(payload.findings) if payload else [],
        "evidence": [str(each) for each in entry.evidence],
        "sources": list(entry.sources),
        "events": [str(each) for each in entry.events],
        "deliveries": [_delivery(each) for each in entry.deliveries],
    }


def _recorded(answer: Trace | UserTrace | Timeline | Gaps) -> dict[str, Any]:
    return {
        "recorded": answer.recorded,
        "coverage": [_source_coverage(each) for each in answer.coverage],
    }


def _source_coverage(told: SourceCoverage) -> dict[str, Any]:
    """``holes`` are the longest, in order of time."""
    shown = told.shown
    holes = told.longest_holes(MOST_HOLES)
    return {
        "source": told.source,
        "tells": list(told.tells),
        "contact_kinds": list(told.kinds),
        **_window(shown.window),
        "measured_since": _moment(shown.covered.measured_since),
        "settled_until": timestamp(shown.settled),
        "share": None if shown.share is None else round(shown.share, 6),
        "holes": [{"since": timestamp(since), "until": timestamp(until)} for since, until in holes],
        "holes_left_out": len(shown.holes) - len(holes),
        "uncovered_seconds": round(shown.uncovered.total_seconds(), 3),
        "last_contact_before": _moment(told.contact_before),
        "first_contact_after": _moment(told.contact_after),
        "first_report_at": _moment(told.first_report),
        "last_report_at": _moment(told.last_report),
        "registrations_compared_at": _moment(told.compared),
        "stores_nothing_since": _moment(told.stores_nothing_since),
    }


def _delivery(delivery: Delivery) -> dict[str, Any]:
    return {
        "id": str(delivery.id),
        "source": delivery.source,
        "outcome": delivery.outcome,
        "code": delivery.code,
        "is_final": delivery.is_final,
        "cause": delivery.cause,
        "at": timestamp(delivery.at),
        "observed_at": timestamp(delivery.observed_at),
    }


def _told(told: Told[Any]) -> dict[str, Any]:
    return {
        "value": told.value,
        "standing": told.standing,
        "since": _moment(told.since),
        "seen": _moment(told.seen),
        "evidence": [str(each) for each in told.evidence],
    }


def _registration(registration: Registration, people: People) -> dict[str, Any]:
    return {
        "token": registration.token,
        "standing": registration.standing,
        "since": timestamp(registration.since),
        "until": _moment(registration.until),
        "ended_by": registration.ended_by,
        "app_id": registration.app,
        "platform": registration.platform,
        "recipient": people.get(registration.recipient),
        "evidence": [str(each) for each in registration.evidence],
    }


def _then(answer: Trace | UserTrace | Timeline) -> dict[str, Any]:
    """As of which moment it is, and what it is by now."""
    since = answer.since_then
    return {
        "as_of": _moment(answer.as_of),
        "since_then": None
        if since is None
        else {
            "sentence": since.sentence,
            "reports": since.reports,
            "counts": since.counts.as_json(),
        },
    }


def _summary(trace: Trace) -> dict[str, Any]:
    return {
        "activation": trace.activation,
        **_window(trace.window),
        "verdict": trace.verdict,
        "counts": trace.counts.as_json(),
    }


def _row(row: Row) -> dict[str, Any]:
    """``devices`` says which of the devices the entry concerns, why it is theirs, and what became
    of it there; None is one that is not known."""
    concerned = [*row.devices.items(), *((None, each) for each in row.unknown)]
    return {
        **of_entry(row.entry),
        "devices": [
            {
                "activation": activation,
                "basis": each.basis,
                "certainty": each.certainty,
                "grade": each.grade,
                "reason": each.reason,
                "counts_as": each.counts_as,
            }
            for activation, each in concerned
        ],
    }


def _episode(episode: EpisodeView) -> dict[str, Any]:
    return {
        "number": episode.number,
        "announced_at": _moment(episode.announced_at),
        "finished_at": _moment(episode.finished_at),
        "due": timestamp(episode.due),
        "results": list(episode.results),
        "agrees": episode.agrees,
        "owed": episode.owed,
        "sent": episode.sent,
    }


def _window(window: Window) -> dict[str, str]:
    return {"since": timestamp(window.since), "until": timestamp(window.until)}


def _moment(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)
