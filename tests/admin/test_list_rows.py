"""What the rows of lists tell, about how many there are, and the addresses that keep them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from notifications.admin.addresses import list_address
from notifications.models import Account, Recipient
from notifications.templatetags.console import about
from tests.admin.listing import DAY, IN_TIME, LIST, shown, text_of
from tests.conftest import DEVICE, FINISHED, INBOX, INBOX_NEW, INIT

Record = Callable[..., UUID]


# About how many


def test_what_is_on_one_page_is_counted_exactly(
    operator_client: Client, record_one: Record
) -> None:
    record_one(extras=INIT)
    assert " 1 notification " in text_of(operator_client, LIST, {"when": "all"})
    record_one(extras=FINISHED)
    assert " 2 notifications " in text_of(operator_client, LIST, {"when": "all"})


def test_what_is_on_more_is_an_estimate_and_said_to_be(
    operator_client: Client, record_one: Record
) -> None:
    for second in range(130):
        at = f"2026-03-14T09:{second // 60:02}:{second % 60:02}Z"
        record_one(extras=INIT, emitted_at=at)
    page = operator_client.get(LIST, {"when": "all"}).context["cl"]
    assert not page.total.exact
    assert page.total.number > 100
    told = text_of(operator_client, LIST, {"when": "all"})
    assert re.search(r"About [0-9,]+ notifications match, estimated", told)
    last = operator_client.get(LIST + page.older).context["cl"]
    assert (last.result_count, last.total.exact) == (30, False)


@pytest.mark.parametrize(
    ("number", "words"),
    [(7, "7"), (101, "100"), (1_249, "1,200"), (987_654, "990,000"), (1_234_567, "1.2 million")],
)
def test_an_estimate_claims_no_more_than_it_knows(number: int, words: str) -> None:
    assert about(number) == words


# The permalink


def test_a_permalink_shows_the_same_later(
    operator_client: Client, record_one: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    for seconds in range(130):
        at = (now - timedelta(seconds=seconds * 20)).isoformat()
        record_one(extras=INIT, message_id=f"m-{seconds}", emitted_at=at, now=now)
    record_one(
        extras=INIT, message_id="ahead", now=now + timedelta(hours=1),
        emitted_at=(now + timedelta(minutes=3)).isoformat(),
    )  # fmt: skip
    query = {"when": "24h", "message_type": "mtoken.operationInit"}
    first = operator_client.get(LIST, query).context["cl"]
    second = operator_client.get(LIST + first.older).context["cl"]
    found = [[row.pk for row in page.result_list] for page in (first, second)]
    assert [len(keys) for keys in found] == [100, 31]

    later = now + timedelta(days=3)
    record_one(extras=INIT, message_id="new", emitted_at=later.isoformat(), now=later)
    monkeypatch.setattr(timezone, "now", lambda: later)
    operator_client.force_login(Account.objects.get())  # the session ended long ago
    assert shown(operator_client, LIST, query) != found[0]
    assert [shown(operator_client, LIST, page.permalink) for page in (first, second)] == found
    told = parse_qs(first.permalink[1:])
    assert set(told) == {"since", "until", "message_type"}
    assert all(re.fullmatch(r"[0-9T:-]{19}Z", told[name][0]) for name in ("since", "until"))


@pytest.mark.parametrize("kind", [*IN_TIME, "recipient", "source"])
def test_every_list_has_a_permalink(auditor_client: Client, record_one: Record, kind: str) -> None:
    record_one(extras=INBOX_NEW | INIT, activation_id=DEVICE, user_id="user-1")
    page = auditor_client.get(list_address(kind), {"when": "all"})
    permalink = page.context["cl"].permalink
    assert shown(auditor_client, list_address(kind), permalink) == [
        row.pk for row in page.context["cl"].result_list
    ]
    assert "data-copy-link" in page.content.decode()


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59.999Z", "0001-01-01T00:00:00Z"])
def test_stray_clocks_have_a_permalink(
    operator_client: Client, record_one: Record, at: str
) -> None:
    record_one(extras=INIT, emitted_at=at)
    page = operator_client.get(LIST, {"when": "all"}).context["cl"]
    assert operator_client.get(LIST + page.permalink).status_code == 200


# Rows


def test_a_row_answers_what_support_asks(operator_client: Client, record_one: Record) -> None:
    wrong = FINISHED | {"operationId": "42", "surplus": "1", "more": "2"}
    record_one(extras=wrong, activation_id=DEVICE, user_id="user-1", app_id="mobile")
    record_one(extras=INIT, user_id="user-1", addressed_to="user")
    told = text_of(operator_client, LIST, {"when": "all"})
    person = Recipient.objects.get()
    assert f"recipient {person.pk}" in told
    for words in ("not UUID +2 more", " user-wide ", "mobile", "ago", "✓ success"):
        assert words in told, words
    assert "user-1" not in told


def test_who_reads_pseudonyms_sees_no_recipients(
    browser_of: Callable[[str], Client], record_one: Record
) -> None:
    record_one(extras=INIT | INBOX_NEW, activation_id=DEVICE, user_id="user-1")
    client = browser_of("Analysts")
    rights = Permission.objects.filter(codename__in=("view_activation", "view_inboxmessage"))
    Account.objects.get(username="analyst").user_permissions.set(rights)
    for kind in ("notification", "activation", "inboxmessage"):
        page = client.get(list_address(kind), {"when": "all"})
        assert len(page.context["cl"].result_list) == 1
        assert "Recipient" not in page.content.decode()
        assert "recipient/" not in page.content.decode()


def test_devices_tell_when_and_whose_they_were_last(
    operator_client: Client, record_one: Record
) -> None:
    for day, user in ((13, "user-1"), (14, "user-2")):
        at = f"2026-03-{day}T09:00:00Z"
        record_one(extras=INIT, activation_id=DEVICE, user_id=user, emitted_at=at)
    (row,) = operator_client.get(list_address("activation")).context["cl"].result_list
    assert row.last_recipient_id == Recipient.objects.get(user_id="user-2").pk
    told = text_of(operator_client, list_address("activation"), {})
    assert "2026-03-13 09:00:00.000" in told
    assert "2026-03-14 09:00:00.000" in told


def test_identifiers_of_rows_are_copied_exactly_and_passed_by_by_the_tab_key(
    operator_client: Client, record_one: Record
) -> None:
    record_one(extras=INIT | INBOX_NEW | {"operationId": 'a"b'}, activation_id=DEVICE)
    for kind, key in (("operation", "a&quot;b"), ("activation", DEVICE), ("inboxmessage", INBOX)):
        page = operator_client.get(list_address(kind), {"when": "all"}).content.decode()
        (button,) = re.findall(r"<button[^>]*data-copy-text[^>]*>", page)
        assert f'data-copy-text="{key}" hidden aria-label="Copy the' in button
        assert 'tabindex="-1"' in button


def test_what_cannot_be_seen_is_not_copied(operator_client: Client, record_one: Record) -> None:
    record_one(extras=INIT | {"operationId": "pay\u202efdp"})
    page = operator_client.get(list_address("operation"), {"when": "all"}).content.decode()
    assert "data-copy-text" not in page
    assert "pay⟨U+202E⟩fdp" in page


def test_times_are_told_in_the_zone_that_is_chosen(
    operator_client: Client, record_one: Record
) -> None:
    record_one(extras=INIT, emitted_at="2026-03-14T00:00:00Z")
    Account.objects.update(time_zone="America/New_York", in_own_zone=True)
    told = text_of(operator_client, LIST, DAY)
    assert "Emitted (America/New_York)" in told
    assert "2026-03-13 20:00:00" in told
    assert datetime(2026, 3, 14, tzinfo=UTC).isoformat(timespec="milliseconds") in (
        operator_client.get(LIST, DAY).content.decode()
    )
