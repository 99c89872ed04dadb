"""What was set that changes verdicts: by whom, when and why. Added to and never changed."""

from collections.abc import Collection
from typing import TypeAlias

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from notifications.protocol.gates import GATED, Says

from .fields import CurrentTransactionId, IdentifierField, TransactionIdField
from .source import Source

MAX_NOTE = 500


class RuleSays(models.TextChoices):
    APPLIES = Says.APPLIES.value, _("applies")
    APPLIES_NOT = Says.APPLIES_NOT.value, _("does not apply")
    LEARNED = Says.LEARNED.value, _("as learned")


class RuleSetting(models.Model):
    """Whether a rule applies to what a source sends to an app. Of each source, app and rule the
    latest counts. Immutable: triggers refuse UPDATE, DELETE and TRUNCATE, as they do of
    notifications, so that an answer can be given as it could have been at any moment."""

    Says: TypeAlias = RuleSays

    # Of what
    source = models.ForeignKey(
        Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    app = IdentifierField(default="", blank=True, help_text="Empty: any app.")
    rule = models.CharField(max_length=2, choices=[(str(each), str(each)) for each in GATED])

    # What
    says = models.CharField(max_length=11, choices=RuleSays)
    since = models.DateTimeField(null=True, help_text="From then on; null: from ever.")
    until = models.DateTimeField(null=True, help_text="Before then; null: for ever.")
    note = models.CharField(max_length=MAX_NOTE, help_text="Why.")

    # By whom, and when
    who = models.CharField(max_length=150)
    recorded_at = models.DateTimeField(db_default=Now())
    recorded_xid = TransactionIdField(db_default=CurrentTransactionId())

    class Meta:
        verbose_name, verbose_name_plural = _("setting of a rule"), _("settings of rules")
        default_permissions = ()
        permissions = (("set_rules", "Can set where rules apply"),)
        indexes = (
            # The latest of each, and of one source the whole, newest first.
            models.Index(fields=("source", "app", "rule", "id"), name="rule_setting_latest"),
        )
        constraints = (
            models.CheckConstraint(
                name="rule_setting_rule",
                condition=models.Q(rule__in=[str(each) for each in GATED]),
            ),
            models.CheckConstraint(
                name="rule_setting_says", condition=models.Q(says__in=RuleSays.values)
            ),
            models.CheckConstraint(
                name="rule_setting_bounds",
                condition=models.Q(since__isnull=True)
                | models.Q(until__isnull=True)
                | models.Q(since__lt=models.F("until")),
            ),
        )

    def __str__(self) -> str:
        return f"setting of rule {self.rule} {self.pk}"


class SettingChange(models.Model):
    """A setting that changes verdicts was found to be another than before, or was changed by
    somebody. Immutable, as settings of rules are. It holds no secret and no user id."""

    name = models.CharField(max_length=64, help_text="Of the setting.")
    about = IdentifierField(
        default="",
        help_text="Of the environment, the kind of process that has it so; else the source or the"
        " account that it is of.",
    )
    before = models.TextField(null=True, help_text="Null: it was noted for the first time.")  # noqa: DJ001
    after = models.TextField()
    note = models.CharField(max_length=MAX_NOTE, default="")
    who = models.CharField(
        max_length=200,
        help_text="An account; of the environment, the process that noticed and its user.",
    )
    at = models.DateTimeField(db_default=Now(), help_text="When it was changed, or noticed.")

    class Meta:
        verbose_name, verbose_name_plural = _("change of a setting"), _("changes of settings")
        indexes = (
            # The last that is known of a setting.
            models.Index(fields=("name", "about", "id"), name="setting_change_latest"),
            # What changed since a moment; the list within a window.
            models.Index(fields=("at",), name="setting_change_at"),
        )

    def __str__(self) -> str:
        return f"change of {self.name} {self.pk}"


def note_change(
    name: str, *, about: str, before: str | None, after: str, who: str, note: str = ""
) -> None:
    """In the transaction of whatever made the change."""
    SettingChange.objects.create(
        name=name, about=about, before=before, after=after, who=who, note=note
    )


def note_limit(account: str, before: Collection[str], after: Collection[str], *, who: str) -> None:
    """The apps that an ``account`` may read of, which its answers are limited to."""
    told = [", ".join(sorted(each)) or "all apps" for each in (before, after)]
    note_change("apps of an account", about=account, before=told[0], after=told[1], who=who)
