"""Badges and words of delivery reports."""

from django import template

from notifications.admin import deliveries
from notifications.admin.words import Badge
from notifications.models import DeliveryReport
from notifications.protocol.deliveries import Delivery

register = template.Library()


@register.inclusion_tag("admin/notifications/parts/badge.html")
def outcome_badge(report: DeliveryReport | Delivery) -> dict[str, Badge]:
    return {"badge": deliveries.of_outcome(report)}


@register.filter
def cause(report: DeliveryReport | Delivery) -> str:
    return deliveries.cause_told(report)
