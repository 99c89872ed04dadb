"""What the API shows of what is stored."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from rest_framework import serializers

from notifications.models import Notification
from notifications.protocol.clients import Platform, views
from notifications.protocol.identity import timestamp


class MomentField(serializers.Field[datetime, Any, str, Any]):
    """A UTC time to the millisecond, as it is digested."""

    def to_representation(self, value: datetime) -> str:
        return timestamp(value)


class FindingSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    key = serializers.CharField()
    detail = serializers.CharField()


class NotificationSerializer(serializers.ModelSerializer[Notification]):
    emitted_at = MomentField(read_only=True)
    recorded_at = MomentField(read_only=True)
    user_id = serializers.CharField(source="recipient.user_id", default=None, read_only=True)
    findings = FindingSerializer(many=True, read_only=True)
    clients = serializers.SerializerMethodField()

    class Meta:
        model = Notification
        fields = (
            "id",
            "source",
            "message_id",
            "emitted_at",
            "recorded_at",
            "message_type",
            "result",
            "operation",
            "activation",
            "addressed_to",
            "per_device",
            "inbox_message",
            "user_id",
            "app_id",
            "platform",
            "silent",
            "personal",
            "extras",
            "findings",
            "clients",
        )
        read_only_fields = fields

    def get_clients(self, notification: Notification) -> dict[str, dict[str, str | None]]:
        platform = Platform(notification.platform) if notification.platform else None
        seen = views(notification.extras, platform)
        return {generation: asdict(view) for generation, view in seen.items()}
