"""Lists say what they show: the window of time, and what they are narrowed by."""

import re
from collections.abc import Callable
from urllib.parse import parse_qs
from uuid import UUID

import pytest
from django.test import Client

from notifications.admin.addresses import list_address
from notifications.models import Account
from tests.admin.listing import DAY, IN_TIME, LIST, shown, text_of
from tests.conftest import DEVICE, FINISHED, INIT, OPERATION

Record = Callable[..., UUID]


@pytest.fixture
def days(record_one: Record) -> list[UUID]:
    """Three days, the first and the last millisecond of each."""
    return [
        record_one(extras=INIT, message_id=f"{day}-{time}", emitted_at=f"2026-03-{day}T{time}Z")
        for day in (13, 14, 15)
        for time in ("00:00:00.000", "23:59:59.999")
    ]  # fmt: skip


# The window


def test_exact_bounds_are_what_the_list_shows(operator_client: Client, days: list[UUID]) -> None:
    assert shown(operator_client, LIST, DAY) == days[3:1:-1]
    assert shown(operator_client, LIST, {"until": DAY["since"]}) == days[1::-1]
    assert shown(operator_client, LIST, {"since": DAY["until"]}) == days[:3:-1]
    assert shown(operator_client, LIST, {**DAY, "when": "1h"}) == days[3:1:-1]


def test_bounds_have_any_offset_or_the_zone_of_the_form(
    operator_client: Client, days: list[UUID]
) -> None:
    elsewhere = {"since": "2026-03-14T01:00:00+01:00", "until": "2026-03-14T19:00:00-05:00"}
    assert shown(operator_client, LIST, elsewhere) == days[3:1:-1]
    typed = {"since": "2026-03-14T01:00:00", "until": "2026-03-15T01:00:00"}
    assert shown(operator_client, LIST, {**typed, "zone": "Europe/Prague"}) == days[3:1:-1]
    assert shown(operator_client, LIST, {**typed, "zone": "UTC"}) == days[4:2:-1]


def test_the_form_tells_the_window_in_the_zone_of_the_page(
    operator_client: Client, days: list[UUID]
) -> None:
    Account.objects.update(time_zone="Europe/Prague", in_own_zone=True)
    page = operator_client.get(LIST, DAY).content.decode()
    fields = dict(re.findall(r'name="(since|until)" step="1" value="([^"]*)"', page))
    assert fields == {"since": "2026-03-14T01:00:00", "until": "2026-03-15T01:00:00"}
    assert 'name="zone" value="Europe/Prague"' in page
    told = "Emitted from 2026-03-14 01:00:00 until 2026-03-15 01:00:00, Europe/Prague"
    assert told in text_of(operator_client, LIST, DAY)
    assert shown(operator_client, LIST, {**fields, "zone": "Europe/Prague"}) == days[3:1:-1]


@pytest.mark.parametrize("kind", IN_TIME)
@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({"since": "yesterday"}, "since: must be a moment such as"),
        ({"until": "2026-02-30T00:00:00"}, "until: must be a moment such as"),
        ({"since": "2026-03-14T00:00:00+99:00"}, "since: must be a moment such as"),
        ({"since": "0001-01-01T00:00:00", "zone": "Asia/Tokyo"}, "since: must lie between"),
        ({"until": "9999-12-31T23:59:59Z"}, "until: must lie between"),
        ({"since": DAY["until"], "until": DAY["since"]}, "since: must be before until"),
        ({"since": "\x00<b>"}, "since: must be a moment such as"),
    ],
)
def test_bounds_that_are_none_are_said_and_left_out(
    auditor_client: Client, kind: str, bad: dict[str, str], words: str
) -> None:
    page = auditor_client.get(list_address(kind), bad)
    assert page.status_code == 200
    (message,) = map(str, page.context["messages"])
    assert message.startswith(words)
    assert message.endswith("The window was left out.")
    window = page.context["cl"].window
    assert window.chosen == window.default


def test_a_zone_that_is_none_is_utc(operator_client: Client, days: list[UUID]) -> None:
    typed = {"since": "2026-03-14T00:00:00", "until": "2026-03-15T00:00:00", "zone": "Mars/Olympus"}
    assert shown(operator_client, LIST, typed) == days[3:1:-1]


@pytest.mark.parametrize(
    ("query", "current", "words"),
    [
        ({}, "30 days", "until now, UTC"),
        ({"when": "1h"}, "1 hour", "until now, UTC"),
        ({"when": "all"}, "all time", "Emitted at any time"),
        ({"q": "x"}, "all time", "Emitted at any time"),
        ({"q": "x", "when": "7d"}, "7 days", "until now, UTC"),
        (DAY, None, "from 2026-03-14 00:00:00 until 2026-03-15 00:00:00, UTC"),
        ({"until": DAY["until"]}, None, "before 2026-03-15 00:00:00, UTC"),
    ],
)
def test_the_window_is_always_told(
    operator_client: Client, query: dict[str, str], current: str | None, words: str
) -> None:
    lengths = operator_client.get(LIST, query).context["cl"].lengths
    assert [each.label for each in lengths if each.chosen] == ([current] if current else [])
    assert words in text_of(operator_client, LIST, query)


