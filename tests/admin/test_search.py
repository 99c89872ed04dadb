"""The search box: an identifier, or its beginning, leads to what it names."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from notifications.admin.candidates import MOST, beginnings, find, ids_beginning
from notifications.models import Account, Recipient
from tests.admin.test_console import page_of
from tests.conftest import DEVICE, INBOX, INIT, OPERATION, SOURCE

SEARCH = "/admin/search/"
Record = Callable[..., UUID]


@pytest.fixture
def recorded(record_one: Record) -> dict[str, Any]:
    """One of each kind; its keys."""
    key = record_one(
        extras=INIT | {"inboxId": INBOX}, activation_id=DEVICE, user_id="maria.novakova",
        message_id="message-4711", emitted_at="2026-03-14T09:00:00Z",
    )  # fmt: skip
    return {
        "notification": key,
        "operation": OPERATION,
        "activation": DEVICE,
        "inboxmessage": INBOX,
        "recipient": Recipient.objects.get().pk,
        "source": SOURCE,
    }


def beginning_of(kind: str, recorded: dict[str, Any], length: int) -> str:
    return {"recipient": "maria.novakova"}.get(kind, str(recorded[kind]))[:length]


@pytest.mark.parametrize("length", [8, 9, 13])
@pytest.mark.parametrize(
    "kind", ["notification", "operation", "activation", "inboxmessage", "recipient", "source"]
)
def test_the_beginning_of_anything_jumps_where_it_can_be_one_thing_only(
    operator_client: Client, recorded: dict[str, Any], kind: str, length: int
) -> None:
    term = beginning_of(kind, recorded, length)
    response = operator_client.get(SEARCH, {"q": f" {term} "})
    assert response.status_code == 302
    assert response.headers["Location"] == page_of(kind, recorded[kind])


def test_a_message_is_found_by_the_beginning_of_its_id(
    operator_client: Client, recorded: dict[str, Any]
) -> None:
    response = operator_client.get(SEARCH, {"q": "message-"})
    assert response.headers["Location"] == page_of("notification", recorded["notification"])


@pytest.mark.parametrize("kind", ["notification", "operation", "activation", "inboxmessage"])
def test_a_uuid_may_be_in_upper_case_and_without_its_hyphens(
    operator_client: Client, recorded: dict[str, Any], kind: str
) -> None:
    whole = str(recorded[kind])
    for term in (whole[:12].upper(), whole[:11].replace("-", ""), whole.replace("-", "").upper()):
        response = operator_client.get(SEARCH, {"q": term})
        assert response.status_code == 302, term
        assert response.headers["Location"] == page_of(kind, recorded[kind])


def test_under_8_characters_only_the_whole_is_found(
    operator_client: Client, recorded: dict[str, Any]
) -> None:
    page = operator_client.get(SEARCH, {"q": OPERATION[:7]})
    assert page.context["answer"].groups == ()
    assert "from 8 characters on" in page.content.decode()
    page = operator_client.get(SEARCH, {"q": "nothing-begins-so"})
    assert page.context["answer"].groups == ()
    assert "from 8 characters on" not in page.content.decode()


def test_exactly_this_identifier_wins_over_what_begins_with_it(
    operator_client: Client, record_one: Record
) -> None:
    for name in ("operation-1", "operation-11", "operation-12"):
        record_one(extras=INIT | {"operationId": name})
    response = operator_client.get(SEARCH, {"q": "operation-1"})
    assert response.headers["Location"] == page_of("operation", "operation-1")
    page = operator_client.get(SEARCH, {"q": "operation-"})
    (group,) = page.context["answer"].groups
    assert [each.name for each in group.found] == ["operation-1", "operation-11", "operation-12"]


def test_candidates_are_listed_by_kind_and_a_few_of_each(
    operator_client: Client, record_one: Record
) -> None:
    for n in range(MOST + 1):
        record_one(
            extras=INIT | {"operationId": f"shared-{n:02}"},
            activation_id=f"shared-0{n % 2}",
            message_id=f"shared-{n:02}-m",
            emitted_at="2026-03-14T09:00:00Z",
        )
    page = operator_client.get(SEARCH, {"q": "shared-0"})
    groups = page.context["answer"].groups
    told = {each.kind: (len(each.found), each.more) for each in groups}
    assert told == {"message": (10, False), "operation": (10, False), "activation": (2, False)}
    record_one(extras=INIT | {"operationId": "shared-0x"})
    page = operator_client.get(SEARCH, {"q": "shared-0"})
    operations = next(each for each in page.context["answer"].groups if each.kind == "operation")
    assert (len(operations.found), operations.more) == (MOST, True)
    assert "and there are more" in page.content.decode()


def test_a_message_id_of_many_leads_to_their_list(
    operator_client: Client, record_one: Record
) -> None:
    for n in range(MOST + 1):
        record_one(message_id="again", emitted_at=f"2026-03-14T09:00:{n:02}Z")
    (group,) = operator_client.get(SEARCH, {"q": "again"}).context["answer"].groups
    assert (group.kind, len(group.found), group.more) == ("message", MOST, True)
    times = [each.emitted_at for each in group.found]
    assert times == sorted(times, reverse=True)
    assert len(operator_client.get(group.all).context["cl"].result_list) == MOST + 1


@pytest.mark.parametrize("term", ["maria.novakova", "maria.nov"])
def test_no_beginning_confirms_a_user_id(
    browser_of: Callable[[str], Client], recorded: dict[str, Any], term: str
) -> None:
    page = browser_of("Analysts").get(SEARCH, {"q": term})
    assert page.status_code == 200
    assert page.context["answer"].groups == ()


@pytest.mark.parametrize("kind", ["notification", "operation", "activation", "source"])
def test_only_what_somebody_may_see_is_found(recorded: dict[str, Any], kind: str) -> None:
    account = Account.objects.create_user("narrow", is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename=f"view_{kind}"))
    client = Client()
    client.force_login(account)
    for each, key in recorded.items():
        response = client.get(SEARCH, {"q": beginning_of(each, recorded, 8)})
        assert (response.status_code == 302) == (each == kind), (each, key)


@pytest.mark.parametrize(
    "term",
    [
        "\x00", "\x00" * 9, "12345678\x00", "x" * 256, "x" * 257, "x" * 10_000, "\ud800" * 8,
        "%" * 8, "_" * 8, "\\" * 8, "message\\", "message%", "message_4711", "'; DROP TABLE --",
        "-" * 8, "\U0010ffff" * 8, "ffffffff", "f" * 32, "f" * 33, "0" * 8,
        "01a2-1498-", "\u202e" * 9,
    ],
)  # fmt: skip
def test_no_search_is_an_error_and_no_sign_is_a_wildcard(
    operator_client: Client, recorded: dict[str, Any], term: str
) -> None:
    page = operator_client.get(f"{SEARCH}?{urlencode({'q': term}, errors='surrogatepass')}")
    assert page.status_code == 200
    assert page.context["answer"].groups == ()


def test_signs_are_found_as_themselves(operator_client: Client, record_one: Record) -> None:
    for name in ("100%_\\sure-1", "100 per cent"):
        record_one(extras=INIT, activation_id=name)
    response = operator_client.get(SEARCH, {"q": "100%_\\su"})
    assert response.headers["Location"] == page_of("activation", "100%_\\sure-1")


def test_what_was_found_has_its_place(operator_client: Client, record_one: Record) -> None:
    """A name that is no word of ours stays text."""
    for n in range(2):
        record_one(extras=INIT, activation_id=f"<script>alert({n})</script>\u202e")
    text = operator_client.get(SEARCH, {"q": "<script>"}).content.decode()
    assert "<script>alert" not in text
    assert "⟨U+202E⟩" in text


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("7e9e9b1d", ["7e9e9b1d"]),
        ("7E9E9B1D", ["7E9E9B1D", "7e9e9b1d"]),
        ("7e9e9b1d-", ["7e9e9b1d-"]),
        ("7e9e9b1d1b5a4", ["7e9e9b1d1b5a4", "7e9e9b1d-1b5a-4"]),
        ("7E9E9B1D-1B5A-", ["7E9E9B1D-1B5A-", "7e9e9b1d-1b5a-"]),
        ("7e9e-9b1d", ["7e9e-9b1d"]),
        (" USER-471 ", ["USER-471"]),
        ("1234567", []),
        ("1234 678", ["1234 678"]),
    ],
)
def test_what_may_begin_with_what_was_typed(term: str, expected: list[str]) -> None:
    assert beginnings(term) == expected


def test_ids_that_begin_alike_lie_together() -> None:
    assert ids_beginning("7e9e9b1d-1b") == (
        UUID("7e9e9b1d-1b00-0000-0000-000000000000"),
        UUID("7e9e9b1d-1bff-ffff-ffff-ffffffffffff"),
    )
    assert ids_beginning("7e9e9b1") is None
    assert ids_beginning("7e9e9b1g") is None


@pytest.mark.django_db
def test_nobody_finds_anything_without_rights(recorded: dict[str, Any]) -> None:
    assert find(OPERATION, lambda right: False).groups == ()
    assert reverse("admin:search") == SEARCH
