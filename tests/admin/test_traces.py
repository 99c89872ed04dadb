"""The pages of traces: each shows its verdict, to whom may see it, and is noted once."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django.utils.html import escape

from notifications.admin import traces
from notifications.admin.addresses import trace_address
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import AccessRecord, Account, Recipient
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from tests.conftest import DEVICE, INIT, OPERATION
from tests.trace.stories import NOON, PAYMENT, PHONE, STORIES, TABLET, Story

Record = Callable[..., UUID]
DAY = timedelta(days=1)
EXACT = {"since": "2026-03-13T13:00:01Z", "until": "2026-03-14T13:00:01Z"}


def tell(story: Story) -> None:
    record([emission_from(each, now=story.asked_at) for each in story.envelopes()], source="bank")


def member(group: str) -> Client:
    account = Account.objects.create_user(f"one of {group}", is_staff=True)
    account.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(account)
    return client


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_story_opens_and_shows_its_verdict(operator_client: Client, story: Story) -> None:
    tell(story)
    if "nothing at all" in story.name:  # a device that the record does not know
        address = trace_address("activation", story.device)
        assert operator_client.get(address).headers["Location"] == "/admin/"
        return
    page = operator_client.get(trace_address("activation", story.device), EXACT)
    window = Window(datetime.fromisoformat(EXACT["since"]), datetime.fromisoformat(EXACT["until"]))
    trace = trace_device(story.device, window, now=page.context["question"].now)
    shown = page.content.decode()
    assert f'<h2 id="verdict">{escape(trace.verdict)}</h2>' in shown
    for entry in trace.entries:
        assert escape(entry.sentence) in shown
    user = operator_client.get(trace_address("recipient", Recipient.objects.first().pk), EXACT)
    timeline = operator_client.get(trace_address("operation", PAYMENT))
    assert {user.status_code, timeline.status_code} <= {200, 302}


@pytest.mark.parametrize("kind", ["activation", "recipient", "operation"])
@pytest.mark.parametrize(
    ("group", "may"),
    [("Support", True), ("Operators", True), ("Auditors", True), ("Analysts", False),
     ("Emitters", False)],
)  # fmt: skip
def test_who_may_trace(told: dict[str, str], group: str, may: bool, kind: str) -> None:
    client = member(group)
    assert client.get(told[kind]).status_code == (200 if may else 403)
    assert AccessRecord.objects.count() == int(may)
    if group != "Emitters":
        for address in (f"/admin/notifications/{kind}/", "/admin/notifications/notification/"):
            assert (b"/trace/" in client.get(address).content) == may or kind == "operation"
        assert (b"/timeline/" in client.get("/admin/notifications/operation/").content) == may


def test_nobody_traces_without_signing_in(told: dict[str, str]) -> None:
    for address in told.values():
        assert "/admin/login/" in Client().get(address).headers["Location"]
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_looking_is_all_that_can_be_done(
    operator_client: Client, told: dict[str, str], method: str
) -> None:
    for address in told.values():
        assert getattr(operator_client, method)(address).status_code == 405
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize("method", ["get", "head"])
def test_every_view_is_noted_once(
    operator_client: Client, told: dict[str, str], method: str
) -> None:
    look = getattr(operator_client, method)
    question = {"case": " C-481 ", "since": "2026-03-14T09:00", "until": "2026-03-14T10:00:00Z"}
    for address in told.values():
        assert look(address, question).status_code == 200
    noted = list(AccessRecord.objects.order_by("id"))
    assert [each.action for each in noted] == ["device_trace", "user_trace", "operation_timeline"]
    assert {(each.who, each.via, each.case_number) for each in noted} == {
        ("operator", "admin", "C-481")
    }
    hour = datetime.fromisoformat("2026-03-14T09:00:00Z")
    assert {(each.since, each.until) for each in noted[:2]} == {(hour, hour + timedelta(hours=1))}
    assert (noted[2].since, noted[2].until) == (None, None)
    assert noted[1].subject == str(Recipient.objects.get().pk)


def test_the_case_number_stays_in_the_links(operator_client: Client, told: dict[str, str]) -> None:
    page = operator_client.get(told["activation"], {"case": "C 1&2"})
    question = page.context["question"]
    links = [each.query for each in question.lengths] + [question.earlier, question.permalink]
    assert all("case=C+1%262" in each for each in links)
    assert f"{told['operation']}?case=C+1%262" in page.content.decode()
    assert "Case C 1&amp;2" in page.content.decode()


@pytest.mark.parametrize("kind", ["activation", "recipient", "operation"])
def test_a_trace_costs_the_same_for_many(
    operator_client: Client, record_one: Record, kind: str
) -> None:
    costs = []
    now = timezone.now()
    for count in (2, 60):
        for number in range(count):
            at = (now - timedelta(minutes=30, seconds=number)).isoformat()
            record_one(
                extras=INIT, activation_id=DEVICE, user_id="user", emitted_at=at, now=now,
                message_id=f"{count}-{number}",
            )  # fmt: skip
        key = {"activation": DEVICE, "operation": OPERATION}.get(kind, Recipient.objects.get().pk)
        with CaptureQueriesContext(connection) as queries:
            assert operator_client.get(trace_address(kind, key)).status_code == 200
        costs.append(len(queries))
        assert not [each for each in queries if "COUNT(" in each["sql"] or "OFFSET" in each["sql"]]
    assert costs[0] == costs[1] <= 24


def test_pages_follow_each_other_without_a_gap(operator_client: Client, record_one: Record) -> None:
    start = NOON - timedelta(hours=2)
    for number in range(230):
        at = (start + timedelta(seconds=number)).isoformat()
        record_one(
            extras={"messageType": "mtoken.statusChange", "activationId": DEVICE}, now=NOON,
            emitted_at=at, message_id=str(number),
        )  # fmt: skip
    address = trace_address("activation", DEVICE)
    query: str | None = "?" + urlencode(EXACT)
    seen: list[datetime] = []
    while query:
        page = operator_client.get(address + query)
        seen += [each.at for each in page.context["entries"]]
        last, query = page, page.context["newer"]
    assert seen == [start + timedelta(seconds=number) for number in range(230)]
    back = operator_client.get(address + last.context["older"])
    assert [each.at for each in back.context["entries"]] == seen[100:200]


def test_an_empty_window_leads_to_the_nearest_and_to_the_user(
    operator_client: Client, told: dict[str, str]
) -> None:
    page = operator_client.get(told["activation"], {"since": "2d", "until": "1d"})
    (nearest,) = page.context["nearest"]
    assert nearest.label == "the next one after"
    assert told["recipient"] in page.content.decode()
    around = operator_client.get(told["activation"] + nearest.query)
    assert around.context["trace"].counts.emitted == 2


def test_the_summary_tells_the_case_and_no_user(operator_client: Client) -> None:
    tell(STORIES[0])
    page = operator_client.get(trace_address("activation", PHONE), {**EXACT, "case": "C-7"})
    lines = page.context["summary"].splitlines()
    assert lines[:4] == [
        "Case C-7",
        f"Device {PHONE}",
        "From 2026-03-13 13:00:01 UTC to 2026-03-14 13:00:01 UTC",
        STORIES[0].verdict,
    ]
    assert lines[4].startswith("No source that could tell was measured (bank): ")
    assert lines[6].startswith("- 2026-03-14 12:00:30 UTC operationFinished of operation")
    assert lines[7].startswith("http://testserver/admin/notifications/activation/")
    assert "martin" not in page.context["summary"]


def test_devices_stand_side_by_side(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(STORIES[0])
    person = Recipient.objects.get(user_id="martin.novak")
    page = operator_client.get(trace_address("recipient", person.pk), EXACT)
    assert "martin.novak" in page.content.decode()
    assert "martin" not in page.request["PATH_INFO"]
    assert [each.activation for each in page.context["columns"]] == [TABLET, PHONE]
    rows = [cells for row, cells, _ in page.context["rows"] if row.entry.operation == PAYMENT]
    assert [[cell and str(cell.kind) for cell in cells] for cells in rows] == [
        [None, "notification"], ["notification", None], ["notification", None], [None, "gap"],
    ]  # fmt: skip
    monkeypatch.setattr(traces, "MOST_COLUMNS", 1)
    narrow = operator_client.get(trace_address("recipient", person.pk), EXACT)
    others = [more for row, _, more in narrow.context["rows"] if row.entry.operation == PAYMENT]
    assert others == [1, 0, 0, 1]


def test_the_checklist_of_rounds(operator_client: Client) -> None:
    story = next(each for each in STORIES if each.name == "It came when I had given up")
    tell(story)
    page = operator_client.get(trace_address("operation", PAYMENT))
    ((number, checks),) = page.context["rounds"]
    assert (number, [each.sign for each in checks]) == (1, ["✓", "!", "✓", "✓"])
    assert [len(lane.markers) for lane in page.context["drawing"].lanes] == [2]


def test_every_list_leads_to_traces(operator_client: Client, told: dict[str, str]) -> None:
    home = operator_client.get("/admin/").content.decode()
    assert "leads to its trace" in home
    for kind, address in told.items():
        assert address in operator_client.get(f"/admin/notifications/{kind}/").content.decode()
        page = address.replace("/trace/", "/change/").replace("/timeline/", "/change/")
        assert address in operator_client.get(page).content.decode()
    found = operator_client.get("/admin/notifications/notification/").content.decode()
    assert f"{told['activation']}?since=" in found


def test_a_search_with_candidates_leads_to_traces(
    operator_client: Client, record_one: Record
) -> None:
    now = timezone.now()
    record_one(
        extras=INIT | {"operationId": "same"}, activation_id="same", user_id="same",
        message_id="same", emitted_at=now.isoformat(), now=now,
    )  # fmt: skip
    page = operator_client.get("/admin/search/", {"q": "same"})
    groups = page.context["answer"].groups
    addresses = [each.trace for group in groups for each in group.found]
    assert len(addresses) == 4
    assert all(each and each in page.content.decode().replace("&amp;", "&") for each in addresses)


def test_the_form_of_the_window_holds_all_of_it(
    operator_client: Client, told: dict[str, str]
) -> None:
    exact = {"since": "2026-03-14T09:00:00.589Z", "until": "2026-03-14T10:00:00.001Z"}
    question = operator_client.get(told["activation"], exact).context["question"]
    held = {"since": "2026-03-14T09:00:00", "until": "2026-03-14T10:00:01"}
    assert question.fields == held | {"as_of": ""}
    assert question.exactly["since"] == "2026-03-14T09:00:00.589000Z"


def test_an_inbox_message_leads_to_the_trace_of_its_user(
    operator_client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    story = next(each for each in STORIES if each.name.startswith("The inbox message"))
    tell(story)
    person = Recipient.objects.get(user_id="martin.novak")
    with django_assert_max_num_queries(12):
        page = operator_client.get("/admin/notifications/inboxmessage/").content.decode()
    assert f"/recipient/{person.pk}/trace/?since=2026-03-14T00" in page


# --- As it was known then


def test_every_page_says_as_of_when_it_is_and_leads_on_and_back(
    operator_client: Client, told: dict[str, str]
) -> None:
    moment = "2026-03-14T13:00:00Z"
    for kind, address in told.items():
        page = operator_client.get(address, {"as_of": moment, "case": "C-2"})
        assert page.context["trace"].verdict.startswith("As known at 2026-03-14 13:00:00 UTC: ")
        shown, question = page.content.decode(), page.context["question"]
        assert "As it was known at" in shown
        assert page.context["trace"].since_then.sentence in shown
        assert urlencode({"as_of": moment}) in page.context["permalink"]
        assert urlencode({"as_of": moment}) in question.known_as_here
        assert "as_of" not in question.known_now
        back = operator_client.get(address + question.known_now)
        assert "As it was known at" not in back.content.decode()
        if kind != "operation":
            assert question.window.until == datetime(2026, 3, 14, 13, 0, 1, tzinfo=UTC)
            assert "as_of" in question.earlier
    records = AccessRecord.objects.filter(as_of__isnull=False)
    assert {each.as_of for each in records} == {datetime(2026, 3, 14, 13, tzinfo=UTC)}
    assert records.count() == 3


def test_a_moment_that_lies_ahead_is_left_out(
    operator_client: Client, told: dict[str, str]
) -> None:
    page = operator_client.get(told["operation"], {"as_of": "2150-01-01T00:00"})
    assert "“as_of” must lie between 1971 and now. It was left out." in page.content.decode()
    assert page.context["question"].as_of is None
