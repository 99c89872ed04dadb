"""What answers tell of who was listening, for the OpenAPI document only, as in ``shapes``."""

from typing import Any

from rest_framework import serializers

from notifications.models import ContactKind
from notifications.protocol.coverage import Tells
from notifications.trace.documents import MOST_HOLES

from .serializers import MomentField, WindowSerializer, one_of


class IntervalSerializer(serializers.Serializer[Any]):
    since = MomentField()
    until = MomentField()


class SourceCoverageSerializer(WindowSerializer):
    """Whether one source was listening in the window, and how that is known."""

    source = serializers.CharField()  # type: ignore[assignment]  # DRF's is the field's own
    tells = serializers.ListField(child=one_of(Tells), help_text="What it could have told of.")
    contact_kinds = serializers.ListField(
        child=one_of(ContactKind),
        help_text="By what it is known that it was recorded; empty: it was not measured then.",
    )
    measured_since = MomentField(allow_null=True, help_text="Null: its coverage never was.")
    settled_until = MomentField(help_text="What lies behind it the next contact may still cover.")
    share = serializers.FloatField(
        allow_null=True,
        min_value=0,
        max_value=1,
        help_text="Of the time that was measured and is decided, the part that is covered.",
    )
    holes = IntervalSerializer(
        many=True, help_text=f"The longest {MOST_HOLES} at most, in order of time."
    )
    holes_left_out = serializers.IntegerField(min_value=0)
    uncovered_seconds = serializers.FloatField(min_value=0, help_text="Of all holes.")
    last_contact_before = MomentField(
        allow_null=True, help_text="The window, where that does not begin covered."
    )
    first_contact_after = MomentField(
        allow_null=True, help_text="The window, where that does not end covered."
    )
    first_report_at = MomentField(
        allow_null=True, help_text="Any from before the window, if there is one."
    )
    last_report_at = MomentField(allow_null=True, help_text="Up to now.")
    registrations_compared_at = MomentField(
        allow_null=True, help_text="Of a Push Server: when all of them were last compared."
    )
    stores_nothing_since = MomentField(
        allow_null=True, help_text="Of a Push Server that stores no messages."
    )


class RecordedSerializer(serializers.Serializer[Any]):
    recorded = serializers.CharField(
        help_text="In one sentence, which sources that could have told something were recorded."
    )
    coverage = SourceCoverageSerializer(many=True)
