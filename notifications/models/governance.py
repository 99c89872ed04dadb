"""Who looked at what, kept as evidence is."""

from typing import TypeAlias

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .fields import IdentifierField

MAX_CASE_NUMBER = 64


class AccessVia(models.TextChoices):
    ADMIN = "admin", _("Admin")
    API = "api", "API"
    COMMAND = "command", _("Command")


class AccessAction(models.TextChoices):
    DEVICE_TRACE = "device_trace", _("Device trace")
    USER_TRACE = "user_trace", _("User trace")
    OPERATION_TIMELINE = "operation_timeline", _("Operation timeline")
    EXPORT = "export", _("Export")
    EXPORT_DOWNLOAD = "export_download", _("Download of an export")


class AccessRecord(models.Model):
    """Every view of a trace, every export and every download of one leaves one: who looked at whom
    or took what, over which time, when and for which case. Immutable: triggers refuse UPDATE,
    DELETE and TRUNCATE, as they do of notifications."""

    Via: TypeAlias = AccessVia
    Action: TypeAlias = AccessAction

    # Who
    who = models.CharField(
        max_length=150, help_text="The user name at that time; of the system, for a command."
    )
    via = models.CharField(max_length=7, choices=AccessVia)

    # What
    action = models.CharField(max_length=18, choices=AccessAction)
    subject = IdentifierField(
        help_text="Activation id, operation id, the recipient's surrogate key or the id of an"
        " export; never a user id."
    )
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    as_of = models.DateTimeField(
        null=True, help_text="By what was known at this moment; null: when it was looked at."
    )
    case_number = models.CharField(max_length=MAX_CASE_NUMBER, default="")

    # Times
    at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("access record"), _("access records")
        indexes = (
            # Who looked at this subject, newest first. The whole list is in the order of the key.
            models.Index(fields=("subject", "id"), name="access_record_subject"),
            # The list within a window, whatever else is asked of it.
            models.Index(fields=("at",), name="access_record_at"),
        )
        constraints = (
            models.CheckConstraint(
                name="access_record_via",
                condition=models.Q(via__in=AccessVia.values),
            ),
            models.CheckConstraint(
                name="access_record_action",
                condition=models.Q(action__in=AccessAction.values),
            ),
        )

    def __str__(self) -> str:
        return f"access record {self.pk}"
