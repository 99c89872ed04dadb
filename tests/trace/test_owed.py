"""What changes of status and inbox messages owe, and what coverage and limits make of that."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ingest.events import (
    InboxReport,
)
from notifications.models import Recipient
from notifications.models.querysets import Extent
from notifications.protocol.clocks import NO_CLOCKS
from notifications.protocol.episodes import LATE_WITHIN
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import Window
from notifications.trace import suspects
from notifications.trace.device import trace_device
from notifications.trace.gaps import find_gaps
from notifications.trace.recipient import trace_user
from tests.conftest import DEVICE, FINISHED, INBOX, INBOX_NEW, INIT, NOW, STATUS_CHANGE

from .happening import (
    APP,
    DAY,
    REGISTERED,
    UNREGISTERED,
    USER,
    at,
    covered,
    gaps,
    happened,
    life,
    only,
    posted,
    posted_to,
    push,
    sent,
    status,
    stored,
    traced,
)

pytestmark = pytest.mark.django_db


# Whoever has an event at all.
EVERY_POST = """
    SELECT DISTINCT recipient_id FROM notifications_inboxevent
    WHERE id >= %(since)s AND id < %(until)s LIMIT %(most)s
"""
EVERY_STATUS = """
    SELECT DISTINCT activation_id FROM notifications_activationevent
    WHERE id >= %(since)s AND id < %(until)s LIMIT %(most)s
