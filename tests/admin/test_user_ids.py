"""Whoever may not see user ids finds none in the console, nor whether one is on record."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from notifications.admin.addresses import list_address, page_address, trace_address
from notifications.exports.asking import ask
from notifications.models import AccessRecord, Account, Export, Notification, Recipient
from notifications.trace.access import Viewer
from tests.conftest import DEVICE, INBOX, INIT, OPERATION, SOURCE

USER, NOBODY = "maria.novakova", "nobody.at.all"
KINDS = (
    "notification", "operation", "activation", "inboxmessage", "source", "export", "accessrecord",
)  # fmt: skip


@pytest.fixture(params=["", "trace view_accessrecord view_export"])
def analyst_client(request: Any, browser_of: Callable[[str], Client]) -> Client:
    """Also with every other right that there is but ``view_recipient``."""
    client = browser_of("Analysts")
    rights = Permission.objects.filter(codename__in=request.param.split())
    Account.objects.get(username="analyst").user_permissions.set(rights)
    return client


@pytest.fixture
def told(record_one: Callable[..., UUID]) -> dict[str, str]:
    """Something of each kind about one user, just now; the keys of its pages."""
    now = timezone.now()
    record_one(
        extras=INIT | {"inboxId": INBOX},
        activation_id=DEVICE,
        user_id=USER,
        emitted_at=now.isoformat(),
        now=now,
    )
    export = ask(
        Viewer("auditor", AccessRecord.Via.API),
        dataset=Export.DataSet.NOTIFICATIONS,
        file_format=Export.Format.CSV,
        filters={"user_id": [USER]},
        tells_users=True,
        delivery=Export.Delivery.JOB,
    )
    return {
        "notification": str(Notification.objects.get().pk),
        "operation": OPERATION,
        "activation": DEVICE,
        "inboxmessage": INBOX,
        "source": SOURCE,
        "recipient": str(Recipient.objects.get().pk),
        "export": str(export.pk),
    }


MOMENT = re.compile("[0-9-]{10}T[0-9]{2}(:|%3A)[0-9]{2}(:|%3A)[0-9.]+Z")


def addresses(told: dict[str, str]) -> list[str]:
    return [
        "/admin/",
        reverse("admin:gaps"),
        *(list_address(kind) for kind in (*KINDS, "recipient")),
        *(page_address(kind, key) for kind, key in told.items()),
        *(trace_address(kind, told[kind]) for kind in ("activation", "recipient", "operation")),
        f"{list_address('notification')}?recipient={told['recipient']}",
        *(f"{reverse('admin:search')}?q={key}" for key in told.values()),
    ]


def test_no_page_tells_a_user_id(analyst_client: Client, told: dict[str, str]) -> None:
    opened = 0
    for address in addresses(told):
        response = analyst_client.get(address, follow=True)
        assert USER not in response.content.decode(), address
        opened += response.status_code == 200
    assert opened > 10


def test_an_operator_sees_it(operator_client: Client, told: dict[str, str]) -> None:
    """So that the pages above are those that would tell it."""
    telling = [
        address
        for address in addresses(told)
        if USER in operator_client.get(address, follow=True).content.decode()
    ]
    assert len(telling) > 5


@pytest.mark.parametrize("kind", ["", *KINDS, "recipient"])
def test_no_search_confirms_a_user_id(
    analyst_client: Client, told: dict[str, str], kind: str
) -> None:
    address = list_address(kind) if kind else reverse("admin:search")
    known, unknown = (_answer(analyst_client, address, term) for term in (USER, NOBODY))
    assert known == unknown


def _answer(client: Client, address: str, term: str) -> tuple[int, str | None, str]:
    response = client.get(address, {"q": term})
    body = response.content.decode().replace(term, "TERM")
    return response.status_code, response.headers.get("Location"), _steady(body)


def _steady(page: str) -> str:
    """The token against forged forms is another on each page, and so is its time."""
    lines = [line for line in page.splitlines() if "csrfmiddlewaretoken" not in line]
    return MOMENT.sub("MOMENT", "\n".join(lines))
