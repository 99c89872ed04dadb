"""Debts are found without anything that is known of devices, and become gaps with it."""

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.expectations import debts_of, gap_of, judge
from notifications.protocol.message import Message

from .messages import (
    DUE,
    FINISHED,
    HOUR,
    LIFE,
    PHONE,
    TABLET,
    knowing,
    registered,
    status,
    unregistered,
)
from .test_expectations import stories


@given(stories, st.sampled_from([0, DUE, 100_000]), st.randoms(use_true_random=False))
def test_what_is_known_of_devices_tells_why_and_nothing_of_whether(
    told: list[Message], now: float, rng: Random
) -> None:
    """So it can be read of those alone that are owed something; and when its status changed, of
    those that are owed a finish."""
    at = [rng.choice([-HOUR, 0, 10, LIFE, HOUR]) for _ in range(3)]
    events = (
        registered(-2 * HOUR, of=TABLET),
        status("BLOCKED", at[0], of=TABLET),
        unregistered(at[1], of=TABLET),
    )
    alone, whole = knowing(now), knowing(now, changes={PHONE: [at[2]]}, events=events)
    debts = debts_of(told, alone)
    unfinished = {debt.lane for debt, _ in debts if debt.owed is FINISHED}
    changes = {lane: of_one for lane, of_one in whole.status_changes.items() if lane in unfinished}
    spans = {debt.lane: whole.spans[debt.lane] for debt, _ in debts if debt.lane in whole.spans}
    known = replace(alone, status_changes=changes, spans=spans)
    found = [gap_of(debt.with_known(known), anchor) for debt, anchor in debts]
    assert found == list(judge(told, whole).gaps)
    for (debt, anchor), gap in zip(debts, found, strict=True):
        if debt.lane not in known.spans and debt.lane not in known.status_changes:
            assert gap_of(debt, anchor) == gap
