"""Notes which settings of the environment change verdicts, and that one is another than before.

They are read when a process starts, so each process that answers notes its own then: requests write
nothing. What answers given by two kinds of processes rest on can differ, so each kind has its own.
"""

import getpass
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import connection, transaction

from notifications.models import SettingChange, note_change


def _seconds(length: timedelta) -> str:
    return f"{length.total_seconds():g} s"


def _by_name(lives: Mapping[str, timedelta]) -> str:
    return ", ".join(f"{name}={_seconds(lives[name])}" for name in sorted(lives)) or "none"


def _host(address: str) -> str:
    """Without what else an address may hold."""
    return urlsplit(address).hostname or ""


def _names(told: Any) -> str:
    return ", ".join(sorted(told)) or "none"


# What verdicts rest on, by the name of its variable; nothing here tells a secret.
NOTED: Mapping[str, Callable[[], str]] = {
    "PUSHAUDIT_OPERATION_LIFE": lambda: _seconds(settings.OPERATION_LIFE),
    "PUSHAUDIT_OPERATION_LIVES": lambda: _by_name(settings.OPERATION_LIVES),
    "PUSHAUDIT_TRACE_GRACE": lambda: _seconds(settings.TRACE_GRACE),
    "PUSHAUDIT_OPERATION_IDS": lambda: "uuid" if settings.OPERATION_IDS_ARE_UUIDS else "any",
    "PUSHAUDIT_COVERAGE_SILENCE": lambda: _seconds(settings.COVERAGE_SILENCE),
    "PUSHAUDIT_PROBE_URLS": lambda: _names({_host(each) for each in settings.PROBE_URLS}),
    "PUSHAUDIT_PUSH_SERVERS": lambda: _names(
        f"{slug} ({server.timezone})" for slug, server in settings.PUSH_SERVERS.items()
    ),
}


def note_settings(process: str) -> int:
    """Of this ``process`` (its kind: web or worker) what is another than was noted last, and how
    many of them are."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Processes that start together note it once.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('notifications.note_settings'))")
        latest = SettingChange.objects.filter(name__in=NOTED, about=process)
        rows = latest.order_by("name", "-id").distinct("name").values_list("name", "after")
        before, who = dict(rows), f"environment of the {process}, user {_user()}"
        told = {name: read() for name, read in NOTED.items()}
        changed = {name: after for name, after in told.items() if before.get(name) != after}
        for name, after in changed.items():
            note_change(name, about=process, before=before.get(name), after=after, who=who)
    return len(changed)


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user id without a name, as in containers
        return "without a name"
