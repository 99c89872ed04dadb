"""Single things over HTTP, and what support asks next of each."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from notifications.models import AccessRecord, Recipient
from notifications.trace.access import Viewer, record_access
from tests.conftest import DEVICE, FINISHED, INBOX, INBOX_NEW, INIT, NOW, OPERATION, SOURCE
from tests.trace.stories import PAYMENT, STORIES

API = "/api/v1"
SINCE = "2026-03-01T00:00:00Z"
Record = Callable[..., UUID]


def story(name: str) -> Any:
    return next(each for each in STORIES if each.name == name)


def test_an_operation_comes_with_its_notifications_and_gaps(
    support: APIClient, tell: Callable[..., None]
) -> None:
    tell(story("Announced but never finished"))
    key = PAYMENT
    shown = support.get(f"{API}/operations/{key}/").json()
    assert shown["id"] == key
    assert shown["announced_at"] == shown["first_told_at"] == "2026-03-14T12:00:00.000Z"
    assert shown["finished_at"] is None
    (gap,) = shown["gaps"]
    assert (gap["kind"], gap["reason"]) == ("gap", "never_finished")
    (told,) = shown["notifications"]
    assert told["operation"] == key
    assert shown["activations"] == [told["activation"]]
    assert support.get(shown["links"]["notifications"]).json()["results"] == [told]
    assert support.get(shown["links"]["timeline"]).json()["operation"] == key


def test_an_operation_with_too_much_to_judge_still_has_its_page(
    support: APIClient, record_one: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.trace.told.MOST", 1)
    record_one(extras=INIT)
    record_one(extras=FINISHED)
    shown = support.get(f"{API}/operations/{OPERATION}/").json()
    assert shown["gaps"] is None
    assert len(shown["notifications"]) == 2


@pytest.mark.parametrize(
    ("kind", "key"),
    [("activations", DEVICE), ("inbox-messages", INBOX), ("operations", OPERATION)],
)
def test_a_subject_comes_with_whom_it_was_told_to(
    support: APIClient, record_one: Record, kind: str, key: str
) -> None:
    extras = INIT | {"inboxId": INBOX}
    record_one(user_id="user-1", activation_id=DEVICE, extras=extras, emitted_at=SINCE)
    record_one(user_id="user-2", activation_id=DEVICE, extras=extras)
    shown = support.get(f"{API}/{kind}/{key.upper()}/").json()
    assert shown["id"] == key
    assert [each["user_id"] for each in shown["users"]] == ["user-1", "user-2"]
    times = [each["emitted_at"] for each in shown["notifications"]]
    assert len(times) == 2
    assert times == sorted(times)
    for link in shown["links"].values():
        assert support.get(link).status_code == 200


def test_of_many_notifications_a_subject_shows_the_latest(
    support: APIClient, record_one: Record
) -> None:
    ids = [
        str(record_one(emitted_at=(NOW + timedelta(seconds=n)).isoformat(), activation_id=DEVICE))
        for n in range(103)
    ]
    shown = support.get(f"{API}/activations/{DEVICE}/").json()
    assert [each["id"] for each in shown["notifications"]] == ids[3:]
    assert support.get(shown["links"]["notifications"]).json()["next"]


def test_a_recipient_comes_without_the_user_in_any_address(
    support: APIClient, record_one: Record
) -> None:
    record_one(user_id="user-1", activation_id=DEVICE, extras=INIT)
    key = Recipient.objects.get().pk
    shown = support.get(f"{API}/recipients/{key}/").json()
    assert (shown["id"], shown["user_id"], shown["activations"]) == (key, "user-1", [DEVICE])
    assert len(shown["notifications"]) == 1
    for link in shown["links"].values():
        assert "user-1" not in link
        assert support.get(link).status_code == 200


def test_a_source_says_when_it_was_heard(support: APIClient, record_one: Record) -> None:
    record_one(extras=INIT, emitted_at=SINCE)
    record_one(extras=INIT)
    record_one(extras=INBOX_NEW)
    shown = support.get(f"{API}/sources/{SOURCE}/").json()
    told = {each["message_type"]: each for each in shown["types"]}
    assert set(told) == {"mtoken.operationInit", "mtoken.inboxMessage.new"}
    assert told["mtoken.operationInit"]["first_at"] == "2026-03-01T00:00:00.000Z"
    assert told["mtoken.operationInit"]["last_at"] > told["mtoken.operationInit"]["first_at"]


def test_a_source_of_any_account_has_its_page(support: APIClient, record_one: Record) -> None:
    """People may post too, under names that are no slugs."""
    record_one(source="jana.nova+bank@example", extras=INIT)
    (listed,) = support.get(f"{API}/sources/").json()["results"]
    shown = support.get(f"{API}/sources/{quote(listed['slug'])}/").json()
    assert shown["slug"] == "jana.nova+bank@example"
    assert (
        len(support.get(shown["links"]["notifications"] + f"&since={SINCE}").json()["results"]) == 1
    )


def test_auditors_read_who_looked(auditor: APIClient) -> None:
    for number in (1, 2):
        record_access(
            Viewer("somebody", AccessRecord.Via.API, f"case-{number}"),
            action=AccessRecord.Action.DEVICE_TRACE,
            subject=f"device-{number}",
        )
    page = auditor.get(f"{API}/access-records/?case=case-2&who=somebody&via=api").json()
    (found,) = page["results"]
    told = (found["subject"], found["action"], found["case"])
    assert told == ("device-2", "device_trace", "case-2")
    assert auditor.get(f"{API}/access-records/{found['id']}/").json() == found
    earlier = auditor.get(f"{API}/access-records/?until=1h").json()
    assert earlier["results"] == []


@pytest.mark.parametrize(
    "address",
    [
        "notifications/00000000-0000-8000-8000-000000000000/",
        "notifications/not-an-id/",
        "operations/nothing/",
        "operations/%00/",
        f"activations/{'x' * 300}/",
        "inbox-messages/none/",
        "recipients/999999/",
        f"recipients/{'9' * 40}/",
        "sources/none/",
        "sources/%00/",
        "access-records/1/",
        f"access-records/{'9' * 40}/",
    ],
)
def test_what_is_not_on_record_is_404(auditor: APIClient, address: str) -> None:
    response = auditor.get(f"{API}/{address}")
    assert response.status_code == 404
    assert response.json()["code"] == "not_found"


@pytest.mark.parametrize(
    "key", ["a/b", "ünï", "a b", "%2F", "\u202eabc", "timeline", "a/timeline/b", "?x=1", "#"]
)
def test_any_identifier_has_its_page(support: APIClient, record_one: Record, key: str) -> None:
    record_one(extras=INIT | {"operationId": key})
    shown = support.get(f"{API}/operations/{quote(key, safe='')}/").json()
    assert shown["id"] == key
    for link in shown["links"].values():
        assert support.get(link).status_code == 200


@pytest.mark.parametrize("year", ["0001", "1969", "9999"])
def test_a_stray_clock_spoils_no_page(support: APIClient, record_one: Record, year: str) -> None:
    key = record_one(
        emitted_at=f"{year}-12-31T23:59:59.999Z", extras=INIT, user_id="u", activation_id=DEVICE
    )
    shown = support.get(f"{API}/notifications/{key}/").json()
    assert shown["emitted_at"] == f"{year}-12-31T23:59:59.999Z"
    assert shown["links"]["trace"] is None or year == "1969"
    for kind, name in (("operations", OPERATION), ("activations", DEVICE)):
        assert support.get(f"{API}/{kind}/{name}/").status_code == 200
        assert len(support.get(f"{API}/{kind}/?{kind[:-1]}={name}").json()["results"]) == 1


def test_the_newest_are_shown_before_the_oldest(support: APIClient, record_one: Record) -> None:
    first = record_one(extras=INIT, emitted_at=SINCE)
    last = record_one(extras=INIT)
    page = support.get(f"{API}/notifications/?operation={OPERATION}").json()
    assert [each["id"] for each in page["results"]] == [str(last), str(first)]


@pytest.mark.parametrize(
    ("kind", "most"),
    [
        ("notifications", 2),
        ("operations", 11),
        ("activations", 3),
        ("inbox-messages", 2),
        ("recipients", 2),
        ("sources", 10),
    ],
)
def test_a_single_thing_costs_as_many_queries_with_many_notifications_as_with_one(
    support: APIClient,
    record_one: Record,
    django_assert_num_queries: Callable[..., Any],
    kind: str,
    most: int,
) -> None:
    def sent(number: int) -> UUID:
        return record_one(
            emitted_at=(NOW + timedelta(seconds=number)).isoformat(),
            user_id="user-1",
            activation_id=DEVICE,
            extras=(INIT if number % 2 else FINISHED) | {"inboxId": INBOX},
        )

    key = {
        "notifications": str(sent(0)),
        "operations": OPERATION,
        "activations": DEVICE,
        "inbox-messages": INBOX,
        "recipients": str(Recipient.objects.get().pk),
        "sources": SOURCE,
    }[kind]
    address = f"{API}/{kind}/{key}/"
    support.get(address)  # the token and its rights
    for _ in range(2):
        with django_assert_num_queries(most):
            assert support.get(address).status_code == 200
        for number in range(1, 30):
            sent(number)
