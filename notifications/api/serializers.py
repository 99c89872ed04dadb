"""What the API shows of what is stored.

Fields are declared for the schema; the documents are made in one go, since asking each field for
its value costs a page of a hundred notifications more than the database does.
"""

from collections.abc import Collection
from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from rest_framework import serializers

from notifications.models import (
    AccessRecord,
    Activation,
    AddressedTo,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
    SettingChange,
    Source,
)
from notifications.models.pseudonyms import pseudonym_of
from notifications.protocol.clients import KINDS, RESULTS, Generation, Platform, views
from notifications.protocol.extras import MAX_IDENTIFIER, Code
from notifications.protocol.identity import time_of, timestamp

CLIENT_KINDS = [kind for kind, _ in KINDS.values()]
CLIENT_RESULTS = [*RESULTS.values(), "unknown"]
GATEWAYS = [each.value for each in Platform]


def one_of(choices: type[Enum], **options: Any) -> serializers.ChoiceField:
    """A closed vocabulary; the setting ENUM_NAME_OVERRIDES names it in the OpenAPI document."""
    return serializers.ChoiceField([(each.value, each.name) for each in choices], **options)


class MomentField(serializers.DateTimeField):
    """A UTC time to the millisecond, as it is digested."""


class WindowSerializer(serializers.Serializer[Any]):
    since = MomentField()
    until = MomentField(help_text="The first moment after the window.")


class Name(serializers.CharField):
    def __init__(self, *, allow_null: bool = True, **kwargs: Any) -> None:
        super().__init__(max_length=MAX_IDENTIFIER, allow_null=allow_null, **kwargs)


class FindingSerializer(serializers.Serializer[Any]):
    """How a payload departs from the specification."""

    code = one_of(Code)
    key = serializers.CharField(help_text="The key of the extras; empty for all of them.")
    detail = serializers.CharField()


class ClientViewSerializer(serializers.Serializer[Any]):
    """What one app makes of a message; `kind` is null when it passes the message by."""

    kind = serializers.ChoiceField(CLIENT_KINDS, allow_null=True)
    result = serializers.ChoiceField(CLIENT_RESULTS, allow_null=True)


class ClientsSerializer(serializers.Serializer[Any]):
    """What each app generation makes of a message."""

    ios_2 = ClientViewSerializer()
    ios_3 = ClientViewSerializer()
    android = ClientViewSerializer()


class NotificationSerializer(serializers.Serializer[Notification]):
    """In a list and by itself. ``context["users"]`` says whether user ids are shown, or the
    pseudonyms in their place."""

    id = serializers.UUIDField()
    source = Name()  # type: ignore[assignment]  # DRF's attribute of this name is the field's own
    message_id = Name()
    emitted_at = MomentField()
    recorded_at = MomentField()
    message_type = Name()
    result = Name()
    operation = Name()
    activation = Name()
    addressed_to = serializers.ChoiceField(AddressedTo.choices)
    per_device = serializers.BooleanField()
    inbox_message = Name()
    recipient = serializers.IntegerField(allow_null=True)
    user_id = Name()
    app_id = Name()
    platform = serializers.ChoiceField(list(Platform), allow_null=True)
    silent = serializers.BooleanField(allow_null=True)
    personal = serializers.BooleanField(allow_null=True)
    extras = serializers.DictField()
    findings = FindingSerializer(many=True)
    clients = ClientsSerializer()

    def to_representation(self, instance: Any) -> dict[str, Any]:
        """Of a row ``as_shown``."""
        key, user = instance.recipient_id, None
        if key is not None:
            user = recipient_of(key, instance.user_id, users=self.context["users"])
        return {
            "id": str(instance.id),
            "source": instance.source_id,
            "message_id": instance.message_id,
            "emitted_at": timestamp(instance.emitted_at),
            "recorded_at": timestamp(instance.recorded_at),
            "message_type": instance.message_type,
            "result": instance.result,
            "operation": instance.operation_id,
            "activation": instance.activation_id,
            "addressed_to": instance.addressed_to,
            "per_device": instance.per_device,
            "inbox_message": instance.inbox_message_id,
            "recipient": user and user["id"],
            "user_id": user and user["user_id"],
            "app_id": instance.app_id,
            "platform": instance.platform,
            "silent": instance.silent,
            "personal": instance.personal,
            "extras": instance.extras,
            "findings": instance.findings,
            "clients": read_by_clients(instance),
        }


