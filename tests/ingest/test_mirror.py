"""Copies of requests to send: what is recorded of each, under which name, once."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.models import (
    ActivationEvent,
    Content,
    Coverage,
    Notification,
    Presentation,
    SourceError,
)
from notifications.protocol.identity import timestamp
from tests.conftest import DEVICE, INIT, NOW, SOURCE

from .mirroring import (
    BATCH,
    CLOUD,
    CLOUD_INBOX,
    CLOUD_MESSAGE,
    CREATE,
    CREATE_MULTI,
    DELETE,
    DEVICE_OF,
    DEVICES_OF,
    INBOX,
    INBOX_MESSAGE,
    MESSAGE,
    PROBE,
    SEND,
    STATUS,
    STATUS_OF,
    TIMED,
    batch,
    mirror,
    sending,
    wrapped,
)


def test_a_message_is_recorded_as_the_request_tells_of_it(emitter: APIClient) -> None:
    answer = mirror(emitter, SEND, sending(), **TIMED)
    assert answer.status_code == 200
    told = Notification.objects.get()
    assert answer.json() == {"recorded": 1, "duplicates": 0, "ids": [str(told.pk)]}
    assert (told.source_id, told.message_id, told.emitted_at) == (SOURCE, "req-1/0", NOW)
    assert (told.app_id, told.recipient.user_id) == ("mobile-app", "user-1")
    assert (told.activation_id, told.addressed_to, told.per_device) == (DEVICE, "activation", False)
    assert (told.silent, told.personal, told.platform) == (False, True, None)
    assert (told.extras, told.findings) == (INIT, [])
    shown = Presentation.objects.values().get()
    assert shown == {
        "notification_id": told.pk,
        "mode": "SYNCHRONOUS",
        "priority": "HIGH",
        "category": "login",
        "sound": "default",
        "collapse_key": "login",
        "valid_until": datetime(2026, 3, 14, 9, 31, 53, tzinfo=UTC),
        "title_length": 7,
        "body_length": 18,
        "is_localized": False,
    }
    assert not Content.objects.exists()
    assert not SourceError.objects.exists()


def test_without_an_activation_it_is_to_the_user(emitter: APIClient) -> None:
    mirror(emitter, SEND, sending("message", "activationId"))
    told = Notification.objects.get()
    assert (told.addressed_to, told.activation_id) == ("user", None)


def test_what_the_push_server_takes_for_granted_is_told(emitter: APIClient) -> None:
    mirror(emitter, SEND, sending("message", "attributes"))
    told = Notification.objects.get()
    assert (told.silent, told.personal, told.findings) == (False, False, [])


def test_numbers_stand_for_their_digits_as_with_the_push_server(emitter: APIClient) -> None:
    mirror(emitter, SEND, sending("appId", value=2))
    told = Notification.objects.get()
    assert (told.app_id, told.findings) == ("2", [])


def test_a_message_of_the_cloud_tells_no_app_and_not_whether_it_is_personal(
    emitter: APIClient,
) -> None:
    assert mirror(emitter, CLOUD, CLOUD_MESSAGE, **TIMED).status_code == 200
    told = Notification.objects.get()
    assert (told.message_id, told.activation_id, told.addressed_to) == (
        "req-1/0",
        DEVICE,
        "activation",
    )
    assert (told.app_id, told.silent, told.personal) == (None, True, None)
    assert (told.extras, told.findings) == (INIT, [])
    shown = Presentation.objects.get()
    assert (shown.sound, shown.title_length, shown.body_length) == ("default", 7, 7)


def test_a_batch_is_recorded_in_its_order(emitter: APIClient) -> None:
    messages = [MESSAGE | {"userId": f"user-{n}"} for n in range(20)]
    assert mirror(emitter, BATCH, batch(*messages), **TIMED).json()["recorded"] == 20
    told = Notification.objects.values_list("message_id", "recipient__user_id")
    assert set(told) == {(f"req-1/{n}", f"user-{n}") for n in range(20)}
    assert Presentation.objects.count() == 20


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_probe_covers_its_source(emitter: APIClient, method: str) -> None:
    assert mirror(emitter, PROBE, "", method=method).json() == {"slug": SOURCE}
    interval = Coverage.objects.get()
    assert (interval.source_id, interval.kinds) == (SOURCE, ["probe"])


def test_a_batch_is_one_transaction(emitter: APIClient, django_assert_num_queries: Any) -> None:
    mirror(emitter, BATCH, batch(MESSAGE))  # the token and its rights
    # The savepoint around the recorder's one statement. That and that of presentations send their
    # parameters apart, and are not counted.
    with django_assert_num_queries(2):
        assert mirror(emitter, BATCH, batch(*[MESSAGE] * 20)).json()["recorded"] == 20
    # One that fails keeps the others from being recorded.
    messages = [MESSAGE] * 19 + [MESSAGE | {"userId": None}]
    assert mirror(emitter, BATCH, batch(*messages)).status_code == 422
    assert Notification.objects.count() == 21


def test_a_repeat_of_both_headers_is_a_duplicate(emitter: APIClient) -> None:
    body = batch(MESSAGE, MESSAGE)
    first, again = (mirror(emitter, BATCH, body, **TIMED).json() for _ in range(2))
    assert (first["recorded"], first["duplicates"]) == (2, 0)
    assert (again["recorded"], again["duplicates"]) == (0, 2)
    assert first["ids"] == again["ids"]
    assert Presentation.objects.count() == 2


@pytest.mark.parametrize(
    "headers", [{}, {"X-Request-Start": TIMED["X-Request-Start"]}, {"X-Request-Id": "req-1"}]
)
def test_without_both_headers_each_is_a_message_of_its_own(
    emitter: APIClient, headers: dict[str, str]
) -> None:
    for _ in range(2):
        assert mirror(emitter, BATCH, batch(MESSAGE, MESSAGE), **headers).json()["recorded"] == 2
    names = set(Notification.objects.values_list("message_id", flat=True))
    assert names == ({"req-1/0", "req-1/1"} if "X-Request-Id" in headers else {None})
    at = set(Notification.objects.values_list("emitted_at", flat=True))
    assert (at == {NOW}) == ("X-Request-Start" in headers)


def test_another_request_under_the_same_headers_is_a_conflict(emitter: APIClient) -> None:
    mirror(emitter, SEND, sending(), **TIMED)
    answer = mirror(emitter, SEND, sending("message", "userId", value="another"), **TIMED)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert answer.json()["id"] == str(Notification.objects.get().pk)


@pytest.mark.parametrize("header", ["now", "t=", "t=1.5", "t=99999999999.000", "t=-1.000", ""])
def test_a_start_that_is_none_is_counted_and_the_service_stamps(
    emitter: APIClient, header: str
) -> None:
    assert mirror(emitter, SEND, sending(), X_Request_Start=header).status_code == 200
    assert Notification.objects.get().emitted_at > NOW
    error = SourceError.objects.get()
    assert (error.source_id, error.code, error.pointer) == (
        SOURCE,
        "unusable_header",
        "X-Request-Start",
    )


@pytest.mark.parametrize(
    ("header", "at"),
    [
        ("t=0.000", "1970-01-01T00:00:00.000Z"),
        ("1773480413.589", "2026-03-14T09:26:53.589Z"),
        ("t=9999999999.999999", "2286-11-20T17:46:39.999Z"),
    ],
)
def test_a_start_is_the_moment_of_emission_however_far_away(
    emitter: APIClient, header: str, at: str
) -> None:
    told = {"X-Request-Id": "req-1", "X-Request-Start": header}
    for expected in (1, 0):
        assert mirror(emitter, SEND, sending(), **told).json()["recorded"] == expected
    assert timestamp(Notification.objects.get().emitted_at) == at
    assert mirror(emitter, STATUS, STATUS_OF, **told).json()["recorded"] == 1
    assert timestamp(ActivationEvent.objects.get().observed_at) == at


def test_a_request_id_that_the_middleware_drops_names_nothing(emitter: APIClient) -> None:
    mirror(emitter, SEND, sending(), **{**TIMED, "X-Request-Id": "<script>"})
    assert Notification.objects.get().message_id is None


def test_titles_and_bodies_are_kept_where_that_is_wanted(
    emitter: APIClient, settings: Settings
) -> None:
    settings.KEEP_CONTENT = True
    body = sending("message", "body", "title", value="A\0 <b>title</b>")
    mirror(emitter, SEND, body, **TIMED)
    mirror(emitter, SEND, body, **TIMED)
    untitled = {"extras": INIT}
    mirror(emitter, SEND, sending("message", "body", value=untitled))
    content = Content.objects.get()
    assert content.notification.message_id == "req-1/0"
    assert (content.title, content.body) == ("A\ufffd <b>title</b>", "Confirm <b>now</b>")
    assert content.notification.findings == []
    assert content.notification.presentation.title_length == 15


@pytest.mark.parametrize(
    ("address", "body"),
    [
        (SEND, sending()),
        (BATCH, batch(MESSAGE)),
        (CLOUD, CLOUD_MESSAGE),
        (INBOX, wrapped(INBOX_MESSAGE)),
        (CLOUD_INBOX, INBOX_MESSAGE),
        (CREATE, wrapped(DEVICE_OF)),
        (CREATE_MULTI, wrapped(DEVICES_OF)),
        (DELETE, wrapped(DEVICE_OF)),
        (STATUS, STATUS_OF),
    ],
)
def test_a_final_slash_is_taken_too(emitter: APIClient, address: str, body: Any) -> None:
    answers = [mirror(emitter, f"{address}{end}", body, **TIMED).json() for end in ("", "/")]
    assert answers[0]["ids"] == answers[1]["ids"]
    assert answers[1]["recorded"] == 0
