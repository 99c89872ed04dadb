"""What the API shows of delivery reports."""

from typing import Any

from rest_framework import serializers

from notifications.models import DeliveryReport
from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome
from notifications.protocol.identity import timestamp

from .receipts import RECEIPTS
from .serializers import MomentField, Name, one_of, optional_timestamp


class DeliverySerializer(serializers.Serializer[DeliveryReport]):
    """What a gateway answered for one notification, as a source told it."""

    id = serializers.UUIDField()
    notification = serializers.UUIDField()
    source = Name()  # type: ignore[assignment]  # DRF's attribute of this name is the field's own
    report_id = Name(help_text="The source's own name of it.")
    outcome = one_of(Outcome)
    code = Name(help_text="The gateway's or the source's own word for it.")
    gateway = serializers.ChoiceField(
        list(Platform), allow_null=True, help_text="Whose word that is, if told."
    )
    is_final = serializers.BooleanField(
        help_text="It will not change; of `pending`: it stays so for ever."
    )
    cause = one_of(Cause, allow_null=True, help_text="Why it most likely stays so.")
    registration = Name(help_text="The source's own name of the registration it was sent to.")
    device_by = one_of(DeviceBy, allow_null=True, help_text="How its device is known.")
    at = MomentField(allow_null=True, help_text="When the gateway answered, as it was told.")
    told_at = serializers.CharField(
        allow_null=True, help_text="When it was emitted as the source wrote it, zone-less."
    )
    zone = serializers.CharField(allow_null=True, help_text="The zone that was taken to be of.")
    observed_at = MomentField(help_text="It was so by then.")
    recorded_at = MomentField()

    def to_representation(self, instance: DeliveryReport) -> dict[str, Any]:
        told: Any = instance
        return {
            "id": str(told.pk),
            "notification": str(told.notification_id),
            "source": told.source_id,
            "report_id": told.key,
            "outcome": told.outcome,
            "code": told.code,
            "gateway": told.gateway,
            "is_final": told.is_final,
            "cause": told.cause,
            "registration": told.registration,
            "device_by": told.device_by,
            "at": optional_timestamp(told.happened_at),
            "told_at": told.told_at,
            "zone": told.zone,
            "observed_at": timestamp(told.observed_at),
            "recorded_at": timestamp(told.recorded_at),
        }


class DeliveryReceiptSerializer(serializers.Serializer[Any]):
    """What became of one delivery report. Either way it is committed."""

    id = serializers.UUIDField(help_text="Of the report that stands.")
    status = serializers.ChoiceField(RECEIPTS)
    outcome = one_of(Outcome, help_text="As it was told, or read from the gateway's code.")
    is_final = serializers.BooleanField()
