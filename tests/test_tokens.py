"""Service accounts and their tokens."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.models import Account

pytestmark = pytest.mark.django_db


def create_token(*arguments: str) -> str:
    """The last line the command prints."""
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue().splitlines()[-1]


def test_the_last_line_is_a_token_that_works_at_once() -> None:
    token = create_token("support-app", "--group", "Support")
    client = APIClient(headers={"Authorization": f"Token {token}"})
    assert client.get("/api/v1/notifications/").status_code == 200
    account = Account.objects.get()
    assert not account.has_usable_password()
    assert not account.is_staff


def test_a_second_token_is_for_the_same_account() -> None:
    assert create_token("bank", "--group", "Emitters") != create_token(
        "bank", "--group", "Emitters"
    )
    assert Account.objects.count() == 1
    assert AuthToken.objects.count() == 2


@pytest.mark.parametrize(
    ("text", "duration"),
    [("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("90d", timedelta(days=90))],
)
def test_a_token_may_end(text: str, duration: timedelta) -> None:
    create_token("bank", "--group", "Emitters", "--expires", text)
    expiry = AuthToken.objects.get().expiry
    assert abs(expiry - timezone.now() - duration) < timedelta(minutes=1)


def test_a_token_without_an_end_does_not_end() -> None:
    create_token("bank", "--group", "Emitters")
    assert AuthToken.objects.get().expiry is None


@pytest.mark.parametrize("text", ["90", "d", "0d", "-1d", "1y", "4000d", "٣d", "1 d"])
def test_a_senseless_duration_is_refused_and_makes_nothing(text: str) -> None:
    with pytest.raises(CommandError, match="--expires"):
        create_token("bank", "--group", "Emitters", f"--expires={text}")
    assert not Account.objects.exists()


@pytest.mark.parametrize("name", ["", "Bank", "bank app", "bänk", "b" * 65, "bank\n"])
def test_a_name_that_is_no_slug_is_refused(name: str) -> None:
    with pytest.raises(CommandError, match="no name for a source"):
        create_token(name, "--group", "Emitters")


def test_an_unknown_group_is_refused_with_the_known_ones() -> None:
    with pytest.raises(CommandError, match="Emitters, Monitors, Operators, Support"):
        create_token("bank", "--group", "Bankers")
    assert not Account.objects.exists()


def test_an_account_is_limited_to_the_apps_named() -> None:
    create_token("retail", "--group", "Support", "--app", "retail", "--app", "wallet, new")
    assert Account.objects.get().limited_to == ("retail", "wallet, new")
    create_token("retail", "--group", "Support")
    assert Account.objects.get().limited_to == ("retail", "wallet, new")
    create_token("retail", "--group", "Support", "--app", "retail", "--app", "retail")
    assert Account.objects.get().limited_to == ("retail",)


def test_an_account_is_of_all_apps_unless_it_is_limited() -> None:
    create_token("bank", "--group", "Support")
    assert Account.objects.get().limited_to is None


@pytest.mark.parametrize("app", ["", "x" * 257, "a\0b"])
def test_an_app_that_cannot_be_is_refused(app: str) -> None:
    with pytest.raises(CommandError, match="--app must be an app id"):
        create_token("bank", "--group", "Support", f"--app={app}")
    assert not Account.objects.exists()


def test_a_persons_account_is_no_service_account() -> None:
    Account.objects.create_user("jane", password="correct horse battery")
    with pytest.raises(CommandError, match="a person's account"):
        create_token("jane", "--group", "Support")


def test_a_deactivated_account_gets_no_token() -> None:
    create_token("bank", "--group", "Emitters")
    Account.objects.update(is_active=False)
    with pytest.raises(CommandError, match="deactivated"):
        create_token("bank", "--group", "Emitters")
