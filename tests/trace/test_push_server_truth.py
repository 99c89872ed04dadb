"""The Push Server's database is followed while the Push Server writes to it: the trace of each
device agrees with what was written, and with why.

Measured by the truth of the world. What a poll could not see for sure, since a registration changed
between two of them, may be unknown, but never wrong.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from django.db import connection
from django.test import override_settings
from pytest_django import DjangoDbBlocker

from notifications.models import DeliveryReport, InboxEvent, Notification
from notifications.protocol.audience import Grade
from notifications.protocol.deliveries import Cause, Outcome
from notifications.protocol.reasons import Reason, Rule
from notifications.trace.entries import Entry, Kind
from notifications.world.push_messages import Attempt, Fate
from tests.ingest import push_server_tables
from tests.trace.following import APP, DAY, MIRROR, POLL, SOURCE, Followed, follow

CAME_TO_A_GATEWAY = (Grade.ATTEMPTED, Grade.ACCEPTED, Grade.FAILED)


@pytest.fixture(scope="module")
def followed(
    cloned_db: Callable[[], AbstractContextManager[str]],
    django_db_blocker: DjangoDbBlocker,
) -> Iterator[Followed]:
    with django_db_blocker.unblock(), cloned_db(), push_server_tables.made() as database:
        database.grant()
        with connection.cursor() as cursor:
            cursor.execute("SET synchronous_commit = off")  # a day of commits, and none to keep
        with override_settings(COVERAGE_SILENCE=POLL):
            yield follow(database)


@pytest.fixture
def answered(followed: Followed) -> list[tuple[Attempt, Entry | None]]:
    """Every attempt, with the one entry that its row is evidence of; None where that is in no
    trace."""
    by_evidence: dict[Any, list[tuple[str, Entry]]] = {}
    for name, trace in followed.traces.items():
        for entry in trace.entries:
            if entry.kind is Kind.NOTIFICATION:
                for key in entry.evidence:
                    by_evidence.setdefault(key, []).append((name, entry))
    found = []
    for attempt in followed.served.attempts:
        number = followed.rows.get((attempt.request_id, attempt.device.activation_id))
        entries = by_evidence.get(followed.of_row.get(number or 0), [])
        assert len(entries) <= 1, "a row is evidence in the trace of one device only"
        assert all(name == attempt.device.activation_id for name, _ in entries), "of another device"
        found.append((attempt, entries[0][1] if entries else None))
    return found


def test_every_row_is_recorded_once_and_nothing_else(followed: Followed) -> None:
    written = {*followed.rows.values(), *followed.campaign.values()}
    assert followed.of_row.keys() == written
    assert Notification.objects.filter(source=SOURCE).count() == len(written)


def test_each_attempt_is_one_entry_of_its_device_with_both_evidences(
    followed: Followed, answered: list[tuple[Attempt, Entry | None]]
) -> None:
    of_each = Counter[bool]()
    for attempt, entry in answered:
        if attempt.fate is not Fate.STORED:
            continue
        of_each[entry is not None] += 1
        if entry is None:
            assert attempt.named is None
            assert not followed.was_steady(attempt)
            continue
        row = followed.of_row[followed.rows[attempt.request_id, attempt.device.activation_id]]
        assert set(entry.evidence) == {followed.of_request[attempt.request_id], row}
    assert of_each[True] > 250
    assert of_each[False] < of_each[True] / 20


def test_grades_are_what_the_gateways_answered(
    answered: list[tuple[Attempt, Entry | None]],
) -> None:
    grades: Counter[tuple[Outcome, Cause | None, Grade]] = Counter()
    for attempt, entry in answered:
        if attempt.fate is Fate.STORED and entry is not None:
            grades[attempt.outcome, attempt.cause, entry.grade] += 1
            is_kept = attempt.cause is Cause.INACTIVE_PERSONAL
            assert entry.reason is (Reason.INACTIVE_PERSONAL if is_kept else None)
    assert {key for key, count in grades.items() if count} == {
        (Outcome.ACCEPTED, None, Grade.ACCEPTED),
        (Outcome.FAILED, None, Grade.FAILED),
        (Outcome.PENDING, Cause.INACTIVE_PERSONAL, Grade.NOT_ATTEMPTED),
        (Outcome.PENDING, Cause.TRANSPORT_ERROR, Grade.ATTEMPTED),
        (Outcome.PENDING, Cause.GATEWAY_NOT_CONFIGURED, Grade.NOT_ATTEMPTED),
    }


def test_pending_for_ever_is_told_with_its_cause(followed: Followed) -> None:
    told = {
        each.notification_id: each
        for each in DeliveryReport.objects.filter(source=SOURCE, outcome="pending", is_final=True)
    }
    causes: Counter[tuple[Cause | None, str | None]] = Counter()
    for attempt in followed.served.attempts:
        if attempt.fate is not Fate.STORED or attempt.outcome is not Outcome.PENDING:
            continue
        number = followed.rows[attempt.request_id, attempt.device.activation_id]
        report = told.pop(followed.of_row[number])
        if report.cause != str(attempt.cause):
            assert not followed.was_steady(attempt), (attempt, report.cause)
        causes[attempt.cause, report.cause] += 1
    of_campaign = {followed.of_row[followed.campaign[name]] for name in followed.without_client}
    assert told.keys() == of_campaign, "nothing else is said to stay pending"
    assert min(causes[cause, str(cause)] for cause in list(Cause)[:3]) > 0


def test_a_device_is_told_of_no_gateway_that_was_not_asked_for_it(followed: Followed) -> None:
    """By its entries with a request alone: those of requests that went to others too."""
    for name, trace in followed.traces.items():
        asked = {followed.of_request[each.request_id] for each in followed.of(name)}
        own = {followed.of_row[followed.campaign[name]]} if name in followed.campaign else set()
        for entry in trace.entries:
            if entry.grade in CAME_TO_A_GATEWAY:
                assert set(entry.evidence) & (asked | own), entry.sentence


def is_owed(attempt: Attempt) -> bool:
    """It was to get a row, and would have been sent to; and its being followed had begun."""
    is_kept = attempt.personal and not attempt.registration.is_active
    was_followed = attempt.at >= DAY.since + 2 * POLL
    return was_followed and not is_kept and attempt.fate in (Fate.ROLLED_BACK, Fate.NOT_REACHED)


def test_a_device_that_no_row_was_written_for_is_named(followed: Followed) -> None:
    owed: Counter[Fate] = Counter()
    reasons: Counter[Reason] = Counter()
    for name, trace in followed.traces.items():
        due = {followed.of_request[each.request_id]: each for each in followed.of(name)}
        gaps = {each.evidence[0]: each for each in trace.entries if each.rule is Rule.E7}
        for request, gap in gaps.items():
            attempt = due.get(request)
            if gap.reason is Reason.NO_COPY:
                assert attempt is not None, "it was not to get it"
                assert attempt.fate in (Fate.ROLLED_BACK, Fate.NOT_REACHED)
        for request, attempt in due.items():
            if is_owed(attempt):
                owed[attempt.fate] += 1
                if request in gaps:
                    reasons[gaps[request].reason] += 1
                else:
                    assert not followed.was_steady(attempt)
    assert reasons[Reason.NO_COPY] > sum(owed.values()) * 0.8
    assert min(owed[Fate.ROLLED_BACK], reasons[Reason.NO_COPY]) > 5
    assert owed[Fate.NOT_REACHED] > 1


def test_while_nothing_was_stored_nothing_is_missing(followed: Followed) -> None:
    off = 0
    for name, trace in followed.traces.items():
        of_request = {key: entry for entry in trace.entries for key in entry.evidence}
        for attempt in followed.of(name):
            if attempt.fate is Fate.OFF:
                off += 1
                entry = of_request[followed.of_request[attempt.request_id]]
                assert entry.kind is Kind.NOTIFICATION
                assert entry.grade not in CAME_TO_A_GATEWAY
    assert off > 10


def test_a_campaign_that_nobody_mirrored_is_in_the_traces_of_its_devices(
    followed: Followed,
) -> None:
    assert len(followed.campaign) > 10
    for name, number in followed.campaign.items():
        key = followed.of_row[number]
        (entry,) = [each for each in followed.traces[name].entries if key in each.evidence]
        grade = Grade.NOT_ATTEMPTED if name in followed.without_client else Grade.ACCEPTED
        assert (entry.grade, entry.evidence) == (grade, (key,))


def test_posts_to_the_inbox_are_events(followed: Followed) -> None:
    told = InboxEvent.objects.filter(source=SOURCE)
    assert set(told.values_list("inbox_message_id", flat=True)) == followed.posted
    assert {tuple(each.apps) for each in told} == {(APP,)}


def test_the_day_had_what_is_hard_about_it(followed: Followed) -> None:
    """Registrations bound to other devices under one number, and messages before and after that."""
    of_number: dict[int, set[str]] = {}
    for each in followed.served.attempts:
        of_number.setdefault(each.registration.number, set()).add(each.device.activation_id)
    assert sum(len(names) > 1 for names in of_number.values()) > 2
    assert sum(each.is_dead for each in followed.served.attempts) > 5
    assert Notification.objects.filter(source=MIRROR, activation=None).count() > 50
