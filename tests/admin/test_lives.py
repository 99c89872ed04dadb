"""The page of a device tells its life as events told it, to those who may see them."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.test import Client
from django.urls import reverse

from notifications.admin import device_events
from notifications.admin.addresses import page_address, trace_address
from notifications.ingest.events import ActivationReport
from notifications.models import ActivationEvent, PushServerReading, Recipient
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.extras import Code, Finding
from notifications.protocol.state import Ending
from notifications.trace import states
from tests.conftest import DEVICE, INBOX, INBOX_NEW, INIT, OPERATION

from .conftest import NOON, TABLET
from .lives import OTHER_TOKEN, TOKEN, at, deleted, operation, posted, registered, status, tell
from .pages import happened, reader, trail

pytestmark = pytest.mark.django_db
DAY = 24 * 3600
PAGE = page_address("activation", DEVICE)


def text(page: Any) -> str:
    """As it is read, without its tags."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.content.decode())).split())


def moment(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def asked(client: Client, **parameters: str) -> Any:
    return client.get(f"{PAGE}?{urlencode(parameters)}")


def known(page: Any) -> dict[str, tuple[Any, str]]:
    """What the table has of each thing, and how sure that is."""
    return {
        str(each.name): (each.badge.text if each.badge else each.value, each.standing.text)
        for each in page.context["lines"]
    }


def test_a_device_s_page_tells_what_is_known_now_and_which_event_says_so(
    operator_client: Client,
) -> None:
    first, token = tell(status(0, "ACTIVE", user_id="u1"), registered(10, platform="fcm"))
    assert known(operator_client.get(PAGE))["Registered for push"] == ("yes", "assumed")
    PushServerReading.objects.create(  # of which the table is compared all the while
        source_id="powerauth", zone="UTC", registrations_at=datetime.now(UTC) + timedelta(days=1)
    )
    page = operator_client.get(PAGE)
    told = known(page)
    assert told["PowerAuth status"][0] == "ACTIVE"
    assert told["Registered for push"] == ("yes", "known")
    assert (told["App"], told["Gateway"]) == (("retail", "known"), ("fcm", "known"))
    assert told["User"] == (Recipient.objects.get().pk, "known")
    assert "as ACTIVE since 2026-03-14 12:00:00.000 UTC" in text(page)
    assert "It is registered for push since 2026-03-14 12:00:10.000 UTC" in text(page)
    for event in (first, token):
        assert f'href="#event-{event}"' in page.text
        assert f'<tr id="event-{event}">' in page.text
    assert "a1a1a1a1a1a1…" in page.text
    assert f'data-copy-text="{TOKEN}"' in page.text


def test_the_state_can_be_asked_for_another_moment(operator_client: Client) -> None:
    tell(status(0, "ACTIVE"), status(DAY, "BLOCKED"))
    earlier = asked(operator_client, at=moment(3600))
    assert known(earlier)["PowerAuth status"][0] == "ACTIVE"
    assert "At 2026-03-14 13:00:00.000 UTC" in text(earlier)
    assert "as is known today:" in text(earlier)
    assert earlier.context["ribbon"].marker is not None
    assert [row.what.text for row in earlier.context["events"].rows] == ["ACTIVE"]
    before = asked(operator_client, at=moment(-3600))
    assert known(before)["PowerAuth status"] == (None, "unknown")
    local = asked(operator_client, at="2026-03-14T14:00:00", zone="Europe/Prague")
    assert local.context["moment"].at == NOON + timedelta(hours=1)


def test_what_was_known_then_is_told_apart_from_what_is_known_of_it_today(
    operator_client: Client,
) -> None:
    tell(status(0, "ACTIVE"))
    recorded = ActivationEvent.objects.get().recorded_at  # long after it happened
    earlier = (recorded - timedelta(seconds=1)).isoformat()
    page = asked(operator_client, at=moment(60), as_of=earlier)
    assert known(page)["PowerAuth status"] == (None, "unknown")
    assert "as was known at" in text(page)
    assert "No event of it is on record: nothing is known." in text(page)
    today = asked(operator_client, at=moment(60))
    assert known(today)["PowerAuth status"][0] == "ACTIVE"
    then = today.context["moment"].known_then
    assert f'href="{then.replace("&", "&amp;")}"' in today.text
    assert known(operator_client.get(PAGE + then))["PowerAuth status"] == (None, "unknown")
    # A link to exactly this answer gives it again.
    again = operator_client.get(PAGE + today.context["moment"].exactly)
    assert known(again) == known(today)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"at": "yesterday"}, "“at” must be a moment such as"),
        ({"as_of": "2026-03-14T12:00:00"}, ""),
        ({"at": "2150-01-01T00:00:00Z"}, "“at” must lie between 1971 and now."),
        ({"at": "1970-01-03T00:00:00Z"}, "“at” must lie between 1971 and now."),
        ({"at": "2026-03-14T12:00:00Z", "as_of": "2026-03-13T12:00:00Z"}, "“at” is after “as_of”"),
        ({"since": "x" * 300}, "These are the last 30 days."),
        ({"since": "2100-01-01T00:00:00Z", "until": "2100-01-02T00:00:00Z"}, ""),
        ({"at": "\0", "as_of": "<script>"}, "“as_of” must be a moment such as"),
    ],
)
def test_no_moment_in_the_address_breaks_the_page(
    operator_client: Client, parameters: dict[str, str], words: str
) -> None:
    tell(status(0, "ACTIVE"))
    page = asked(operator_client, **parameters)
    assert page.status_code == 200
    assert words in text(page)
    assert "<script>" not in page.text.replace("<script src=", "")


