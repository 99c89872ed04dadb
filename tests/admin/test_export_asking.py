"""Who may export what, and what is said to whom it cannot be."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from notifications.models import AccessRecord, Account, Export
from tests.admin.exporting import ASK, EXPORTS, GAPS, LISTS, State, ask, told
from tests.conftest import INIT

pytestmark = pytest.mark.usefixtures("store")


@pytest.mark.parametrize("group", ["Support", "Operators", "Analysts", "Auditors"])
def test_exporting_is_for_those_who_may(
    browser_of: Callable[[str], Client], record_one: Any, group: str
) -> None:
    record_one(extras=INIT)
    client, allowed = browser_of(group), group in ("Operators", "Analysts")
    for address in (*LISTS.values(), GAPS):
        assert (ASK in client.get(address).content.decode()) == allowed
    form = {"dataset": "operations", "format": "csv", "filters": "since=all"}
    assert client.post(ASK, form).status_code == (302 if allowed else 403)
    assert Export.objects.exists() == allowed


def test_it_takes_the_right_to_what_is_exported(db: None) -> None:
    account = Account.objects.create_user("half", is_staff=True)
    names = ("add_export", "view_operation")
    account.user_permissions.add(*Permission.objects.filter(codename__in=names))
    client = Client()
    client.force_login(account)
    form = {"format": "csv", "filters": "since=all"}
    assert client.post(ASK, {**form, "dataset": "notifications"}).status_code == 403
    assert client.post(ASK, {**form, "dataset": "operations"}).status_code == 302
    assert [each.dataset for each in Export.objects.all()] == ["operations"]


def test_asking_is_recorded_with_the_case(operator_client: Client, record_one: Any) -> None:
    record_one(extras=INIT)
    form = {"case": " C-7 ", "gzip": "on", "format": "csv", "keep_formulas": "on"}
    export = ask(operator_client, LISTS["notifications"], {"when": "24h"}, **form)
    assert (export.who, export.via, export.case_number) == ("operator", "admin", "C-7")
    assert (export.gzip, export.keep_formulas, export.delivery) == (True, True, "job")
    assert export.tells_users
    looked = AccessRecord.objects.get()
    assert (looked.action, looked.subject, looked.case_number) == ("export", str(export.pk), "C-7")
    assert looked.since is not None
    assert looked.until is not None


def test_an_analyst_s_export_tells_pseudonyms(browser_of: Callable[[str], Client]) -> None:
    assert not ask(browser_of("Analysts"), LISTS["notifications"]).tells_users


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"filters": "opration=x&since=all"}, "did you mean operation?"),
        ({"filters": "operation=%00"}, "U+0000"),
        ({"filters": ""}, "is missing: say where the export begins"),
        ({"filters": "since=all", "format": "parquet", "gzip": "on"}, "Parquet is compressed"),
        ({"filters": "since=all", "format": "xls"}, "Choose what to export, and the format"),
        ({"filters": "since=all", "dataset": "x"}, "Choose what to export, and the format"),
        ({"filters": "since=all", "case": "x" * 65}, "at most 64 characters"),
        ({"filters": "since=all", "case": "\0"}, "characters that show"),
    ],
)
def test_what_cannot_be_exported_is_said_on_the_page_it_came_from(
    operator_client: Client, form: dict[str, str], words: str
) -> None:
    back = f"{LISTS['notifications']}?when=1h"
    form = {"dataset": "notifications", "format": "csv", "back": back, **form}
    page = operator_client.post(ASK, form, follow=True)
    assert page.redirect_chain == [(back, 302)]
    assert words in page.content.decode()
    assert not Export.objects.exists()


def test_no_form_leads_to_another_site(operator_client: Client) -> None:
    for back in ("https://evil.example/", "//evil.example/", "javascript:alert(1)", "x", ""):
        answer = operator_client.post(ASK, {"back": back})
        assert answer.headers["Location"] == EXPORTS


def test_too_many_unfinished_exports_are_refused(operator_client: Client) -> None:
    for _ in range(20):
        told()
    form = {"dataset": "operations", "format": "csv", "filters": "since=all"}
    page = operator_client.post(ASK, form, follow=True)
    assert "20 exports of this account are unfinished" in page.content.decode()
    assert Export.objects.count() == 20


def test_nothing_is_done_by_a_link_or_a_foreign_form(operator_client: Client) -> None:
    export = told()
    cancel = reverse("admin:notifications_export_cancel", args=[export.pk])
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator_client.cookies
    for address in (ASK, cancel):
        assert operator_client.get(address).status_code == 405
        assert strict.post(address).status_code == 403
    export.refresh_from_db()
    assert export.state == State.QUEUED
