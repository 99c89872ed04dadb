"""Traces, timelines and gaps over HTTP."""

from collections.abc import Callable
from datetime import UTC, timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.db import connection
from rest_framework.test import APIClient

from notifications.models import AccessRecord, Recipient
from tests.trace.stories import NOON, PAYMENT, PHONE, STORIES, TABLET, USER, Story, init, to

SINCE, UNTIL = "2026-03-14T00:00:00Z", "2026-03-15T00:00:00Z"
DAY = {"since": SINCE, "until": UNTIL}
DEVICE_TRACE = f"/api/v1/activations/{PHONE}/trace/"
TIMELINE = f"/api/v1/operations/{PAYMENT}/timeline/"
GAPS = "/api/v1/gaps/"
ENTRY_KEYS = {
    "at", "due", "kind", "message_type", "result", "operation", "inbox_message", "basis",
    "certainty", "grade", "rule", "reason", "sentence", "clients", "findings", "evidence",
}  # fmt: skip
Tell = Callable[..., None]


def story(name: str) -> Story:
    return next(each for each in STORIES if each.name == name)


@pytest.fixture
def user_trace(tell: Tell) -> str:
    tell(story("Two phones, one got it"))
    return f"/api/v1/recipients/{Recipient.objects.get(user_id=USER).pk}/trace/"


def test_a_device_trace(support: APIClient, tell: Tell) -> None:
    tell(story("Announced but never finished"))
    told = support.get(DEVICE_TRACE, DAY).json()
    assert told["activation"] == PHONE
    assert (told["since"], told["until"]) == (
        "2026-03-14T00:00:00.000Z",
        "2026-03-15T00:00:00.000Z",
    )
    assert told["verdict"].startswith("2 expected, 1 emitted, 1 missing")
    assert set(told["counts"]) == {
        "expected", "emitted", "missing", "explained", "undecided", "pending", "failed", "late",
        "duplicate", "disagreeing", "nonconforming",
    }  # fmt: skip
    sent, gap = told["entries"]
    assert set(sent) >= ENTRY_KEYS
    assert set(gap) == set(sent)
    assert sent["clients"]["ios_3"]["kind"] == "operation_created"
    assert (sent["kind"], sent["basis"], sent["certainty"]) == (
        "notification",
        "addressed",
        "known",
    )
    assert (gap["kind"], gap["rule"], gap["reason"]) == ("gap", "E1", "never_finished")
    assert (gap["counts_as"], gap["grade"], gap["basis"]) == ("missing", "not_attempted", "owed")
    assert gap["due"] == "2026-03-14T12:07:00.000Z"
    assert gap["evidence"] == [sent["key"]]


def test_a_user_trace_begins_with_the_user_id(support: APIClient, user_trace: str) -> None:
    (found,) = support.get("/api/v1/recipients/", {"user_id": USER}).json()["results"]
    assert user_trace == f"/api/v1/recipients/{found['id']}/trace/"
    told = support.get(user_trace, DAY).json()
    counts = {each["activation"]: each["counts"]["missing"] for each in told["devices"]}
    assert counts == {PHONE: 1, TABLET: 0}
    assert all(len(each["devices"]) == 1 for each in told["entries"])
    assert USER not in support.get(user_trace, DAY).content.decode()


def test_a_timeline(support: APIClient, tell: Tell) -> None:
    tell(story("The second try worked"))
    told = support.get(TIMELINE).json()
    assert [lane["activation"] for lane in told["lanes"]] == [PHONE]
    assert [(each["owed"], each["sent"]) for each in told["episodes"]] == [(2, 2), (2, 2)]
    assert len(told["entries"]) == 4
    assert told["operation_name"] == "authorize_payment"


def test_gaps(support: APIClient, tell: Tell) -> None:
    tell(story("Announced but never finished"))
    told = support.get(GAPS, DAY).json()
    (gap,) = told["results"]
    assert gap["reason"] == "never_finished"
    assert told["counts"]["missing"] == 1
    assert support.get(GAPS, {**DAY, "rule": "E2"}).json()["results"] == []
    assert support.get(GAPS, {**DAY, "app_id": ["mobile", "other"]}).json()["results"] == [gap]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_follow_each_other_both_ways(support: APIClient, tell: Tell, size: int) -> None:
    tell(story("Paid twice"))
    whole = support.get(DEVICE_TRACE, DAY).json()
    assert (whole["next"], whole["previous"], len(whole["entries"])) == (None, None, 5)
    seen: list[Any] = []
    response = support.get(DEVICE_TRACE, {**DAY, "page_size": size})
    while True:
        page = response.json()
        assert len(page["entries"]) <= size
        assert page["counts"] == whole["counts"]
        seen += page["entries"]
        if page["next"] is None:
            break
        assert f'<{page["next"]}>; rel="next"' in response.headers["Link"]
        response = support.get(page["next"])
    assert seen == whole["entries"]
    back = support.get(page["previous"]).json()["entries"]
    assert back == whole["entries"][: len(seen) - len(page["entries"])][-size:]


