"""Query parameters of the lists. Each is served by an index of its own."""

from typing import Any

import django_filters
from django.db.models import QuerySet

from notifications.models import Notification
from notifications.protocol.extras import MAX_IDENTIFIER, identifier


class IdentifierFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Exactly this identifier; a UUID is also found in upper case."""

    def __init__(self, field_name: str) -> None:
        super().__init__(field_name=field_name, max_length=MAX_IDENTIFIER, strip=False)

    def filter(self, queryset: "QuerySet[Any]", value: Any) -> "QuerySet[Any]":
        found: QuerySet[Any] = super().filter(queryset, identifier(value))
        return found


class NotificationFilter(django_filters.FilterSet):  # type: ignore[misc]
    operation = IdentifierFilter("operation_id")
    activation = IdentifierFilter("activation_id")
    inbox_message = IdentifierFilter("inbox_message_id")
    user_id = django_filters.CharFilter(
        field_name="recipient__user_id", max_length=MAX_IDENTIFIER, strip=False
    )
    message_id = django_filters.CharFilter(max_length=MAX_IDENTIFIER, strip=False)

    class Meta:
        model = Notification
        fields: tuple[str, ...] = ()
