"""Settings of rules to look at, and changes of what verdicts rest on, long ago: no trace that is
looked at begins before them."""

from datetime import datetime, timedelta

from notifications.models import RuleSetting, SettingChange

SOURCE, APP = "retail-bank", "retail"
HOSTILE = "<img src=x onerror=alert(9)>\u202e" + "W" * 200


def fill(now: datetime) -> None:
    for rule, app, says, note in (
        ("E0", APP, "applies", "The backend announces all operations since its release 7."),
        ("E4", "", "applies_not", "It never sends any."),
        ("E1", APP, "learned", "As it was."),
        ("E7", HOSTILE, "applies", HOSTILE),
    ):
        RuleSetting.objects.create(
            source_id=SOURCE, rule=rule, app=app, says=says, note=note, who="operator",
            since=now - timedelta(days=9) if rule == "E0" else None,
            until=now - timedelta(days=8) if says == "learned" else None,
        )  # fmt: skip
    for name, about, before, after in (
        ("PUSHAUDIT_TRACE_GRACE", "web", None, "120 s"),
        ("PUSHAUDIT_TRACE_GRACE", "web", "120 s", "90 s"),
        ("rule E7", SOURCE, f"app {HOSTILE}: learned", f"app {HOSTILE}: applies"),
    ):
        SettingChange.objects.create(
            name=name, about=about, before=before, after=after, note=HOSTILE,
            who="environment of the web, user pushaudit", at=now - timedelta(days=400),
        )  # fmt: skip
