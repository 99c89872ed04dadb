"""Push Servers are started, watched and stopped by those who may, on the page of their source."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from notifications.ingest.push_server.wanted import want
from notifications.models import AwaitedMessage, PushServerReading, Source
from notifications.trace.overview import keep_overview
from pushaudit.push_servers import PushServer
from tests.admin.pages import reader

SLUG = "push-server"
SOURCES = "/admin/notifications/source/"
ONE = f"{SOURCES}{SLUG}/"
PAGE, READING, START, STOP = (f"{ONE}{each}/" for each in ("change", "reading", "start", "stop"))
SECRET = "pa55word"
HOSTILE = "<img src=x onerror=alert(9)>\u202eText"


@pytest.fixture(autouse=True)
def configured(settings: Any) -> None:
    server = PushServer(f"postgresql://reader:{SECRET}@db/push", "Europe/Prague")
    settings.PUSH_SERVERS = {SLUG: server}


def wanted(**columns: Any) -> PushServerReading:
    """As if somebody had started it a minute ago, and then what ``columns`` tell."""
    want(SLUG, True, "operator", timezone.now() - timedelta(seconds=50), zone="Europe/Prague")
    PushServerReading.objects.filter(pk=SLUG).update(**columns)
    return PushServerReading.objects.get(pk=SLUG)


def text(client: Client, address: str = PAGE) -> str:
    response = client.get(address)
    assert response.status_code == 200
    return response.content.decode()


def test_one_that_has_reported_nothing_is_started_from_the_list(operator_client: Client) -> None:
    assert "not started" in text(operator_client, SOURCES)
    assert not Source.objects.exists()
    answer = operator_client.post(START, follow=True)
    assert answer.redirect_chain == [(PAGE, 302)]
    assert "It is followed from now on" in answer.content.decode()
    reading = PushServerReading.objects.get()
    assert (reading.pk, reading.is_wanted, reading.wanted_by) == (SLUG, True, "operator")
    assert reading.zone == "Europe/Prague"
    assert "waiting for a worker" in text(operator_client, SOURCES)


def test_it_is_stopped_and_what_was_read_is_told_still(operator_client: Client) -> None:
    now = timezone.now()
    wanted(begun_at=now, polled_at=now, rows_read=1_234)
    assert "<bdi>following</bdi>" in text(operator_client)
    assert (
        "Stopped. What was read of it stays."
        in operator_client.post(STOP, follow=True).content.decode()
    )
    page = text(operator_client)
    assert "<bdi>stopped</bdi>" in page
    assert "1,234" in page
    assert PushServerReading.objects.get().rows_read == 1_234


def test_what_is_so_already_is_said(operator_client: Client) -> None:
    first = wanted()
    assert "It was followed already." in operator_client.post(START, follow=True).content.decode()
    again = PushServerReading.objects.get()
    assert (again.wanted_by, again.wanted_at) == (first.wanted_by, first.wanted_at)
    operator_client.post(STOP)
    assert "It was not followed." in operator_client.post(STOP, follow=True).content.decode()


@pytest.mark.parametrize("group", ["Support", "Analysts", "Auditors"])
def test_others_see_how_it_does_and_no_button(
    browser_of: Callable[[str], Client], group: str
) -> None:
    wanted()
    client = browser_of(group)
    for address in (PAGE, SOURCES):
        shown = text(client, address)
        assert "waiting for a worker" in shown
        assert "<button" not in shown.split("waiting for a worker")[1].split("</section>")[0]
    for address in (START, STOP):
        assert client.post(address).status_code == 403
    assert PushServerReading.objects.get().is_wanted


def test_who_may_see_no_source_sees_nothing_of_it(db: None) -> None:
    wanted()
    client = reader("notification")
    assert client.get(READING).status_code == 403
    assert client.post(STOP).status_code == 403
    assert Client().post(STOP).status_code == 302
    assert PushServerReading.objects.get().is_wanted


def test_a_post_from_elsewhere_is_refused(operator_client: Client) -> None:
    wanted()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator_client.cookies
    assert strict.post(STOP).status_code == 403
    assert PushServerReading.objects.get().is_wanted


def test_only_a_form_starts_and_stops(operator_client: Client) -> None:
    wanted()
    for address in (START, STOP):
        assert operator_client.get(address).status_code == 405
    assert operator_client.post(READING).status_code == 405


@pytest.mark.parametrize("slug", ["nobody", "demo_00bank", "_00", "Push"])
def test_what_the_setting_does_not_name_cannot_be_started(
    operator_client: Client, slug: str
) -> None:
    answer = operator_client.post(f"{SOURCES}{slug}/start/", follow=True)
    assert "names no such Push Server" in answer.content.decode()
    assert not Source.objects.exists()


def test_what_the_setting_names_no_longer_can_be_stopped(
    operator_client: Client, settings: Any
) -> None:
    wanted()
    settings.PUSH_SERVERS = {}
    assert "only where PUSHAUDIT_PUSH_SERVERS names it" in text(operator_client)
    operator_client.post(STOP)
    reading = PushServerReading.objects.get()
    assert (reading.is_wanted, reading.zone) == (False, "Europe/Prague")
    assert "Start following" not in text(operator_client)


def test_the_zone_of_the_setting_counts_until_something_was_read(operator_client: Client) -> None:
    want(SLUG, False, "operator", timezone.now(), zone="UTC")
    operator_client.post(START)
    assert PushServerReading.objects.get().zone == "Europe/Prague"
    PushServerReading.objects.update(is_wanted=False, zone="UTC", begun_at=timezone.now())
    operator_client.post(START)
    assert PushServerReading.objects.get().zone == "UTC"


@pytest.mark.parametrize(
    ("columns", "badge", "words"),
    [
        ({}, "waiting for a worker", "A worker begins within seconds."),
        ({"begun": 30}, "reading what is there", "0 rows so far."),
        (
            {"begun": 30, "rows_read": 412_000, "rows_estimate": 1_000_000},
            "reading what is there",
            "About 41 %: 412,000 of about 1,000,000 rows.",
        ),
        (
            {"begun": 30, "rows_read": 1_200, "rows_estimate": 1_000},
            "reading what is there",
            "1,200 rows so far.",
        ),
        ({"begun": 30, "polled": 4}, "following", "Read to its end 4 s ago."),
        ({"begun": 900, "polled": 700}, "behind", "Read to its end 11 min ago. It is catching up"),
        ({"wanted": 90}, "waiting for a worker", "is “manage.py work” running"),
        ({"begun": 9, "problem": "Say please."}, "cannot be read", "never read to its end"),
        (
            {"begun": 9, "polled": 700, "problem": HOSTILE},
            "cannot be read",
            "&lt;img src=x onerror=alert(9)&gt;⟨U+202E⟩Text",
        ),
        ({"is_wanted": False}, "not started", "Nothing of it was read yet."),
        ({"is_wanted": False, "begun": 900, "polled": 700}, "stopped", "Read to its end 11 min"),
        ({"is_wanted": False, "begun": 90, "polled": 52}, "stopped", "Read to its end 52 s ago."),
        ({"is_wanted": False, "begun": 90, "polled": 1}, "followed by a command", "1 s ago."),
        (
            {"is_wanted": False, "begun": 90, "problem": "Gone."},
            "stopped",
            "The last reading broke off",
        ),
    ],
)
def test_the_page_says_how_it_does(
    operator_client: Client, columns: dict[str, Any], badge: str, words: str
) -> None:
    now = timezone.now()
    told = {
        f"{name}_at" if name in ("begun", "polled", "wanted") else name: (
            now - timedelta(seconds=value) if name in ("begun", "polled", "wanted") else value
        )
        for name, value in columns.items()
    }
    wanted(**told)
    page = text(operator_client)
    assert f"<bdi>{badge}</bdi>" in page
    assert words in page
    assert ("data-live" in page) == columns.get("is_wanted", True)
    assert f"<bdi>{badge}</bdi>" in text(operator_client, SOURCES)
    assert words in text(operator_client, READING)


def test_the_bar_is_only_there_while_it_reads_what_is_there(operator_client: Client) -> None:
    now = timezone.now()
    wanted(begun_at=now, rows_read=412, rows_estimate=1_000)
    assert '<progress aria-label="How much of it is read" max="100" value="41">' in text(
        operator_client
    )
    PushServerReading.objects.update(polled_at=now)
    assert "<progress" not in text(operator_client)


def test_what_is_still_to_come_is_told(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = {"newest": "2026-03-14T09:26:53+00:00", "answered": [["mobile-app", "apns"]]}
    wanted(positions={"push_message": {"last": 2000, "missing": [[1, 1234, None]]}, **beside})
    for number in range(3):
        AwaitedMessage.objects.create(
            source_id=SLUG, number=number, registration=1, awaited_since=timezone.now()
        )
    page = text(operator_client)
    assert "<dd>1,234</dd>" in page
    assert "<dd>3</dd>" in page
    for module in ("trace", "admin"):
        monkeypatch.setattr(f"notifications.{module}.readings.MOST_COUNTED", 3)
    assert "<dd>3 or more</dd>" in text(operator_client)


def test_that_nothing_is_stored_is_told_with_the_remedy(operator_client: Client) -> None:
    wanted(storage="off", storage_since=timezone.now())
    page = text(operator_client)
    assert "does not store what it sends" in page
    assert "powerauth.push.service.message.storage.enabled=true" in page
    assert "<bdi>stores no messages</bdi>" in text(operator_client, SOURCES)
    PushServerReading.objects.update(storage="on")
    assert "does not store what it sends" not in text(operator_client)


def test_the_home_page_marks_what_is_not_read_and_names_it_first(
    operator_client: Client, record_one: Callable[..., Any]
) -> None:
    record_one(now=timezone.now())
    wanted(problem="Let me in.", problem_at=timezone.now())
    keep_overview(timezone.now())
    page = text(operator_client, "/admin/")
    assert "<bdi>cannot be read</bdi>" in page
    assert page.index(f"<bdi>{SLUG}</bdi>") < page.index("<bdi>demo-bank</bdi>")
    PushServerReading.objects.update(problem="", storage="off")
    assert "<bdi>stores no messages</bdi>" in text(operator_client, "/admin/")
    PushServerReading.objects.update(storage="on", problem="It broke off.", is_wanted=False)
    page = text(operator_client, "/admin/")
    assert "cannot be read" not in page
    assert "stores no messages" not in page


def test_no_page_tells_an_address(operator_client: Client) -> None:
    wanted()
    for address in (SOURCES, PAGE, READING):
        page = text(operator_client, address)
        assert SECRET not in page
        assert "postgresql" not in page


def test_a_source_that_is_no_push_server_has_nothing_of_it(
    operator_client: Client, record_one: Callable[..., Any]
) -> None:
    record_one()
    assert "The Push Server's database" not in text(operator_client, f"{SOURCES}demo-bank/change/")
    for slug in ("demo-bank", "nobody"):
        assert operator_client.get(f"{SOURCES}{slug}/reading/").status_code == 404
