"""The objects of a trace as JSON documents: what the API answers and ``--json`` prints.

Times are RFC 3339 in UTC to the millisecond.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from notifications.protocol.deliveries import Delivery
from notifications.protocol.identity import timestamp
from notifications.protocol.reasons import CountsAs
from notifications.protocol.state import Registration, Told
from notifications.protocol.window import Window

from .entries import Entry, EpisodeView, Row, Timeline, Trace, UserTrace
from .gaps import Gaps
from .states import Life

People = Mapping[int | None, Any]  # by surrogate key, as they are shown to who asks


def of_trace(trace: Trace, shown: Iterable[Entry]) -> dict[str, Any]:
    """``shown`` are the entries of one page; the rest is of the whole window."""
    return {**_summary(trace), "entries": [of_entry(each) for each in shown]}


def of_user_trace(trace: UserTrace, shown: Iterable[Row]) -> dict[str, Any]:
    return {
        "recipient": trace.recipient,
        **_window(trace.window),
        "verdict": trace.verdict,
        "counts": trace.counts.as_json(),
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
        "lanes": [{"activation": lane, "entries": keys} for lane, keys in lanes.items()],
        "episodes": [_episode(each) for each in timeline.episodes],
        "entries": [of_entry(each) for each in shown],
    }


def of_gaps(gaps: Gaps, shown: Iterable[Entry]) -> dict[str, Any]:
    return {
        **_window(gaps.window),
        "verdict": gaps.verdict,
        "counts": {str(kind): getattr(gaps.counts, kind) for kind in CountsAs},
        "unjudged": gaps.unjudged,
        "results": [of_entry(each) for each in shown],
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