"""


# --- What changes of status and inbox messages owe


def test_a_change_of_status_that_was_not_told_is_missing(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0))
    assert gaps() == [(Rule.E4, Reason.CHANGE_UNTOLD)]
    entry = only(traced())
    assert (entry.reason, entry.activation, entry.at) == (Reason.CHANGE_UNTOLD, DEVICE, at(0))


def test_a_change_of_status_that_was_told_is_not(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0))
    bank([sent(STATUS_CHANGE, 0.1)])
    assert gaps() == []
    assert only(traced()).kind == "notification"


def test_an_inbox_message_that_was_not_pushed_is_missing_for_the_users_devices(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -60), posted(0), posted(30, silent=True))
    assert gaps() == [(Rule.E5, Reason.POSTED_UNPUSHED)]
    assert only(traced()).reason is Reason.POSTED_UNPUSHED


def test_a_request_and_the_row_that_came_of_it_owe_one_push(bank: Callable[..., None]) -> None:
    happened(status("ACTIVE", -60), posted(0), posted(30, silent=True))
    happened(stored(0.5, "m-1"), stored(30.5, "m-2"), source="push-db")
    assert gaps() == [(Rule.E5, Reason.POSTED_UNPUSHED)]
    entry = only(traced())
    assert (entry.reason, entry.at, len(entry.events)) == (Reason.POSTED_UNPUSHED, at(0.5), 2)
    happened(stored(60, "m-3"), source="push-db")  # of which no request was seen
    assert gaps()[1:] == [(Rule.E5, Reason.PUSH_NOT_TOLD)]


def test_one_push_meets_what_a_request_and_a_row_tell(bank: Callable[..., None]) -> None:
    happened(status("ACTIVE", -60), posted(0))
    happened(stored(0.5, INBOX), source="push-db")
    bank([sent(INBOX_NEW, 1)])
    assert gaps() == []
    window = Window(at(-1), at(10))
    found = suspects.unpushed_in(
        window, Extent(), NO_CLOCKS, grace=timedelta(minutes=1), late=LATE_WITHIN
    )
    assert found == []


def test_it_is_not_owed_to_a_device_that_is_not_registered(bank: Callable[..., None]) -> None:
    happened(
        push(REGISTERED, -60, user_id=USER), push(UNREGISTERED, -10, activation_id=None), posted(0)
    )
    entry = only(traced())
    assert (entry.reason, entry.counts_as) == (Reason.NOT_REGISTERED, CountsAs.EXPLAINED)


def test_where_no_device_of_the_user_is_on_record_it_is_undecided(
    bank: Callable[..., None],
) -> None:
    happened(posted(0))
    assert gaps() == [(Rule.E5, Reason.DEVICES_UNKNOWN)]
    recipient = Recipient.objects.get(user_id=USER).pk
    (row,) = trace_user(recipient, DAY, now=NOW).rows
    assert row.entry.reason is Reason.DEVICES_UNKNOWN
    bank([sent(INIT, -200), sent(FINISHED, -199)])  # a message that names one is enough
    assert gaps() == [(Rule.E5, Reason.POSTED_UNPUSHED)]


def test_after_a_change_that_no_event_tells_it_is_undecided_wherever_it_is_asked(
    bank: Callable[..., None],
) -> None:
    happened(status("ACTIVE", -200), posted(0))
    bank([sent(STATUS_CHANGE, -10)])
    recipient = Recipient.objects.get(user_id=USER).pk
    for reason in (Reason.STATUS_UNKNOWN, Reason.POSTED_UNPUSHED):
        assert gaps() == [(Rule.E5, reason)]
        assert traced().entries[-1].reason is reason
        assert trace_user(recipient, DAY, now=NOW).rows[-1].entry.reason is reason
        happened(status("BLOCKED", -10))  # blocked ones are told of inbox messages too


def test_where_no_device_of_the_user_could_be_sent_to_it_is_explained(
    bank: Callable[..., None],
) -> None:
    happened(
        push(REGISTERED, -60, user_id=USER), push(UNREGISTERED, -10, activation_id=None), posted(0)
    )
    assert gaps() == [(Rule.E5, Reason.NOBODY_TO_TELL)]


def test_rules_apply_to_apps_that_are_sent_to_and_no_others(bank: Callable[..., None]) -> None:
    happened(InboxReport(key=None, observed_at=at(0), user_id=USER, apps=("other",), silent=False))
    assert gaps() == []


# --- Coverage


def test_nothing_is_missing_where_the_source_was_not_recorded(
    bank: Callable[..., None],
) -> None:
    bank([sent(INIT)])
    covered((-200, 2), (42, 180))
    assert gaps() == [(Rule.E1, Reason.NOT_COVERED)]
    entry = traced().entries[-1]
    assert entry.counts_as is CountsAs.UNDECIDED
    assert entry.sentence == (
        "Whether operationFinished was sent is not known: the source bank was not recorded from"
        f" {at(2):%Y-%m-%d %H:%M:%S} UTC to {at(7):%Y-%m-%d %H:%M:%S} UTC."
    )


def test_where_it_was_recorded_it_is_missing(bank: Callable[..., None]) -> None:
    bank([sent(INIT)])
    covered((-200, 180))
    assert gaps() == [(Rule.E1, Reason.NEVER_FINISHED)]


# --- Limits


def test_what_others_apps_events_tell_is_not_told(bank: Callable[..., None]) -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0), posted(0))
    assert trace_device(DEVICE, DAY, now=NOW, apps=["other"]).entries == ()
    assert find_gaps(DAY, now=NOW, apps=["other"]).entries == ()
    assert len(find_gaps(DAY, now=NOW, apps=[APP]).entries) == 2


def test_the_number_of_queries_does_not_grow_with_the_events(
    bank: Callable[..., None],
) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            traced()
            find_gaps(DAY, now=NOW)
        return len(queries)

    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0), posted(0))
    happened(life("PENDING", 0))
    before = asked()
    happened(*(status("ACTIVE" if n % 2 else "BLOCKED", n) for n in range(1, 40)))
    happened(*(posted(n) for n in range(1, 40)))
    happened(*(life("PENDING", n, operation_id=f"o-{n}") for n in range(1, 40)))
    assert asked() == before


def test_gaps_are_those_of_judging_every_event(
    bank: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Suspects are looked for set by set; without that narrowing the answer is the same."""
    users = [f"user-{number}" for number in range(12)]
    for number, user in enumerate(users):
        happened(
            *(
                posted_to(user, number * 3 + n, silent=[False, None, True][number % 3])
                for n in range(number % 4)
            ),
            *(
                status(value, 20 * (number - 6) + 5 * n, of=user)
                for n, value in enumerate(["ACTIVE", "BLOCKED", "ACTIVE"][: number % 4])
            ),
        )
        apart = [0.5, 5][number % 2]
        rows = [
            stored(number * 3 + n + apart, f"{user}-{n}", user, [(APP,), (), ("other",)][n])
            for n in range(number * 7 % 3)
        ]
        happened(*rows, source="push-db")
        pushes = [
            sent(
                INBOX_NEW | {"inboxId": f"{user}-{n}"},
                number * 3 + n,
                user_id=user,
                activation_id=None,
                app_id=[APP, None, "other"][n % 3],
            )
            for n in range(number % 3)
        ]
        bank(pushes)
    found = find_gaps(DAY, now=NOW).entries
    monkeypatch.setattr(suspects, "_UNPUSHED", EVERY_POST)
    monkeypatch.setattr(suspects, "_CHANGED", EVERY_STATUS)
    every = find_gaps(DAY, now=NOW).entries
    assert found == every
    assert {each.rule for each in found} >= {Rule.E4, Rule.E5}
