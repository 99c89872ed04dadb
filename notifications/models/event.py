"""Evidence of lives: what PowerAuth and the Push Server told of devices, operations and inbox
messages. Written by ``ingest.events`` alone and changed by nobody."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.extras import MAX_IDENTIFIER

from .fields import CurrentTransactionId, IdentifierField, TransactionIdField
from .querysets import EventQuerySet

_PLATFORMS = [platform.value for platform in Platform]
_KINDS = [kind.value for kind in ActivationEventKind]


def _relation(to: str) -> "models.ForeignKey[Any, Any]":
    """As of a notification: nullable, without constraint; indexes are in Meta, with their query."""
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="%(class)ss",
        db_constraint=False,
        db_index=False,
    )


class Event(models.Model):
    """Immutable: triggers refuse UPDATE, DELETE and TRUNCATE.

    ``id`` begins with the time of the event, as that of a notification does: newest first is
    ``ORDER BY id DESC``. ``key`` is the source's own name of it; told again, it is the same event.
    """

    # Identity
    id = models.UUIDField(primary_key=True, editable=False)
    source = _relation("notifications.Source")
    key = IdentifierField(null=True, help_text="The source's own name of the event.")
    digest = models.BinaryField(max_length=32)

    # Subject
    recipient = _relation("notifications.Recipient")
    apps = ArrayField(models.CharField(max_length=MAX_IDENTIFIER), default=list)

    # Judgement
    findings = models.JSONField(help_text="List of {code, key, detail}: fields that were unusable.")

    # Times
    happened_at = models.DateTimeField(
        null=True, help_text="As the source told it; null: it did not."
    )
    observed_at = models.DateTimeField(help_text="It had happened by then.")
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())

    # It is there; mypy's plugin says so in one order of checking and denies it in another.
    objects = EventQuerySet.as_manager()  # type: ignore[django-manager-missing, unused-ignore]

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class ActivationEvent(Event):
    """A dated fact about the life of a device: its status with PowerAuth, or its registration for
    push. The token itself is never kept, only its fingerprint."""

    kind = models.CharField(max_length=12, choices=[(name, name) for name in _KINDS])
    activation = _relation("notifications.Activation")
    status = IdentifierField(null=True)
    reason = IdentifierField(null=True)
    platform = models.CharField(  # noqa: DJ001
        max_length=4, null=True, choices=[(name, name) for name in _PLATFORMS]
    )
    push_active = models.BooleanField(null=True)
    token = models.CharField(max_length=64, null=True)  # noqa: DJ001
    is_request = models.BooleanField(
        default=False, help_text="A request was seen, and not what came of it."
    )

    not_before = models.DateTimeField(
        null=True, help_text="It had not happened by then; null: that was not seen."
    )

    class Meta:
        verbose_name, verbose_name_plural = _("activation event"), _("activation events")
        indexes = (
            # The state and the events of a device.
            models.Index(
                fields=("activation", "id"),
                name="activation_event_device",
                condition=models.Q(activation__isnull=False),
            ),
            # Who else had a push token: a registration is bound anew, or deleted by its token.
            models.Index(
                fields=("token", "id"),
                name="activation_event_token",
                condition=models.Q(token__isnull=False),
            ),
            # The devices of a user.
            models.Index(
                fields=("recipient", "id"),
                name="activation_event_recipient",
                condition=models.Q(recipient__isnull=False),
            ),
            # What a source told, and when last.
            models.Index(fields=("source", "id"), name="activation_event_source"),
            # Recording order, for seals and increments.
            models.Index(fields=("recorded_xid", "id"), name="activation_event_recorded"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("source", "key"),
                name="activation_event_key",
                condition=models.Q(key__isnull=False),
            ),
            models.CheckConstraint(
                name="activation_event_kind", condition=models.Q(kind__in=_KINDS)
            ),
        )


class OperationEvent(Event):
    """A dated fact about the life of an operation, as PowerAuth told it."""

    operation = _relation("notifications.Operation")
    status = IdentifierField(null=True)
    name = IdentifierField(null=True)
    external_id = IdentifierField(null=True)
    activation = _relation("notifications.Activation")
    created_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("operation event"), _("operation events")
        indexes = (
            # The events of an operation.
            models.Index(
                fields=("operation", "id"),
                name="operation_event_operation",
                condition=models.Q(operation__isnull=False),
            ),
            # Those that another system has this name for: messages may carry that.
            models.Index(
                fields=("external_id", "id"),
                name="operation_event_external",
                condition=models.Q(external_id__isnull=False),
            ),
            # The operations of a user, announced or not.
            models.Index(
                fields=("recipient", "id"),
                name="operation_event_recipient",
                condition=models.Q(recipient__isnull=False),
            ),
            # The operations of a device: without it, all of a window are read for each trace.
            models.Index(
                fields=("activation", "id"),
                name="operation_event_device",
                condition=models.Q(activation__isnull=False),
            ),
            # What a source told, and when last.
            models.Index(fields=("source", "id"), name="operation_event_source"),
            # Recording order, for seals and increments.
            models.Index(fields=("recorded_xid", "id"), name="operation_event_recorded"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("source", "key"),
                name="operation_event_key",
                condition=models.Q(key__isnull=False),
            ),
        )


class InboxEvent(Event):
    """An inbox message was posted, as a mirrored request told it. Its texts are not kept here."""

    inbox_message = _relation("notifications.InboxMessage")
    silent = models.BooleanField(null=True, help_text="No push was wanted; null: not told.")

    class Meta:
        verbose_name, verbose_name_plural = _("inbox event"), _("inbox events")
        indexes = (
            # The inbox messages of a user, pushed or not.
            models.Index(
                fields=("recipient", "id"),
                name="inbox_event_recipient",
                condition=models.Q(recipient__isnull=False),
            ),
            # The events of an inbox message.
            models.Index(
                fields=("inbox_message", "id"),
                name="inbox_event_inbox_message",
                condition=models.Q(inbox_message__isnull=False),
            ),
            # What a source told, and when last.
            models.Index(fields=("source", "id"), name="inbox_event_source"),
            # Recording order, for seals and increments.
            models.Index(fields=("recorded_xid", "id"), name="inbox_event_recorded"),
        )
        constraints = (
            models.UniqueConstraint(
                fields=("source", "key"),
                name="inbox_event_key",
                condition=models.Q(key__isnull=False),
            ),
        )
