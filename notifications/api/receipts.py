"""What those who report are answered with, for the OpenAPI document only."""

from typing import Any

from rest_framework import serializers

from notifications.ingest.ndjson import MAX_TOLD
from notifications.ingest.recorder import Status

from .serializers import FindingSerializer

RECEIPTS = [Status.RECORDED.value, Status.DUPLICATE.value]


class ReceiptSerializer(serializers.Serializer[Any]):
    """What became of one envelope. Either way it is committed."""

    id = serializers.UUIDField()
    status = serializers.ChoiceField(RECEIPTS)
    findings = FindingSerializer(many=True)


class CopyReceiptSerializer(serializers.Serializer[Any]):
    """What became of a mirrored request. All of it is committed."""

    recorded = serializers.IntegerField(min_value=0)
    duplicates = serializers.IntegerField(min_value=0, help_text="Known from the same request.")
    ids = serializers.ListField(
        child=serializers.UUIDField(), help_text="Of its notifications or events, in their order."
    )


class ProbeSerializer(serializers.Serializer[Any]):
    slug = serializers.CharField(help_text="Of the source whose mirror works.")


class CallbackReceiptSerializer(serializers.Serializer[Any]):
    """What became of one callback. Either way it is committed, or nothing is to be."""

    id = serializers.UUIDField(allow_null=True, help_text="Of the event; null: it was ignored.")
    status = serializers.ChoiceField([*RECEIPTS, "ignored"])


class ConflictingLineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1)
    id = serializers.UUIDField(help_text="The notification that stands, with another content.")


class RejectedLineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1)
    code = serializers.CharField(help_text="Of its first fault, or malformed_json.")
    detail = serializers.CharField()


class BulkReportSerializer(serializers.Serializer[Any]):
    """What became of the lines."""

    recorded = serializers.IntegerField(min_value=0)
    duplicates = serializers.IntegerField(min_value=0)
    conflict_count = serializers.IntegerField(min_value=0)
    conflicts = serializers.ListField(child=ConflictingLineSerializer(), max_length=MAX_TOLD)
    rejected_count = serializers.IntegerField(min_value=0)
    rejected = serializers.ListField(child=RejectedLineSerializer(), max_length=MAX_TOLD)


class ConflictingReportSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(min_value=1)
    id = serializers.UUIDField(help_text="The delivery report that stands, with another content.")


class DeliveryBulkReportSerializer(BulkReportSerializer):
    conflicts = serializers.ListField(child=ConflictingReportSerializer(), max_length=MAX_TOLD)
