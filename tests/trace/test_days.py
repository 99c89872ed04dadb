"""Each story of one day, from what its sources were sent to the answer."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime

import pytest
from django.db import connection
from pytest_django import DjangoDbBlocker

from notifications.models import Recipient
from notifications.protocol.reasons import Reason
from notifications.protocol.window import Window
from notifications.trace.device import trace_device
from notifications.trace.entries import Trace
from notifications.trace.gaps import find_gaps
from notifications.trace.recipient import trace_user
from tests.ingest import push_server_tables

from .bank import Bank, Phone
from .day import Story
from .day_of_messages import STORIES, whole_day

DAY, NOW = date(2026, 3, 12), datetime(2026, 3, 13, 9, tzinfo=UTC)


@pytest.fixture(scope="module")
def bank(
    cloned_db: Callable[[], AbstractContextManager[str]],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Bank]:
    with django_db_blocker.unblock(), cloned_db(), push_server_tables.made() as database:
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")  # many commits, and none to keep
        bank = Bank(database, DAY)
        bank.live(whole_day())
        yield bank


def window(bank: Bank, story: Story) -> Window:
    since, until = story.window
    return Window(bank.at(since), bank.at(until))


def asked(bank: Bank, story: Story, phone: Phone) -> Trace:
    return trace_device(phone.activation, window(bank, story), now=NOW)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_trace_answers_the_story(bank: Bank, story: Story) -> None:
    if story.night is not None:
        assert asked(bank, story, story.phone).verdict == story.before
        story.night[1](bank)
    trace = asked(bank, story, story.phone)
    assert trace.verdict == story.verdict
    assert [
        (each.message_type, each.grade, each.reason, len(each.events)) for each in trace.entries
    ] == [(each.what, each.grade, each.reason, each.events) for each in story.rows]
    for entry, row in zip(trace.entries, story.rows, strict=True):
        assert row.sentence.format(day=bank.day) in entry.sentence
    for phone, verdict in story.beside.items():
        assert asked(bank, story, phone).verdict == verdict
    person = Recipient.objects.get(user_id=story.phone.user).pk
    of_user = trace_user(person, window(bank, story), now=NOW).verdict
    assert of_user == (story.of_user or story.verdict)


def test_the_gaps_of_the_day_are_those_of_its_stories(bank: Bank) -> None:
    """After the stories: the history was read."""
    found = find_gaps(Window(bank.at("10:00"), bank.at("20:00")), now=NOW).entries
    people = dict(Recipient.objects.values_list("pk", "user_id"))
    assert [(people[each.recipient or 0], each.reason) for each in found] == [
        ("lenka.unmirrored", Reason.NOT_COVERED),
        ("olga.lettered", Reason.POSTED_UNPUSHED),
        ("karel.closed", Reason.FINALIZED_UNTOLD),
        ("hana.departed", Reason.NOBODY_TO_TELL),
        ("iva.untold", Reason.CHANGE_UNTOLD),
        ("marek.lost", Reason.NOT_ACTIVE),
    ]
