"""Each story that support hears, from the envelopes to the answer."""

from datetime import timedelta

import pytest

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.protocol.window import Window
from notifications.trace.device import trace_device

from .stories import STORIES, Story


@pytest.mark.django_db
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_trace_answers_the_story(story: Story) -> None:
    now = story.asked_at
    record([emission_from(each, now=now) for each in story.envelopes()], source="bank")
    trace = trace_device(story.device, Window(now - timedelta(days=1), now), now=now)
    told = {key: value for key, value in trace.counts.as_json().items() if value}
    assert told == {key: value for key, value in story.counts.items() if value}
    assert [str(each.reason) for each in trace.entries if each.reason] == list(story.reasons)
    assert [str(mark) for each in trace.entries for mark in each.marks] == list(story.marks)
    assert trace.verdict == story.verdict
