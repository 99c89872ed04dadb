"""Sessions end when nobody uses them, and at an age; the page to sign in says why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.translation import get_language
from pytest_django.fixtures import Settings

from notifications.models import Account
from pushaudit import middleware

LIST = "/admin/notifications/notification/"
SIGN_IN = "/admin/login/"
API = "/api/v1/notifications/"
PASSWORD = "correct horse battery staple"
POLL = {"Sec-Fetch-Mode": "cors"}


class Clock:
    def __init__(self) -> None:
        self.time = int(timezone.now().timestamp())

    def __call__(self) -> int:
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Clock:
    settings.SESSION_IDLE, settings.SESSION_COOKIE_AGE = 1800, 12 * 3600
    clock = Clock()
    monkeypatch.setattr(middleware, "_now", clock)
    return clock


@pytest.fixture
def browser(db: None, clock: Clock) -> Client:
    """Somebody who signed in just now."""
    account = Account.objects.create_user("jane", password=PASSWORD, is_staff=True)
    account.groups.add(Group.objects.get(name="Operators"))
    client = Client()
    client.force_login(account)
    clock.time = int(account.last_login.timestamp())
    client.get(LIST)
    return client


def sign_in(client: Client, address: str = SIGN_IN) -> Any:
    return client.post(address, {"username": "jane", "password": PASSWORD})


def test_a_session_in_use_goes_on(browser: Client, clock: Clock) -> None:
    for _ in range(10):
        clock.time += 1799
        assert browser.get(LIST).status_code == 200


def test_an_unused_session_ends_and_the_way_back_is_kept(browser: Client, clock: Clock) -> None:
    clock.time += 1800
    page = browser.get(f"{LIST}?when=1h", follow=True)
    assert page.redirect_chain == [(f"{SIGN_IN}?next={LIST}%3Fwhen%3D1h", 302)]
    assert "You were signed out after 30 minutes without use." in page.content.decode()
    assert not Session.objects.exists()
    assert sign_in(browser, page.redirect_chain[0][0]).url == f"{LIST}?when=1h"
    assert "signed out" not in browser.get(LIST).content.decode()


def test_no_session_outlives_its_age(browser: Client, clock: Clock) -> None:
    for _ in range(28):
        clock.time += 1500
        assert browser.get(LIST).status_code == 200
    clock.time += 12 * 3600 - 28 * 1500
    page = browser.get(LIST, follow=True)
    assert "You were signed out 12 hours after signing in." in page.content.decode()


def test_it_is_told_in_the_language_of_the_browser(
    browser: Client, clock: Clock, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LANGUAGES = [("en", "English"), ("cs", "Czech")]
    languages = []
    monkeypatch.setattr(middleware, "_", lambda text: languages.append(get_language()) or text)
    clock.time += 1800
    browser.get(LIST, headers={"Accept-Language": "cs"})
    assert languages == ["cs"]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "1 minute"), (90, "90 seconds"), (5400, "90 minutes"), (3600, "1 h")],
)
def test_the_time_is_told_in_words(
    browser: Client, clock: Clock, settings: Settings, seconds: int, words: str
) -> None:
    settings.SESSION_IDLE = seconds
    clock.time += seconds
    assert f"signed out after {words}" in browser.get(LIST, follow=True).content.decode()


def test_what_a_page_asks_by_itself_is_no_use(browser: Client, clock: Clock) -> None:
    for _ in range(2):
        clock.time += 899
        assert browser.get(LIST, headers=POLL).status_code == 200
    clock.time += 2
    page = browser.get(LIST, headers=POLL, follow=True)
    assert page.redirect_chain[0][0].startswith(SIGN_IN)
    assert "signed out" not in page.content.decode()  # nobody would see it there
    assert "signed out after" in browser.get(LIST, follow=True).content.decode()


@pytest.mark.parametrize("headers", [{}, POLL])
def test_the_api_goes_by_the_same_rule(
    browser: Client, clock: Clock, headers: dict[str, str]
) -> None:
    assert browser.get(API, headers=headers).status_code == 200
    clock.time += 1800
    assert browser.get(API, headers=headers).status_code == 401


def test_a_session_is_written_once_a_minute_at_most(browser: Client, clock: Clock) -> None:
    def writes() -> int:
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert browser.get(LIST).status_code == 200
        return sum('UPDATE "django_session"' in each["sql"] for each in queries)

    clock.time += 59
    assert writes() == 0
    clock.time += 1
    assert [writes(), writes()] == [1, 0]


def test_signing_in_and_changing_the_password_begin_anew(browser: Client, clock: Clock) -> None:
    sent = {"old_password": PASSWORD, "new_password1": "other-1-horse", "new_password2": ""}
    sent["new_password2"] = sent["new_password1"]
    for _ in range(2):
        for _ in range(24):
            clock.time += 1700
            assert browser.get(LIST).status_code == 200
        assert browser.post("/admin/password_change/", sent).status_code == 302
        sent["old_password"] = sent["new_password1"]


def test_a_session_of_before_counts_from_the_sign_in(
    browser: Client, clock: Clock, django_assert_num_queries: Callable[..., Any]
) -> None:
    browser.logout()
    account = Account.objects.get()
    browser.force_login(account)
    clock.time = int(account.last_login.timestamp()) + 59
    with django_assert_num_queries(2):  # the session and who it is of; nothing is written
        browser.get("/admin/search/")
    Account.objects.update(last_login=timezone.now() - timedelta(seconds=1800))
    assert browser.get(LIST).status_code == 302
    browser.force_login(account)
    Account.objects.update(last_login=None)
    assert browser.get(LIST).status_code == 302


def test_a_clock_that_was_set_back_signs_nobody_out(browser: Client, clock: Clock) -> None:
    clock.time -= 3600
    assert browser.get(LIST).status_code == 200
    clock.time += 1799
    assert browser.get(LIST).status_code == 200
    clock.time += 1800
    assert browser.get(LIST).status_code == 302


def test_the_cookie_ends_with_the_browser(browser: Client) -> None:
    browser.logout()
    sign_in(browser)
    cookie = browser.cookies["sessionid"]
    assert (cookie["max-age"], cookie["expires"]) == ("", "")
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_a_deactivated_account_is_signed_out_at_once(browser: Client) -> None:
    Account.objects.update(is_active=False)
    assert browser.get(LIST).status_code == 302


def test_who_is_not_signed_in_costs_no_query(
    db: None, django_assert_num_queries: Callable[..., Any]
) -> None:
    with django_assert_num_queries(0):
        response = Client().get("/health/live")
    assert "Vary" not in response.headers