def read_by_clients(notification: Any) -> dict[Generation, dict[str, str | None]]:
    platform = Platform(notification.platform) if notification.platform else None
    return {
        generation: {"kind": view.kind, "result": view.result}
        for generation, view in views(notification.extras, platform).items()
    }


class OperationSerializer(serializers.Serializer[Operation]):
    id = Name(allow_null=False)
    name = Name()
    result = Name()
    first_told_at = MomentField(allow_null=True)
    announced_at = MomentField(allow_null=True)
    finished_at = MomentField(allow_null=True)

    def to_representation(self, instance: Operation) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "name": instance.name,
            "result": instance.result,
            "first_told_at": _moment_in(instance.first_notification_id),
            "announced_at": _moment_in(instance.first_init_id),
            "finished_at": _moment_in(instance.last_finish_id),
        }


class SubjectSerializer(serializers.Serializer[Activation | InboxMessage]):
    id = Name(allow_null=False)
    first_told_at = MomentField(allow_null=True)

    def to_representation(self, instance: Activation | InboxMessage) -> dict[str, Any]:
        return {"id": instance.pk, "first_told_at": _moment_in(instance.first_notification_id)}


class RecipientSerializer(serializers.Serializer[Recipient]):
    """``id`` stands for the person in addresses; ``user_id`` is null when it was forgotten."""

    id = serializers.IntegerField(allow_null=True)
    user_id = Name()

    def to_representation(self, instance: Recipient) -> dict[str, Any]:
        return recipient_of(instance.pk, instance.user_id, users=True)


class SourceSerializer(serializers.Serializer[Source]):
    slug = serializers.CharField()
    created_at = MomentField()

    def to_representation(self, instance: Source) -> dict[str, Any]:
        """With how it does, which the view looks up for all of them."""
        told = self.context["standings"][instance.pk]
        return {"slug": instance.pk, "created_at": timestamp(instance.created_at), **told}


class AccessRecordSerializer(serializers.Serializer[AccessRecord]):
    id = serializers.IntegerField()
    at = MomentField()
    who = serializers.CharField()
    via = serializers.ChoiceField(AccessRecord.Via.choices)
    action = serializers.ChoiceField(AccessRecord.Action.choices)
    subject = Name(allow_null=False)
    since = MomentField(allow_null=True)
    until = MomentField(allow_null=True)
    as_of = MomentField(
        allow_null=True, help_text="As it was known at this moment; null: when it was looked at."
    )
    case = serializers.CharField(allow_blank=True)

    def to_representation(self, instance: AccessRecord) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "at": timestamp(instance.at),
            "who": instance.who,
            "via": instance.via,
            "action": instance.action,
            "subject": instance.subject,
            "since": optional_timestamp(instance.since),
            "until": optional_timestamp(instance.until),
            "as_of": optional_timestamp(instance.as_of),
            "case": instance.case_number,
        }


class SettingChangeSerializer(serializers.Serializer[SettingChange]):
    id = serializers.IntegerField()
    at = MomentField(help_text="When it was changed or, of the environment, noticed.")
    name = serializers.CharField()
    about = serializers.CharField(allow_blank=True)
    before = serializers.CharField(
        allow_null=True, help_text="Null: it was noted for the first time."
    )
    after = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    who = serializers.CharField()

    def to_representation(self, instance: SettingChange) -> dict[str, Any]:
        return {
            "id": instance.pk,
            "at": timestamp(instance.at),
            "name": instance.name,
            "about": instance.about,
            "before": instance.before,
            "after": instance.after,
            "note": instance.note,
            "who": instance.who,
        }


def recipient_of(key: int, user_id: str | None, *, users: bool) -> dict[str, Any]:
    """Neither key nor user id for those who read pseudonyms: both lead to the person."""
    if not users:
        return {"id": None, "user_id": pseudonym_of(key)}
    return {"id": key, "user_id": user_id}


def recipients_by_key(keys: Collection[int], *, users: bool) -> dict[int | None, Any]:
    """Those of ``keys``, as they are shown to those who may see ``users``, or may not."""
    known = Recipient.objects.filter(pk__in=keys).values_list("pk", "user_id") if keys else []
    return {key: recipient_of(key, user_id, users=users) for key, user_id in known}


def optional_timestamp(moment: datetime | None) -> str | None:
    return None if moment is None else timestamp(moment)


def _moment_in(notification_id: UUID | None) -> str | None:
    """The time of emission that an id carries, which begins in 1970."""
    return None if notification_id is None else timestamp(time_of(notification_id))
