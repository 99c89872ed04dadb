"""What has become, until now, of an answer that was given as of an earlier moment."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from notifications.models import ActivationEvent, DeliveryReport, InboxEvent, Notification
from notifications.models import OperationEvent as OperationEventRow
from notifications.models.patience import TooMuch

from . import sentences
from .entries import Entry, SinceThen, Timeline, Trace, UserTrace

EVIDENCE = (Notification, DeliveryReport, ActivationEvent, OperationEventRow, InboxEvent)

Answer = TypeVar("Answer", Trace, UserTrace, Timeline)


def told_since(ask: Callable[[datetime | None], Answer], as_of: datetime | None) -> Answer:
    """The answer ``as_of`` that moment, with what it is now; without, where that would rest on too
    much. Of None it is what it is. Raises ``TooMuch``."""
    then = ask(as_of)
    if as_of is None:
        return then
    try:
        now = ask(None)
    except TooMuch:
        return then
    reports = _recorded_after(as_of, _rests_on(now.counted) - _rests_on(then.counted))
    sentence = sentences.since_then(then.counts.as_json(), now.counts.as_json(), reports)
    since = SinceThen(counts=now.counts, reports=reports, sentence=sentence)
    return replace(then, since_then=since)


def _rests_on(entries: Iterable[Entry]) -> set[UUID]:
    return {
        key
        for each in entries
        for key in (*each.evidence, *each.events, *(told.id for told in each.deliveries))
    }


def _recorded_after(moment: datetime, ids: set[UUID]) -> int:
    """How many of these came later: what is new in an answer may rest on what had been there."""
    if not ids:
        return 0
    return sum(
        len(model._default_manager.filter(pk__in=ids, recorded_at__gt=moment).values_list("pk"))
        for model in EVIDENCE
    )
