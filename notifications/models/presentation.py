"""How a push message asked to be shown. What it said to its reader is kept only where the bank
wants that, in a table that can be emptied without touching evidence."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .fields import IdentifierField


class Presentation(models.Model):
    """What a mirrored request told beside the extras: how it was to be sent and shown, and how long
    its texts were. Immutable as evidence is. Null is "not told"."""

    notification = models.OneToOneField(
        "notifications.Notification",
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="presentation",
    )
    mode = IdentifierField(null=True)
    priority = IdentifierField(null=True)
    category = IdentifierField(null=True)
    sound = IdentifierField(null=True)
    collapse_key = IdentifierField(null=True)
    valid_until = models.DateTimeField(null=True)
    title_length = models.IntegerField(null=True, help_text="In characters.")
    body_length = models.IntegerField(null=True, help_text="In characters.")
    is_localized = models.BooleanField(
        default=False, help_text="The app fills in the texts by keys."
    )

    class Meta:
        verbose_name, verbose_name_plural = _("presentation"), _("presentations")

    def __str__(self) -> str:
        return f"presentation of {self.pk}"


class Content(models.Model):
    """The title and body of a push message: customer data, and no evidence. It can be deleted."""

    notification = models.OneToOneField(
        "notifications.Notification",
        on_delete=models.DO_NOTHING,
        primary_key=True,
        db_constraint=False,
        related_name="content",
    )
    title = models.TextField(blank=True)
    body = models.TextField(blank=True)
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("content"), _("contents")

    def __str__(self) -> str:
        return f"content of {self.pk}"
