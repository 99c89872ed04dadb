"""Stories of one day in which something was with the phone: it was blocked, renewed, shared, or its
gateway did not take what was sent. `docs/trace.md` tells them to people, each under its name."""

from notifications.protocol.audience import Grade
from notifications.protocol.reasons import Reason

from .bank import Happening, Phone
from .day import (
    FINISHED,
    INBOX,
    INIT,
    STATUS,
    Row,
    Story,
    activated,
    announced,
    became,
    expired,
    paid,
    posted,
    told_inbox,
    told_status,
)

KEPT, TAKEN, REFUSED = Grade.NOT_ATTEMPTED, Grade.ACCEPTED, Grade.FAILED
BOTH = "Reported by savings-mirror and savings-push-server."

_JANA = Phone("jana.blocked")


def _became(clock: str, status: str) -> list[Happening]:
    """And whoever operates it tells the Push Server as well."""
    return [
        became(clock, _JANA, status),
        (clock, lambda bank: bank.tell_push_status(_JANA, status)),
        told_status(f"{clock}:01", _JANA),
    ]


BLOCKED_AT_TEN = Story(
    name="Blocked at ten",
    phone=_JANA,
    window=("10:00", "11:00"),
    happenings=[
        *activated(_JANA),
        *_became("10:02", "BLOCKED"),
        *expired(_JANA.user, 10, 15),
        posted("10:30", _JANA.user, "a letter to Jana"),
        told_inbox("10:30:01", _JANA.user, "a letter to Jana"),
        *_became("10:40", "ACTIVE"),
    ],
    verdict="5 expected, 3 emitted, 2 explained (personal message, device not push-active).",
    rows=(
        Row(what=STATUS, grade=TAKEN, sentence="The status of the registration changed. FCM took"),
        Row(
            what=INIT,
            grade=KEPT,
            reason=Reason.INACTIVE_PERSONAL,
            events=2,
            sentence="operationInit is personal, and this device was not push-active since {day}"
            f" 10:02:00 UTC. It stays pending for ever. {BOTH}",
        ),
        Row(
            what=FINISHED,
            grade=KEPT,
            reason=Reason.INACTIVE_PERSONAL,
            events=2,
            sentence="operationFinished is personal, and this device was not push-active since",
        ),
        Row(what=INBOX, grade=TAKEN, sentence="A new message was posted to the inbox. FCM took it"),
        Row(what=STATUS, grade=TAKEN, sentence="The status of the registration changed. FCM took"),
    ),
    evidence=("BLOCKED", "Push-active: no"),
)

_OLD, _NEW = (
    Phone("pavel.renewed", "old phone", "apns"),
    Phone("pavel.renewed", "new phone", "apns"),
)
NEW_PHONE = Story(
    name="The new phone, and the old one",
    phone=_OLD,
    window=("11:15", "12:00"),
    happenings=[
        *activated(_OLD),
        became("11:00", _OLD, "REMOVED"),
        told_status("11:00:01", _OLD),
        ("11:01", lambda bank: bank.unregister(_OLD)),
        became("11:05", _NEW, "CREATED"),
        became("11:06", _NEW, "PENDING_COMMIT"),
        *activated(_NEW, clock="11:07"),
        *paid(_OLD.user, 11, 30),
    ],
    verdict="2 expected, 0 emitted, 2 explained (device not registered for push).",
    rows=tuple(
        Row(
            what=what,
            grade=KEPT,
            reason=Reason.NOT_REGISTERED,
            events=2,
            sentence="could not go to this device: it was not registered for push since {day}"
            " 11:01:00 UTC.",
        )
        for what in (INIT, FINISHED)
    ),
    evidence=("REMOVED", "deleted"),
    beside={_NEW: "2 expected, 2 emitted."},
    of_user="2 expected, 2 emitted.",
)

_TABLET = "token of the tablet"
_EVA = Phone("eva.shared", "tablet", token=_TABLET)
_TOMAS = Phone("tomas.shared", "tablet", token=_TABLET)
SHARED = Story(
    name="The two of us have one tablet",
    phone=_EVA,
    window=("12:00", "13:00"),
    happenings=[
        *activated(_EVA),
        *activated(_TOMAS, clock="12:10"),
        *expired(_EVA.user, 12, 30),
    ],
    verdict="2 expected, 0 emitted, 2 explained (device not registered for push).",
    rows=tuple(
        Row(
            what=what,
            grade=KEPT,
            reason=Reason.NOT_REGISTERED,
            events=1,
            sentence="could not go to this device: it was not registered for push since {day}"
            " 12:10:00 UTC.",
        )
        for what in (INIT, FINISHED)
    ),
    evidence=("re-bound", _TOMAS.activation),
)