def test_evidence_that_the_page_does_not_list_is_on_a_page_of_an_earlier_moment(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(device_events, "MOST", 2)
    first, *_rest = tell(registered(0), *(status(n, "ACTIVE") for n in range(10, 15)))
    page = operator_client.get(PAGE)
    assert page.context["events"].more
    assert "there are older ones" in text(page)
    evidence = page.context["lines"][1].evidence[0]
    assert evidence.address.endswith(f"#event-{first}")
    there = operator_client.get(PAGE + evidence.address.partition("#")[0])
    assert f'<tr id="event-{first}">' in there.text


def test_each_registration_is_listed_with_how_it_ended(operator_client: Client) -> None:
    tell(
        registered(0, user_id="u1", is_request=True),
        registered(100, OTHER_TOKEN, is_request=True),
        registered(200, OTHER_TOKEN, activation_id=TABLET, is_request=True),
        registered(300, TOKEN, is_request=True),
        deleted(400),
        registered(500, OTHER_TOKEN),
    )
    page = operator_client.get(PAGE)
    found = page.context["registrations"]
    assert [each.told.ended_by for each in found] == [
        Ending.RE_REGISTERED, Ending.RE_BOUND, Ending.DELETED, None,
    ]  # fmt: skip
    assert [each.bound_to for each in found] == [None, TABLET, None, None]
    shown = page.text.split('id="registrations"')[1].split("</section>")[0]
    assert f'href="{page_address("activation", TABLET)}"' in shown
    for words in ("re-registered", "re-bound", "deleted", "still there", "assumed"):
        assert words in shown
    assert "It names another device" in text(page)


def test_an_event_tells_its_times_its_source_and_its_findings(operator_client: Client) -> None:
    finding = Finding(Code.WRONG_TYPE, "platform", "platform is a number.")
    (undated, ahead) = tell(
        status(5, "ACTIVE", told=False, findings=(finding,)),
        status(3600, "BLOCKED", observed_at=NOON + timedelta(seconds=9), reason="MAX_FAILED"),
    )
    rows = {str(each.id): each for each in operator_client.get(PAGE).context["events"].rows}
    assert (rows[undated].is_dated, rows[ahead].is_ahead) == (False, True)
    page = text(operator_client.get(PAGE))
    assert "by 2026-03-14 12:00:05.000" in page
    bounded = registered(30, happened_at=None, not_before=NOON + timedelta(seconds=20))
    gone = ActivationReport(
        kind=ActivationEventKind.UNREGISTERED, activation_id=DEVICE, token=TOKEN, **at(40)
    )
    tell(bounded, gone)
    page = text(operator_client.get(PAGE))
    assert "between 2026-03-14 12:00:20.000 and 2026-03-14 12:00:31.000" in page
    assert "no longer registered The Push Server no longer has it." in page
    assert "after it was observed: a clock is ahead" in page
    assert "wrong type platform is a number." in page
    assert "Reason: MAX_FAILED ." in page
    assert "powerauth" in page


def test_a_device_of_events_alone_has_its_page_and_its_user(operator_client: Client) -> None:
    tell(status(0, "ACTIVE", user_id="maria"))
    found = operator_client.get(reverse("admin:search"), {"q": DEVICE})
    assert found.headers["Location"] == PAGE
    sentence = happened(operator_client, "activation", DEVICE)
    assert sentence.endswith("is recorded. It is known from events alone.")
    person = Recipient.objects.get()
    assert trail(operator_client, PAGE)[2] == f"Recipient {person.pk}"
    assert "maria" in operator_client.get(PAGE).text
    named = operator_client.get(page_address("recipient", person.pk))
    assert [each.key for each in named.context["devices"]] == [DEVICE]
    assert "events alone, none of the notifications below" in text(named)


def test_a_device_that_notifications_name_as_well_is_said_to_be(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    record_one(extras=INIT, activation_id=DEVICE, user_id="maria")
    tell(status(0, "ACTIVE", user_id="maria"), status(5, "ACTIVE", activation_id=TABLET))
    page = operator_client.get(page_address("recipient", Recipient.objects.get().pk))
    (device,) = page.context["devices"]
    assert (device.key, device.is_new, device.last) == (DEVICE, False, NOON)


def test_who_may_not_see_events_sees_none_of_them(record_one: Callable[..., UUID]) -> None:
    record_one(extras=INIT | INBOX_NEW, activation_id=DEVICE, user_id="maria")
    tell(status(0, "MELTED", user_id="maria"), operation(5, "APPROVED"), posted(9))
    rights = ("notification", "activation", "operation", "inboxmessage", "recipient")
    client = reader(*rights)
    for kind, key in (
        ("activation", DEVICE), ("operation", OPERATION), ("inboxmessage", INBOX),
        ("recipient", Recipient.objects.get().pk),
    ):  # fmt: skip
        page = client.get(page_address(kind, key))
        assert page.status_code == 200
        assert not [each for each in ("events", "moment", "devices") if each in page.context]
        for words in ("MELTED", "APPROVED", "posted", "Its state over time"):
            assert words not in page.text


def test_who_may_not_see_recipients_is_told_of_none_by_events() -> None:
    tell(status(0, "ACTIVE", user_id="maria"), registered(5, user_id="maria"))
    client = reader("activation", "activationevent")
    page = client.get(PAGE)
    assert "maria" not in page.text
    assert "Recipient" not in page.text
    assert "User</th>" not in page.text
    assert "ACTIVE" in page.text


HOSTILE = '<script>alert(1)</script>\u202e\x01"' + "W" * 200


def test_hostile_words_in_events_break_no_page(operator_client: Client) -> None:
    finding = Finding(Code.WRONG_TYPE, HOSTILE, HOSTILE)
    common = {"findings": (finding,), "apps": (HOSTILE,), "user_id": HOSTILE}
    tell(
        status(0, HOSTILE, reason=HOSTILE, activation_id=HOSTILE, **common),
        registered(5, "<b>", activation_id=HOSTILE, **common),
        operation(5, HOSTILE, name=HOSTILE, external_id="x", activation_id=HOSTILE, **common),
        posted(5, **common),
    )
    for kind, key in (
        ("activation", HOSTILE), ("operation", OPERATION), ("inboxmessage", INBOX),
        ("recipient", Recipient.objects.get().pk),
    ):  # fmt: skip
        page = operator_client.get(page_address(kind, key))
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert not re.search("[\u202e\x01]", page.text)
    when = {"since": "2026-03-10T00:00:00Z", "until": "2026-03-20T00:00:00Z"}
    trace = operator_client.get(f"{trace_address('activation', HOSTILE)}?{urlencode(when)}")
    assert "Its state over this window" in trace.text
    assert "<script>alert" not in trace.text


def test_a_history_that_is_too_long_is_said_to_be(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(states, "MOST", 1)
    tell(status(0, "ACTIVE"), status(5, "BLOCKED"))
    assert "Its state is not computed here" in operator_client.get(PAGE).text
    trace = operator_client.get(trace_address("activation", DEVICE))
    assert trace.status_code == 200
    assert "Nothing was computed" in trace.text


def test_the_trace_of_a_device_has_its_ribbon_over_the_same_window(
    operator_client: Client,
) -> None:
    tell(status(0, "ACTIVE"))
    when = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
    page = operator_client.get(f"{trace_address('activation', DEVICE)}?{urlencode(when)}")
    assert page.context["ribbon"].told.startswith("From 2026-03-14 00:00:00 to 2026-03-15")
    assert f'href="{PAGE}?{urlencode(when).replace("&", "&amp;")}"' in page.text
    assert "ribbon-compact" in page.text
    empty = operator_client.get(trace_address("activation", DEVICE), {"since": "1h"})
    assert empty.context["ribbon"] is not None  # what it was before goes on


def test_no_number_of_the_drawing_is_in_the_reader_s_language(
    operator_client: Client, settings: Any
) -> None:
    settings.LANGUAGES = [("en", "English"), ("cs", "Czech")]
    tell(status(0, "ACTIVE"), status(777, "BLOCKED"))
    page = operator_client.get(
        PAGE, {"since": moment(0), "until": moment(1000)}, headers={"accept-language": "cs"}
    )
    drawing = page.text.split('<svg class="ribbon')[1].split("</svg>")[0]
    assert re.search(r'width="\d+\.\d+"', drawing)
    assert not re.search(r'(?:x|y|width|height|x1)="\d+,\d', drawing)


def test_a_page_that_nobody_asked_anything_of_has_the_plain_address(
    operator_client: Client,
) -> None:
    tell(status(0, "ACTIVE"))
    assert f'href="http://testserver{PAGE}" id="permalink"' in operator_client.get(PAGE).text
    fixed = asked(operator_client, since="7d", at=moment(60)).context["permalink"]
    again = operator_client.get(fixed).context["moment"]
    assert again.at == NOON + timedelta(seconds=60)
    length = again.ribbon.window.until - again.ribbon.window.since
    assert length == timedelta(days=7)
    assert isinstance(again.ribbon.window.until, datetime)
