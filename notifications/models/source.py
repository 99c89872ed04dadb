"""Who reports notifications."""

import re

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from .fields import IdentifierField

MAX_SLUG = 64
SLUG_PATTERN = r"[a-z0-9][a-z0-9-]{0,63}"


def is_slug(name: str) -> bool:
    return re.fullmatch(SLUG_PATTERN, name) is not None


class Source(models.Model):
    """A reporter of notifications under a stable slug, which is part of every identity it makes:
    a source is never renamed. It comes into being with the first notification it reports."""

    slug = IdentifierField(max_length=MAX_SLUG, primary_key=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        verbose_name, verbose_name_plural = _("source"), _("sources")
        ordering = ("slug",)

    def __str__(self) -> str:
        return str(self.slug)
