"""E7: which device got no copy, and when that tells nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from notifications.protocol.audience import Certainty
from notifications.protocol.clocks import Clock, Clocks
from notifications.protocol.copies import copies_owed
from notifications.protocol.events import ActivationEvent
from notifications.protocol.expectations import Gap
from notifications.protocol.merging import WITHIN, merge
from notifications.protocol.message import Message
from notifications.protocol.reasons import CountsAs, Reason

from .messages import (
    APP,
    DAYS,
    GRACE,
    INIT,
    PHONE,
    PUSH_SERVER,
    SOURCE,
    TABLET,
    USER,
    finish,
    init,
    judged,
    knowing,
    message,
    moment,
    push_active,
    registered,
    unregistered,
)

HOUR, NEAR = 3600, WITHIN.total_seconds()
MILLISECOND = 0.001
OTHER = USER + 1
ALWAYS = ((-DAYS, DAYS),)


def wide(at: float = 0, **told: Any) -> Message:
    """A request to the user."""
    about = {"message_type": INIT, "addressed_to": "user", "recipient": USER, "app": APP} | told
    return message(at=at, to=None, **about)


def named(at: float = 0, to: str = PHONE, **told: Any) -> Message:
    return message(INIT, at, to, **{"recipient": USER, "app": APP} | told)


def copy(at: float = 1, to: str | None = TABLET, **told: Any) -> Message:
    """As the Push Server made it of a request to the user."""
    about = {"source": PUSH_SERVER, "per_device": True, "addressed_to": "user"}
    return message(INIT, at, to, **about | {"recipient": USER, "app": APP} | told)


def here(of: str = PHONE, at: float = -HOUR, **told: Any) -> ActivationEvent:
    """Registered for push, as the Push Server's own table had it then."""
    about = {"recipient": USER, "app": APP, "token": f"token of {of}", "push_active": True}
    return registered(at, of, **about | _read(at) | told)


def asleep(at: float) -> ActivationEvent:
    """It was not push-active from then on."""
    return replace(push_active(value=False, at=at), **_read(at))


def gone(at: float, not_before: float | None = None) -> ActivationEvent:
    """No longer in the table, in which it was still seen before."""
    seen = None if not_before is None else moment(not_before)
    about = {"happened_at": None, "not_before": seen, "token": f"token of {PHONE}"}
    return unregistered(at, **about | _read(at))


def _read(at: float) -> dict[str, Any]:
    """In the table, which was compared long after everything."""
    return {"source": PUSH_SERVER, "observed_at": moment(at), "compared_at": moment(DAYS)}


@dataclass(frozen=True)
class CopyCase:
    """The first gap of these messages has this reason."""

    reason: Reason | None
    told: Sequence[Message]
    events: Sequence[ActivationEvent] = ()
    known: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return str(self.reason)

    def gaps(self) -> list[Gap]:
        known = knowing(events=self.events, **{"copied": ALWAYS} | self.known)
        return list(copies_owed(self.told, merge(self.told, known.clocks), known, {PHONE, TABLET}))


