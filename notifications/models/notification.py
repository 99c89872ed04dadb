"""The evidence: one row per emitted push message as a source reported it."""

from typing import Any

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.protocol.clients import Platform

from .fields import CurrentTransactionId, IdentifierField, TransactionIdField
from .querysets import NotificationQuerySet

_PLATFORMS = [platform.value for platform in Platform]


class AddressedTo(models.TextChoices):
    """What the request named."""

    ACTIVATION = "activation"
    USER = "user"
    UNKNOWN = "unknown"


def _relation(to: str) -> "models.ForeignKey[Any, Any]":
    """Nullable and without constraint: a missing parent must not hide evidence from a join, and
    constraints cost a quarter of ingest. The indexes are in Meta, with their queries."""
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="notifications",
        db_constraint=False,
        db_index=False,
    )


class Notification(models.Model):
    """Immutable: triggers refuse UPDATE, DELETE and TRUNCATE on the table and on each partition.

    ``id`` is derived (`docs/identity.md`) and is the partition key, by month; newest first is
    ``ORDER BY id DESC``. Recording order is ``(recorded_xid, id)``, complete below
    ``pg_snapshot_xmin(pg_current_snapshot())``.
    """

    # Identity
    id = models.UUIDField(primary_key=True, editable=False)
    source = models.ForeignKey(
        "notifications.Source",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="notifications",
        db_constraint=False,
        db_index=False,
    )
    message_id = IdentifierField(null=True)
    digest = models.BinaryField(max_length=32)

    # Subject
    message_type = IdentifierField(null=True)
    result = IdentifierField(null=True)
    operation = _relation("notifications.Operation")
    activation = _relation("notifications.Activation")
    inbox_message = _relation("notifications.InboxMessage")
    recipient = _relation("notifications.Recipient")

    # Addressing; null is "not told"
    addressed_to = models.CharField(max_length=10, choices=AddressedTo)
    per_device = models.BooleanField(
        help_text="This is the copy made for the activation, or for one that is not known."
    )
    app_id = IdentifierField(null=True)
    platform = models.CharField(  # noqa: DJ001
        max_length=4, null=True, choices=[(name, name) for name in _PLATFORMS]
    )
    silent = models.BooleanField(null=True)
    personal = models.BooleanField(null=True)

    # Payload
    extras = models.JSONField()
    findings = models.JSONField(help_text="List of {code, key, detail}; [] when conforming.")
    rules = models.PositiveSmallIntegerField(help_text="Version of the table that judged.")

    # Times
    emitted_at = models.DateTimeField(help_text="As the source told it, to the millisecond.")
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("notification"), _("notifications")
        permissions = (("trace", "Can trace devices, users and operations"),)
        indexes = (
            # Trace of a device, newest first or in time order within a window.
            models.Index(
                fields=("activation", "id"),
                name="notification_activation",
                condition=models.Q(activation__isnull=False),
            ),
            # Timeline of an operation.
            models.Index(
                fields=("operation", "id"),
                name="notification_operation",
                condition=models.Q(operation__isnull=False),
            ),
            # Trace of a user; user-wide messages of a device's user.
            models.Index(
                fields=("recipient", "id"),
                name="notification_recipient",
                condition=models.Q(recipient__isnull=False),
            ),
            # The notifications of one inbox message.
            models.Index(
                fields=("inbox_message", "id"),
                name="notification_inbox_message",
                condition=models.Q(inbox_message__isnull=False),
            ),
            # Search by a source's own name of a message.
            models.Index(
                fields=("message_id", "id"),
                name="notification_message_id",
                condition=models.Q(message_id__isnull=False),
            ),
            # When a source first and last emitted each type: what it is known to emit, and whether
            # it was still heard.
            models.Index(fields=("source", "message_type", "id"), name="notification_source_type"),
            # Feed, incremental exports and seals: recording order.
            models.Index(fields=("recorded_xid", "id"), name="notification_recorded"),
            # with_finding(): few rows have findings, so the index holds only those.
            GinIndex(
                fields=("findings",),
                name="notification_findings",
                opclasses=("jsonb_path_ops",),
                condition=~models.Q(findings=[]),
            ),
        )
        constraints = (
            models.CheckConstraint(
                name="notification_addressed_to",
                condition=models.Q(addressed_to__in=AddressedTo.values),
            ),
            models.CheckConstraint(
                name="notification_platform",
                condition=models.Q(platform__isnull=True) | models.Q(platform__in=_PLATFORMS),
            ),
        )

    def __str__(self) -> str:
        return f"{self.message_type or 'no type'} {self.pk}"
