"""Badges of accounts and tokens."""

from django import template
from django.contrib.auth.models import Group
from knox.models import AuthToken

from notifications.admin.rights import kind_of, of_group, reporter_of, state_of, state_of_token
from notifications.admin.words import Badge
from notifications.models import Account, Source

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
