"""The sentence that the page of one thing begins with."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from notifications.admin import related, subjects
from notifications.admin.addresses import page_address
from notifications.models import AccessRecord, Recipient
from notifications.trace.access import Viewer, record_access
from tests.conftest import DEVICE, FINISHED, INBOX, INIT, OPERATION, STATUS_CHANGE

from .conftest import TABLET
from .pages import happened, reader, trail

Record = Callable[..., UUID]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (
            "init",
            f"The operation “login” was announced to device {DEVICE} at 2026-03-14 12:00:00.000"
            " UTC. It finished 45 s later: success.",
        ),
        (
            "finish",
            "The operation “login” finished: success. This was sent to device"
            f" {DEVICE} at 2026-03-14 12:00:45.000 UTC. It was announced 45 s before."
            " Another finish of it tells otherwise: fail.",
        ),
        (
            "earlier",
            "A change of the status of the registration was announced to device"
            f" {DEVICE} at 2026-03-14 11:00:00.000 UTC.",
        ),
        (
            "inbox",
            f"A new message in the inbox was announced to device {DEVICE} at 2026-03-14"
            " 12:00:20.000 UTC.",
        ),
        (
            "stranger",
            "A change of the status of the registration was announced (addressee not told, about"
            " device x) at 2026-03-14 12:00:46.000 UTC.",
        ),
    ],
)
def test_a_notification_says_what_happened(
    operator_client: Client, one_day: dict[str, UUID], name: str, sentence: str
) -> None:
    assert happened(operator_client, "notification", one_day[name]) == sentence


@pytest.mark.parametrize(
    ("extras", "envelope", "words"),
    [
        (INIT, {}, "was announced (addressee not told) at"),
        (INIT, {}, "No finish of it is recorded since."),
        (FINISHED, {}, "No announcement of it is recorded before."),
        (INIT, {"addressed_to": "user", "user_id": "u"}, "announced to all devices of its user"),
        (
            INIT,
            {"activation_id": DEVICE, "per_device": True},
            f"to device {DEVICE}, as the copy made for it, at",
        ),
        ({}, {}, "A message that tells no type was sent (addressee not told) at"),
        ({"messageType": "\u202ex<b>"}, {}, "A message of the type “⟨U+202E⟩x<b>”, which the"),
        ({"messageType": INIT["messageType"]}, {}, "An operation without id was announced"),
        (
            {"messageType": FINISHED["messageType"], "operationId": "o"},
            {},
            "The operation o finished, and no result is told.",
        ),
    ],
)
def test_a_sentence_admits_what_is_not_told(
    operator_client: Client,
    record_one: Record,
    extras: dict[str, Any],
    envelope: dict[str, Any],
    words: str,
) -> None:
    key = record_one(extras=extras, **envelope)
    assert words in happened(operator_client, "notification", key)


def test_a_finish_on_another_device_is_told_as_that(
    operator_client: Client, emitted: Callable[..., UUID]
) -> None:
    init = emitted(0, INIT, activation_id=DEVICE)
    finish = emitted(9, FINISHED, activation_id=TABLET)
    assert "success. That was sent to another device." in happened(
        operator_client, "notification", init
    )
    assert "It was announced 9 s before, to another device." in happened(
        operator_client, "notification", finish
    )


def test_what_is_further_away_is_known_from_the_operation(
    operator_client: Client, emitted: Callable[..., UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(related, "MOST", 2)
    first = emitted(0, INIT, activation_id=DEVICE)
    for n in range(5):
        emitted(1 + n, INIT | {"messageType": "x"}, activation_id=DEVICE)
    last = emitted(60, FINISHED, activation_id=DEVICE)
    assert "Its last finish is recorded 60 s later: success." in happened(
        operator_client, "notification", first
    )
    assert "It was first announced 60 s before." in happened(operator_client, "notification", last)


@pytest.mark.parametrize(
    ("kind", "key", "sentence"),
    [
        (
            "operation",
            OPERATION,
            f"The operation “login” was announced to the devices {DEVICE}, {TABLET} at 2026-03-14"
            " 12:00:00.000 UTC. It finished 46 s later: fail. Its finishes tell different results:"
            " fail, success. 4 notifications are about it.",
        ),
        (
            "inboxmessage",
            INBOX,
            f"This inbox message was announced to device {DEVICE} at 2026-03-14 12:00:20.000 UTC."
            " 1 notification is about it.",
        ),
        (
            "activation",
            DEVICE,
            f"Device {DEVICE} was first notified at 2026-03-14 11:00:00.000 UTC and last at"
            " 2026-03-14 12:00:45.000 UTC. Notifications in the last 24 hours: 0; in the last 30"
            " days: 0. Its user is recipient PERSON.",
        ),
        (
            "recipient",
            None,
            f"Notifications to this recipient name the devices {DEVICE}, {TABLET}. The last one was"
            " sent at 2026-03-14 12:00:46.000 UTC. 6 notifications are about it.",
        ),
    ],
)
def test_a_subject_says_what_became_of_it(
    operator_client: Client, one_day: dict[str, UUID], kind: str, key: str | None, sentence: str
) -> None:
    person = Recipient.objects.get().pk
    told = happened(operator_client, kind, person if key is None else key)
    assert told == sentence.replace("PERSON", str(person))


def test_of_many_a_subject_says_at_least(
    operator_client: Client, record_one: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subjects, "SHOWN", 3)
    now = timezone.now()
    for n in range(5):
        at = (now - timedelta(minutes=n)).isoformat()
        record_one(extras=INIT, activation_id=DEVICE, emitted_at=at, now=now)
    device = happened(operator_client, "activation", DEVICE)
    assert "last 24 hours: at least 3; in the last 30 days: at least 3." in device
    operation = happened(operator_client, "operation", OPERATION)
    assert operation.endswith("No finish of it is recorded. Over 3 notifications are about it.")


def test_who_may_see_only_subjects_is_told_what_their_own_rows_tell(
    one_day: dict[str, UUID],
) -> None:
    client = reader("operation", "activation", "recipient", "inboxmessage")
    person = Recipient.objects.get().pk
    assert happened(client, "operation", OPERATION) == (
        "The operation “login” was announced at 2026-03-14 12:00:00.000 UTC."
        " It finished 46 s later: fail."
    )
    assert happened(client, "activation", DEVICE) == (
        f"Device {DEVICE} was first notified at 2026-03-14 11:00:00.000 UTC."
    )
    assert happened(client, "inboxmessage", INBOX) == (
        "This inbox message was announced at 2026-03-14 12:00:20.000 UTC."
    )
    assert 'class="happened"' not in client.get(page_address("recipient", person)).text
    assert trail(client, page_address("operation", OPERATION)) == [
        "Home",
        "Operations",
        f"Operation {OPERATION}",
    ]


def test_who_may_see_only_notifications_is_led_to_nothing_else(one_day: dict[str, UUID]) -> None:
    client, address = reader("notification"), page_address("notification", one_day["init"])
    assert trail(client, address) == ["Home", "Notifications", "Notification 12:00:00.000"]
    assert f"announced to device {DEVICE} at" in happened(client, "notification", one_day["init"])
    assert [each.address for each in client.get(address).context["happened"] if each.address] == []


def test_a_device_that_was_notified_once_says_so(
    operator_client: Client, emitted: Callable[..., UUID]
) -> None:
    emitted(0, STATUS_CHANGE, activation_id=DEVICE)
    assert happened(operator_client, "activation", DEVICE).startswith(
        f"Device {DEVICE} was notified once, at 2026-03-14 12:00:00.000 UTC."
    )


def test_an_access_record_says_who_looked_at_what(auditor_client: Client) -> None:
    viewer = Viewer("support", AccessRecord.Via.API, case_number="C-481")
    record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject=DEVICE)
    sentence = happened(auditor_client, "accessrecord", AccessRecord.objects.get().pk)
    assert sentence.startswith(f"support looked at the trace of device {DEVICE} at ")
    assert sentence.endswith(" UTC. It was for case C-481.")


@pytest.mark.parametrize("word", ["delivered", "received", "arrived"])
def test_no_sentence_says_that_a_message_arrived(
    operator_client: Client, one_day: dict[str, UUID], word: str
) -> None:
    person = Recipient.objects.get().pk
    pages = [("notification", key) for key in one_day.values()]
    pages += [("operation", OPERATION), ("activation", DEVICE), ("recipient", person)]
    for kind, key in pages:
        assert word not in happened(operator_client, kind, key)