BOTH = (here(), here(TABLET))
COPY_CASES = [
    CopyCase(Reason.NO_COPY, [wide(), copy()], BOTH),
    CopyCase(Reason.NO_COPY, [wide()], [here()]),
    CopyCase(Reason.NO_COPY, [named(), copy(addressed_to="activation")], BOTH),
    CopyCase(Reason.NO_COPY, [wide(personal=True)], [here()]),
    CopyCase(Reason.NO_COPY, [wide(personal=False)], [here(push_active=False)]),
    CopyCase(Reason.NO_COPY, [wide(message_type="custom")], [here()]),
    CopyCase(Reason.NOT_DUE, [wide(), copy()], BOTH, {"now": 5}),
    CopyCase(Reason.NOT_DUE, [wide()], [here()], {"now": 5, "copied": [(-HOUR, 1)]}),
    CopyCase(Reason.ELIGIBILITY_UNKNOWN, [wide()], [here(is_request=True)]),
    CopyCase(Reason.ELIGIBILITY_UNKNOWN, [named()]),
    CopyCase(Reason.ELIGIBILITY_UNKNOWN, [wide()], [here(at=1)]),
    CopyCase(Reason.DEVICE_NOT_KNOWN, [wide(), copy(to=None)], [here()]),
]
NOTHING_OWED = {
    "there is a copy": CopyCase(None, [wide(), copy(to=PHONE)], [here()]),
    "of the named one": CopyCase(
        None, [named(), copy(to=PHONE, addressed_to="activation")], BOTH
    ),
    "not registered": CopyCase(None, [wide()], [here(), gone(-60)]),
    "not push-active": CopyCase(
        None, [wide(personal=True)], [here(), asleep(-60)]
    ),
    "another user's": CopyCase(None, [wide(recipient=OTHER)], [here()]),
    "another user's by name": CopyCase(None, [named(recipient=OTHER)], [here()]),
    "another app's": CopyCase(None, [wide()], [here(app="business")]),
    "copies of the app are not reported": CopyCase(
        None, [wide(app="business")], [here(app="business")]
    ),
    "reported by who reports the copies": CopyCase(
        None, [wide(source=PUSH_SERVER)], [here()]
    ),
    "no event tells of the user's device": CopyCase(None, [wide()]),
    "was not recorded then": CopyCase(None, [wide()], [here()], {"copied": [(-HOUR, 60)]}),
    "was never measured": CopyCase(None, [wide()], [here()], {"copied": ()}),
    "was measured later only": CopyCase(None, [wide()], [here()], {"copied": [(1, HOUR)]}),
    "not compared since": CopyCase(None, [wide()], [here()], {"compared": 60}),
    "not due and not recorded": CopyCase(
        None, [wide()], [here()], {"now": 5, "copied": [(-HOUR, -NEAR)]}
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", COPY_CASES, ids=str)
def test_a_case_has_its_reason(case: CopyCase) -> None:
    (gap,) = case.gaps()
    assert (gap.reason, gap.activation) == (case.reason, PHONE)
    assert gap.evidence[0] == case.told[0].id


@pytest.mark.parametrize("case", NOTHING_OWED.values(), ids=NOTHING_OWED)
def test_nothing_is_claimed(case: CopyCase) -> None:
    assert case.gaps() == []


def test_the_devices_that_got_one_are_named() -> None:
    case = COPY_CASES[0]
    (gap,) = case.gaps()
    assert gap.other == (TABLET,)
    assert gap.evidence == tuple(each.id for each in case.told)
    assert gap.counts_as is CountsAs.MISSING


@pytest.mark.parametrize(
    ("request_to", "certainty"),
    [
        (wide(), Certainty.KNOWN),
        (named(), Certainty.KNOWN),
        (wide(addressed_to="unknown"), Certainty.ASSUMED),
        (named(addressed_to="unknown"), Certainty.ASSUMED),
        (named(recipient=None), Certainty.ASSUMED),
    ],
)
def test_it_is_known_where_it_is_known_whom_the_request_named(
    request_to: Message, certainty: Certainty
) -> None:
    (gap,) = CopyCase(None, [request_to], [here()]).gaps()
    assert (gap.reason, gap.certainty) == (Reason.NO_COPY, certainty)


@pytest.mark.parametrize(
    ("at", "reason"),
    [
        (-NEAR - MILLISECOND, Reason.NO_COPY),
        (-NEAR, Reason.NO_COPY),
        (-NEAR + MILLISECOND, Reason.ELIGIBILITY_UNKNOWN),
        (NEAR, Reason.ELIGIBILITY_UNKNOWN),
    ],
)
def test_a_device_that_was_registered_at_nearly_the_time_may_have_come_too_late(
    at: float, reason: Reason
) -> None:
    (gap,) = CopyCase(None, [wide()], [here(at=at)]).gaps()
    assert gap.reason is reason


@pytest.mark.parametrize(
    ("last_seen", "reason"),
    [
        (-30, Reason.ELIGIBILITY_UNKNOWN),
        (NEAR, Reason.ELIGIBILITY_UNKNOWN),
        (NEAR + MILLISECOND, Reason.NO_COPY),
    ],
)
def test_one_that_was_not_seen_again_afterwards_may_have_been_unregistered_before(
    last_seen: float, reason: Reason
) -> None:
    (gap,) = CopyCase(None, [wide()], [here(), gone(HOUR, last_seen)]).gaps()
    assert gap.reason is reason


@pytest.mark.parametrize(
    ("now", "reason"),
    [(GRACE - MILLISECOND, Reason.NOT_DUE), (GRACE, Reason.NO_COPY)],
)
def test_it_is_due_a_grace_after_the_request(now: float, reason: Reason) -> None:
    (gap,) = CopyCase(None, [wide()], [here()], {"now": now}).gaps()
    assert (gap.reason, gap.due) == (reason, moment(GRACE))


def test_every_source_of_copies_must_have_been_recorded() -> None:
    told = [wide()]
    known = replace(knowing(events=[here()], copied=ALWAYS), copiers={APP: (PUSH_SERVER, "second")})
    assert list(copies_owed(told, merge(told), known, {PHONE})) == []


def test_what_two_sources_report_is_one_message() -> None:
    told = [wide(), wide(0.5, source="second"), copy(), copy(2, PHONE)]
    (gap,) = CopyCase(None, told[:3], BOTH).gaps()
    assert (gap.activation, gap.anchor) == (PHONE, told[0])
    assert gap.evidence == tuple(each.id for each in told[:3])
    assert CopyCase(None, told, BOTH).gaps() == []


def test_one_request_that_two_sources_report_and_nobody_got_a_copy_of_is_one_gap() -> None:
    """Neither source's report of it has a copy by which the two could be told to be one."""
    request, mirrored = wide(0, recipient=None, addressed_to="unknown"), wide(0.1, source="mirror")
    (gap,) = CopyCase(None, [request, mirrored], [here()]).gaps()
    assert (gap.anchor.id, gap.anchor.source) == (mirrored.id, "mirror")
    assert set(gap.evidence) == {mirrored.id, request.id}


def test_clocks_are_made_up_for() -> None:
    """A copy told four minutes later is the copy, and is none of what was told four minutes later;
    the gap is of the time that was told."""
    clocks = Clocks.of([Clock(PUSH_SERVER, timedelta(minutes=4))])
    first, second = wide(0), wide(240)
    told = [first, second, copy(240, PHONE)]
    (gap,) = CopyCase(None, told, [here()], {"clocks": clocks}).gaps()
    assert (gap.anchor.id, gap.at) == (second.id, second.at)
    behind = Clocks.of([Clock(SOURCE, -timedelta(minutes=4))])
    (gap,) = CopyCase(None, told, [here()], {"clocks": behind}).gaps()
    assert (gap.at, gap.due) == (second.at, second.at + timedelta(seconds=240 + GRACE))


def test_each_repeat_is_owed_copies_of_its_own() -> None:
    told = [wide(0), wide(10), copy(1, PHONE), copy(1), copy(11)]
    gaps = CopyCase(None, told, BOTH).gaps()
    assert [(gap.at, gap.activation) for gap in gaps] == [(moment(10), PHONE)]


def test_a_finish_that_was_sent_to_the_user_is_one_gap() -> None:
    """Of the device that got no copy; its life cycle owes it no other."""
    about = {"recipient": USER, "app": APP}
    asked = {"addressed_to": "user", **about}
    made = {"source": PUSH_SERVER, "per_device": True, **asked}
    told = [
        init(0, None, **asked),
        *(init(1, each, **made) for each in (PHONE, TABLET)),
        finish(20, None, **asked),
        finish(21, TABLET, **made),
    ]
    assert judged(*told).gaps == ()
    (gap,) = CopyCase(None, told, BOTH).gaps()
    assert (gap.reason, gap.activation, gap.at) == (Reason.NO_COPY, PHONE, moment(20))
    assert {each.source for each in told} == {SOURCE, PUSH_SERVER}
