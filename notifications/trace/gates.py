"""What was set of where rules apply, as it was on record for an answer."""

from django.db.models import QuerySet

from notifications.models import RuleSetting
from notifications.models.querysets import Extent
from notifications.protocol.gates import Gates, Says, Setting
from notifications.protocol.reasons import Rule


def gates_of(extent: Extent) -> Gates:
    """In one query. An answer of some apps rests on what is set of these and of any."""
    return Gates.of(map(setting_of, latest_settings(extent)))


def latest_settings(extent: Extent) -> "QuerySet[RuleSetting]":
    """Of each source, app and rule the last that is within ``extent``."""
    rows = extent.recorded(RuleSetting.objects.all())
    if extent.apps is not None:
        rows = rows.filter(app__in=["", *extent.apps])
    key = ("source_id", "app", "rule")
    return rows.order_by(*key, "-id").distinct(*key)


def setting_of(row: RuleSetting) -> Setting:
    return Setting(
        rule=Rule(row.rule),
        source=row.source_id,
        app=row.app or None,
        says=Says(row.says),
        set_at=row.recorded_at,
        since=row.since,
        until=row.until,
    )
