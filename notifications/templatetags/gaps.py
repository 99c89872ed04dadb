"""What people noted of gaps."""

from django import template

from notifications.admin import gap_notes
from notifications.admin.words import Badge
from notifications.trace.entries import Entry
from notifications.trace.gap_notes import Acknowledgement, Acknowledgements

register = template.Library()


@register.filter
def noted(entry: Entry, notes: Acknowledgements | None) -> Acknowledgement | None:
    """The last word on whether the gap is open."""
    return (notes or {}).get(entry.key)


@register.filter
def mark(entry: Entry) -> str:
    return gap_notes.mark_of(entry)


@register.filter
def was(acknowledgement: Acknowledgement) -> str:
    return gap_notes.was_told(acknowledgement)


@register.inclusion_tag("admin/notifications/parts/badge.html")
def noted_badge(acknowledgement: Acknowledgement) -> dict[str, Badge]:
    return {"badge": gap_notes.badge_of(acknowledgement)}
