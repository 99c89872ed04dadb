"""What answers look like that views build by hand, for the OpenAPI document only: nothing here
reads or writes one. Vocabularies are the protocol's own."""

from typing import Any

from drf_spectacular.utils import extend_schema_field, extend_schema_serializer
from rest_framework import serializers

from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.deliveries import Cause, Outcome
from notifications.protocol.expectations import Mark
from notifications.protocol.extras import MAX_IDENTIFIER, MessageType, OperationResult
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.trace.entries import Kind
from notifications.trace.stats import Dimension, Interval

from .coverage_shapes import RecordedSerializer
from .delivery_shapes import DeliverySerializer
from .serializers import (
    ClientsSerializer,
    FindingSerializer,
    MomentField,
    NotificationSerializer,
    OperationSerializer,
    RecipientSerializer,
    SubjectSerializer,
    WindowSerializer,
    one_of,
)

SHOWN_TYPES = {
    "type": ["string", "null"],
    "maxLength": MAX_IDENTIFIER,
    "description": "As it was sent, known or not; null when it has none.",
    "examples": [each.value for each in MessageType],
}
SHOWN_RESULTS = SHOWN_TYPES | {"examples": [each.value for each in OperationResult]}


@extend_schema_field(SHOWN_TYPES)
class ShownType(serializers.Field[Any, Any, Any, Any]):
    """A message type as it was sent."""


@extend_schema_field(SHOWN_RESULTS)
class ShownResult(serializers.Field[Any, Any, Any, Any]):
    """The result of an operation as it was sent."""


class GapCountsSerializer(serializers.Serializer[Any]):
    missing = serializers.IntegerField(min_value=0)
    explained = serializers.IntegerField(min_value=0)
    undecided = serializers.IntegerField(min_value=0)
    pending = serializers.IntegerField(min_value=0)


class CountsSerializer(GapCountsSerializer):
    """Of the whole window. `expected` is what was emitted, repeats aside, and what is owed;
    `failed` is what was emitted and no gateway took."""

    expected = serializers.IntegerField(min_value=0)
    emitted = serializers.IntegerField(min_value=0)
    failed = serializers.IntegerField(min_value=0)
    late = serializers.IntegerField(min_value=0)
    duplicate = serializers.IntegerField(min_value=0)
    disagreeing = serializers.IntegerField(min_value=0)
    nonconforming = serializers.IntegerField(min_value=0)


class EntryDeliverySerializer(serializers.Serializer[Any]):
    """What a gateway answered. Accepted is the most that is known: nobody is told what a phone
    showed."""

    id = serializers.UUIDField()
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's is the field's own
        allow_null=True
    )
    outcome = one_of(Outcome)
    code = serializers.CharField(
        allow_null=True, help_text="The gateway's or the source's own word for it."
    )
    is_final = serializers.BooleanField(
        help_text="It will not change; of pending: it stays so for ever."
    )
    cause = one_of(Cause, allow_null=True, help_text="Why it most likely stays so.")
    at = MomentField(help_text="When it was so, as told; else by when.")
    observed_at = MomentField()


class EntrySerializer(serializers.Serializer[Any]):
    """A notification, or a gap where one is owed."""

    key = serializers.CharField(help_text="Stays the same while the record does.")
    at = MomentField(help_text="When it was emitted, or first owed.")
    due = MomentField(allow_null=True, help_text="The deadline of a gap or of a finish.")
    kind = one_of(Kind)
    message_type = ShownType()
    result = ShownResult()
    operation = serializers.CharField(allow_null=True)
    operation_name = serializers.CharField(allow_null=True)
    episode = serializers.IntegerField(allow_null=True, help_text="The round of its operation.")
    inbox_message = serializers.CharField(allow_null=True)
    activation = serializers.CharField(allow_null=True, help_text="The device it names.")
    recipient = serializers.IntegerField(
        allow_null=True, help_text="The user it names, by the key that stands for the person."
    )
    basis = one_of(Basis, help_text="Why it is this device's.")
    certainty = one_of(Certainty)
    grade = one_of(Grade, help_text="How far it is known to have come.")
    rule = one_of(Rule, allow_null=True, help_text="Of a gap.")
    reason = one_of(
        Reason, allow_null=True, help_text="Of a gap, and of what was kept from the device."
    )
    counts_as = one_of(CountsAs, allow_null=True, help_text="The same.")
    marks = serializers.ListField(child=one_of(Mark))
    sentence = serializers.CharField(help_text="The same in words.")
    clients = ClientsSerializer(allow_null=True, help_text="Of a notification.")
    findings = FindingSerializer(many=True)
    evidence = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="The notifications that say so; of a copy also the requests it merged with.",
    )
    sources = serializers.ListField(
        child=serializers.CharField(allow_null=True),
        help_text="Who reported these, in the same order; of a gap none.",
    )
    events = serializers.ListField(
        child=serializers.UUIDField(), help_text="The events that say so."
    )
    deliveries = EntryDeliverySerializer(
        many=True, help_text="What gateways answered for its one device, in order of time."
    )


class ConcernedSerializer(serializers.Serializer[Any]):
    activation = serializers.CharField(allow_null=True, help_text="Null: it is not known which.")
    basis = one_of(Basis)
    certainty = one_of(Certainty)
    grade = one_of(Grade)
    reason = one_of(Reason, allow_null=True)
    counts_as = one_of(CountsAs, allow_null=True)


