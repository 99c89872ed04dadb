"""Badges of accounts and tokens; how sources do."""

from datetime import timedelta
from typing import Any

from django import template
from django.contrib.auth.models import Group
from django.urls import reverse
from django.utils import timezone
from knox.models import AuthToken

from notifications.admin import readings, source_words
from notifications.admin.addresses import quote_key
from notifications.admin.rights import kind_of, of_group, reporter_of, state_of, state_of_token
from notifications.admin.words import Badge
from notifications.models import Account, Source
from notifications.protocol.clocks import Clock
from notifications.trace.readings import Reading
from notifications.trace.sources import SourceStanding

register = template.Library()
BADGE = "admin/notifications/parts/badge.html"


@register.inclusion_tag(BADGE)
def kind_badge(account: Account) -> dict[str, Badge]:
    return {"badge": kind_of(account)}


@register.inclusion_tag(BADGE)
def active_badge(account: Account) -> dict[str, Badge]:
    return {"badge": state_of(account)}


@register.inclusion_tag(BADGE)
def token_badge(token: AuthToken) -> dict[str, Badge]:
    return {"badge": state_of_token(token)}


@register.inclusion_tag(BADGE)
def reporter_badge(source: Source) -> dict[str, Badge]:
    return {"badge": reporter_of(source)}


@register.filter
def group_rights(group: Group) -> str:
    return of_group(group)


@register.inclusion_tag("admin/notifications/parts/coverage.html")
def coverage(standing: SourceStanding) -> dict[str, Any]:
    """Whether it is covered now, or since when not."""
    now = timezone.now()
    is_covered = standing.is_covered(now)
    return {
        "badge": source_words.of_coverage(standing, now),
        "since": standing.contact_at if is_covered is False else None,
    }


@register.inclusion_tag(BADGE)
def push_server_badge(standing: SourceStanding) -> dict[str, Badge]:
    return {"badge": source_words.of_push_server(standing)}


@register.inclusion_tag(BADGE)
def stores_nothing_badge() -> dict[str, Badge]:
    return {"badge": source_words.stores_nothing()}


@register.filter
def lag(length: timedelta) -> str:
    return source_words.lag_told(length)


@register.filter
def clock_told(clock: Clock) -> str:
    return source_words.clock_told(clock)


@register.filter
def clock_use(clock: Clock) -> str:
    return source_words.clock_use(clock)


@register.filter
def kinds(standing: SourceStanding) -> str:
    return source_words.kinds_told(standing)


@register.filter
def remedy(code: str) -> str:
    return source_words.remedy(code)


@register.filter
def event_name(kind: str) -> Any:
    return source_words.EVENTS[kind]


@register.simple_tag
def follow_address(what: str, slug: str) -> str:
    """Where a source is told to "start" or "stop" being followed, its "reading" and "rules" are
    shown."""
    return reverse(f"admin:notifications_source_{what}", args=[quote_key(slug)])


@register.inclusion_tag(BADGE)
def storage_badge(storage: str) -> dict[str, Badge]:
    return {"badge": readings.of_storage(storage)}


@register.filter
def awaited(reading: Reading) -> str:
    return readings.awaited(reading)
