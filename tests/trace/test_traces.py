"""Traces of devices and users, and timelines, beyond what the stories tell."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from notifications.models import Activation, Notification, Operation, Recipient
from notifications.models.patience import TooMuch
from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.window import Window
from notifications.trace import told
from notifications.trace.device import trace_device
from notifications.trace.entries import Counts, Kind
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from notifications.world import Emitted

from .conftest import DAY, UNTIL
from .stories import (
    INBOX,
    NOON,
    PAYMENT,
    PHONE,
    SECOND_PAYMENT,
    STORIES,
    TABLET,
    USER,
    finish,
    init,
    to,
    to_user,
)

NOW = UNTIL + timedelta(hours=1)
INBOX_NEW = {"messageType": "mtoken.inboxMessage.new", "inboxId": INBOX}
Tell = Callable[..., None]


def at(seconds: float, envelope: dict[str, Any], name: str = "") -> dict[str, Any]:
    moment = NOON + timedelta(seconds=seconds)
    return {**envelope, "emitted_at": moment.isoformat(), "message_id": name or f"at-{seconds}"}


@pytest.mark.parametrize("year", ["0001", "9999"])
def test_a_stray_clock_spoils_no_answer(tell: Tell, year: str) -> None:
    stray = {**to(PHONE, finish()), "emitted_at": f"{year}-12-31T23:59:59.999Z", "message_id": "s"}
    tell([at(0, to(PHONE, init())), stray])
    timeline = trace_operation(PAYMENT, now=NOW)
    assert {each.at.year for each in timeline.entries} == {2026, int(year)}
    assert trace_device(PHONE, DAY, now=NOW).counts.emitted == 1


def test_the_counts_add_up(troubled_day: list[Emitted]) -> None:
    seen = Counts()
    for activation in Activation.objects.values_list("pk", flat=True):
        trace = trace_device(activation, DAY, now=NOW)
        counts = trace.counts
        gaps = counts.missing + counts.explained + counts.undecided + counts.pending
        assert counts.expected == counts.emitted - counts.duplicate + gaps
        assert len(trace.entries) == counts.emitted + gaps
        assert list(trace.entries) == sorted(trace.entries, key=lambda each: each.place)
        assert len({each.key for each in trace.entries}) == len(trace.entries)
        if trace.entries:
            for name, number in counts.as_json().items():
                word = {"duplicate": "repeated"}.get(name, name)
                assert (f"{number} {word}" in trace.verdict) == (
                    number > 0 or name in ("expected", "emitted")
                )
        seen = counts if counts.missing and counts.late else seen
    assert seen.missing


def test_every_notification_of_a_device_is_in_its_trace(troubled_day: list[Emitted]) -> None:
    for activation in Activation.objects.values_list("pk", flat=True)[:40]:
        shown = {each.key for each in trace_device(activation, DAY, now=NOW).entries}
        named = Notification.objects.about_device(activation).emitted_between(DAY.since, DAY.until)
        assert {str(key) for key in named.values_list("pk", flat=True)} <= shown


@pytest.mark.parametrize("halves", [2, 5])
def test_a_window_is_the_sum_of_its_parts(troubled_day: list[Emitted], halves: int) -> None:
    activation = Notification.objects.filter(activation__isnull=False)[0].activation_id
    whole = trace_device(activation, DAY, now=NOW).entries
    assert whole
    length = (DAY.until - DAY.since) / halves
    parts = [
        each
        for number in range(halves)
        for each in trace_device(
            activation,
            Window(DAY.since + number * length, DAY.since + (number + 1) * length),
            now=NOW,
        ).entries
    ]
    assert tuple(parts) == whole


def test_a_device_gets_what_is_for_its_user_and_its_app(tell: Tell) -> None:
    other_app = {**to_user(INBOX_NEW), "app_id": "business"}
    tell([at(0, to(PHONE, init())), at(60, to_user(INBOX_NEW)), at(61, other_app)])
    entries = trace_device(PHONE, DAY, now=NOW).entries
    told = [(each.basis, each.certainty) for each in entries if each.kind is Kind.NOTIFICATION]
    assert told == [
        (Basis.ADDRESSED, Certainty.KNOWN),
        (Basis.USER_WIDE, Certainty.ASSUMED),
    ]


def test_a_device_named_long_ago_still_gets_what_is_for_its_user(tell: Tell) -> None:
    tell([at(-20 * 86400, to(PHONE, init())), at(0, to_user(INBOX_NEW))])
    (entry,) = trace_device(PHONE, DAY, now=NOW).entries
    assert entry.basis is Basis.USER_WIDE


def test_a_device_first_named_later_gets_what_was_for_its_user(tell: Tell) -> None:
    tell([at(0, to_user(INBOX_NEW)), at(20 * 86400, to(PHONE, init()))])
    (entry,) = trace_device(PHONE, DAY, now=NOW).entries
    assert entry.basis is Basis.USER_WIDE


def test_a_device_that_changed_hands_gets_what_is_for_its_new_user(tell: Tell) -> None:
    tell(
        [
            at(0, to(PHONE, init(), "old-owner")),
            at(100, to(PHONE, init(), USER)),
            at(50, {**to_user(INBOX_NEW), "user_id": "old-owner"}),
            at(150, {**to_user(INBOX_NEW), "user_id": "old-owner"}),
            at(160, to_user(INBOX_NEW)),
        ]
    )
    entries = trace_device(PHONE, DAY, now=NOW).entries
    wide = [each.at - NOON for each in entries if each.basis is Basis.USER_WIDE]
    assert wide == [timedelta(seconds=50), timedelta(seconds=160)]


def test_bare_extras_reach_the_device_that_the_operation_names(tell: Tell) -> None:
    named = {"extras": init() | {"activationId": PHONE}}
    tell([at(0, named), at(30, {"extras": finish()})])
    entries = trace_device(PHONE, DAY, now=NOW).entries
    assert [(each.basis, each.certainty) for each in entries] == [
        (Basis.ADDRESSED, Certainty.ASSUMED),
        (Basis.OPERATION, Certainty.ASSUMED),
    ]


def test_an_operation_that_names_no_device_is_known_by_its_timeline(tell: Tell) -> None:
    tell([at(0, {"extras": init()}), at(3600, {"extras": finish(operation=TABLET)})])
    timeline = trace_operation(PAYMENT, now=NOW)
    assert timeline.lanes == (None,)
    assert timeline.counts.missing == 1
    (gap,) = (each for each in timeline.entries if each.reason)
    assert gap.activation is None


def test_the_life_of_an_operation_can_be_set_by_its_name(tell: Tell, settings: Settings) -> None:
    (story,) = (each for each in STORIES if each.name == "It came when I had given up")
    tell(story)
    assert trace_device(PHONE, DAY, now=NOW).counts.late == 1
    settings.OPERATION_LIVES = {"authorize_payment": timedelta(hours=1)}
    assert trace_device(PHONE, DAY, now=NOW).counts.late == 0


def test_a_source_that_never_sends_finishes_owes_none(tell: Tell) -> None:
    tell([at(0, to(PHONE, init())), at(3600, to(PHONE, INBOX_NEW))])
    trace = trace_device(PHONE, DAY, now=NOW)
    assert (trace.counts.missing, trace.counts.explained) == (0, 1)
    assert "1 explained (never sent by this source)" in trace.verdict


def test_an_empty_window_tells_the_nearest_notifications(tell: Tell) -> None:
    tell([at(-3 * 86400, to(PHONE, init())), at(3 * 86400, to(PHONE, init()), "x")])
    verdict = trace_device(PHONE, DAY, now=NOW).verdict
    assert "2026-03-11 12:00:00 UTC" in verdict
    assert "2026-03-17 12:00:00 UTC" in verdict


def test_a_user_sees_all_devices_side_by_side(tell: Tell) -> None:
    story = STORIES[0]
    tell(story)
    tell([at(100, to_user(INBOX_NEW), "inbox")])
    trace = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    by_device = {each.activation: each.counts for each in trace.devices}
    assert by_device[PHONE].missing == 1
    assert by_device[TABLET].missing == 0
    (inbox,) = (row for row in trace.rows if row.entry.inbox_message)
    assert set(inbox.devices) == {PHONE, TABLET}
    assert trace.counts.missing == 1


def test_a_user_does_not_see_what_the_device_was_told_of_another(tell: Tell) -> None:
    other = to(PHONE, init(operation=SECOND_PAYMENT), "old-owner")
    later = to(TABLET, finish(operation=SECOND_PAYMENT), "old-owner")
    tell([at(0, other), at(100, to(PHONE, init())), at(120, to(PHONE, finish())), at(3600, later)])
    user = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    assert {row.entry.operation for row in user.rows} == {PAYMENT}
    assert {each.operation for each in user.devices[0].entries} == {PAYMENT}
    device = trace_device(PHONE, DAY, now=NOW)
    assert {each.operation for each in device.entries} == {PAYMENT, SECOND_PAYMENT}


def test_a_user_without_any_known_device_sees_what_was_sent(tell: Tell) -> None:
    other = to(TABLET, finish(operation=SECOND_PAYMENT), "somebody.else")
    tell([at(0, to_user(INBOX_NEW)), at(1, to_user(init())), at(3600, other)])
    trace = trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)
    assert trace.devices == ()
    assert [row.entry.message_type for row in trace.rows] == [
        "mtoken.inboxMessage.new",
        "mtoken.operationInit",
        "mtoken.operationFinished",
    ]
    assert trace.rows[2].entry.kind is Kind.GAP


def test_the_number_of_queries_is_fixed(
    troubled_day: list[Emitted], django_assert_max_num_queries: Callable[..., Any]
) -> None:
    busiest = max(Recipient.objects.all(), key=lambda person: person.notifications.count())
    activation = busiest.notifications.exclude(activation=None)[0].activation_id
    operation = Operation.objects.all()[0].pk
    with django_assert_max_num_queries(18):
        trace_device(activation, DAY, now=NOW)
    with django_assert_max_num_queries(20):
        trace_user(busiest.pk, DAY, now=NOW)
    with django_assert_max_num_queries(13):
        trace_operation(operation, now=NOW)


def test_what_would_rest_on_too_much_is_refused(
    troubled_day: list[Emitted], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(told, "MOST", 1)
    activation = Notification.objects.filter(activation__isnull=False)[0].activation_id
    with pytest.raises(TooMuch, match="choose a shorter window"):
        trace_device(activation, DAY, now=NOW)


def test_no_query_reads_the_whole_record(troubled_day: list[Emitted]) -> None:
    person = Notification.objects.filter(recipient__isnull=False, activation__isnull=False)[0]
    with CaptureQueriesContext(connection) as asked:
        trace_device(person.activation_id, DAY, now=NOW)
        trace_user(person.recipient_id, DAY, now=NOW)
        trace_operation(Operation.objects.first().pk, now=NOW)
        trace_device("never named", DAY, now=NOW)
    tables = ("notifications_notification", "notifications_deliveryreport")
    questions = [each["sql"] for each in asked if any(name in each["sql"] for name in tables)]
    assert any(tables[1] in each for each in questions)
    assert len(questions) > 12
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")  # where it shows, no index could serve
        for question in questions:
            cursor.execute(f"EXPLAIN {question}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on notifications_notification_y" not in plan, question
            assert "Seq Scan on notifications_deliveryreport" not in plan, question


def test_entries_tell_their_round(tell: Tell) -> None:
    (story,) = (each for each in STORIES if each.name == "The second try worked")
    tell(story)
    timeline = trace_operation(PAYMENT, now=NOW)
    assert [each.episode for each in timeline.entries] == [1, 1, 2, 2]
    assert [each.episode for each in trace_device(PHONE, DAY, now=NOW).entries] == [1, 1, 2, 2]
