"""What reading a Push Server's database goes by: how far it was read, what is awaited from it, and
its registrations as they were seen. Kept by ``ingest.push_server``; the evidence that comes of it
is in notifications, delivery reports and events."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.protocol.clients import Platform

from .fields import CurrentTransactionId, IdentifierField, TransactionIdField

_PLATFORMS = [platform.value for platform in Platform]


def _relation(to: str, **more: Any) -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        to,
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="%(class)ss",
        db_constraint=False,
        db_index=False,
        **more,
    )


class MessageStorage(models.TextChoices):
    """Whether the Push Server stores the messages that it sends, as far as can be seen."""

    UNKNOWN = "unknown", _("not known")
    ON = "on", _("on")
    OFF = "off", _("off")


class PushServerReading(models.Model):
    """How far the database of one Push Server was read, as the source that it is. One row a source.

    ``positions`` has for each table the greatest id read (``last``), what its row told as its time
    (``told``), and the ids below that were not there (``missing``: [[from, to, since], …]), which
    may still come.
    """

    source = models.OneToOneField(
        "notifications.Source",
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="reading",
    )
    zone = models.CharField(max_length=64, help_text="Its zone-less times are taken to be of it.")
    is_wanted = models.BooleanField(default=False, help_text="The worker follows it.")
    wanted_by = models.CharField(max_length=150, blank=True, help_text="Who started or stopped it.")
    wanted_at = models.DateTimeField(null=True)
    positions = models.JSONField(default=dict)
    rows_read = models.BigIntegerField(default=0)
    rows_estimate = models.BigIntegerField(null=True, help_text="About how many there are.")
    begun_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True, help_text="When it was last read to its end.")
    registrations_at = models.DateTimeField(
        null=True, help_text="When all of its registrations were last compared."
    )
    storage = models.CharField(max_length=7, choices=MessageStorage, default=MessageStorage.UNKNOWN)
    storage_since = models.DateTimeField(null=True)
    problem = models.TextField(blank=True, help_text="Why it cannot be read, and what to do.")
    problem_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("reading"), _("readings")
        permissions = (("follow", "Can start and stop the following of Push Servers"),)

    def __str__(self) -> str:
        return f"reading of {self.pk}"


class PushComparing(models.Model):
    """All registrations of a Push Server were compared: ``compared_at`` by the clock of its
    database. So it is known of an earlier moment how far they were seen then. Append-only."""

    source = _relation("notifications.Source")
    compared_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())

    class Meta:
        verbose_name, verbose_name_plural = _("comparing"), _("comparings")
        default_permissions = ()  # nobody is shown them; states are made of them
        indexes = (
            # The last one of a source at a moment.
            models.Index(fields=("source", "recorded_at"), name="push_comparing_source"),
        )

    def __str__(self) -> str:
        return f"comparing of {self.source_id}"


class PushRegistration(models.Model):
    """A row of ``push_device_registration`` for as long as it was seen unchanged.

    It became so after ``not_before`` (null: that is not known) and by ``seen_at``; it was still so
    at ``last_seen_at`` and no longer at ``gone_at`` (both null: it is so yet, as of the latest
    comparing). These are by the clock of the database it was read from. Written once when it
    begins and once when it ends.
    """

    source = _relation("notifications.Source")
    number = models.BigIntegerField(help_text="Its id there.")
    activation = _relation("notifications.Activation")
    recipient = _relation("notifications.Recipient")
    app_id = IdentifierField(null=True)
    platform = models.CharField(  # noqa: DJ001
        max_length=4, null=True, choices=[(name, name) for name in _PLATFORMS]
    )
    token = models.CharField(max_length=64, null=True)  # noqa: DJ001
    is_active = models.BooleanField(null=True)
    told_at = models.CharField(  # noqa: DJ001
        max_length=64,
        null=True,
        help_text="timestamp_last_registered as the source wrote it, zone-less.",
    )
    registered_at = models.DateTimeField(null=True, help_text="That, in the assumed zone.")
    not_before = models.DateTimeField(null=True)
    seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(null=True)
    gone_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name = _("registration of a Push Server")
        verbose_name_plural = _("registrations of Push Servers")
        indexes = (
            # Which device a registration was at a moment.
            models.Index(fields=("source", "number", "seen_at"), name="push_registration_number"),
            # The registrations of a user: who was to get a copy.
            models.Index(
                fields=("recipient", "seen_at"),
                name="push_registration_recipient",
                condition=models.Q(recipient__isnull=False),
            ),
            # The registrations of a device.
            models.Index(
                fields=("activation", "seen_at"),
                name="push_registration_device",
                condition=models.Q(activation__isnull=False),
            ),
        )
        constraints = (
            # The one that is so now, which the next comparing looks at.
            models.UniqueConstraint(
                fields=("source", "number"),
                name="push_registration_now",
                condition=models.Q(gone_at__isnull=True),
            ),
        )

    def __str__(self) -> str:
        return f"registration {self.number} of {self.source_id}"


class AwaitedMessage(models.Model):
    """A row of ``push_message`` that was pending when it was last read, and is read again."""

    source = _relation("notifications.Source")
    number = models.BigIntegerField(help_text="Its id there.")
    notification = _relation("notifications.Notification")
    registration = models.BigIntegerField()
    awaited_since = models.DateTimeField()
    is_given_up = models.BooleanField(default=False, help_text="It was told to stay so for ever.")

    class Meta:
        verbose_name, verbose_name_plural = _("awaited message"), _("awaited messages")
        constraints = (
            # Those of a source, read again by their ids.
            models.UniqueConstraint(
                fields=("source", "number", "notification"), name="awaited_message_once"
            ),
        )

    def __str__(self) -> str:
        return f"message {self.number} of {self.source_id}"
