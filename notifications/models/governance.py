"""Who looked at what."""

from django.db import models
from django.db.models.functions import Now

from .fields import IdentifierField

MAX_CASE_NUMBER = 64


class AccessRecord(models.Model):
    """One view of a trace. Append-only like evidence: triggers refuse UPDATE, DELETE, TRUNCATE."""

    class Via(models.TextChoices):
        ADMIN = "admin"
        API = "api"
        COMMAND = "command"

    class Action(models.TextChoices):
        DEVICE_TRACE = "device_trace", "trace of a device"
        USER_TRACE = "user_trace", "trace of a user"
        OPERATION_TIMELINE = "operation_timeline", "timeline of an operation"

    at = models.DateTimeField(db_default=Now())
    who = models.CharField(
        max_length=150, help_text="The user name at that time; for a command, the system's."
    )
    via = models.CharField(max_length=8, choices=Via)

    action = models.CharField(max_length=20, choices=Action)
    subject = IdentifierField(
        help_text="Activation or operation id, or a recipient's key: never a user id."
    )
    since = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    case_number = models.CharField(max_length=MAX_CASE_NUMBER, default="", blank=True)

    class Meta:
        indexes = (
            # Who looked at this subject, newest first: WHERE subject = … ORDER BY id DESC.
            models.Index(fields=("subject", "id"), name="access_record_subject"),
        )
        constraints = (
            models.CheckConstraint(
                name="access_record_via",
                condition=models.Q(via__in=("admin", "api", "command")),
            ),
            models.CheckConstraint(
                name="access_record_action",
                condition=models.Q(action__in=("device_trace", "user_trace", "operation_timeline")),
            ),
        )

    def __str__(self) -> str:
        return f"access record {self.pk}"
