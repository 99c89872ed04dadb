"""Tokens are made and revoked here: shown once, and no digest anywhere."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.admin import tokens as pages
from notifications.models import Account

TOKENS = "/admin/knox/authtoken/"
API = "/api/v1/notifications/"


def make(keeper: Client, account: str = "demo-bank", days: str = "30", **more: Any) -> Any:
    opened = keeper.get(f"{TOKENS}add/").context["form"]["opened"].value()
    return keeper.post(f"{TOKENS}add/", {"account": account, "days": days, "opened": opened} | more)


def test_a_token_is_made_that_works_and_ends(keeper: Client, token: AuthToken) -> None:
    token.user.groups.add(Group.objects.get(name="Support"))
    page = make(keeper)
    secret = page.context["secret"]
    assert f'<code id="token">{secret}</code>' in page.content.decode()
    assert APIClient(headers={"Authorization": f"Token {secret}"}).get(API).status_code == 200
    made = AuthToken.objects.exclude(pk=token.pk).get()
    assert abs(made.expiry - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


def test_without_days_it_does_not_expire(keeper: Client, token: AuthToken) -> None:
    page = make(keeper, days="")
    assert page.context["token"].expiry is None
    assert "It does not expire." in page.content.decode()


def test_it_is_shown_once_and_kept_nowhere(keeper: Client, token: AuthToken) -> None:
    page = make(keeper)
    secret = page.context["secret"]
    assert "no-store" in page.headers["Cache-Control"]
    assert page.status_code == 200  # and no address that could have it
    for address in (
        TOKENS,
        f"{TOKENS}add/",
        f"/admin/notifications/account/{token.user_id}/change/",
    ):
        assert secret not in keeper.get(address).content.decode()
    assert secret not in str([session.get_decoded() for session in Session.objects.all()])
    assert secret not in str(keeper.cookies)
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.user.username) == (str(token.user_id), "keeper")
    assert entry.get_change_message() == f"Made a token that begins with {secret[:15]}."


def test_its_page_tells_how_it_is_used(keeper: Client, token: AuthToken) -> None:
    page = make(keeper).content.decode()
    assert "curl -sS http://testserver/api/v1/notifications/" in page
    assert "--data" not in page
    token.user.groups.add(Group.objects.get(name="Emitters"))
    assert "--data @notification.json" in make(keeper).content.decode()


def test_the_same_form_makes_no_second_token(keeper: Client, token: AuthToken) -> None:
    opened = keeper.get(f"{TOKENS}add/").context["form"]["opened"].value()
    assert "secret" in make(keeper, opened=opened).context
    again = make(keeper, opened=opened)  # as a reload does
    assert "secret" not in again.context
    assert "was made since this form was opened" in again.content.decode()
    assert AuthToken.objects.count() == 2
    refreshed = again.context["form"]["opened"].value()
    assert "secret" in make(keeper, opened=refreshed).context


def test_a_form_sent_twice_at_once_makes_one_token(
    committed_db: str, django_db_blocker: Any
) -> None:
    with django_db_blocker.unblock():
        account = Account(username="demo-bank")
        account.set_unusable_password()
        account.save()
        keeper = Client()
        keeper.force_login(Account.objects.create_superuser("keeper"))
        opened = keeper.get(f"{TOKENS}add/").context["form"]["opened"].value()

        def send() -> bool:
            client = Client()
            client.cookies["sessionid"] = keeper.cookies["sessionid"].value
            sent = {"account": "demo-bank", "days": "", "opened": opened}
            try:
                return 'id="token"' in client.post(f"{TOKENS}add/", sent).content.decode()
            finally:
                connection.close()

        with ThreadPoolExecutor(3) as pool:
            sending = [pool.submit(send) for _ in range(3)]
            assert sorted(each.result() for each in sending) == [False, False, True]
        assert AuthToken.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "at_fault"),
    [
        ({"account": ""}, "account"),
        ({"account": "nobody"}, "account"),
        ({"account": "\x00"}, "account"),
        ({"account": "jane"}, "account"),
        ({"account": "old-mirror"}, "account"),
        ({"days": "0"}, "days"),
        ({"days": "3651"}, "days"),
        ({"days": "9" * 30}, "days"),
        ({"days": "many"}, "days"),
        ({"opened": ""}, "opened"),
        ({"opened": "yesterday"}, "opened"),
    ],
)
def test_what_cannot_be_is_refused_and_makes_nothing(
    keeper: Client, token: AuthToken, changes: dict[str, str], at_fault: str
) -> None:
    Account.objects.create_user("jane", password="correct horse battery", is_staff=True)
    retired = Account(username="old-mirror", is_active=False)
    retired.set_unusable_password()
    retired.save()
    page = make(keeper, **changes)
    assert list(page.context["form"].errors) == [at_fault]
    assert AuthToken.objects.count() == 1


def test_an_account_leads_here_with_its_name_chosen(keeper: Client, token: AuthToken) -> None:
    page = keeper.get(f"{TOKENS}add/?account=demo-bank").content.decode()
    assert '<option value="demo-bank" selected>demo-bank</option>' in page


def test_where_there_are_many_accounts_the_name_is_typed(
    keeper: Client, token: AuthToken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "LISTED", 0)
    page = keeper.get(f"{TOKENS}add/?account=demo-bank").content.decode()
    assert 'type="text" name="account" value="demo-bank"' in page
    assert "secret" in make(keeper).context
    assert list(make(keeper, account="nobody").context["form"].errors) == ["account"]


def test_the_list_tells_states_and_no_digest(keeper: Client, token: AuthToken) -> None:
    AuthToken.objects.create(token.user, expiry=timedelta(seconds=-1))
    retired = Account.objects.create(username="old-mirror", is_active=False)
    AuthToken.objects.create(retired)
    page = keeper.get(TOKENS).content.decode()
    assert token.token_key in page
    assert not any(each.digest in page for each in AuthToken.objects.all())
    for state in ("active", "expired", "account deactivated"):
        assert f"<bdi>{state}</bdi>" in page
    assert token.token_key in keeper.get(f"{TOKENS}?q=demo-bank").content.decode()
    assert token.token_key not in keeper.get(f"{TOKENS}?q=old-mirror").content.decode()


def test_a_list_of_many_costs_the_same(
    keeper: Client, token: AuthToken, django_assert_num_queries: Any
) -> None:
    keeper.get(TOKENS)
    for count in (0, 20):
        for _ in range(count):
            AuthToken.objects.create(token.user)
        with django_assert_num_queries(6):
            assert keeper.get(TOKENS).status_code == 200


def test_a_token_has_no_page(keeper: Client, token: AuthToken) -> None:
    for address in (f"{TOKENS}{token.digest}/change/", f"{TOKENS}x/delete/"):
        assert keeper.get(address).status_code == 404


def revoke(keeper: Client, **sent: str) -> Any:
    return keeper.post(f"{TOKENS}revoke/", sent, follow=True)


def test_a_token_is_revoked_after_it_was_asked(keeper: Client, token: AuthToken) -> None:
    other, _ = AuthToken.objects.create(token.user)
    named = {"user": "demo-bank", "beginning": token.token_key}
    page = revoke(keeper, **named)
    assert "refused for good" in page.content.decode()
    assert page.context["others"] == 1
    assert token.digest not in page.content.decode()
    assert AuthToken.objects.count() == 2
    page = revoke(keeper, **named, sure="yes")
    assert "Revoked the token" in page.content.decode()
    assert list(AuthToken.objects.all()) == [other]
    entry = LogEntry.objects.get()
    assert token.token_key in entry.get_change_message()
    assert token.digest not in str(vars(entry))


def test_the_question_tells_what_ends(keeper: Client, token: AuthToken, record_one: Any) -> None:
    record_one()
    page = revoke(keeper, user="demo-bank", beginning=token.token_key)
    assert "The account has no other token in use." in page.content.decode()
    assert page.context["last"] is not None
    AuthToken.objects.update(expiry=timezone.now())
    page = revoke(keeper, user="demo-bank", beginning=token.token_key)
    assert "It is refused already" in page.content.decode()


def test_coming_back_to_the_question_leads_to_the_list(keeper: Client) -> None:
    assert keeper.get(f"{TOKENS}revoke/").url == TOKENS
    assert keeper.put(f"{TOKENS}revoke/").status_code == 405


@pytest.mark.parametrize("sent", [{}, {"user": "demo-bank"}, {"user": "\x00", "beginning": "\x00"}])
@pytest.mark.parametrize("sure", [{}, {"sure": "yes"}])
def test_revoking_what_is_not_there_says_so(
    keeper: Client, token: AuthToken, sent: dict[str, str], sure: dict[str, str]
) -> None:
    page = revoke(keeper, **sent, **sure)
    assert "no such token" in page.content.decode()
    assert AuthToken.objects.count() == 1