def test_a_length_takes_the_place_of_exact_bounds_and_keeps_the_rest(
    operator_client: Client, days: list[UUID]
) -> None:
    page = operator_client.get(LIST, {**DAY, "finding": "none"}).context["cl"]
    queries = {each.label: parse_qs(each.query[1:]) for each in page.lengths}
    assert queries["7 days"] == {"when": ["7d"], "finding": ["none"]}
    assert queries["30 days"] == {"finding": ["none"]}
    assert shown(operator_client, LIST, page.lengths[-1].query) == days[::-1]


def test_windows_follow_each_other(operator_client: Client, days: list[UUID]) -> None:
    page = operator_client.get(LIST, DAY).context["cl"]
    assert shown(operator_client, LIST, page.earlier) == days[1::-1]
    assert shown(operator_client, LIST, page.later) == days[:3:-1]
    assert operator_client.get(LIST).context["cl"].later is None
    assert operator_client.get(LIST, {"when": "all"}).context["cl"].earlier is None
    beginning = {"since": "1970-01-02T00:00:00Z", "until": "1970-01-03T00:00:00Z"}
    assert operator_client.get(LIST, beginning).context["cl"].earlier is None


@pytest.mark.parametrize("kind", ["operation", "activation", "inboxmessage"])
def test_subjects_are_in_the_window_of_their_first_notification(
    operator_client: Client, record_one: Record, kind: str
) -> None:
    for day in (13, 14, 15):
        extras = INIT | {"operationId": f"{day}", "inboxId": f"{day}"}
        for hour in ("09", "10"):
            at = f"2026-03-{day}T{hour}:00:00Z"
            record_one(extras=extras, activation_id=f"{day}", emitted_at=at)
    record_one(
        extras=INIT | {"operationId": "13", "inboxId": "13"}, activation_id="13",
        emitted_at="2026-03-14T12:00:00Z",
    )  # fmt: skip
    assert shown(operator_client, list_address(kind), DAY) == ["14"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"result": "authentication.success"}, {"done"}),
        ({"finished": "true"}, {"done", "odd"}),
        ({"finished": "false"}, {"open"}),
        ({"finished": "perhaps"}, {"done", "odd", "open"}),
        ({"result": "other"}, {"odd"}),
    ],
)
def test_operations_by_what_became_of_them(
    operator_client: Client, record_one: Record, query: dict[str, str], expected: set[str]
) -> None:
    for name, extras in (
        ("open", INIT), ("done", FINISHED), ("odd", FINISHED | {"mtokenOperationResult": "?"}),
    ):  # fmt: skip
        record_one(extras=extras | {"operationId": name})
    found = shown(operator_client, list_address("operation"), {**query, "when": "all"})
    assert set(found) == expected


# What it is narrowed by


def test_each_chip_is_taken_off_by_itself(operator_client: Client, record_one: Record) -> None:
    record_one(extras=FINISHED, activation_id=DEVICE)
    query = {
        "q": OPERATION, "message_type": "mtoken.operationFinished", "finding": "none",
        "activation": DEVICE, "when": "7d",
    }  # fmt: skip
    page = operator_client.get(LIST, query).context["cl"]
    told = [(chip.name, chip.value) for chip in page.chips]
    assert told == [
        ("Search", OPERATION), ("Type", "operationFinished"), ("Findings", "no finding"),
        ("Emitted", "7 days"), ("Device", DEVICE),
    ]  # fmt: skip
    names = ("q", "message_type", "finding", "when", "activation")
    for chip, name in zip(page.chips, names, strict=True):
        rest = {key: [text] for key, text in query.items() if key != name}
        assert parse_qs(chip.without[1:]) == rest
    assert page.chosen_menus == 2


def test_what_was_not_chosen_is_no_chip(operator_client: Client) -> None:
    for query in ({}, {"when": "30d"}, {"message_type": "no such"}, {"message_type": ""}):
        page = operator_client.get(LIST, query)
        assert page.context["cl"].chips == []
        assert "Clear all" not in page.content.decode()


def test_an_exact_window_is_a_chip(operator_client: Client) -> None:
    (chip,) = operator_client.get(LIST, DAY).context["cl"].chips
    assert chip.value == "from 2026-03-14 00:00:00 until 2026-03-15 00:00:00, UTC"
    assert chip.without == "?"


def test_chips_are_text(operator_client: Client, record_one: Record) -> None:
    hostile = '<script>alert(1)</script>"\u202e'
    record_one(extras=INIT | {"operationId": hostile})
    page = operator_client.get(LIST, {"operation": hostile, "q": hostile}).content.decode()
    assert "<script>alert" not in page
    assert (
        "Remove the filter Operation: &lt;script&gt;alert(1)&lt;/script&gt;&quot;⟨U+202E⟩" in page
    )


def test_the_panel_opens_where_filters_leave_nothing(
    operator_client: Client, record_one: Record
) -> None:
    record_one(extras=INIT)
    closed, opened = '<details class="panel">', '<details class="panel" open>'
    assert closed in operator_client.get(LIST, {"when": "all"}).content.decode()
    some = {"when": "all", "message_type": "mtoken.operationInit"}
    assert closed in operator_client.get(LIST, some).content.decode()
    assert opened in operator_client.get(LIST, {**some, "result": "other"}).content.decode()


def test_the_form_keeps_what_has_no_field(operator_client: Client) -> None:
    page = operator_client.get(LIST, {"activation": DEVICE, "when": "7d", "before": "x"})
    assert sorted(page.context["cl"].kept) == [("activation", DEVICE), ("when", "7d")]
