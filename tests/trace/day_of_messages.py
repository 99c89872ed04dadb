"""Stories of the same day in which something was with what was sent, or with who was listening; and
all that happened on that day. `docs/trace.md` tells them to people, each under its name."""

from notifications.protocol.audience import Grade
from notifications.protocol.reasons import Reason

from . import day_of_phones
from .bank import Happening, Phone, named
from .day import (
    FINISHED,
    INBOX,
    INIT,
    Row,
    Story,
    activated,
    created,
    paid,
    posted,
    told_inbox,
    told_status,
)

KEPT, TAKEN, UNKNOWN = Grade.NOT_ATTEMPTED, Grade.ACCEPTED, Grade.UNKNOWN

_LENKA = Phone("lenka.unmirrored")
UNMIRRORED = Story(
    name="The mirror was down",
    phone=_LENKA,
    window=("13:00", "14:00"),
    happenings=[
        *activated(_LENKA),
        *paid(_LENKA.user, 13, 20),
        created("13:30", _LENKA.user, named("Lenka's second payment")),
    ],
    verdict="3 expected, 2 emitted, 1 undecided (the source was not recorded).",
    rows=(
        Row(what=INIT, grade=TAKEN, sentence="“authorize_payment” was announced. FCM took it."),
        Row(what=FINISHED, grade=TAKEN, sentence="finished: authentication.success. FCM took it."),
        Row(
            what=INIT,
            grade=UNKNOWN,
            reason=Reason.NOT_COVERED,
            events=1,
            sentence="Whether operationInit was sent is not known: the source savings-mirror was"
            " not recorded from {day} 13:28:00 UTC to {day} 13:32:00 UTC.",
        ),
    ),
    evidence=("What PowerAuth told of it", "PENDING"),
)

_OLGA = Phone("olga.lettered")
LETTERS = Story(
    name="A letter without a sound",
    phone=_OLGA,
    window=("14:00", "15:00"),
    happenings=[
        *activated(_OLGA),
        posted("14:10", _OLGA.user, "a silent letter", silent=True),
        posted("14:20", _OLGA.user, "a forgotten letter"),
        posted("14:30", _OLGA.user, "a letter to Olga"),
        told_inbox("14:30:01", _OLGA.user, "a letter to Olga"),
    ],
    verdict="2 expected, 1 emitted, 1 missing (posted to the inbox, and never pushed).",
    rows=(
        Row(
            what=INBOX,
            grade=KEPT,
            reason=Reason.POSTED_UNPUSHED,
            events=2,
            sentence="A message was posted to the user's inbox at {day} 14:20:00 UTC, and"
            " inboxMessage.new was not sent by {day} 14:22:00 UTC.",
        ),
        Row(what=INBOX, grade=TAKEN, sentence="A new message was posted to the inbox. FCM took it"),
    ),
    evidence=("How it was posted", "Not silent: a push was wanted.", "savings-mirror"),
)

_KAREL = Phone("karel.closed")
CLOSED = Story(
    name="I confirmed it and closed the browser",
    phone=_KAREL,
    window=("16:00", "16:30"),
    happenings=[*activated(_KAREL), *paid(_KAREL.user, 16, 10)[:-1]],
    verdict="2 expected, 1 emitted, 1 missing (finalised, and its finish never sent).",
    rows=(
        Row(what=INIT, grade=TAKEN, sentence="“authorize_payment” was announced. FCM took it."),
        Row(
            what=FINISHED,
            grade=KEPT,
            reason=Reason.FINALIZED_UNTOLD,
            events=1,
            sentence="PowerAuth finalised the operation as APPROVED at {day} 16:11:00 UTC, and"
            " operationFinished was not sent by {day} 16:13:00 UTC.",
        ),
    ),
    evidence=("What PowerAuth told of it", "APPROVED"),
)

_HANA = Phone("hana.departed")
DEPARTED = Story(
    name="I had logged out of the app",
    phone=_HANA,
    window=("16:30", "17:00"),
    happenings=[
        *activated(_HANA),
        ("09:00", lambda bank: bank.unregister(_HANA)),
        created("16:40", _HANA.user),
    ],
    verdict="1 expected, 0 emitted, 1 explained (device not registered for push).",
    rows=(
        Row(
            what=INIT,
            grade=KEPT,
            reason=Reason.NOT_REGISTERED,
            events=3,
            sentence="operationInit could not go to this device: it was not registered for push"
            " since {day} 09:00:00 UTC.",
        ),
    ),
    evidence=("deleted",),
)

_DANA = Phone("dana.unstored")
UNSTORED = Story(
    name="The Push Server kept nothing",
    phone=_DANA,
    window=("19:00", "19:30"),
    happenings=[
        *activated(_DANA),
        ("19:05", lambda bank: bank.store(False)),
        *paid(_DANA.user, 19, 15),
        ("19:40", lambda bank: bank.store(True)),
    ],
    verdict="2 expected, 2 emitted.",
    rows=tuple(
        Row(
            what=what,
            grade=Grade.ELIGIBLE,
            sentence="It went to the user; this device was registered for push.",
        )
        for what in (INIT, FINISHED)
    ),
)

_ALICE = Phone("alice.ordinary")
# By whose day the sources are known: what they send, and that they went on.
ORDINARY: tuple[Happening, ...] = (
    *activated(_ALICE),
    *paid(_ALICE.user, 8, 5),
    told_status("08:10", _ALICE),
    told_inbox("08:15", _ALICE.user, "a letter to Alice"),
    *(
        told_inbox(f"19:{minute}", _ALICE.user, f"a letter to Alice at {minute}")
        for minute in range(10, 55, 5)
    ),
)

STORIES = tuple(
    sorted(
        (*day_of_phones.STORIES, UNMIRRORED, LETTERS, CLOSED, DEPARTED, UNSTORED),
        key=lambda story: story.window,
    )
)


def whole_day() -> list[Happening]:
    return [*ORDINARY, *(happening for each in STORIES for happening in each.happenings)]
