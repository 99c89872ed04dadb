"""The page of gaps as a working list."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from notifications.admin import gap_notes
from notifications.admin.gap_notes import mark_of
from notifications.models import AccessRecord, GapNote
from notifications.protocol.window import Window
from notifications.trace.gap_hours import begin, hour_of, write_hours
from notifications.trace.gaps import find_gaps
from tests.trace.stories import NOON, PHONE, STORIES, finish, init, to

GAPS = "/admin/gaps/"
DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
ADDRESS = f"{GAPS}?{urlencode(DAY)}"
MANY = 7
Tell = Callable[..., None]


def operation(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012}"


@pytest.fixture
def many(tell: Tell) -> None:
    """So many operations that were announced and never finished."""
    told = [
        (NOON + timedelta(minutes=n), to(f"phone-{n}", init(operation(n)))) for n in range(MANY)
    ]
    told += [(NOON + timedelta(hours=2), to(PHONE, each)) for each in (init(), finish())]
    tell({**each, "emitted_at": at.isoformat()} for at, each in told)


def page(client: Client, **asked: str) -> Any:
    return client.get(GAPS, {**DAY, **asked})


def post(client: Client, address: str = ADDRESS, **posted: Any) -> Any:
    return client.post(address, {"kind": "acknowledged", "note": "Known.", **posted}, follow=True)


def said(response: Any) -> str:
    return " ".join(str(each) for each in response.context["messages"])


@pytest.mark.usefixtures("many")
def test_some_are_acknowledged_leave_the_open_ones_and_come_back(operator_client: Client) -> None:
    first, second, *_ = page(operator_client).context["entries"]
    answer = post(operator_client, gap=[mark_of(first), mark_of(second)], note="Ticket <b>481</b>")
    assert said(answer) == "Acknowledged 2 gaps."
    assert len(page(operator_client, acknowledged="false").context["entries"]) == MANY - 2
    closed = page(operator_client, acknowledged="true")
    assert [each.key for each in closed.context["entries"]] == [first.key, second.key]
    text = closed.content.decode()
    assert "Ticket &lt;b&gt;481&lt;/b&gt;" in text
    assert "<bdi>operator</bdi>" in text
    assert page(operator_client).context["open"].missing == MANY - 2
    post(operator_client, gap=[mark_of(first)], kind="reopened", note="It was not.")
    still = page(operator_client, acknowledged="false").context["entries"]
    assert first.key in {each.key for each in still}
    assert len(still) == MANY - 1
    assert set(GapNote.objects.values_list("via", flat=True)) == {AccessRecord.Via.ADMIN}


@pytest.mark.usefixtures("many")
def test_all_that_match_are_asked_for_first(operator_client: Client) -> None:
    address = f"{ADDRESS}&rule=E1"
    asked = post(operator_client, address, every="yes")
    assert f"Acknowledge all {MANY} gaps?" in asked.content.decode()
    assert not GapNote.objects.exists()
    again = post(operator_client, address, every="yes", sure=str(MANY + 1))  # they were others then
    assert f"Acknowledge all {MANY} gaps?" in again.content.decode()
    done = post(operator_client, address, every="yes", sure=str(MANY))
    assert said(done) == f"Acknowledged {MANY} gaps."
    assert "rule=E1" in done.request["QUERY_STRING"]
    assert page(operator_client, acknowledged="false").context["entries"] == ()
    none = post(operator_client, f"{ADDRESS}&rule=E2", every="yes", sure="0")
    assert "Nothing is selected" in said(none)


@pytest.mark.parametrize(
    ("posted", "told"),
    [
        ({}, "Nothing is selected"),
        ({"gap": ["x"]}, "1 of the selected gaps is not there any more"),
        ({"gap": "first", "note": " "}, "The note is empty"),
        ({"gap": "first", "note": "x" * 1_001}, "The note has 1,001 characters"),
        ({"gap": "first", "note": "\x00"}, "control characters"),
        ({"gap": "first", "kind": "closed"}, "Choose what to do with them"),
    ],
)
@pytest.mark.usefixtures("many")
def test_what_cannot_be_noted_is_said_and_nothing_is_lost(
    operator_client: Client, posted: dict[str, Any], told: str
) -> None:
    first = mark_of(page(operator_client).context["entries"][0])
    if posted.get("gap") == "first":
        posted = {**posted, "gap": [first]}
    answer = post(operator_client, **{"note": "My words.", **posted})
    assert told in said(answer)
    assert not GapNote.objects.exists()
    text = answer.content.decode()
    assert posted.get("note", "My words.").strip("\x00 ") in text
    assert (f'value="{first}" checked' in text) == (posted.get("gap") == [first])


@pytest.mark.usefixtures("many")
def test_a_bound_holds_and_is_said(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gap_notes, "MOST_AT_ONCE", 3)
    assert "at most 3 can be noted at once" in said(post(operator_client, every="yes"))


@pytest.mark.usefixtures("many")
def test_who_may_only_look_sees_no_form(browser_of: Callable[[str], Client]) -> None:
    auditor = browser_of("Auditors")
    assert 'name="gap"' not in page(auditor).content.decode()
    assert post(auditor, every="yes", sure=str(MANY)).status_code == 403
    assert not GapNote.objects.exists()
    assert 'name="gap"' in page(browser_of("Support")).content.decode()


@pytest.mark.usefixtures("many")
def test_a_forged_form_is_refused() -> None:
    assert Client(enforce_csrf_checks=True).post(ADDRESS, {"every": "yes"}).status_code == 403


def test_traces_tell_of_it(operator_client: Client, tell: Tell) -> None:
    tell(STORIES[0])
    (gap,) = page(operator_client).context["entries"]
    post(operator_client, gap=[mark_of(gap)], note="The browser was closed.")
    for address in (
        f"/admin/notifications/activation/{PHONE}/trace/?{urlencode(DAY)}",
        f"/admin/notifications/operation/{gap.operation}/timeline/",
    ):
        assert "The browser was closed." in operator_client.get(address).content.decode()


@pytest.mark.usefixtures("many")
def test_what_became_another_says_what_it_was(operator_client: Client) -> None:
    entry = page(operator_client).context["entries"][0]
    post(operator_client, gap=[mark_of(entry)])
    row = GapNote.objects.get()
    GapNote.objects.create(
        **{
            field.name: getattr(row, field.name)
            for field in GapNote._meta.fields
            if field.name not in ("id", "reason", "counts_as", "recorded_xid", "noted_at")
        },
        reason="source_silent",
        counts_as="undecided",
    )
    text = page(operator_client, acknowledged="false").content.decode()
    assert "acknowledged as another" in text
    assert "It was undecided then (the source was silent afterwards), and is open again." in text


def counted(since: datetime, days: int) -> None:
    window = Window(hour_of(since), hour_of(since) + timedelta(days=days))
    found = find_gaps(window, now=NOON + timedelta(days=3)).entries
    write_hours(window, found, now=NOON, since=begin(NOON))


@pytest.mark.usefixtures("many")
def test_longer_than_a_month_is_counted_and_links_to_each_day(
    operator_client: Client, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    counted(NOON - timedelta(days=1), 2)
    long = {"since": "2026-01-01T00:00:00Z", "until": "2026-06-01T00:00:00Z", "rule": "E1"}
    with django_assert_max_num_queries(12):
        answer = operator_client.get(GAPS, long)
    (stretch,) = answer.context["counted"].stretches
    assert stretch.cells == (MANY, MANY, 0, 0, 0)
    assert "rule=E1" in stretch.query
    linked = operator_client.get(GAPS + stretch.query)
    assert linked.context["gaps"].counts.missing == MANY
    assert operator_client.get(GAPS, {**long, "source": "other"}).context["counted"].total == ()
    years = operator_client.get(GAPS, {"since": "2017-01-01T00:00:00Z", "until": long["until"]})
    assert years.context["counted"].total == (MANY, MANY, 0, 0, 0)
    assert post(operator_client, f"{GAPS}?{urlencode(long)}", every="yes").status_code == 200
    assert not GapNote.objects.exists()
