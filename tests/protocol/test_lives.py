"""What events owe: each of its reasons, what meets it, and to whom it applies."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from notifications.protocol.events import InboxEvent, OperationEvent
from notifications.protocol.excuses import Owned, excused, excused_of_user
from notifications.protocol.expectations import Gap
from notifications.protocol.extras import MessageType
from notifications.protocol.gates import Says
from notifications.protocol.lives import (
    announcements_owed,
    inbox_pushes_owed,
    status_changes_owed,
)
from notifications.protocol.message import Message
from notifications.protocol.reasons import REASONS, CountsAs, Reason, Rule

from .messages import (
    GRACE,
    INIT,
    OPERATION,
    PHONE,
    SOURCE,
    TABLET,
    USER,
    init,
    knowing,
    life,
    message,
    moment,
    posted,
    registered,
    setting,
    status,
    unregistered,
)

HOUR = 3600
CHANGE, INBOX = MessageType.STATUS_CHANGE, MessageType.INBOX_MESSAGE_NEW
BLOCKED = [registered(-HOUR), status("ACTIVE", -HOUR), status("BLOCKED", 0)]


@dataclass(frozen=True)
class LifeCase:
    """What these events owe beside the ``sent`` messages, and why it is not there."""

    reason: Reason | None
    lives: Sequence[OperationEvent] = ()
    inbox: Sequence[InboxEvent] = ()
    events: Sequence[Any] = ()
    sent: Sequence[Message] = ()
    known: dict[str, Any] = field(default_factory=dict)
    of_device: bool = False
    of_user: bool = False
    owned: Sequence[Owned] = ()

    def __str__(self) -> str:
        return str(self.reason)

    def gaps(self) -> list[Gap]:
        known = knowing(events=self.events, **self.known)
        about = {each.operation for each in self.sent if each.operation is not None}
        found = [
            *announcements_owed(self.lives, about, known),
            *inbox_pushes_owed(self.inbox, self.sent, known),
            *status_changes_owed(PHONE, self.sent, known),
        ]
        if self.of_device:
            return [excused(gap, PHONE, known) for gap in found]
        if self.of_user:
            owned = [Owned(each) for each in known.spans] + [*self.owned]
            return [excused_of_user(gap, owned, known) for gap in found]
        return found


def change(at: float, to: str | None = PHONE, **told: Any) -> Message:
    return message(CHANGE, at, to, operation=None, **told)


def push(at: float, **told: Any) -> Message:
    return message(INBOX, at, None, operation=None, recipient=USER, **told)


PENDING, SILENT, BEGAN = {"now": 1}, {"last": 60}, {"first": -60}
HOLE = {"covered": [(-HOUR, 10), (20, HOUR)]}
OFF = {"settings": [setting(rule, Says.APPLIES_NOT) for rule in (Rule.E0, Rule.E4, Rule.E5)]}
GONE = [registered(-HOUR), unregistered(-60)]
LIFE_CASES = [
    LifeCase(Reason.CREATED_UNANNOUNCED, lives=[life("PENDING")]),
    LifeCase(Reason.CHANGE_UNTOLD, events=BLOCKED),
    LifeCase(Reason.POSTED_UNPUSHED, inbox=[posted()]),
    LifeCase(Reason.PUSH_NOT_TOLD, inbox=[posted(silent=None)]),
    LifeCase(Reason.REGISTRATION_UNKNOWN, events=BLOCKED[1:]),
    LifeCase(Reason.NOT_REGISTERED, lives=[life("PENDING")], events=GONE, of_device=True),
    LifeCase(Reason.NOT_REGISTERED, inbox=[posted()], events=GONE, of_device=True),
    LifeCase(
        Reason.NOT_ACTIVE,
        lives=[life("PENDING")],
        events=[status("BLOCKED", -HOUR)],
        of_device=True,
    ),
    LifeCase(
        Reason.NOBODY_TO_TELL,
        lives=[life("PENDING")],
        events=[*GONE, status("REMOVED", -HOUR, of=TABLET)],
        of_user=True,
    ),
    LifeCase(Reason.NOBODY_TO_TELL, inbox=[posted()], events=GONE, of_user=True),
    LifeCase(
        Reason.NOBODY_TO_TELL,
        lives=[life("PENDING", apps=("a",))],
        events=[
            registered(-HOUR, app="a"),
            unregistered(-60, app="a"),
            status("ACTIVE", -HOUR, of=TABLET, app="b"),
        ],
        known={"emits": {INIT: "a"}},
        of_user=True,
    ),
    LifeCase(
        Reason.DEVICES_UNKNOWN,
        lives=[life("PENDING", apps=("a",))],
        events=[status("ACTIVE", -HOUR, of=TABLET, app="b")],
        owned=[Owned("another", "b")],
        known={"emits": {INIT: "a"}},
        of_user=True,
    ),
    LifeCase(
        Reason.CREATED_UNANNOUNCED,
        lives=[life("PENDING", apps=("a",))],
        owned=[Owned("another", "a")],
        known={"emits": {INIT: "a"}},
        of_user=True,
    ),
    LifeCase(Reason.DEVICES_UNKNOWN, inbox=[posted()], of_user=True),
    LifeCase(
        Reason.POSTED_UNPUSHED,
        inbox=[posted()],
        events=[*GONE, status("BLOCKED", -HOUR, of=TABLET)],
        of_user=True,
    ),
    *(
        LifeCase(reason, **owing, events=events, known={"changes": {PHONE: changed}}, **{of: True})
        for owing in ({"lives": [life("PENDING")]}, {"inbox": [posted()]})
        for missing in (Reason.CREATED_UNANNOUNCED if "lives" in owing else Reason.POSTED_UNPUSHED,)
        for reason, changed, events in (
            (Reason.STATUS_UNKNOWN, [-2 * HOUR, -600], [status("ACTIVE", -2 * HOUR)]),
            (missing, [-2 * HOUR, 10], [status("ACTIVE", -2 * HOUR)]),  # later, and long ago
            (missing, [-600], [status("ACTIVE", -590)]),  # an event tells it
        )
        for of in ("of_device", "of_user")
    ),
    LifeCase(
        Reason.POSTED_UNPUSHED,  # nothing is doubtful of the other one
        inbox=[posted()],
        events=[status("ACTIVE", -2 * HOUR), status("ACTIVE", -HOUR, of=TABLET)],
        known={"changes": {PHONE: [-600]}},
        of_user=True,
    ),
    *(
        LifeCase(reason, known=known, **owing)
        for reason, known in (
            (Reason.NOT_DUE, PENDING),
            (Reason.SOURCE_SILENT, SILENT),
            (Reason.RECORDING_BEGAN, BEGAN),
            (Reason.NOT_COVERED, HOLE),
            (Reason.RULE_OFF, OFF),
        )
        for owing in ({"lives": [life("PENDING")]}, {"events": BLOCKED}, {"inbox": [posted()]})
    ),
]
MET = {
    "an announcement": LifeCase(None, lives=[life("PENDING")], sent=[init(5)]),
    "an announcement under the other name": LifeCase(
        None, lives=[life("PENDING", operation="pa", external=OPERATION)], sent=[init(5)]
    ),
    "a statusChange": LifeCase(None, events=BLOCKED, sent=[change(5)]),
    "a statusChange shortly before its callback": LifeCase(
        None, events=BLOCKED, sent=[change(-GRACE)]
    ),
    "a late statusChange": LifeCase(None, events=BLOCKED, sent=[change(HOUR)]),
    "a push": LifeCase(None, inbox=[posted()], sent=[push(5)]),
    "a push for each of two": LifeCase(None, inbox=[posted(), posted(1)], sent=[push(5), push(6)]),
    "a push of that name": LifeCase(
        None,
        inbox=[posted(inbox_message="a")],
        sent=[push(5, inbox_message="b"), push(6, inbox_message="a")],
    ),
}
NOT_OWED = {
    "a silent post": LifeCase(None, inbox=[posted(silent=True)]),
    "a post to nobody": LifeCase(None, inbox=[posted(recipient=None)]),
    "an operation without a user": LifeCase(None, lives=[life("PENDING", recipient=None)]),
    "an operation of a source whose names messages do not have": LifeCase(
        None, lives=[life("PENDING")], known={"linked": ()}
    ),
    "the first status": LifeCase(None, events=[registered(-HOUR), status("ACTIVE", 0)]),
    "the first time it is active": LifeCase(
        None, events=[registered(-HOUR), status("PENDING_COMMIT", -HOUR), status("ACTIVE", 0)]
    ),
    "the same status again": LifeCase(None, events=[*BLOCKED[:2], status("ACTIVE", 0)]),
    "a change of a device that is not registered": LifeCase(
        None, events=[*GONE, status("ACTIVE", -30), status("BLOCKED", 0)]
    ),
    "an announcement where nobody sends any": LifeCase(
        None, lives=[life("PENDING")], known={"emits": {CHANGE, INBOX}}
    ),
    "a statusChange where nobody sends any": LifeCase(
        None, events=BLOCKED, known={"emits": {INIT, INBOX}}
    ),
    "a push where nobody sends any": LifeCase(
        None, inbox=[posted()], known={"emits": {INIT, CHANGE}}
    ),
    "a push in an app that nobody sends any to": LifeCase(None, inbox=[posted(apps=("other",))]),
}


@pytest.mark.parametrize("case", LIFE_CASES, ids=str)
def test_what_is_owed_and_not_there_has_its_reason(case: LifeCase) -> None:
    (gap,) = case.gaps()
    assert gap.reason is case.reason
    assert gap.rule in REASONS[gap.reason].rules
    assert gap.anchor.source == SOURCE
    assert gap.events


@pytest.mark.parametrize("met", MET)
def test_what_is_owed_is_met_by(met: str) -> None:
    assert MET[met].gaps() == []


@pytest.mark.parametrize("case", NOT_OWED)
def test_nothing_is_owed_by(case: str) -> None:
    assert NOT_OWED[case].gaps() == []


@pytest.mark.parametrize(
    "case",
    [
        LifeCase(None, lives=[life("PENDING")], sent=[init(5, operation="another")]),
        LifeCase(None, events=BLOCKED, sent=[change(-GRACE - 1)]),
        LifeCase(None, events=BLOCKED, sent=[change(HOUR + 1)]),
        LifeCase(None, inbox=[posted(), posted(1)], sent=[push(5)]),
        LifeCase(None, inbox=[posted()], sent=[push(-GRACE - 1)]),
        LifeCase(
            None,
            inbox=[posted(), posted(60)],
            sent=[push(5, inbox_message="a"), push(6, inbox_message="a")],
        ),
        LifeCase(None, inbox=[posted(inbox_message="a")], sent=[push(5, inbox_message="b")]),
    ],
    ids=[
        "another operation's announcement",
        "a statusChange of long before",
        "a statusChange of long after",
        "one push for two",
        "a push of before",
        "a copy of the other's push",
        "a push of another name",
    ],
)
def test_it_is_not_met_by(case: LifeCase) -> None:
    (gap,) = case.gaps()
    assert gap.counts_as is CountsAs.MISSING


def test_a_push_to_another_user_meets_nothing() -> None:
    sent = [message(INBOX, 5, None, operation=None, recipient=USER + 1)]
    assert len(LifeCase(None, inbox=[posted()], sent=sent).gaps()) == 1


def test_an_operation_of_one_device_is_owed_to_that() -> None:
    (gap,) = LifeCase(None, lives=[life("PENDING", activation=TABLET)]).gaps()
    assert (gap.activation, gap.rule, gap.due) == (TABLET, Rule.E0, moment(GRACE))


def test_an_operation_is_owed_its_announcement_from_when_it_was_created() -> None:
    (gap,) = LifeCase(None, lives=[life("APPROVED", 90, created_at=moment(30))]).gaps()
    assert gap.at == moment(30)


def test_a_source_that_was_recorded_all_the_while_is_not_doubted_for_its_silence() -> None:
    known = {"last": 60, "first": -60, "covered": [(-HOUR, HOUR)]}
    (gap,) = LifeCase(None, inbox=[posted()], known=known).gaps()
    assert gap.reason is Reason.POSTED_UNPUSHED
