"""Each story that support hears, from the envelopes to the answer."""

from datetime import timedelta

import pytest

from notifications.ingest.contacts import note_contact
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import ActivationReport, record_events
from notifications.ingest.recorder import record
from notifications.models import ContactKind, PushServerReading
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.window import Window
from notifications.trace.device import trace_device

from .stories import NOON, STORIES, STORIES_OF_COPIES, USER, Story

PUSH_SERVER = "push-server"


@pytest.mark.django_db
@pytest.mark.parametrize("story", [*STORIES, *STORIES_OF_COPIES], ids=lambda story: story.name)
def test_the_trace_answers_the_story(story: Story) -> None:
    now = story.asked_at
    record([emission_from(each, now=now) for each in story.envelopes()], source="bank")
    if story.copied:
        push_server_tells(story)
    trace = trace_device(story.device, Window(now - timedelta(days=1), now), now=now)
    told = {key: value for key, value in trace.counts.as_json().items() if value}
    assert told == {key: value for key, value in story.counts.items() if value}
    assert [str(each.reason) for each in trace.entries if each.reason] == list(story.reasons)
    assert [str(mark) for each in trace.entries for mark in each.marks] == list(story.marks)
    assert trace.verdict == story.verdict


def push_server_tells(story: Story) -> None:
    """Its copies and registrations, read all the while."""
    now = story.asked_at
    record([emission_from(each, now=now) for each in story.copies()], source=PUSH_SERVER)
    reports = [
        ActivationReport(
            key=None,
            observed_at=NOON - timedelta(days=1),
            kind=ActivationEventKind.REGISTERED,
            activation_id=device,
            user_id=USER,
            apps=("mobile",),
            token=f"of {device}",
            push_active=True,
        )
        for device in story.registered
    ]
    record_events(reports, source=PUSH_SERVER)
    for minutes in range(-10, 60):
        note_contact(PUSH_SERVER, ContactKind.POLL, at=NOON + timedelta(minutes=minutes))
    PushServerReading.objects.create(source_id=PUSH_SERVER, zone="UTC", registrations_at=now)
