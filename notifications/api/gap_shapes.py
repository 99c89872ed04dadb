"""What answers about gaps look like: for the OpenAPI document, but for notes, which are shown by
their serializer."""

from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from notifications.models import MAX_NOTE, AccessRecord, GapNote
from notifications.models.gap import MAX_GAP_KEY
from notifications.protocol.identity import timestamp
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.trace.gap_stats import Dimension, Interval

from .coverage_shapes import RecordedSerializer
from .serializers import MomentField, Name, WindowSerializer, one_of
from .shapes import (
    EntrySerializer,
    GapCountsSerializer,
    LinksSerializer,
    ShownType,
)


class AcknowledgementSerializer(serializers.Serializer[Any]):
    """The last word on whether the gap is open; `reason` and `counts_as` are what it was then."""

    kind = serializers.ChoiceField([GapNote.Kind.ACKNOWLEDGED.value, GapNote.Kind.REOPENED.value])
    holds = serializers.BooleanField(
        help_text="The gap is acknowledged: as what it still is, and was not opened again."
    )
    note = serializers.CharField(max_length=MAX_NOTE)
    who = serializers.CharField()
    at = MomentField()
    reason = one_of(Reason)
    counts_as = one_of(CountsAs)


class GapSerializer(EntrySerializer):
    """A gap of the working list."""

    app_id = serializers.CharField(allow_null=True, help_text="Of what it is owed by.")
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's is the field's own
        allow_null=True, help_text="That owes it, as far as it is known."
    )
    acknowledgement = AcknowledgementSerializer(
        allow_null=True, help_text="null: nobody said anything of it."
    )


@extend_schema_serializer(many=False)
class GapsSerializer(LinksSerializer, RecordedSerializer, WindowSerializer):
    verdict = serializers.CharField()
    counts = GapCountsSerializer()
    open = GapCountsSerializer(help_text="Of these, those that are not acknowledged.")
    unjudged = serializers.IntegerField(
        min_value=0, help_text="Operations with over 1,000 messages around the window."
    )
    as_of = MomentField(
        allow_null=True, help_text="As it was known at this moment, as asked for; null: now."
    )
    results = GapSerializer(many=True)


class GapNoteSerializer(serializers.Serializer[GapNote]):
    """A note, and what the gap was when it was noted."""

    id = serializers.IntegerField()
    noted_at = MomentField()
    who = serializers.CharField()
    via = serializers.ChoiceField(AccessRecord.Via.choices)
    kind = serializers.ChoiceField(GapNote.Kind.choices)
    note = serializers.CharField(max_length=MAX_NOTE)
    key = serializers.CharField(max_length=MAX_GAP_KEY)
    rule = one_of(Rule)
    reason = one_of(Reason)
    counts_as = one_of(CountsAs)
    at = MomentField(help_text="When it was first owed.")
    app_id = Name()
    source = Name()  # type: ignore[assignment]  # DRF's is the field's own
    message_type = ShownType()
    operation = Name()
    activation = Name()

    def to_representation(self, instance: GapNote) -> dict[str, Any]:
        same = (
            *("id", "who", "via", "kind", "note", "key", "rule", "reason", "counts_as"),
            *("app_id", "source", "message_type", "operation", "activation"),
        )
        times = {name: timestamp(getattr(instance, name)) for name in ("noted_at", "at")}
        return {name: getattr(instance, name) for name in same} | times


@extend_schema_serializer(many=False)
class NotedSerializer(serializers.Serializer[Any]):
    """What was noted, in the order of the keys."""

    results = GapNoteSerializer(many=True)


class GapCellSerializer(serializers.Serializer[Any]):
    """One count; the dimensions are those that were asked for, null where it was not told."""

    at = MomentField(help_text="The start of the hour, the day or the window.")
    rule = one_of(Rule, required=False)
    reason = one_of(Reason, required=False)
    counts_as = one_of(CountsAs, required=False)
    app_id = serializers.CharField(allow_null=True, required=False)
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's is the field's own
        allow_null=True, required=False
    )
    count = serializers.IntegerField(min_value=1)
    open = serializers.IntegerField(min_value=0, help_text="Of these, not acknowledged.")


@extend_schema_serializer(many=False)
class GapStatsSerializer(WindowSerializer):
    """As a worker keeps it. Of `waiting_hours` something was recorded that is not looked at yet;
    `unjudged_hours` have too much to judge."""

    interval = one_of(Interval, allow_null=True)
    by = serializers.ListField(child=one_of(Dimension))
    count = serializers.IntegerField(min_value=0)
    open = serializers.IntegerField(min_value=0)
    looked_at = MomentField(
        allow_null=True, help_text="When a worker last saw to it; null: none ever did."
    )
    waiting_hours = serializers.IntegerField(min_value=0)
    unjudged_hours = serializers.IntegerField(min_value=0)
    results = GapCellSerializer(many=True)
