"""What was taken out of the record, and the queue of what is being taken out."""

import uuid
from datetime import datetime
from typing import Any, TypeAlias

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.identity import first_id_at

from .fields import Horizon, TransactionIdField
from .governance import MAX_CASE_NUMBER, AccessVia

MAX_REASON = 500


class DataSet(models.TextChoices):
    NOTIFICATIONS = "notifications", _("Notifications")
    OPERATIONS = "operations", _("Operations")
    DELIVERIES = "deliveries", _("Delivery reports")
    GAPS = "gaps", _("Gaps")
    STATS = "stats", _("Statistics")


class ExportFormat(models.TextChoices):
    CSV = "csv", "CSV"
    NDJSON = "ndjson", "NDJSON"
    PARQUET = "parquet", "Parquet"


class ExportDelivery(models.TextChoices):
    """How it reaches whoever asked: files kept here until they expire, an answer as it is made, or
    a directory of the command's own, once or again and again."""

    JOB = "job", _("Job")
    STREAM = "stream", _("Stream")
    DIRECTORY = "directory", _("Directory")
    INCREMENTS = "increments", _("Increments")


class ExportState(models.TextChoices):
    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    FINISHED = "finished", "Finished"
    FAILED = "failed", "Failed"
    CANCELLED = "cancelled", "Cancelled"
    EXPIRED = "expired", "Expired"


UNFINISHED = (ExportState.QUEUED, ExportState.RUNNING)


def new_id(asked_at: datetime | None = None) -> uuid.UUID:
    """A UUIDv7 of that time, by default of now: so that a page of exports begins at an id, and a
    window of them is one of ids."""
    random = uuid.uuid4().int & (2**76 - 1)  # with its variant, which is the same
    return uuid.UUID(int=first_id_at(asked_at or timezone.now()).int | 7 << 76 | random)


class Export(models.Model):
    """One export: what was asked, by whom, up to which transaction, and what became of it.

    Its rows follow from what was asked (``dataset`` to ``asked_at``) and ``below`` alone, so that
    it can be resumed, and made again, at any later time. A job is claimed by whoever writes its
    ``claim``; a claim whose ``alive_at`` is old is void.
    """

    DataSet: TypeAlias = DataSet
    Format: TypeAlias = ExportFormat
    Delivery: TypeAlias = ExportDelivery
    State: TypeAlias = ExportState

    # Identity
    id = models.UUIDField(primary_key=True, default=new_id, editable=False)

    # Who
    who = models.CharField(
        max_length=150, help_text="The user name at that time; of the system, for a command."
    )
    via = models.CharField(max_length=7, choices=AccessVia)
    case_number = models.CharField(max_length=MAX_CASE_NUMBER, default="")

    # What was asked
    dataset = models.CharField(max_length=13, choices=DataSet)
    format = models.CharField(max_length=7, choices=ExportFormat)
    gzip = models.BooleanField(default=False)
    keep_formulas = models.BooleanField(
        default=False, help_text="Cells that a spreadsheet takes for formulas are left as they are."
    )
    filters = models.JSONField(help_text="The values of each parameter, as they were given.")
    apps = ArrayField(
        models.CharField(max_length=MAX_IDENTIFIER),
        null=True,
        help_text="The apps that whoever asked is limited to; null: not limited.",
    )
    tells_users = models.BooleanField(help_text="User ids, or else pseudonyms.")
    asked_at = models.DateTimeField(db_default=Now())
    below = TransactionIdField(
        db_default=Horizon(),
        help_text="It is of what transactions with lower numbers recorded, all ended by then.",
    )

    # How it leaves
    delivery = models.CharField(max_length=10, choices=ExportDelivery)
    state = models.CharField(max_length=9, choices=ExportState)
    reason = models.CharField(max_length=MAX_REASON, default="", help_text="Why it is not well.")
    estimate = models.BigIntegerField(null=True, help_text="About how many rows there will be.")
    rows = models.BigIntegerField(default=0)
    bytes = models.BigIntegerField(default=0)

    # The claim on a job
    claim = models.UUIDField(null=True)
    alive_at = models.DateTimeField(null=True)
    failures = models.PositiveSmallIntegerField(
        default=0, help_text="In a row, without a part that was finished between them."
    )
    due_at = models.DateTimeField(db_default=Now(), help_text="Not to be claimed before.")

    # Times
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("export"), _("exports")
        indexes = (
            # The list, newest first, and a window of it.
            models.Index(fields=("asked_at", "id"), name="export_asked_at"),
            # The exports of one account, newest first.
            models.Index(fields=("who", "asked_at", "id"), name="export_who"),
            # What the worker looks for: jobs that are due, and files that expire.
            models.Index(
                fields=("due_at",),
                name="export_unfinished",
                condition=models.Q(state__in=UNFINISHED, delivery=ExportDelivery.JOB),
            ),
            models.Index(
                fields=("expires_at",),
                name="export_expires",
                condition=models.Q(expires_at__isnull=False),
            ),
        )
        constraints = tuple(
            models.CheckConstraint(
                name=f"export_{column}", condition=models.Q(**{f"{column}__in": choices.values})
            )
            for column, choices in (
                ("via", AccessVia),
                ("dataset", DataSet),
                ("format", ExportFormat),
                ("delivery", ExportDelivery),
                ("state", ExportState),
            )
        )

    def __str__(self) -> str:
        return f"export {self.pk}"

    @property
    def is_unfinished(self) -> bool:
        return self.state in UNFINISHED

    @property
    def has_files(self) -> bool:
        """There is something to download."""
        return self.state == ExportState.FINISHED and self.delivery == ExportDelivery.JOB


class ExportPart(models.Model):
    """One finished file of an export. ``place`` is where the next one begins (see ``exports``);
    empty: this is the last."""

    export: "models.ForeignKey[Any, Any]" = models.ForeignKey(
        Export, on_delete=models.CASCADE, related_name="parts"
    )
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=200, help_text="In the export's directory.")
    rows = models.BigIntegerField()
    bytes = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    place = models.CharField(max_length=40, default="")

    class Meta:
        default_permissions = ()  # seen with its export
        constraints = (
            models.UniqueConstraint(fields=("export", "number"), name="export_part_number"),
        )

    def __str__(self) -> str:
        return f"part {self.number} of {self.export_id}"
