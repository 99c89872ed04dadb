"""What verdicts rest on is noted by each kind of process, once, and whatever changed again."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from notifications.ingest.push_server.wanted import want
from notifications.integrity import settings as noting
from notifications.integrity.settings import NOTED, note_settings
from notifications.models import SettingChange
from notifications.protocol.knowledge import Terms
from notifications.trace import evidence
from pushaudit.push_servers import PushServer
from tests.conftest import NOW

pytestmark = pytest.mark.django_db
SECRET = "pa55word"


def changes() -> list[tuple[str, str, str | None, str]]:
    rows = SettingChange.objects.order_by("pk").filter(before__isnull=False)
    return list(rows.values_list("name", "about", "before", "after"))


def test_all_is_noted_at_first_and_nothing_that_stays() -> None:
    assert note_settings("worker") == len(NOTED)
    assert note_settings("worker") == 0
    assert note_settings("web") == len(NOTED)
    assert changes() == []


def test_what_changed_is_noted_with_what_it_was(settings: Any) -> None:
    note_settings("web")
    note_settings("worker")
    settings.OPERATION_LIFE = timedelta(seconds=90)
    settings.OPERATION_LIVES = {"login": timedelta(minutes=2), "a": timedelta(seconds=1.5)}
    settings.OPERATION_IDS_ARE_UUIDS = False
    assert note_settings("web") == 3
    assert changes() == [
        ("PUSHAUDIT_OPERATION_LIFE", "web", "300 s", "90 s"),
        ("PUSHAUDIT_OPERATION_LIVES", "web", "none", "a=1.5 s, login=120 s"),
        ("PUSHAUDIT_OPERATION_IDS", "web", "uuid", "any"),
    ]
    assert SettingChange.objects.latest("pk").who.startswith("environment of the web, user ")
    settings.OPERATION_LIFE = timedelta(seconds=300)
    assert note_settings("web") == 1
    assert changes()[-1][2:] == ("90 s", "300 s")
    assert note_settings("worker") == 3 - 1  # since what it noted last


def test_no_secret_is_kept(settings: Any) -> None:
    settings.PUSH_SERVERS = {
        "push-server": PushServer(f"postgresql://reader:{SECRET}@db/push", "Europe/Prague")
    }
    settings.PROBE_URLS = [f"https://probe:{SECRET}@push.bank.example/status?{SECRET}"]
    note_settings("worker")
    told = dict(SettingChange.objects.values_list("name", "after"))
    assert told["PUSHAUDIT_PUSH_SERVERS"] == "push-server (Europe/Prague)"
    assert told["PUSHAUDIT_PROBE_URLS"] == "push.bank.example"
    assert SECRET not in str(told)


def test_every_term_of_verdicts_is_noted(settings: Any) -> None:
    """A term that is read from the environment must not be forgotten here."""
    note_settings("web")
    fields = {
        "life": "OPERATION_LIFE",
        "lives": "OPERATION_LIVES",
        "grace": "TRACE_GRACE",
        "ids_are_uuids": "OPERATION_IDS_ARE_UUIDS",
    }
    assert fields.keys() == set(Terms.__dataclass_fields__)
    assert evidence.terms() == Terms(
        **{name: getattr(settings, setting) for name, setting in fields.items()}
    )
    assert {f"PUSHAUDIT_{each}" for each in fields.values()} - NOTED.keys() == {
        "PUSHAUDIT_OPERATION_IDS_ARE_UUIDS"  # whose variable has another name
    }


def test_a_user_without_a_name_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody() -> str:
        raise KeyError("getpwuid(): uid not found: 10001")

    monkeypatch.setattr(noting.getpass, "getuser", nobody)
    note_settings("web")
    told = SettingChange.objects.latest("pk")
    assert told.who == "environment of the web, user without a name"


def test_following_is_noted_each_time_with_who() -> None:
    for wanted, who in ((True, "olga"), (True, "otto"), (False, "otto")):
        want("push-server", wanted, who, NOW, zone="UTC")
    told = SettingChange.objects.order_by("pk").values_list("name", "before", "after", "who")
    assert list(told) == [
        ("following", "off", "on", "olga"),
        ("following", "on", "off", "otto"),
    ]


def test_a_limit_that_a_command_sets_is_noted() -> None:
    for apps in (["retail"], ["retail"], ["retail", "business"]):
        options = {"group": "Support", "app": apps, "stdout": StringIO()}
        call_command("create_token", "bank", **options)
    assert changes() == [
        ("apps of an account", "bank", "all apps", "retail"),
        ("apps of an account", "bank", "retail", "business, retail"),
    ]
    assert SettingChange.objects.latest("pk").who.startswith("command, user ")
