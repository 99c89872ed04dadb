"""Traces of what a mirror and a Push Server tell of: how far each message came, and who says so."""

import re

import pytest
from django.test import Client
from django.utils import timezone

from notifications.admin.addresses import page_address, trace_address
from notifications.admin.summary import summary_of
from notifications.admin.words import COUNTS, STANDINGS
from notifications.models import Notification, Recipient
from notifications.trace.device import trace_device
from notifications.trace.entries import Counts
from tests.e2e import copies

pytestmark = pytest.mark.django_db
TIMELINE = trace_address("operation", copies.PAYMENT)
PHONE, TABLET = (trace_address("activation", each) for each in (copies.PHONE, copies.TABLET))


@pytest.fixture
def told() -> None:
    copies.tell(timezone.now())


def words(page: str) -> str:
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def rows_of(page: str) -> list[str]:
    return [words(each) for each in page.split('<li class="event ')[1:]]


@pytest.mark.usefixtures("told")
def test_a_row_tells_how_far_its_message_came_and_who_says_so(operator_client: Client) -> None:
    page = operator_client.get(PHONE).content.decode()
    first, *others = rows_of(page)
    assert "⊗ failed" in first
    assert "APNs did not take it: BadDeviceToken." in first
    assert "Reports copies-server , copies-mirror" in first
    request = Notification.objects.filter(source=copies.MIRROR).in_time_order()[0]
    assert f'href="{page_address("notification", request.pk)}"' in page
    for grade in ("✓ accepted", "▷ attempted", "… pending"):
        assert any(grade in each for each in others)
    assert "delivered" not in words(page)


@pytest.mark.usefixtures("told")
def test_the_unfolded_row_has_every_answer_with_its_time_and_its_word(
    operator_client: Client,
) -> None:
    first = rows_of(operator_client.get(PHONE).content.decode())[0]
    unfolded = first.partition("Answers, extras and apps")[2]
    assert re.search(r"… pending 0 by copies-server .* ⊗ failed BadDeviceToken", unfolded)


@pytest.mark.usefixtures("told")
def test_what_stays_pending_says_why_and_is_no_gap(operator_client: Client) -> None:
    rows = rows_of(operator_client.get(TABLET).content.decode())
    assert sum("not sent, explained" in each for each in rows) == 3
    assert any("⊘ not attempted" in each and "not configured" in each for each in rows)
    assert any("… pending for ever" in each for each in rows)


@pytest.mark.usefixtures("told")
def test_a_user_has_one_row_for_each_request(operator_client: Client) -> None:
    recipient = Recipient.objects.get(user_id=copies.USER)
    page = operator_client.get(trace_address("recipient", recipient.pk)).content.decode()
    body = page.partition('<table class="rows side">')[2].partition("</table>")[0]
    rows = [words(each) for each in body.split("<tr")[2:]]
    assert len(rows) == 7 + 2  # requests, and copies for a device that is not known
    assert "✓ accepted" in rows[0]
    assert "⊗ failed" in rows[0]
    assert "A copy for a device that is not known" in rows[1]


@pytest.mark.usefixtures("told")
def test_a_timeline_has_a_lane_for_each_device_and_none_for_the_request(
    operator_client: Client,
) -> None:
    page = operator_client.get(TIMELINE)
    assert set(page.context["trace"].lanes) == {copies.PHONE, copies.TABLET, None}
    drawing = page.context["drawing"]
    assert [each.to_somebody for each in drawing.lanes if each.device is None] == [True]
    assert drawing.has_untaken
    shown = page.content.decode()
    assert "device not known" in shown
    assert "names no device" not in shown
    assert copies.HOSTILE not in shown
    assert len(rows_of(shown)) == 6


@pytest.mark.usefixtures("told")
def test_the_summary_names_what_no_gateway_took(operator_client: Client) -> None:
    window = operator_client.get(PHONE).context["question"].window
    trace = trace_device(copies.PHONE, window, now=timezone.now())
    lines = summary_of(trace, case_number="", address="/").splitlines()
    failed = [each for each in lines if ": failed. " in each]
    assert len(failed) == trace.counts.failed == 2
    assert f"of operation {copies.PAYMENT}: failed. " in failed[0]


def test_every_count_has_its_words_in_their_order() -> None:
    assert list(COUNTS) == list(Counts().as_json())
    assert set(STANDINGS) <= set(COUNTS)