def test_the_next_page_is_of_the_same_window(support: APIClient, tell: Tell) -> None:
    tell(story("Paid twice"))
    page = support.get(DEVICE_TRACE, {"since": SINCE, "page_size": 1}).json()
    again = support.get(page["next"]).json()
    assert (again["since"], again["until"]) == (page["since"], page["until"])


@pytest.mark.parametrize("address", [DEVICE_TRACE, TIMELINE])
def test_every_view_is_recorded(support: APIClient, tell: Tell, address: str) -> None:
    tell(story("Paid twice"))
    window = DAY if address == DEVICE_TRACE else {}
    assert support.get(address, {**window, "case": "CASE-17"}).status_code == 200
    (record,) = AccessRecord.objects.all()
    assert (record.who, record.via, record.case_number) == ("support-app", "api", "CASE-17")
    assert record.subject in address
    if address == DEVICE_TRACE:
        assert record.since == NOON - timedelta(hours=12)
    support.head(address)
    assert AccessRecord.objects.count() == 2


def test_a_user_is_recorded_by_the_surrogate_key(support: APIClient, user_trace: str) -> None:
    support.get(user_trace, DAY)
    assert AccessRecord.objects.get().subject == user_trace.split("/")[-3]


@pytest.mark.django_db
@pytest.mark.parametrize("address", [DEVICE_TRACE, TIMELINE, GAPS, "/api/v1/recipients/1/trace/"])
def test_nobody_asks_without_a_token(address: str) -> None:
    assert APIClient().get(address).status_code == 401


@pytest.mark.parametrize("address", [DEVICE_TRACE, TIMELINE, GAPS])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "trace"])
def test_it_is_only_asked(support: APIClient, tell: Tell, address: str, method: str) -> None:
    """The action must not answer the HTTP method TRACE either."""
    tell(story("Paid twice"))
    response = support.generic(method.upper(), address)
    assert response.status_code == 405
    assert "TRACE" not in response.headers["Allow"]
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/activations/nobody/trace/",
        "/api/v1/activations/%00/trace/",
        f"/api/v1/activations/{'x' * 300}/trace/",
        "/api/v1/operations/none/timeline/",
        "/api/v1/recipients/0/trace/",
        f"/api/v1/recipients/{'9' * 40}/trace/",
        "/api/v1/recipients/x/trace/",
    ],
)
def test_what_is_not_on_record_is_404(support: APIClient, address: str) -> None:
    assert support.get(address).status_code == 404
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("key", ["a/b", "../x", "ünï", "a b", "%2F", "\u202eabc", "trace"])
def test_any_identifier_can_be_asked_for(support: APIClient, tell: Tell, key: str) -> None:
    tell([{**to(key, init()), "emitted_at": NOON.isoformat()}])
    response = support.get(f"/api/v1/activations/{quote(key, safe='')}/trace/", DAY)
    assert response.status_code == 200
    assert response.json()["activation"] == key


