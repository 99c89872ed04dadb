"""What answers about sources look like, for the OpenAPI document only, as in ``shapes``."""

from typing import Any

from rest_framework import serializers

from notifications.models import ContactKind, MessageStorage
from notifications.models.setting import RuleSays
from notifications.protocol.gates import GATED
from notifications.trace.readings import MOST_COUNTED
from notifications.trace.rules import Why
from notifications.trace.sources import EVENTS

from .coverage_shapes import IntervalSerializer
from .serializers import MomentField, SourceSerializer, WindowSerializer, one_of
from .shapes import ShownType


class HeartbeatSerializer(serializers.Serializer[Any]):
    """The interval of coverage that the heartbeat is the end of."""

    source = serializers.CharField()  # type: ignore[assignment]  # DRF's is the field's own
    began_at = MomentField()
    ended_at = MomentField()
    silence = serializers.IntegerField(
        min_value=1, help_text="Seconds within which the next contact extends the interval."
    )


class HeardSerializer(serializers.Serializer[Any]):
    message_type = ShownType()
    first_at = MomentField()
    last_at = MomentField()


class HeardEventSerializer(serializers.Serializer[Any]):
    event = serializers.ChoiceField(EVENTS)
    first_at = MomentField()
    last_at = MomentField()


class LastReportSerializer(serializers.Serializer[Any]):
    """A notification or an event, as the worker knew it a moment ago."""

    emitted_at = MomentField(allow_null=True, help_text="Of an event, when it happened.")
    recorded_at = MomentField(allow_null=True)
    lag_seconds = serializers.FloatField(
        allow_null=True, help_text="Between the two; below zero, the source's clock is ahead."
    )


class SourceListedSerializer(SourceSerializer):
    """How a source does."""

    last_contact_at = MomentField(allow_null=True, help_text="Of any kind, reports included.")
    contact_kinds = serializers.ListField(
        child=one_of(ContactKind), help_text="By what its latest interval of coverage is measured."
    )
    measured_since = MomentField(allow_null=True, help_text="Null: its coverage never was.")
    is_covered = serializers.BooleanField(allow_null=True, help_text="Now; null: not measured.")
    not_covered_since = MomentField(allow_null=True)
    last_report = LastReportSerializer()
    errors_lately = serializers.IntegerField(
        min_value=0, help_text="Faults of the last 24 hours, by whole hours."
    )


class SourceErrorSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    pointer = serializers.CharField(help_text="Where the fault lies; `…` for what is no field.")
    count = serializers.IntegerField(min_value=1)
    first_at = MomentField()
    last_at = MomentField()


class CoverageSerializer(WindowSerializer):
    """Times before `measured_since` are in neither `intervals` nor `holes`, and so is what lies
    behind `settled_until`: the next contact may still cover it."""

    source = serializers.CharField()  # type: ignore[assignment]  # DRF's is the field's own
    silence = serializers.IntegerField(
        min_value=1, help_text="Seconds between two contacts that make a hole of what is between."
    )
    measured_since = MomentField(allow_null=True, help_text="Null: its coverage never was.")
    settled_until = MomentField()
    intervals = IntervalSerializer(many=True)
    holes = IntervalSerializer(many=True)


class ReadingSerializer(serializers.Serializer[Any]):
    """How far the database of a Push Server was read."""

    zone = serializers.CharField(help_text="Its zone-less times are taken to be of it.")
    is_wanted = serializers.BooleanField(help_text="The worker follows it.")
    polled_at = MomentField(allow_null=True, help_text="When it was last read to its end.")
    lag_seconds = serializers.FloatField(allow_null=True, min_value=0, help_text="Since then.")
    registrations_at = MomentField(
        allow_null=True, help_text="When all of its registrations were last compared."
    )
    rows_read = serializers.IntegerField(min_value=0)
    rows_estimate = serializers.IntegerField(
        allow_null=True, min_value=0, help_text="About how many there are."
    )
    missing = serializers.IntegerField(
        min_value=0, help_text="Ids that were passed over and may still come."
    )
    awaited = serializers.IntegerField(
        min_value=0,
        max_value=MOST_COUNTED,
        help_text=f"Pending messages that are read again; {MOST_COUNTED:,} are so many or more.",
    )
    storage = serializers.ChoiceField(
        MessageStorage.choices, help_text="Whether it stores the messages that it sends."
    )
    storage_since = MomentField(allow_null=True, help_text="Since when that is known.")
    problem = serializers.CharField(
        allow_blank=True, help_text="Why it cannot be read, and what to do; else empty."
    )


class ClockSerializer(serializers.Serializer[Any]):
    """How far its clock is ahead of another source's, by what both reported."""

    against = serializers.CharField(
        allow_null=True, help_text="Null: this is the clock that others are measured by."
    )
    ahead_seconds = serializers.FloatField(help_text="Below zero, it is behind.")
    spread_seconds = serializers.FloatField(
        min_value=0, help_text="Nine in ten of the differences are within so much of it."
    )
    pairs = serializers.IntegerField(
        min_value=1, help_text="Messages that both reported, of a sample."
    )
    since = MomentField(help_text="Of messages from then on.")
    until = MomentField()
    is_corrected = serializers.BooleanField(
        help_text="Traces compare its times after taking that off: it is steady, neither below"
        " two seconds nor over fifteen minutes."
    )
    as_of = MomentField(help_text="When that was last looked at.")


class SourceDetailSerializer(SourceListedSerializer):
    types = HeardSerializer(many=True)
    events = HeardEventSerializer(many=True)
    lag_median_seconds = serializers.FloatField(allow_null=True)
    lag_median_of = serializers.IntegerField(
        min_value=0, help_text="Of so many notifications, the latest."
    )
    errors = SourceErrorSerializer(many=True)  # type: ignore[assignment]  # DRF's is the field's own
    clock = ClockSerializer(
        allow_null=True, help_text="Null: it could not be compared with another lately."
    )
    reading = ReadingSerializer(allow_null=True, help_text="Null: it is no Push Server's database.")
    links = serializers.DictField(child=serializers.URLField(allow_null=True))


class RuleHoldingSerializer(serializers.Serializer[Any]):
    """Whether a rule applies now to what the source sends to an app, and how that is known."""

    rule = serializers.ChoiceField(GATED)
    app_id = serializers.CharField(allow_null=True, help_text="Null: any app.")
    applies = serializers.BooleanField()
    why = one_of(Why)
    since = MomentField(
        allow_null=True, help_text="When it was first seen to send what the rule owes."
    )
    notification = serializers.UUIDField(allow_null=True, help_text="That first one.")
    setting = serializers.IntegerField(allow_null=True, help_text="What was set, where that holds.")


class RuleSettingSerializer(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    rule = serializers.ChoiceField(GATED)
    app_id = serializers.CharField(allow_null=True, help_text="Null: any app.")
    says = serializers.ChoiceField(RuleSays.choices)
    since = MomentField(allow_null=True)
    until = MomentField(allow_null=True)
    note = serializers.CharField()
    who = serializers.CharField()
    at = MomentField(help_text="When it was set.")


class RulesSerializer(serializers.Serializer[Any]):
    source = serializers.CharField()  # type: ignore[assignment]  # DRF's is the field's own
    rules = RuleHoldingSerializer(many=True)
    settings = RuleSettingSerializer(many=True, help_text="All that was set, the last first.")
