"""Gaps as a working list: what somebody noted of one, kept as evidence is; and how many there were
in each hour, kept ahead.

A gap itself is no evidence: it is what is owed and not on record, and is found when asked for. What
was found of hours long gone by is kept as long as it would be found again.
"""

from typing import TypeAlias

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.protocol.reasons import CountsAs, Reason, Rule

from .fields import CurrentTransactionId, IdentifierField, TransactionIdField
from .governance import AccessRecord
from .source import MAX_SLUG

MAX_GAP_KEY = 300  # the rule, an id and an activation id
MAX_NOTE = 1_000
ACKNOWLEDGE = "notifications.acknowledge_gap"
VIEW_METRICS = "notifications.view_metrics"


class GapNoteKind(models.TextChoices):
    ACKNOWLEDGED = "acknowledged", _("acknowledged")
    REOPENED = "reopened", _("reopened")
    NOTE = "note", _("note")


class GapNote(models.Model):
    """Somebody noted something of a gap: that it is acknowledged, that it is open again, or no more
    than a note. It keeps what the gap was then: one that became another since is open again.
    Immutable: triggers refuse UPDATE, DELETE and TRUNCATE, as they do of notifications."""

    Kind: TypeAlias = GapNoteKind

    # What was noted
    kind = models.CharField(max_length=12, choices=GapNoteKind)
    note = models.CharField(max_length=MAX_NOTE)
    who = models.CharField(max_length=150, help_text="The user name at that time.")
    via = models.CharField(max_length=7, choices=AccessRecord.Via)

    # Of which gap, and what that was then
    key = IdentifierField(max_length=MAX_GAP_KEY)
    rule = models.CharField(max_length=2)
    reason = models.CharField(max_length=32)
    counts_as = models.CharField(max_length=10)
    at = models.DateTimeField(help_text="When it was first owed.")
    app_id = IdentifierField(null=True)
    source = IdentifierField(max_length=MAX_SLUG, null=True)
    message_type = IdentifierField(null=True)
    operation = IdentifierField(null=True)
    activation = IdentifierField(null=True)

    # When
    noted_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())

    class Meta:
        default_permissions = ()  # whoever sees the gap sees what was noted of it
        permissions = (("acknowledge_gap", "Can acknowledge gaps"),)
        verbose_name, verbose_name_plural = _("note on a gap"), _("notes on gaps")
        indexes = (
            # The notes on one gap, the last first. The whole list is in the order of the key.
            models.Index(fields=("key", "id"), name="gap_note_key"),
            # Those that were noted in a window.
            models.Index(fields=("noted_at",), name="gap_note_noted_at"),
            # The hours of the gaps that were noted something of since they were last counted.
            models.Index(fields=("recorded_xid",), name="gap_note_recorded"),
        )
        constraints = (
            models.CheckConstraint(
                name="gap_note_kind", condition=models.Q(kind__in=GapNoteKind.values)
            ),
            models.CheckConstraint(name="gap_note_says", condition=~models.Q(note="")),
            models.CheckConstraint(
                name="gap_note_rule", condition=models.Q(rule__in=[str(each) for each in Rule])
            ),
            models.CheckConstraint(
                name="gap_note_counts_as",
                condition=models.Q(counts_as__in=[str(each) for each in CountsAs]),
            ),
        )

    def __str__(self) -> str:
        return f"note {self.pk} on a gap"

    def is_of(self, reason: Reason | None, counts_as: CountsAs | None) -> bool:
        """Whether the gap still is what it was when this was noted."""
        return (self.reason, self.counts_as) == (reason, counts_as)


class GapHour(models.Model):
    """How many gaps were first owed in one hour (UTC), by what they are, and how many of these were
    ``open``: not acknowledged. Of an hour that a ``GapLook`` is of; no evidence, and of no user."""

    hour = models.DateTimeField()
    rule = models.CharField(max_length=2)
    reason = models.CharField(max_length=32)
    counts_as = models.CharField(max_length=10)
    app_id = IdentifierField(null=True)
    source = IdentifierField(max_length=MAX_SLUG, null=True)
    count = models.IntegerField()
    open = models.IntegerField()

    class Meta:
        default_permissions = ()
        permissions = (("view_metrics", "Can read metrics"),)
        constraints = (
            # Also the rows of a window.
            models.UniqueConstraint(
                fields=("hour", "rule", "reason", "counts_as", "app_id", "source"),
                name="gap_hour_once",
                nulls_distinct=False,
            ),
        )

    def __str__(self) -> str:
        return f"{self.count} from {self.hour}"


class GapLook(models.Model):
    """When the gaps of an hour were last looked for, and when that is to be done again: as soon as
    something was recorded that they may rest on (``touched_at``), or at ``again_at``, as time alone
    makes another of some. An hour without a row has nothing on record.

    Once nothing that is yet to come can be about the hour, ``rests_on`` tells what of all sources
    bears on it up to ``rests_until``, and ``found`` has the gaps: they stay what they are until the
    hour is touched or rests on something else. A copy, which is made anew from evidence.
    """

    hour = models.DateTimeField(primary_key=True)
    looked_at = models.DateTimeField(null=True, help_text="By the clock of the database.")
    touched_at = models.DateTimeField(null=True, help_text="Since it was last looked at.")
    again_at = models.DateTimeField(null=True)
    unjudged = models.IntegerField(
        default=0, help_text="Operations with too many messages, in all that was looked at with it."
    )
    too_much = models.BooleanField(default=False, help_text="Nothing is told: too many to judge.")
    rests_on = models.CharField(max_length=32, db_default="", help_text="A digest; empty: not yet.")
    rests_until = models.DateTimeField(null=True)
    found = models.TextField(null=True, help_text="JSON; null: not kept.")  # noqa: DJ001

    class Meta:
        default_permissions = ()
        indexes = (
            # The hours that may rest on something else by now, the latest first.
            models.Index(
                fields=("-rests_until", "-hour"),
                condition=~models.Q(rests_on=""),
                name="gap_look_rests",
            ),
            # The hours to look at because of what was recorded, the newest first.
            models.Index(
                fields=("hour",),
                condition=models.Q(touched_at__isnull=False),
                name="gap_look_touched",
            ),
            # The hours to look at because of the time.
            models.Index(
                fields=("again_at",),
                condition=models.Q(again_at__isnull=False),
                name="gap_look_again",
            ),
        )

    def __str__(self) -> str:
        return f"the hour from {self.hour}"


class GapMark(models.Model):
    """The one row that says which evidence has touched the hours that it is of: all with
    ``recorded_xid`` below ``below``; by what ``terms`` the gaps are judged; and when it was last
    ``compared_at`` what all hours rest on."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    below = TransactionIdField(default=0)
    terms = models.CharField(max_length=64, default="")
    worked_at = models.DateTimeField(null=True, help_text="When a worker last saw to it.")
    compared_at = models.DateTimeField(null=True, help_text="By the clock of the database.")

    class Meta:
        default_permissions = ()
        constraints = (models.CheckConstraint(name="gap_mark_is_one", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"below {self.below}"
