"""Anybody who may post can send any number of messages about one operation."""

import time
from collections.abc import Callable

import pytest

from notifications.protocol.message import Message

from .messages import FINISHED, INIT, judged, message

MANY = 20_000
SHAPES: dict[str, Callable[[int], tuple[str, str]]] = {
    "announced to many": lambda n: (INIT, f"device {n}"),
    "announced to many and finished on one": lambda n: (
        FINISHED if n == MANY - 1 else INIT,
        f"device {n}",
    ),
    "announced to many and finished on many others": lambda n: (
        INIT if n < MANY / 2 else FINISHED,
        f"device {n}",
    ),
    "finished on many": lambda n: (FINISHED, f"device {n}"),
    "many rounds": lambda n: ((INIT, FINISHED)[n % 2], "device"),
    "many rounds, all crossed": lambda n: ((INIT, FINISHED)[n % 2], f"device {n}"),
    "many rounds with unknown types": lambda n: ((INIT, FINISHED, "odd")[n % 3], f"device {n}"),
    "many unknown types": lambda n: (INIT if n < MANY / 2 else "odd", f"device {n % 9_000}"),
    "many unknown types of nobody": lambda n: (INIT if n < MANY / 2 else "odd", f"device {n}"),
    "many finishes before their announcements": lambda n: ((FINISHED, INIT)[n % 2], f"device {n}"),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_very_many_messages_of_one_operation_are_judged_quickly(shape: str) -> None:
    """Linear takes half a second at most; quadratic takes minutes."""
    messages: list[Message] = []
    for number in range(MANY):
        message_type, device = SHAPES[shape](number)
        messages.append(message(message_type, number / 1000, device, result=f"result {number}"))
    changes = {f"device {number}": [-1, 1, 2] for number in range(0, MANY, 7)}

    started = time.perf_counter()
    judgement = judged(*messages, changes=changes)

    assert time.perf_counter() - started < 5
    assert len(judgement.messages) == MANY


def test_very_many_status_changes_of_one_device_cost_its_many_rounds_little() -> None:
    rounds = [message((INIT, FINISHED)[n % 2], n / 1000, f"device {n % 2}") for n in range(MANY)]
    changes = {"device 0": [1 - MANY + n for n in range(MANY)]}

    started = time.perf_counter()
    judgement = judged(*rounds, changes=changes)

    assert time.perf_counter() - started < 5
    assert len(judgement.gaps) == MANY
