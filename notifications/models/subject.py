"""What notifications are about. Everything here but the identifiers can be derived again from the
notifications; ids are time-ordered, so *first* is the least id and *last* the greatest."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from .fields import IdentifierField
from .querysets import SubjectQuerySet
from .statements import fetched


def _notification() -> "models.ForeignKey[Any, Any]":
    """A reference kept without constraint or index: it is looked up from this side only."""
    return models.ForeignKey(
        "notifications.Notification",
        on_delete=models.DO_NOTHING,
        null=True,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )


class Subject(models.Model):
    """An operation, activation or inbox message under the identifier that messages carry."""

    id = IdentifierField(primary_key=True)
    first_notification = _notification()

    objects = SubjectQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return str(self.pk)


class Operation(Subject):
    """One operation a user was asked to approve."""

    name = IdentifierField(null=True)
    named_by = _notification()
    first_init = _notification()
    last_finish = _notification()
    result = IdentifierField(null=True)

    class Meta:
        verbose_name, verbose_name_plural = _("operation"), _("operations")
        indexes = (
            # Admin list, newest first: ORDER BY first_notification_id DESC.
            models.Index(fields=("first_notification",), name="operation_first_seen"),
        )


class Activation(Subject):
    """One registered device of one user, from activation to removal."""

    class Meta:
        verbose_name, verbose_name_plural = _("activation"), _("activations")
        indexes = (
            # Admin list, newest first: ORDER BY first_notification_id DESC.
            models.Index(fields=("first_notification",), name="activation_first_seen"),
        )


class InboxMessage(Subject):
    """One message of a user's inbox."""

    class Meta:
        verbose_name, verbose_name_plural = _("inbox message"), _("inbox messages")
        indexes = (
            # Admin list, newest first: ORDER BY first_notification_id DESC.
            models.Index(fields=("first_notification",), name="inbox_message_first_seen"),
        )


class Recipient(models.Model):
    """The user that notifications are addressed to, behind a surrogate key, so that the person can
    be forgotten (``user_id`` emptied) while the evidence stays."""

    user_id = IdentifierField(null=True, unique=True)

    objects = SubjectQuerySet.as_manager()

    class Meta:
        verbose_name, verbose_name_plural = _("recipient"), _("recipients")

    def __str__(self) -> str:
        return f"recipient {self.pk}"


def is_known(subject: type[models.Model], key: str | int) -> bool:
    """Whether there is one of these under its ``key``, without its row."""
    kind = "bigint" if isinstance(key, int) else "text"
    table = subject._meta.db_table
    statement = f"SELECT true FROM {table} WHERE id = %(key)s::{kind}"  # noqa: S608 - of constants
    return bool(fetched(statement, {"key": key}))