_IPHONE, _ANDROID = Phone("petr.keyless", "iPhone", "apns"), Phone("petr.keyless", "Android")
KEYLESS = Story(
    name="All iPhones went quiet",
    phone=_IPHONE,
    window=("15:00", "16:00"),
    happenings=[
        *activated(_IPHONE, _ANDROID),
        ("15:04", lambda bank: bank.refuse(lambda device: device.gateway == "apns")),
        posted("15:05", _IPHONE.user, "a letter to Petr"),
        told_inbox("15:05:01", _IPHONE.user, "a letter to Petr"),
        ("15:20", lambda bank: bank.refuse(lambda device: False)),
        *paid(_IPHONE.user, 15, 30),
    ],
    verdict="3 expected, 1 emitted, 2 explained (device not registered for push), 1 failed.",
    rows=(
        Row(
            what=INBOX,
            grade=REFUSED,
            sentence=f"APNs did not take it; the Push Server keeps no reason. {BOTH}",
        ),
        *(
            Row(
                what=what,
                grade=KEPT,
                reason=Reason.NOT_REGISTERED,
                events=1,
                sentence="could not go to this device: it was not registered for push since {day}"
                " 15:05:06 UTC.",
            )
            for what in (INIT, FINISHED)
        ),
    ),
    evidence=("deleted",),
    beside={_ANDROID: "3 expected, 3 emitted."},
    of_user="3 expected, 3 emitted.",
)

_JIRI = Phone("jiri.unreached", platform="hms")
UNREACHED = Story(
    name="A phone without Google",
    phone=_JIRI,
    window=("17:00", "17:30"),
    happenings=[*activated(_JIRI), *paid(_JIRI.user, 17, 5)],
    verdict="2 expected, 2 emitted, 2 failed.",
    rows=tuple(
        Row(
            what=what,
            grade=KEPT,
            sentence="It stays pending for ever: most likely the gateway is not configured for the"
            f" app. {BOTH}",
        )
        for what in (INIT, FINISHED)
    ),
)

_IVA = Phone("iva.untold")
UNTOLD = Story(
    name="It was blocked, and the app was not told",
    phone=_IVA,
    window=("17:30", "18:00"),
    happenings=[*activated(_IVA), became("17:35", _IVA, "BLOCKED")],
    verdict="1 expected, 0 emitted, 1 missing (status changed, and never told).",
    rows=(
        Row(
            what=STATUS,
            grade=KEPT,
            reason=Reason.CHANGE_UNTOLD,
            events=1,
            sentence="The status of the registration became BLOCKED at {day} 17:35:01 UTC, and"
            " statusChange was not sent by {day} 17:37:01 UTC.",
        ),
    ),
    evidence=("BLOCKED",),
)

_MAREK = Phone("marek.lost")
_HISTORY = (("08:00", "ACTIVE"), ("17:50", "BLOCKED"), ("21:00", "ACTIVE"))
LOST = Story(
    name="The callback was lost, and the history read at night",
    phone=_MAREK,
    window=("18:00", "18:30"),
    happenings=[
        *activated(_MAREK),
        told_status("17:50:01", _MAREK),
        announced("18:05", _MAREK.user),
    ],
    before="2 expected, 1 emitted, 1 missing (announced, and its finish never sent).",
    night=("22:00", lambda bank: bank.read_history(_MAREK, _HISTORY)),
    verdict="2 expected, 1 emitted, 1 explained (activation blocked or removed).",
    rows=(
        Row(
            what=INIT,
            grade=TAKEN,
            sentence=f"“authorize_payment” was announced. FCM took it. {BOTH}",
        ),
        Row(
            what=FINISHED,
            grade=KEPT,
            reason=Reason.NOT_ACTIVE,
            events=1,
            sentence="operationFinished is not owed to an activation that is BLOCKED since {day}"
            " 17:50:00 UTC.",
        ),
    ),
    evidence=("BLOCKED",),
)

_ZUZANA = Phone("zuzana.slept")
_AWAKE = Phone(_ZUZANA.user, token="the new token of Zuzana's phone")
SLEPT = Story(
    name="The app had slept for months",
    phone=_ZUZANA,
    window=("18:30", "19:00"),
    happenings=[
        *activated(_ZUZANA),
        ("18:39", lambda bank: bank.refuse(lambda each: each.token == _ZUZANA.push_token)),
        ("18:40:30", lambda bank: bank.register(_AWAKE)),
        *paid(_ZUZANA.user, 18, 40),
    ],
    verdict="2 expected, 2 emitted, 1 failed.",
    rows=(
        Row(
            what=INIT,
            grade=REFUSED,
            sentence=f"FCM did not take it; the Push Server keeps no reason. {BOTH}",
        ),
        Row(
            what=FINISHED,
            grade=TAKEN,
            sentence=f"finished: authentication.success. FCM took it. {BOTH}",
        ),
    ),
)

STORIES = (BLOCKED_AT_TEN, NEW_PHONE, SHARED, KEYLESS, UNREACHED, UNTOLD, LOST, SLEPT)
