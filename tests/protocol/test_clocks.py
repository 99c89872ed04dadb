"""What is told of the clocks of sources, and when nothing is."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from notifications.protocol.clocks import CARRIED, MOST, NO_CLOCKS, Clock, Clocks
from notifications.protocol.message import Message
from notifications.protocol.skews import DAY, LEAST_PAIRS, estimate_day

from .messages import PHONE, START, USER, init

MIRROR, SERVER, BACKEND = "push-mirror", "push-server", "bank-backend"
MIDNIGHT = datetime(2026, 3, 2, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def operations(number: int, *sources: str, every: float = 60, first: int = 0) -> list[Message]:
    """So many announcements, each told by all of these sources; the Push Server has the copies."""
    return [
        init(
            (first + each) * every,
            PHONE if source == SERVER else None,
            source=source,
            operation=f"operation-{first + each}",
            recipient=USER,
            addressed_to="user",
            per_device=source == SERVER,
        )
        for each in range(number)
        for source in sources
    ]


def skewed(messages: list[Message], ahead: Mapping[str, float]) -> list[Message]:
    """The same as sources tell them whose clocks are so many seconds ahead."""
    return [
        replace(each, at=each.at + timedelta(seconds=ahead.get(each.source or "", 0)))
        for each in messages
    ]


def by_source(messages: Iterable[Message], day: datetime = MIDNIGHT) -> dict[str, Clock]:
    return {each.source: each for each in estimate_day(messages, day)}


def test_a_clock_that_is_ahead_is_measured_by_the_source_of_requests() -> None:
    found = by_source(skewed(operations(20, MIRROR, SERVER), {SERVER: 240}))
    assert found[SERVER] == Clock(
        SERVER, 240 * SECOND, MIDNIGHT, MIDNIGHT + DAY, timedelta(0), 20, MIRROR
    )
    assert (found[MIRROR].against, found[MIRROR].ahead) == (None, timedelta(0))
    clocks = Clocks.of(found.values())
    assert clocks.ahead(SERVER, START) == 240 * SECOND
    assert clocks.ahead(MIRROR, START) == clocks.ahead("another", START) == timedelta(0)


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from([MIRROR, SERVER, BACKEND]), st.integers(-400, 400)),
    st.integers(0, 2**32),
    st.integers(LEAST_PAIRS, 40),
)
def test_random_skews_are_found_again_in_any_order(
    ahead: dict[str, int], seed: int, number: int
) -> None:
    """Each source misses a few, and tells each up to a second late."""
    random = Random(seed)  # noqa: S311 - no secret
    told = [
        replace(each, at=each.at + random.random() * SECOND)
        for each in skewed(operations(2 * number, MIRROR, SERVER, BACKEND), ahead)
        if random.random() < 0.9
    ]
    found = by_source(told)
    random.shuffle(told)
    assert by_source(told) == found
    for one, other in combinations(sorted(found), 2):
        true = ahead.get(one, 0) - ahead.get(other, 0)
        assert abs((found[one].ahead - found[other].ahead) - true * SECOND) < 2 * SECOND
    assert all(each.pairs >= LEAST_PAIRS for each in found.values())


def test_nothing_is_claimed_from_too_few_pairs() -> None:
    few = skewed(operations(LEAST_PAIRS - 1, MIRROR, SERVER), {SERVER: 240})
    assert estimate_day(few, MIDNIGHT) == ()
    assert estimate_day(operations(50, MIRROR), MIDNIGHT) == ()


def test_what_cannot_be_told_apart_without_its_time_is_no_pair() -> None:
    """Told again by one of them, of two users, or about nothing that has a name."""
    once = operations(LEAST_PAIRS, MIRROR, SERVER)
    again = [replace(each, id=init().id) for each in operations(LEAST_PAIRS, MIRROR)]
    assert estimate_day([*once, *again], MIDNIGHT) == ()
    others = [replace(each, recipient=2) if each.per_device else each for each in once]
    assert estimate_day(others, MIDNIGHT) == ()
    assert estimate_day([replace(each, operation=None) for each in once], MIDNIGHT) == ()


def test_sources_that_share_nothing_are_compared_by_way_of_a_third() -> None:
    told = [
        *operations(20, MIRROR, SERVER),
        *operations(15, MIRROR, BACKEND, first=100),
    ]
    found = by_source(skewed(told, {SERVER: 100, BACKEND: -50}))
    assert found[SERVER].ahead - found[BACKEND].ahead == 150 * SECOND
    assert {found[SERVER].against, found[BACKEND].against} == {MIRROR}


def test_milliseconds_of_processing_are_no_clocks_fault() -> None:
    found = by_source(skewed(operations(20, MIRROR, SERVER), {SERVER: 0.3}))
    assert found[SERVER].ahead == timedelta(milliseconds=300)
    assert Clocks.of(found.values()) == NO_CLOCKS


def test_too_far_is_said_and_not_made_up_for() -> None:
    """A zone that is taken for another, as a rule."""
    found = by_source(skewed(operations(20, MIRROR, SERVER), {SERVER: 3600}))
    assert found[SERVER].ahead == 3600 * SECOND > MOST
    assert found[SERVER].is_beyond
    assert Clocks.of(found.values()).agree


def test_what_is_late_at_random_is_no_clocks_fault() -> None:
    told = operations(40, MIRROR, SERVER)
    late = [
        replace(each, at=each.at + (place % 7) * 20 * SECOND) if each.per_device else each
        for place, each in enumerate(told)
    ]
    found = by_source(late)
    assert not found[SERVER].is_steady
    assert Clocks.of(found.values()).agree


def test_a_clock_that_is_set_right_is_believed_by_the_hour() -> None:
    """At 13:00, after three hours of a message every two minutes, as many as come after it."""
    before = skewed(operations(90, MIRROR, SERVER, every=120), {SERVER: 240})
    after = operations(90, MIRROR, SERVER, every=120, first=90)
    clocks = Clocks.of(estimate_day([*before, *after], MIDNIGHT))
    assert clocks.ahead(SERVER, START + timedelta(hours=1)) == 240 * SECOND
    assert clocks.ahead(SERVER, START + timedelta(hours=5)) == timedelta(0)


def test_an_estimate_goes_on_for_some_time_until_the_next() -> None:
    monday = Clock(SERVER, 240 * SECOND, MIDNIGHT, MIDNIGHT + DAY)
    thursday = Clock(SERVER, 10 * SECOND, MIDNIGHT + 4 * DAY, MIDNIGHT + 5 * DAY)
    clocks = Clocks.of([thursday, monday])
    for at, seconds in (
        (MIDNIGHT - SECOND, 0),
        (MIDNIGHT, 240),
        (MIDNIGHT + DAY + CARRIED - SECOND, 240),
        (MIDNIGHT + DAY + CARRIED, 0),
        (MIDNIGHT + 4 * DAY, 10),
    ):
        assert clocks.ahead(SERVER, at) == seconds * SECOND
    assert clocks.ahead(SERVER) == 10 * SECOND
    assert clocks.apart == 240 * SECOND
    told = [(began, ahead) for _, began, _, ahead in clocks.steps(MIDNIGHT, MIDNIGHT + 9 * DAY)]
    assert told == [(MIDNIGHT, 240 * SECOND), (MIDNIGHT + 4 * DAY, 10 * SECOND)]


def test_a_clock_may_be_told_to_be_so_for_ever() -> None:
    clocks = Clocks.of([Clock(SERVER, 45 * SECOND)])
    assert clocks.ahead(SERVER) == clocks.ahead(SERVER, START) == 45 * SECOND
    message = init(45, source=SERVER)
    assert clocks.corrected(message).at == clocks.time_of(message) == START
    assert clocks.corrected(init(45, source=MIRROR)).at == START + 45 * SECOND
