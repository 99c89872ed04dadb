"""Evidence of what gateways answered. Written by ``ingest.deliveries`` alone, changed by nobody."""

from enum import StrEnum
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome

from .fields import CurrentTransactionId, IdentifierField, TransactionIdField
from .querysets import DeliveryQuerySet


def _relation(to: str) -> "models.ForeignKey[Any, Any]":
    """As of a notification: without constraint; indexes are in Meta, with their query."""
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="deliveries",
        db_constraint=False,
        db_index=False,
    )


def _words(of: type[StrEnum]) -> list[str]:
    return [each.value for each in of]


def _choices(of: type[StrEnum]) -> list[tuple[str, str]]:
    return [(word, word) for word in _words(of)]


class DeliveryReport(models.Model):
    """Immutable: triggers refuse UPDATE, DELETE and TRUNCATE.

    ``id`` begins with the time of the report, as that of an event does. ``key`` is the source's own
    name of it; told again under that, it is the same report.
    """

    # Identity
    id = models.UUIDField(primary_key=True, editable=False)
    source = _relation("notifications.Source")
    key = IdentifierField(null=True, help_text="The source's own name of the report.")
    digest = models.BinaryField(max_length=32)

    # Subject
    notification = _relation("notifications.Notification")

    # What was told
    outcome = models.CharField(max_length=8, choices=_choices(Outcome))
    code = IdentifierField(null=True, help_text="The gateway's or the source's own word for it.")
    gateway = models.CharField(  # noqa: DJ001
        max_length=4,
        null=True,
        choices=_choices(Platform),
        help_text="Whose word that is, if told.",
    )
    is_final = models.BooleanField(
        default=False, help_text="It will not change; of pending: it stays so for ever."
    )
    cause = models.CharField(  # noqa: DJ001
        max_length=22, null=True, choices=_choices(Cause), help_text="Why it most likely stays so."
    )
    registration = IdentifierField(
        null=True, help_text="The source's own name of the registration that it was sent to."
    )
    device_by = models.CharField(  # noqa: DJ001
        max_length=12, null=True, choices=_choices(DeviceBy), help_text="How its device is known."
    )

    # Times
    told_at = models.CharField(  # noqa: DJ001
        max_length=64, null=True, help_text="When it was emitted as the source wrote it, zone-less."
    )
    zone = models.CharField(  # noqa: DJ001
        max_length=64, null=True, help_text="The zone which that was taken to be of."
    )
    happened_at = models.DateTimeField(
        null=True, help_text="When the gateway answered, as told; null: it was not."
    )
    observed_at = models.DateTimeField(help_text="It was so by then.")
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("delivery report"), _("delivery reports")
        indexes = (
            # What became of a notification, and of those of a trace.
            models.Index(fields=("notification", "id"), name="delivery_notification"),
            # What a source told, and when last.
            models.Index(fields=("source", "id"), name="delivery_source"),
            # Recording order, for seals and increments.
            models.Index(fields=("recorded_xid", "id"), name="delivery_recorded"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("source", "key"),
                name="delivery_key",
                condition=models.Q(key__isnull=False),
            ),
            models.CheckConstraint(
                name="delivery_outcome", condition=models.Q(outcome__in=_words(Outcome))
            ),
            models.CheckConstraint(
                name="delivery_cause",
                condition=models.Q(cause__isnull=True) | models.Q(cause__in=_words(Cause)),
            ),
            models.CheckConstraint(
                name="delivery_gateway",
                condition=models.Q(gateway__isnull=True) | models.Q(gateway__in=_words(Platform)),
            ),
        )

    def __str__(self) -> str:
        return f"{self.outcome} {self.pk}"