class UserEntrySerializer(EntrySerializer):
    """An entry, and which of the devices it concerns."""

    devices = ConcernedSerializer(many=True)


class LinksSerializer(serializers.Serializer[Any]):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)


class DeviceSummarySerializer(WindowSerializer):
    activation = serializers.CharField()
    verdict = serializers.CharField(help_text="One sentence about the whole window.")
    counts = CountsSerializer()


class SinceThenSerializer(serializers.Serializer[Any]):
    """What an answer that is given as of an earlier moment is by now."""

    sentence = serializers.CharField()
    reports = serializers.IntegerField(
        min_value=0, help_text="Of those that it rests on now, how many were recorded later."
    )
    counts = CountsSerializer()


class KnownSerializer(serializers.Serializer[Any]):
    as_of = MomentField(
        allow_null=True, help_text="As it was known at this moment, as asked for; null: now."
    )
    since_then = SinceThenSerializer(
        allow_null=True,
        help_text="What it is by now; null of now, and where that would rest on too much.",
    )


class DeviceTraceSerializer(
    LinksSerializer, KnownSerializer, RecordedSerializer, DeviceSummarySerializer
):
    """`verdict` and `counts` are of the whole window, `entries` a page in order of time."""

    entries = EntrySerializer(many=True)


class UserTraceSerializer(LinksSerializer, KnownSerializer, RecordedSerializer, WindowSerializer):
    """All devices of a user: `entries` are a page in order of time."""

    recipient = serializers.IntegerField()
    verdict = serializers.CharField()
    counts = CountsSerializer()
    devices = DeviceSummarySerializer(many=True)
    entries = UserEntrySerializer(many=True)


class LaneSerializer(serializers.Serializer[Any]):
    activation = serializers.CharField(allow_null=True, help_text="Null: what names no device.")
    entries = serializers.ListField(child=serializers.CharField(), help_text="Their keys.")


class EpisodeSerializer(serializers.Serializer[Any]):
    """One round of an operation, from its announcement to its finish."""

    number = serializers.IntegerField()
    announced_at = MomentField(allow_null=True)
    finished_at = MomentField(allow_null=True)
    due = MomentField()
    results = serializers.ListField(child=serializers.CharField())
    agrees = serializers.BooleanField(help_text="False when its finishes tell different results.")
    owed = serializers.IntegerField(min_value=0)
    sent = serializers.IntegerField(min_value=0)


class TimelineSerializer(LinksSerializer, KnownSerializer, RecordedSerializer):
    """All that was ever told of an operation: `entries` are a page in order of time."""

    operation = serializers.CharField()
    operation_name = serializers.CharField(allow_null=True)
    verdict = serializers.CharField()
    counts = CountsSerializer()
    lanes = LaneSerializer(many=True)
    episodes = EpisodeSerializer(many=True)
    entries = EntrySerializer(many=True)


class SubjectBesideSerializer(serializers.Serializer[Any]):
    """Its latest notifications in order of time, whom they were for, and where to ask on."""

    activations = serializers.ListField(child=serializers.CharField())
    users = RecipientSerializer(many=True)
    notifications = NotificationSerializer(many=True)
    links = serializers.DictField(child=serializers.URLField(allow_null=True))


class SubjectDetailSerializer(SubjectBesideSerializer, SubjectSerializer):
    pass


class RecipientDetailSerializer(SubjectBesideSerializer, RecipientSerializer):
    pass


class OperationDetailSerializer(SubjectBesideSerializer, OperationSerializer):
    gaps = EntrySerializer(many=True, allow_null=True)


class NotificationDetailSerializer(NotificationSerializer):
    outcome = one_of(
        Outcome,
        allow_null=True,
        help_text="What became of it in the end, as far as reports tell; null where none does.",
    )
    deliveries = DeliverySerializer(
        many=True,
        allow_null=True,
        help_text="The latest, newest first; null without the right to read them.",
    )
    links = serializers.DictField(child=serializers.URLField(allow_null=True))


class CellSerializer(serializers.Serializer[Any]):
    """One count; the dimensions are those that were asked for, null where it was not told."""

    at = MomentField(help_text="The start of the hour, the day or the window.")
    message_type = ShownType(required=False)
    result = ShownResult(required=False)
    app_id = serializers.CharField(allow_null=True, required=False)
    platform = serializers.CharField(allow_null=True, required=False)
    source = serializers.CharField(  # type: ignore[assignment]  # DRF's is the field's own
        allow_null=True, required=False
    )
    finding = serializers.CharField(required=False, help_text="A code, or `none`.")
    count = serializers.IntegerField(min_value=1)


@extend_schema_serializer(many=False)
class StatsSerializer(WindowSerializer):
    """`total` counts each notification once. `uncounted` of them were counted when asked; the
    others had been, up to `tallied_at`."""

    interval = one_of(Interval, allow_null=True)
    by = serializers.ListField(child=one_of(Dimension))
    total = serializers.IntegerField(min_value=0)
    uncounted = serializers.IntegerField(min_value=0)
    tallied_at = MomentField(allow_null=True)
    results = CellSerializer(many=True)


@extend_schema_serializer(many=False)
class FeedSerializer(serializers.Serializer[Any]):
    next = serializers.URLField()
    cursor = serializers.CharField()
    has_more = serializers.BooleanField()
    results = NotificationSerializer(many=True)
