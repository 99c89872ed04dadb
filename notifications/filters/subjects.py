"""What operations, activations, inbox messages and recipients can be asked for."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import BooleanField, Exists, F, Func, OuterRef, Q, QuerySet

from notifications.models import Notification, Recipient
from notifications.models.querysets import NotificationQuerySet
from notifications.protocol.identity import first_id_at
from notifications.protocol.window import Bounds

from .base import ListFilters, WindowedFilters
from .notifications import NotificationFilters
from .parameters import NAME, Parameter, choices, identity, names, one_of, text


class Told(Parameter):
    """Subjects that a notification names together with something else, such as its operations of a
    device. ``column`` is the notification's column of that, ``subject`` the one of the subjects.

    The identifiers are collected first, by the index of ``column``: a join, or a condition on what
    exists, may be answered by walking through all subjects. Where those are few already, what
    exists is asked for each of them: two collections in one condition would be compared in full.
    """

    def __init__(self, *, subject: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.subject = subject

    def checks(self, values: Sequence[Any]) -> list[Q]:
        return [
            Q(Exists(self._told(value).filter(**{self.subject: OuterRef("pk")})))
            for value in self._meant(values)
        ]

    def conditions(self, values: Sequence[Any]) -> list[Q]:
        return [self.condition(value) for value in self._meant(values)]

    def condition(self, value: Any) -> Q:
        told = self._told(value)
        keys = told.exclude(**{self.subject: None}).order_by().values(self.subject).distinct()
        return Q(_IsAnyOf(F("pk"), ArraySubquery(keys)))

    def _told(self, value: Any) -> NotificationQuerySet:
        visible: NotificationQuerySet = Notification.objects.of_apps(self.parent.apps)
        return visible.filter(**{self.field_name: value})

    def _meant(self, values: Sequence[Any]) -> Sequence[Any]:
        return values


class ToldUsers(Told):
    """The same of users, by user id."""

    def _meant(self, values: Sequence[Any]) -> Sequence[Any]:
        return list(Recipient.objects.filter(user_id__in=values).values_list("pk", flat=True))


class _IsAnyOf(Func):
    template = "(%(expressions)s))"
    arg_joiner = " = ANY ("
    output_field = BooleanField()


def _of_device(subject: str) -> Told:
    return Told(
        subject=subject,
        read=identity,
        column="activation",
        help="Told to, or about, this activation (device).",
        schema=NAME,
        identifies=True,
    )


def _of_user(subject: str) -> Told:
    return ToldUsers(
        subject=subject,
        read=text,
        column="recipient",
        help="Told to this user. Not for accounts that read pseudonyms.",
        schema=NAME,
        identifies=True,
    )


class SubjectFilters(WindowedFilters):
    """In the order, and in the window, of their first notification."""

    aliases: ClassVar[Mapping[str, str]] = NotificationFilters.aliases
    keyset = "first_notification_id"

    def within(self, queryset: "QuerySet[Any]", bounds: Bounds) -> "QuerySet[Any]":
        if bounds.since is not None:
            queryset = queryset.filter(first_notification__gte=first_id_at(bounds.since))
        if bounds.until is not None:
            queryset = queryset.filter(first_notification__lt=first_id_at(bounds.until))
        return queryset


class OperationFilters(SubjectFilters):
    operation = names("pk", "This operation.", identifies=True, read=identity)
    activation = _of_device("operation")
    user_id = _of_user("operation")
    operation_name = names("name", "Of this name.")
    result = names("result", "Whose last finish has this result.")
    finished = Parameter(
        lambda given: one_of(("true", "false"))(given) == "false",
        column="last_finish__isnull",
        help="Whose finish was reported, or was not.",
        schema=choices(("true", "false")),
    )


class ActivationFilters(SubjectFilters):
    activation = names("pk", "This activation (device).", identifies=True, read=identity)
    user_id = _of_user("activation")


class InboxMessageFilters(SubjectFilters):
    inbox_message = names("pk", "This inbox message.", identifies=True, read=identity)
    activation = _of_device("inbox_message")
    user_id = _of_user("inbox_message")


class RecipientFilters(ListFilters):
    """In the order of their keys, which stand for the people in addresses."""

    aliases: ClassVar[Mapping[str, str]] = NotificationFilters.aliases

    user_id = names("user_id", "This user.", identifies=True)