def test_a_uuid_is_found_in_upper_case(support: APIClient, tell: Tell) -> None:
    tell(story("Paid twice"))
    upper = support.get(DEVICE_TRACE.replace(PHONE, PHONE.upper()), DAY)
    assert upper.json()["activation"] == PHONE


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("since", "yesterday"),
        ("since", ""),
        ("since", "2026-03-14T00:00:00"),
        ("since", "2026-03-14T00:00:00+25:00"),
        ("since", UNTIL),
        ("since", "2024-01-01T00:00:00Z"),
        ("since", "9999999d"),
        ("until", "0001-01-01T00:00:00+16:00"),
        ("until", "9999-12-31T23:59:59-16:00"),
        ("until", "\0"),
        ("since", "\ud800"),
        ("page_size", "0"),
        ("page_size", "-1"),
        ("page_size", "1000000000"),
        ("page_size", "9" * 5000),
        ("page_size", "٣"),
        ("cursor", "x"),
        ("cursor", "WzFd"),
        ("cursor", "bnVsbA"),
        ("cursor", "W" * 10000),
        ("cursor", "é"),
        ("case", "x" * 65),
        ("case", "a\0b"),
        ("case", "a\nb"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(
    support: APIClient, tell: Tell, parameter: str, value: str
) -> None:
    tell(story("Paid twice"))
    given = {**DAY, parameter: value.encode("utf-8", "surrogatepass")}
    response = support.get(DEVICE_TRACE, given)
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert fault["pointer"] == ("since" if value == UNTIL else parameter)


@pytest.mark.parametrize(
    ("parameter", "value", "told"),
    [
        ("rule", "E9", "E1, E2, E3"),
        ("reason", "lost", "never_finished"),
        ("since", "32d", "31 days"),
    ],
)
def test_gaps_tell_what_there_is_to_ask(
    support: APIClient, parameter: str, value: str, told: str
) -> None:
    response = support.get(GAPS, {parameter: value})
    assert response.status_code == 400
    assert told in response.json()["detail"]


@pytest.mark.parametrize("user_id", ["", "\0", "x" * 257])
def test_a_user_that_cannot_be_is_refused(support: APIClient, user_id: str) -> None:
    response = support.get("/api/v1/recipients/", {"user_id": user_id})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "user_id"


def test_an_answer_that_would_rest_on_too_much_is_refused(
    support: APIClient, tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(story("Paid twice"))
    monkeypatch.setattr("notifications.trace.told.MOST", 2)
    response = support.get(DEVICE_TRACE, DAY)
    assert (response.status_code, response.json()["code"]) == (400, "too_much")
    assert not AccessRecord.objects.exists()


# --- As it was known then


@pytest.fixture
def then(tell: Tell) -> str:
    """The moment before the finish was recorded."""
    told = story("The second try worked").envelopes()
    tell(told[:1] + told[4:])
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    tell(told[1:4])
    return f"{moment.astimezone(UTC).replace(tzinfo=None).isoformat()}Z"


@pytest.mark.parametrize("address", [DEVICE_TRACE, TIMELINE])
def test_an_answer_as_of_a_moment_says_so_and_what_it_is_by_now(
    support: APIClient, then: str, address: str
) -> None:
    window = {} if address == TIMELINE else DAY
    asked = {**window, "as_of": then, "page_size": 1, "case": "C-2"}
    told = support.get(address, asked).json()
    assert told["as_of"] == f"{then[:23]}Z"
    assert told["verdict"].startswith("As known at ")
    assert told["counts"]["missing"] == 1
    assert told["since_then"]["reports"] == 3
    assert told["since_then"]["counts"]["missing"] == 0
    following = support.get(told["next"]).json()
    assert (following["as_of"], following["counts"]) == (told["as_of"], told["counts"])
    for record in AccessRecord.objects.all():
        assert f"{record.as_of:%Y-%m-%dT%H:%M:%S.%f}Z" == then
    now = support.get(address, window).json()
    assert (now["as_of"], now["since_then"], now["counts"]["missing"]) == (None, None, 0)


def test_gaps_as_of_a_moment(support: APIClient, then: str) -> None:
    told = support.get(GAPS, {**DAY, "as_of": then}).json()
    assert (told["as_of"], told["counts"]["missing"]) == (f"{then[:23]}Z", 1)
    now = support.get(GAPS, DAY).json()
    assert (now["as_of"], now["counts"]["missing"]) == (None, 0)


def test_lengths_of_time_are_before_the_moment(support: APIClient, then: str) -> None:
    told = support.get(DEVICE_TRACE, {"since": "2h", "as_of": "2026-03-14T13:00:00Z"}).json()
    assert (told["since"], told["until"]) == (
        "2026-03-14T11:00:00.000Z",
        "2026-03-14T13:00:00.000Z",
    )


@pytest.mark.parametrize(
    ("given", "detail"),
    [
        ("2150-01-01T00:00:00Z", "lies ahead: write a moment up to now, "),
        ("2026-03-14T12:00:00", "has no zone; write 2026-01-31T12:00:00Z"),
        ("tuesday", "must be a moment such as"),
    ],
)
def test_what_is_no_earlier_moment_is_told(
    support: APIClient, then: str, given: str, detail: str
) -> None:
    addresses = (DEVICE_TRACE, TIMELINE, GAPS, DEVICE_TRACE.replace("trace", "state"))
    for address in addresses:
        response = support.get(address, {"as_of": given})
        assert response.status_code == 400
        (fault,) = response.json()["errors"]
        assert (fault["in"], fault["pointer"]) == ("query", "as_of")
        assert detail in fault["detail"]
    assert not AccessRecord.objects.exists()
