"""Rows of notifications, wherever a page lists them."""

from notifications.models.querysets import NotificationQuerySet


def for_rows(notifications: NotificationQuerySet) -> NotificationQuerySet:
    """Without what a row does not show; extras may be large. Relations are shown by their keys."""
    return notifications.defer("extras", "digest", "recorded_at", "recorded_xid")
