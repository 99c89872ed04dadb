"""When sources are known to have been recorded, and what of theirs was refused: kept ahead, no
evidence of what was emitted."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _


class ContactKind(models.TextChoices):
    """By what a source is known to have been recorded at a moment."""

    HEARTBEAT = "heartbeat", _("heartbeat")
    PROBE = "probe", _("probe through the proxy")
    POLL = "poll", _("poll")
    REPORT = "report", _("report")


def _source() -> "models.ForeignKey[Any, Any]":
    return models.ForeignKey(
        "notifications.Source",
        on_delete=models.DO_NOTHING,
        related_name="%(class)ss",
        db_constraint=False,
        db_index=False,
    )


class Coverage(models.Model):
    """An interval in which a source was demonstrably recorded: contacts at its ends, by the clock
    of the database, and none within further apart than a set silence.

    It grows at its end alone; another begins after a longer silence. What polls covered ends sooner
    once it is found that nothing was stored there. A source without any was never measured.
    """

    source = _source()
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    kinds = ArrayField(
        models.CharField(max_length=9, choices=ContactKind),
        default=list,
        help_text="By what kinds of contact.",
    )

    class Meta:
        verbose_name, verbose_name_plural = _("interval of coverage"), _("coverage")
        indexes = (
            # The intervals of a source in a window, and the latest, which a contact extends.
            models.Index(fields=("source", "ended_at"), name="coverage_source"),
        )
        constraints = (
            models.CheckConstraint(
                name="coverage_in_order",
                condition=models.Q(began_at__lte=models.F("ended_at")),
            ),
        )

    def __str__(self) -> str:
        return f"{self.source_id}: {self.began_at} to {self.ended_at}"


class SourceError(models.Model):
    """What a source sent and was refused, or could not be used: counted by its code and place."""

    source = _source()
    code = models.CharField(max_length=64)
    pointer = models.CharField(max_length=200, blank=True, help_text="Where the fault lies.")
    count = models.BigIntegerField(default=1)
    by_hour = models.JSONField(
        default=dict, help_text="How many in each hour (UTC) of the last day that had any."
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()

    class Meta:
        verbose_name, verbose_name_plural = _("error of a source"), _("errors of sources")
        constraints = (
            # The errors of a source; counted up by this key.
            models.UniqueConstraint(fields=("source", "code", "pointer"), name="source_error_once"),
        )

    def __str__(self) -> str:
        return f"{self.source_id}: {self.code}"
