"""What the truth test found the rules to get wrong, each as small as it can be told."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from notifications.protocol.audience import Basis, Certainty
from notifications.protocol.clocks import Clock, Clocks
from notifications.protocol.excuses import Owned, excused_of_user
from notifications.protocol.expectations import Gap
from notifications.protocol.extras import MessageType
from notifications.protocol.lives import (
    announcements_owed,
    inbox_pushes_owed,
    status_changes_owed,
)
from notifications.protocol.message import Message
from notifications.protocol.reasons import Reason
from notifications.protocol.state import Standing
from notifications.protocol.whole import course_of

from . import lives
from .messages import (
    APP,
    DUE,
    GRACE,
    LIFE,
    PHONE,
    PUSH_SERVER,
    TABLET,
    USER,
    finish,
    init,
    judged,
    knowing,
    life,
    message,
    moment,
    posted,
    registered,
    status,
    unregistered,
)

HOUR = 3600
LONG = 100_000


def reasons(*told: Message, **known: Any) -> list[Reason]:
    return [gap.reason for gap in judged(*told, **known).gaps]


@pytest.mark.parametrize(
    ("told", "hole", "reason"),
    [
        (init(0), (DUE + 60, DUE + 120), Reason.NOT_COVERED),  # the finish may have come late
        (init(0), (DUE + HOUR + 60, DUE + HOUR + 120), Reason.NEVER_FINISHED),
        (init(0), (-600, -300), Reason.NOT_COVERED),  # so may the announcement, after its finish
        (init(0), (-HOUR - 60, -HOUR - 30), Reason.NEVER_FINISHED),
        (finish(0), (-HOUR, 60 - HOUR), Reason.NOT_COVERED),
        (finish(0), (GRACE + 60, GRACE + 120), Reason.NOT_COVERED),
        (finish(0), (-LIFE - GRACE - HOUR - 60, -LIFE - GRACE - HOUR), Reason.NEVER_ANNOUNCED),
    ],
)
def test_what_may_have_come_late_while_the_source_was_down_is_undecided(
    told: Message, hole: tuple[int, int], reason: Reason
) -> None:
    covered = [(-LONG, hole[0]), (hole[1], LONG)]
    assert reasons(told, covered=covered) == [reason]


def test_a_source_that_is_silent_since_it_was_due_is_no_doubt_yet() -> None:
    covered = [(-LONG, DUE + 60)]
    assert reasons(init(0), covered=covered, now=DUE + 120) == [Reason.NEVER_FINISHED]


def test_a_device_that_was_first_told_of_later_was_not_there() -> None:
    known = knowing()
    (gap,) = announcements_owed([life("PENDING")], (), known)
    assert _of_user(gap, Owned(PHONE, since=moment(HOUR))) is Reason.DEVICES_UNKNOWN
    assert _of_user(gap, Owned(PHONE, since=moment(-HOUR))) is Reason.CREATED_UNANNOUNCED


def _of_user(gap: Gap, owned: Owned) -> Reason:
    return excused_of_user(gap, [owned], knowing()).reason


def test_a_callback_that_came_late_tells_of_a_change_that_was_told() -> None:
    """Half an hour late, of a change whose message came at once; a history tells its time."""
    change = message(MessageType.STATUS_CHANGE, 0, operation=None)
    late = [_told(-HOUR, "ACTIVE"), _told(1_800, "BLOCKED")]
    dated = [status("ACTIVE", -HOUR), status("BLOCKED", 1_800)]
    for events, expected in ((late, []), (dated, [Reason.CHANGE_UNTOLD])):
        known = knowing(events=[registered(-HOUR), *events])
        assert [each.reason for each in status_changes_owed(PHONE, [change], known)] == expected


def _told(at: float, value: str) -> Any:
    return status(value, at, happened_at=None, observed_at=moment(at))


def test_a_registration_that_ended_between_two_readings_may_have_ended_before() -> None:
    read = {"source": PUSH_SERVER, "compared_at": moment(LONG)}
    events = [
        registered(-HOUR, push_active=True, observed_at=moment(-HOUR), **read),
        unregistered(900, observed_at=moment(900), not_before=moment(10), **read),
    ]
    told = init(0), init(0, TABLET), finish(20, TABLET)
    assert reasons(*told, events=events) == [Reason.STATUS_CHANGED]
    assert reasons(*told, events=events[:1]) == [Reason.FINISHED_ELSEWHERE]


def test_copies_for_two_devices_under_an_odd_identifier_are_one_message() -> None:
    made = (init(at, to, per_device=True, operation="OP-1") for at, to in ((0, PHONE), (1, TABLET)))
    assert set(reasons(*made)) == {Reason.ODD_IDENTIFIER}


def test_what_went_to_another_users_devices_went_astray() -> None:
    asked = init(0, None, recipient=2, addressed_to="user")
    assert Reason.DIFFERENT_DEVICES in reasons(
        asked, init(1, TABLET, recipient=2), finish(20, PHONE, recipient=USER)
    )


def test_an_update_that_names_no_status_leaves_the_flag_open() -> None:
    told = [
        lives.registered(0, is_request=True),
        lives.push_status(10, False, is_request=True),
        lives.push_status(20, None, is_request=True),
    ]
    assert lives.state(told, 15).push_active.sense == (False, Standing.ASSUMED)
    assert lives.state(told, 25).push_active.sense == (None, Standing.UNKNOWN)
    active = [*told, lives.callback(-100, "ACTIVE")]
    assert lives.state(active, 25).push_active.sense == (True, Standing.ASSUMED)


def test_an_app_that_registers_was_activated_whatever_the_clock_of_powerauth_says() -> None:
    told = [
        *lives.history(LONG, (-60, "CREATED"), (-30, "PENDING_COMMIT"), (20, "ACTIVE")),
        lives.registered(0, is_request=True),
    ]
    assert lives.state(told, 300).push_active.sense == (True, Standing.ASSUMED)


def test_a_block_that_was_asked_for_is_no_cause_once_the_mirror_was_down() -> None:
    """It may have ended meanwhile."""
    events = [
        registered(-HOUR, is_request=True, source="cloud"),
        lives.push_status(-60, False, is_request=True, source="cloud"),
    ]
    whole, torn = [(-LONG, LONG)], [(-LONG, -40), (-20, LONG)]
    for covered, expected in ((whole, Reason.INACTIVE_PERSONAL), (torn, None)):
        assert _kept(events, knowing(events=events, covered=covered)) is expected


@pytest.mark.parametrize(
    ("events", "named", "reason"),
    [
        ([_told(-60, "BLOCKED")], False, Reason.INACTIVE_PERSONAL),
        ([_told(-60, "BLOCKED")], True, None),  # the emitter had it as active
        ([_told(-60, "PENDING_COMMIT")], False, None),
        ([status("BLOCKED", -60, observed_at=moment(-30))], False, None),  # read, and since then?
        ([status("BLOCKED", -60)], True, Reason.INACTIVE_PERSONAL),
    ],
)
def test_an_assumed_status_keeps_little_from_a_device(
    events: list[Any], named: bool, reason: Reason | None
) -> None:
    assert _kept(events, knowing(events=events), named=named) is reason


def _kept(events: list[Any], known: Any, *, named: bool = False) -> Reason | None:
    to = PHONE if named else None
    told = init(0, to, personal=True, recipient=USER, app=APP)
    basis = Basis.ADDRESSED if named else Basis.USER_WIDE
    course = course_of(told, basis, known.state_at(PHONE, moment(0)), ())
    return course.kept[0] if course.kept is not None else None


def test_posts_are_compared_by_the_clock_that_all_are_measured_by() -> None:
    """The request by a mirror, the row and the push by a Push Server whose clock is ahead."""
    ahead = timedelta(minutes=4)
    clocks = Clocks.of([Clock(PUSH_SERVER, ahead, pairs=20, against="cloud")])
    row = posted(happened_at=moment(240), inbox_message="m1", silent=None)
    row = replace(row, source=PUSH_SERVER, observed_at=moment(300))
    asked = posted(happened_at=moment(0))
    (gap,) = inbox_pushes_owed([asked, row], (), knowing(clocks=clocks))
    assert (gap.reason, gap.certainty) == (Reason.POSTED_UNPUSHED, Certainty.ASSUMED)
    assert gap.at == moment(240), "as it was told"
    push = message(
        MessageType.INBOX_MESSAGE_NEW,
        241,
        source=PUSH_SERVER,
        operation=None,
        inbox_message="m1",
        per_device=True,
    )
    assert not list(inbox_pushes_owed([asked, row], [push], knowing(clocks=clocks)))
