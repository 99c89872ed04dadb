"""Badges of accounts and tokens; how sources do."""

from datetime import timedelta
from typing import Any

from django import template
from django.contrib.auth.models import Group
from django.utils import timezone
from knox.models import AuthToken

from notifications.admin import source_words
from notifications.admin.rights import kind_of, of_group, reporter_of, state_of, state_of_token
from notifications.admin.words import Badge
from notifications.models import Account, Source
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


@register.filter
def lag(length: timedelta) -> str:
    return source_words.lag_told(length)


@register.filter
def kinds(standing: SourceStanding) -> str:
    return source_words.kinds_told(standing)


@register.filter
def remedy(code: str) -> str:
    return source_words.remedy(code)


@register.filter
def event_name(kind: str) -> Any:
    return source_words.EVENTS[kind]
