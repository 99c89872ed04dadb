"""Forgetting what messages said to their readers: titles and bodies are deleted, and no evidence is
touched."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet

from notifications.models import Content
from notifications.protocol.identity import first_id_at, time_of

CHUNK = 10_000  # contents deleted in one transaction


@dataclass(frozen=True, slots=True)
class Plan:
    """``count`` contents of notifications emitted before ``before`` are to be deleted: the first
    and the last of them at these times, None when there are none."""

    before: datetime
    count: int
    first: datetime | None
    last: datetime | None


def plan_forgetting(before: datetime) -> Plan:
    found = _emitted_before(before)
    keys = found.order_by("pk").values_list("pk", flat=True)
    first, last = keys.first(), keys.last()
    return Plan(
        before=before,
        count=found.count(),
        first=None if first is None else time_of(first),
        last=None if last is None else time_of(last),
    )


def apply(plan: Plan) -> int:
    """How many were deleted, those that came meanwhile among them. What is done stays done when it
    is broken off."""
    deleted = 0
    while keys := list(
        _emitted_before(plan.before).order_by("pk").values_list("pk", flat=True)[:CHUNK]
    ):
        deleted += Content.objects.filter(pk__in=keys).delete()[0]
    return deleted


def _emitted_before(before: datetime) -> QuerySet[Content]:
    """By the id, which begins with the time of emission, so that the key's own index finds them."""
    return Content.objects.filter(pk__lt=first_id_at(before))
