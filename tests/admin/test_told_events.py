"""The pages of operations and inbox messages tell what events told of them."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from notifications.admin import events
from notifications.admin.addresses import page_address
from tests.conftest import DEVICE, INBOX, INIT, OPERATION

from .lives import operation, posted, tell
from .pages import happened, reader

pytestmark = pytest.mark.django_db


def test_an_operation_s_page_tells_how_powerauth_finalised_it(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    record_one(extras=INIT, activation_id=DEVICE)
    tell(
        operation(0, "PENDING", operation_id="pa-1", external_id=OPERATION),
        operation(60, "APPROVED", operation_id="pa-1", external_id=OPERATION),
    )
    sentence = happened(operator_client, "operation", OPERATION)
    assert sentence.endswith("PowerAuth finalised it as APPROVED at 2026-03-14 12:01:00.000 UTC.")
    page = operator_client.get(page_address("operation", OPERATION))
    assert f'href="{page_address("operation", "pa-1")}"' in page.text
    other = operator_client.get(page_address("operation", "pa-1"))
    assert f'href="{page_address("operation", OPERATION)}"' in other.text
    assert "It is known from events alone." in happened(operator_client, "operation", "pa-1")


def test_powerauth_s_words_are_told_by_when_they_came_and_where_they_disagree(
    operator_client: Client,
) -> None:
    tell(
        operation(60, "EXPIRED", happened_at=None),
        operation(90, "APPROVED", happened_at=None),
    )
    assert happened(operator_client, "operation", OPERATION).endswith(
        "PowerAuth had finalised it as EXPIRED by 2026-03-14 12:01:01.000 UTC."
        " It was told otherwise, too: APPROVED."
    )


def test_an_operation_is_found_by_the_name_that_another_system_has_for_it(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    tell(operation(0, "APPROVED", operation_id="pa-1", external_id=OPERATION))
    search = reverse("admin:search")
    for term in (OPERATION, OPERATION[:12]):
        found = operator_client.get(search, {"q": term})
        assert found.headers["Location"] == page_address("operation", "pa-1")
    record_one(extras=INIT)  # what messages call so comes first
    found = operator_client.get(search, {"q": OPERATION})
    assert found.headers["Location"] == page_address("operation", OPERATION)
    assert b"pa-1" not in reader("operation").get(search, {"q": OPERATION[:12]}).content


def test_an_inbox_message_tells_how_it_was_posted(operator_client: Client) -> None:
    tell(posted(0, silent=True, apps=("retail", "business")))
    assert happened(operator_client, "inboxmessage", INBOX) == (
        "No notification of this inbox message is recorded. It is known from events alone."
        " It was posted by 2026-03-14 12:00:00.000 UTC. Silent: no push was wanted."
        " Apps retail, business."
    )


def test_the_request_that_it_came_of_is_told_with_it_and_no_other(operator_client: Client) -> None:
    """Which alone knows whether a push was wanted, and cannot name it."""
    (row,) = tell(posted(0, user_id="jana"))
    asked = {"inbox_message_id": None, "user_id": "jana", "silent": False}
    request, _, _ = tell(
        posted(-1, **asked),
        posted(-30, **asked | {"silent": True}),
        posted(-1, **asked | {"user_id": "another"}),
        source="mirror",
    )
    page = operator_client.get(page_address("inboxmessage", INBOX))
    assert [str(each.id) for each in page.context["events"].rows] == [request, row]
    assert "Not silent: a push was wanted." in happened(operator_client, "inboxmessage", INBOX)


@pytest.mark.parametrize(("kind", "make"), [("operation", operation), ("inboxmessage", posted)])
def test_the_newest_events_are_listed_and_told_to_be(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch, kind: str, make: Callable[..., Any]
) -> None:
    monkeypatch.setattr(events, "MOST", 3)
    more = ["PENDING"] if kind == "operation" else []
    ids = tell(*(make(n, *more) for n in range(5)))
    key = OPERATION if kind == "operation" else INBOX
    page = operator_client.get(page_address(kind, key))
    assert [str(row.id) for row in page.context["events"].rows] == ids[2:]
    assert "there are older ones" in page.text


@pytest.mark.parametrize(
    ("table", "where", "index"),
    [
        ("operationevent", f"operation_id = '{OPERATION}'", "operation_event_operation"),
        ("operationevent", f"external_id = '{OPERATION}'", "operation_event_external"),
        ("inboxevent", f"inbox_message_id = '{INBOX}'", "inbox_event_inbox_message"),
        ("activationevent", "recipient_id = 1", "activation_event_recipient"),
    ],
)
def test_events_of_a_page_are_read_from_their_index(table: str, where: str, index: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            f"EXPLAIN SELECT id FROM notifications_{table} WHERE {where}"  # noqa: S608
            " ORDER BY id DESC LIMIT 201"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert index in plan
    assert "Sort" not in plan
