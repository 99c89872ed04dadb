"""Where rules apply to what a source sends, as it is answered."""

from typing import Any

from notifications.models import RuleSetting
from notifications.protocol.identity import timestamp
from notifications.trace.rules import Holding

from .serializers import optional_timestamp


def of_holding(holding: Holding) -> dict[str, Any]:
    setting = holding.setting
    return {
        "rule": holding.rule,
        "app_id": holding.app,
        "applies": holding.applies,
        "why": holding.why,
        "since": optional_timestamp(holding.since),
        "notification": None if holding.first is None else str(holding.first),
        "setting": None if setting is None else setting.pk,
    }


def of_setting(setting: RuleSetting) -> dict[str, Any]:
    return {
        "id": setting.pk,
        "rule": setting.rule,
        "app_id": setting.app or None,
        "says": setting.says,
        "since": optional_timestamp(setting.since),
        "until": optional_timestamp(setting.until),
        "note": setting.note,
        "who": setting.who,
        "at": timestamp(setting.recorded_at),
    }
