"""The pages of traces: each shows its verdict, to whom may see it, and is noted once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from django.utils.html import escape

from notifications.admin.addresses import trace_address
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import Account, Recipient
from notifications.trace.device import trace_device
from notifications.trace.window import Window
from tests.conftest import DEVICE, FINISHED, INIT, OPERATION
from tests.trace.stories import PAYMENT, STORIES, Story

Record = Callable[..., UUID]
DAY = timedelta(days=1)
EXACT = {"since": "2026-03-13T13:00:01Z", "until": "2026-03-14T13:00:01Z"}


def tell(story: Story) -> None:
    record([emission_from(each, now=story.asked_at) for each in story.envelopes()], source="bank")


@pytest.fixture
def told(record_one: Record) -> dict[str, str]:
    """Something of each kind, just now; the addresses of its traces."""
    now = timezone.now()
    for seconds, extras in ((90, INIT), (60, FINISHED)):
        at = (now - timedelta(seconds=seconds)).isoformat()
        record_one(extras=extras, activation_id=DEVICE, user_id="user-1", emitted_at=at, now=now)
    return {
        "activation": trace_address("activation", DEVICE),
        "recipient": trace_address("recipient", Recipient.objects.get().pk),
        "operation": trace_address("operation", OPERATION),
    }


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
