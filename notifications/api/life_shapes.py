"""What the API shows of events, and the shape of a device's state for the OpenAPI document."""

from typing import Any

from rest_framework import serializers

from notifications.models import ActivationEvent, OperationEvent
from notifications.models.event import Event
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.identity import timestamp
from notifications.protocol.state import Ending, Standing

from .serializers import (
    FindingSerializer,
    MomentField,
    Name,
    RecipientSerializer,
    one_of,
    optional_timestamp,
    recipient_of,
)
from .shapes import SubjectDetailSerializer

OWN_WORDS = "PowerAuth's, in its own words."


class EventSerializer(serializers.Serializer[Any]):
    """What every event tells. ``context["users"]`` is as of a notification."""

    id = serializers.UUIDField()
    source = Name()  # type: ignore[assignment]  # DRF's attribute of this name is the field's own
    key = Name(help_text="The source's own name of it.")
    happened_at = MomentField(allow_null=True, help_text="As the source told it.")
    observed_at = MomentField(help_text="It had happened by then.")
    recorded_at = MomentField()
    activation = Name()
    recipient = serializers.IntegerField(allow_null=True)
    user_id = Name()
    findings = FindingSerializer(many=True)

    def of_event(self, event: Any) -> dict[str, Any]:
        told: Event = event
        user = None
        if event.recipient is not None:
            user = recipient_of(
                event.recipient_id, event.recipient.user_id, users=self.context["users"]
            )
        return {
            "id": str(told.pk),
            "source": event.source_id,
            "key": told.key,
            "happened_at": optional_timestamp(told.happened_at),
            "observed_at": timestamp(told.observed_at),
            "recorded_at": timestamp(told.recorded_at),
            "activation": event.activation_id,
            "recipient": user and user["id"],
            "user_id": user and user["user_id"],
            "findings": told.findings,
        }


class ActivationEventSerializer(EventSerializer):
    kind = one_of(ActivationEventKind)
    app_id = Name()
    platform = serializers.ChoiceField(list(Platform), allow_null=True)
    status = Name(help_text=OWN_WORDS)
    reason = Name(help_text=OWN_WORDS)
    push_active = serializers.BooleanField(allow_null=True)
    token = serializers.CharField(allow_null=True, help_text="The fingerprint of a push token.")
    is_request = serializers.BooleanField(help_text="What came of the request was not seen.")
    not_before = MomentField(allow_null=True, help_text="It had not happened by then.")

    def to_representation(self, instance: ActivationEvent) -> dict[str, Any]:
        return {
            **self.of_event(instance),
            "kind": instance.kind,
            "app_id": next(iter(instance.apps), None),
            "platform": instance.platform,
            "status": instance.status,
            "reason": instance.reason,
            "push_active": instance.push_active,
            "token": instance.token,
            "is_request": instance.is_request,
            "not_before": optional_timestamp(instance.not_before),
        }


class OperationEventSerializer(EventSerializer):
    operation = Name()
    external_id = Name(help_text="What another system calls the operation.")
    name = Name()
    status = Name(help_text=OWN_WORDS)
    app_ids = serializers.ListField(child=serializers.CharField())
    created_at = MomentField(allow_null=True)
    expires_at = MomentField(allow_null=True)

    def to_representation(self, instance: OperationEvent) -> dict[str, Any]:
        told: Any = instance
        return {
            **self.of_event(instance),
            "operation": told.operation_id,
            "external_id": told.external_id,
            "name": told.name,
            "status": told.status,
            "app_ids": told.apps,
            "created_at": optional_timestamp(told.created_at),
            "expires_at": optional_timestamp(told.expires_at),
        }


class ToldSerializer(serializers.Serializer[Any]):
    """One thing, and how sure it is; `value` is null when it is not known."""

    standing = one_of(Standing)
    since = MomentField(allow_null=True, help_text="It holds from then on, as far as was observed.")
    seen = MomentField(allow_null=True, help_text="The last observation that supports it.")
    evidence = serializers.ListField(child=serializers.UUIDField(), help_text="Events.")


class ToldTextSerializer(ToldSerializer):
    value = serializers.CharField(allow_null=True)


class ToldTruthSerializer(ToldSerializer):
    value = serializers.BooleanField(allow_null=True)


class ToldRecipientSerializer(ToldSerializer):
    value = RecipientSerializer(allow_null=True)


class RegistrationSerializer(serializers.Serializer[Any]):
    """A push token was registered for the device from `since` to `until`."""

    token = serializers.CharField(allow_null=True, help_text="Its fingerprint.")
    standing = one_of(Standing)
    since = MomentField()
    until = MomentField(allow_null=True)
    ended_by = one_of(Ending, allow_null=True)
    app_id = serializers.CharField(allow_null=True)
    platform = serializers.ChoiceField(list(Platform), allow_null=True)
    recipient = RecipientSerializer(allow_null=True)
    evidence = serializers.ListField(child=serializers.UUIDField(), help_text="Events.")


class DeviceStateSerializer(serializers.Serializer[Any]):
    """What is known of a device at a moment, by what was on record at another."""

    activation = serializers.CharField()
    at = MomentField()
    as_of = MomentField(allow_null=True, help_text="Null: by what is on record now.")
    recipient = ToldRecipientSerializer()
    app_id = ToldTextSerializer()
    platform = ToldTextSerializer()
    status = ToldTextSerializer(help_text=OWN_WORDS)
    registered = ToldTruthSerializer(help_text="For push, with the Push Server.")
    push_active = ToldTruthSerializer(help_text="Gets personal messages.")
    registrations = RegistrationSerializer(many=True)


class ActivationDetailSerializer(SubjectDetailSerializer):
    state = DeviceStateSerializer(allow_null=True)
