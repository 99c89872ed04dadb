"""What was set of where rules apply, as it was on record for an answer."""

from notifications.models import RuleSetting
from notifications.models.querysets import Extent
from notifications.models.statements import Answer, asked
from notifications.protocol.gates import Gates, Says, Setting
from notifications.protocol.reasons import Rule

_NAMES = [each.attname for each in RuleSetting._meta.fields if each.attname != "recorded_xid"]
_LATEST = f"""
    SELECT DISTINCT ON (source_id, app, rule) {", ".join(_NAMES)}
    FROM notifications_rulesetting
    WHERE (%(apps)s::text[] IS NULL OR app = '' OR app = ANY(%(apps)s))
        AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
        AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
    ORDER BY source_id, app, rule, id DESC
"""  # noqa: S608 - of constants


def ask_gates(extent: Extent) -> Answer[Gates]:
    """In one query. An answer of some apps rests on what is set of these and of any."""
    settings = _ask_settings(extent)
    return lambda: Gates.of(map(setting_of, settings()))


def latest_settings(extent: Extent) -> list[RuleSetting]:
    """Of each source, app and rule the last that is within ``extent``."""
    return _ask_settings(extent)()


def _ask_settings(extent: Extent) -> Answer[list[RuleSetting]]:
    rows = asked(_LATEST, extent.parameters)
    return lambda: [RuleSetting.from_db("default", _NAMES, row) for row in rows()]


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
