"""What the API shows of an export."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request

from notifications.exports.datasets import shown_filters
from notifications.exports.writers import is_defused
from notifications.models import Export
from notifications.protocol.identity import timestamp

from .addresses import address_of
from .serializers import MomentField

State = Export.State
PROVED = (State.FINISHED, State.EXPIRED)  # whose manifests there are


class PartSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    rows = serializers.IntegerField(min_value=0)
    bytes = serializers.IntegerField(min_value=0)
    sha256 = serializers.CharField()


class ExportLinksSerializer(serializers.Serializer[Any]):
    """Null where it does not apply, or not to whoever asks."""

    download = serializers.URLField(allow_null=True)
    manifest = serializers.URLField(allow_null=True)
    cancel = serializers.URLField(allow_null=True)


class ExportSerializer(serializers.Serializer[Export]):
    """``context["users"]`` says whether user ids among the filters are shown."""

    id = serializers.UUIDField()
    dataset = serializers.ChoiceField(Export.DataSet.choices)
    format = serializers.ChoiceField(Export.Format.choices)
    gzip = serializers.BooleanField()
    formulas = serializers.ChoiceField(("defused", "kept"))
    filters = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(), allow_null=True),
        help_text="As they were given; null where they name a user and you read pseudonyms.",
    )
    who = serializers.CharField()
    via = serializers.ChoiceField(Export._meta.get_field("via").choices or ())
    case = serializers.CharField(allow_blank=True)
    delivery = serializers.ChoiceField(Export.Delivery.choices)
    state = serializers.ChoiceField(State.choices)
    reason = serializers.CharField(allow_blank=True, help_text="Why it is not well.")
    asked_at = MomentField()
    started_at = MomentField(allow_null=True)
    ended_at = MomentField(allow_null=True)
    expires_at = MomentField(allow_null=True)
    recorded_below = serializers.CharField(
        help_text="It is of what transactions with lower numbers recorded."
    )
    rows = serializers.IntegerField(min_value=0)
    bytes = serializers.IntegerField(min_value=0)
    estimate = serializers.IntegerField(
        min_value=0, allow_null=True, help_text="About how many rows there will be."
    )
    progress = serializers.FloatField(
        min_value=0, max_value=1, allow_null=True, help_text="Null where nobody can know."
    )
    links = ExportLinksSerializer()

    def to_representation(self, instance: Export) -> dict[str, Any]:
        return {
            "id": str(instance.pk),
            "dataset": instance.dataset,
            "format": instance.format,
            "gzip": instance.gzip,
            "formulas": "defused" if is_defused(instance) else "kept",
            "filters": shown_filters(instance, users=self.context["users"]),
            "who": instance.who,
            "via": instance.via,
            "case": instance.case_number,
            "delivery": instance.delivery,
            "state": instance.state,
            "reason": instance.reason,
            **{
                name: None if at is None else timestamp(at)
                for name in ("asked_at", "started_at", "ended_at", "expires_at")
                for at in [getattr(instance, name)]
            },
            "recorded_below": str(instance.below),
            "rows": instance.rows,
            "bytes": instance.bytes,
            "estimate": instance.estimate,
            "progress": _progress(instance),
            "links": _links(self.context["request"], instance),
        }


class ExportDetailSerializer(ExportSerializer):
    parts = PartSerializer(many=True)


class ManifestSerializer(serializers.Serializer[Any]):
    """The same as `_manifest.json` among the files."""

    manifest = serializers.IntegerField(help_text="The version of its form.")
    export = serializers.UUIDField()
    dataset = serializers.ChoiceField(Export.DataSet.choices)
    format = serializers.ChoiceField(Export.Format.choices)
    gzip = serializers.BooleanField()
    formulas = serializers.ChoiceField(("defused", "kept"))
    filters = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(), allow_null=True)
    )
    apps = serializers.ListField(child=serializers.CharField(), allow_null=True)
    user_id = serializers.ChoiceField(("user id", "pseudonym"))
    who = serializers.CharField()
    via = serializers.ChoiceField(Export._meta.get_field("via").choices or ())
    case = serializers.CharField(allow_blank=True)
    asked_at = MomentField()
    recorded_below = serializers.CharField()
    rows = serializers.IntegerField(min_value=0)
    parts = PartSerializer(many=True)


def parts_of(export: Export) -> list[dict[str, Any]]:
    parts = export.parts.order_by("number")
    return [dict(each) for each in parts.values("name", "rows", "bytes", "sha256")]


def _progress(export: Export) -> float | None:
    if export.state in PROVED:
        return 1.0
    if export.estimate is None:
        return None
    return min(export.rows / max(export.estimate, 1), 1.0)


def _links(request: Request, export: Export) -> dict[str, str | None]:
    is_own = export.who == request.user.get_username()
    is_job = export.delivery == Export.Delivery.JOB
    applies = {
        "download": is_own and export.has_files,
        "manifest": export.state in PROVED,
        "cancel": is_own and is_job and export.is_unfinished,
    }
    return {
        name: address_of(request, f"export-{name}", export.pk) if does else None
        for name, does in applies.items()
    }
