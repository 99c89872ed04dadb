"""What customers tell when they call, as the sources reported it, and what the trace must answer.

`docs/trace.md` tells the same stories to people, each under its name.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
PHONE = "49414e31-f3df-4cea-87e6-f214ca3b8412"
TABLET = "8a0f7f0e-5d5c-4a43-9a3d-0f6e1f1f2b11"
STRANGER = "c5b9d1de-6a0e-4d0c-8a59-3f1d0a7d9e22"
PAYMENT = "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10"
SECOND_PAYMENT = "5f3c1a77-2d55-4c1e-a3c4-9b1f6e0d7c21"
BACKGROUND = "0d9b2c44-7f3a-4d7e-9f52-1c2f3a4b5c6d"
INBOX = "0f0cd3c7-5a0e-4ff5-8b2e-5b6a0c0c9a11"
USER = "martin.novak"


def extras(kind: str, operation: str = PAYMENT, result: str = "") -> dict[str, Any]:
    about = {"operationId": operation, "operationName": "authorize_payment"}
    told = {"messageType": f"mtoken.{kind}", **about}
    return told | ({"mtokenOperationResult": result} if result else {})


def init(operation: str = PAYMENT) -> dict[str, Any]:
    return extras("operationInit", operation)


def finish(result: str = "authentication.success", operation: str = PAYMENT) -> dict[str, Any]:
    return extras("operationFinished", operation, result)


def to(device: str, content: dict[str, Any], user: str = USER, **more: Any) -> dict[str, Any]:
    return {"activation_id": device, "user_id": user, "app_id": "mobile", "extras": content, **more}


def to_user(content: dict[str, Any]) -> dict[str, Any]:
    return {"user_id": USER, "app_id": "mobile", "addressed_to": "user", "extras": content}


def copy_for(device: str, content: dict[str, Any]) -> dict[str, Any]:
    return to(device, content, per_device=True, addressed_to="user")


# An ordinary operation of somebody else, before and after: the source was listening all the while.
AROUND: Sequence[tuple[float, dict[str, Any]]] = (
    (-3600, to(STRANGER, init(BACKGROUND), "somebody.else")),
    (-3590, to(STRANGER, finish(operation=BACKGROUND), "somebody.else")),
    (
        3600,
        to(
            STRANGER,
            {"messageType": "mtoken.statusChange", "activationId": STRANGER},
            "somebody.else",
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """``told`` are envelopes by seconds after noon; asked at one o'clock of ``device``. ``copied``
    are those of a second source, that of the Push Server, with which these were ``registered``."""

    name: str
    told: Sequence[tuple[float, dict[str, Any]]]
    counts: dict[str, int]
    verdict: str
    reasons: Sequence[str] = ()
    marks: Sequence[str] = ()
    device: str = PHONE
    asked_after: float = 3601
    around: bool = field(default=True)
    copied: Sequence[tuple[float, dict[str, Any]]] = ()
    registered: Sequence[str] = ()

    @property
    def asked_at(self) -> datetime:
        return NOON + timedelta(seconds=self.asked_after)

    def envelopes(self) -> list[dict[str, Any]]:
        return self._dated([*self.told, *(AROUND if self.around else ())])

    def copies(self) -> list[dict[str, Any]]:
        return self._dated(self.copied)

    def _dated(self, told: Sequence[tuple[float, dict[str, Any]]]) -> list[dict[str, Any]]:
        return [
            {
                **envelope,
                "emitted_at": (NOON + timedelta(seconds=at)).isoformat(),
                "message_id": f"{self.name}-{number}",
            }
            for number, (at, envelope) in enumerate(told)
            if at < self.asked_after
        ]


STORIES = (
    Story(
        name="Two phones, one got it",
        told=(
            (0, to(PHONE, init(), per_device=True, addressed_to="user")),
            (0.01, to(TABLET, init(), per_device=True, addressed_to="user")),
            (30, to(TABLET, finish(), per_device=True, addressed_to="user")),
        ),
        counts={"expected": 2, "emitted": 1, "missing": 1},
        reasons=("finished_elsewhere",),
        verdict="2 expected, 1 emitted, 1 missing (finish sent to other devices only).",
    ),
    Story(
        name="Paid twice",
        told=(
            (0, to(PHONE, init())),
            (20, to(PHONE, init())),
            (30, to(PHONE, finish())),
            (60, to(PHONE, init(SECOND_PAYMENT))),
            (90, to(PHONE, finish(operation=SECOND_PAYMENT))),
        ),
        counts={"expected": 4, "emitted": 5, "duplicate": 1},
        marks=("duplicate",),
        verdict="4 expected, 5 emitted, 1 repeated.",
    ),
    Story(
        name="Finished but never announced",
        told=((30, to(PHONE, finish())),),
        counts={"expected": 2, "emitted": 1, "missing": 1},
        reasons=("never_announced",),
        verdict="2 expected, 1 emitted, 1 missing (finished, and never announced).",
    ),
    Story(
        name="Announced but never finished",
        told=((0, to(PHONE, init())),),
        counts={"expected": 2, "emitted": 1, "missing": 1},
        reasons=("never_finished",),
        verdict="2 expected, 1 emitted, 1 missing (announced, and its finish never sent).",
    ),
    Story(
        name="It came when I had given up",
        told=((0, to(PHONE, init())), (1800, to(PHONE, finish("operation.timeout")))),
        counts={"expected": 2, "emitted": 2, "late": 1},
        marks=("late",),
        verdict="2 expected, 2 emitted, 1 late.",
    ),
    Story(
        name="It went to another phone",
        told=((0, to(PHONE, init())), (30, to(TABLET, finish()))),
        counts={"expected": 2, "emitted": 1, "undecided": 1},
        reasons=("different_devices",),
        verdict="2 expected, 1 emitted, 1 undecided (announced and finished on different devices).",
    ),
    Story(
        name="Confirmed, and then failed",
        told=(
            (0, to(PHONE, init())),
            (30, to(PHONE, finish())),
            (31, to(PHONE, finish("authentication.fail"))),
        ),
        counts={"expected": 3, "emitted": 3, "disagreeing": 2},
        marks=("disagreeing", "disagreeing"),
        verdict="3 expected, 3 emitted, 2 disagreeing.",
    ),
    Story(
        name="The second try worked",
        told=(
            (0, to(PHONE, init())),
            (30, to(PHONE, finish("authentication.fail"))),
            (50, to(PHONE, init())),
            (70, to(PHONE, finish())),
        ),
        counts={"expected": 4, "emitted": 4},
        verdict="4 expected, 4 emitted.",
    ),
    Story(
        name="The app was blocked in between",
        told=(
            (0, to(PHONE, init())),
            (60, to(PHONE, {"messageType": "mtoken.statusChange", "activationId": PHONE})),
        ),
        counts={"expected": 3, "emitted": 2, "undecided": 1},
        reasons=("status_changed",),
        verdict="3 expected, 2 emitted, 1 undecided (the registration's status changed meanwhile).",
    ),
    Story(
        name="A message no app understands",
        told=((0, to(PHONE, init())), (30, to(PHONE, extras("operationDone")))),
        counts={"expected": 3, "emitted": 2, "missing": 1, "nonconforming": 1},
        reasons=("unknown_type_sent",),
        verdict="3 expected, 2 emitted, 1 missing (a message of an unknown type sent instead),"
        " 1 nonconforming.",
    ),
    Story(
        name="It is not due yet",
        told=((0, to(PHONE, init())),),
        counts={"expected": 2, "emitted": 1, "pending": 1},
        reasons=("not_due",),
        verdict="2 expected, 1 emitted, 1 pending (not due yet).",
        asked_after=60,
    ),
    Story(
        name="We had just begun to listen",
        told=((0, to(PHONE, finish())), (600, to(PHONE, init(SECOND_PAYMENT)))),
        counts={"expected": 4, "emitted": 2, "undecided": 2},
        reasons=("recording_began", "source_silent"),
        verdict="4 expected, 2 emitted, 2 undecided (1 the source was not recorded before;"
        " 1 the source was silent afterwards).",
        around=False,
    ),
    Story(
        name="The phone was told nothing at all",
        told=((0, to(TABLET, init())), (30, to(TABLET, finish()))),
        counts={"expected": 0, "emitted": 0},
        verdict="Nothing expected, nothing emitted: no notification named this device in the"
        " window, nor at any other time.",
    ),
    Story(
        name="The inbox message was for all my devices",
        told=(
            (-7000, to(PHONE, init())),
            (-6990, to(PHONE, finish())),
            (0, to_user({"messageType": "mtoken.inboxMessage.new", "inboxId": INBOX})),
            (5, to_user({"messageType": "mtoken.inboxMessage.new", "inboxId": INBOX})),
        ),
        counts={"expected": 3, "emitted": 4, "duplicate": 1},
        marks=("duplicate",),
        verdict="3 expected, 4 emitted, 1 repeated.",
    ),
)

# What only the Push Server's own record can answer.
STORIES_OF_COPIES = (
    Story(
        name="Both phones were sent it, and one was left out",
        told=((0, to_user(init())), (30, to_user(finish()))),
        copied=(
            (0.02, copy_for(PHONE, init())),
            (0.03, copy_for(TABLET, init())),
            (30.02, copy_for(TABLET, finish())),
        ),
        registered=(PHONE, TABLET),
        counts={"expected": 2, "emitted": 1, "missing": 1},
        reasons=("no_copy",),
        verdict="2 expected, 1 emitted, 1 missing (sent, and no copy made for this device).",
    ),
)
