"""What the page of a device tells of its life: its state at a moment, the ribbon, its events and
its push registrations, all folded from the same events; and what its trace has of these."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from notifications.models import Recipient
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.events import ActivationEvent
from notifications.protocol.state import Span, fold_registrations, fold_spans, fold_state
from notifications.protocol.statuses import moment_of
from notifications.protocol.window import Window
from notifications.trace.entries import Trace
from notifications.trace.states import events_of

from .device_events import events_of_device
from .moments import Moment
from .ribbon import Ribbon, ribbon_of
from .states import in_words, lines_of, registrations_of
from .trails import May

RIGHT = "notifications.view_activationevent"


def life_of(activation: str, moment: Moment, may: May) -> dict[str, Any]:
    """What the page's template needs; nothing where the events may not be seen."""
    if not may(RIGHT):
        return {}
    try:
        told = events_of([activation], extent=Extent(as_of=moment.as_of))[activation]
    except TooMuch as problem:
        return {"too_much": str(problem)}
    state = fold_state(activation, told, moment.at)
    until = moment.until
    shown = [each for each in told if until is None or moment_of(each) < until]
    events = events_of_device(shown, activation, may=may)
    registrations, more = registrations_of(fold_registrations(activation, shown), shown, activation)
    spans = _spans(activation, told, moment.ribbon.window, moment.end)
    owner = state.recipient.value if may("notifications.view_recipient") else None
    return {
        "moment": moment,
        "state": state,
        "in_words": in_words(state, moment, is_told=bool(told)),
        "lines": lines_of(state, moment, {each.id for each in events.rows}),
        "ribbon": ribbon_of(
            spans, moment.ribbon.window, marker=None if moment.is_now else moment.at
        ),
        "events": events,
        "registrations": registrations,
        "more_registrations": more,
        "owner": Recipient.objects.filter(pk=owner).first() if owner is not None else None,
    }


def ribbon_in(trace: Trace, *, now: datetime, may: May) -> Ribbon | None:
    """Over the window of a trace; None where the events may not be seen, or there are none."""
    if not may(RIGHT) or not trace.events:
        return None
    spans = _spans(trace.activation, trace.events, trace.window, now)
    return ribbon_of(spans, trace.window, compact=True)


def _spans(
    activation: str, events: Iterable[ActivationEvent], window: Window, end: datetime
) -> Sequence[Span]:
    """Within ``window``, and before ``end``: of what lies ahead nothing is drawn."""
    until = min(window.until, end)
    return (
        fold_spans(activation, events, Window(window.since, until)) if window.since < until else ()
    )
