"""One emission that several sources report is one."""

from collections import Counter
from itertools import product
from time import perf_counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.merging import WITHIN, Merged, merge
from notifications.protocol.message import Message

from .messages import PHONE, TABLET, USER, finish, init, message

MIRROR, SERVER, OTHER = "push-mirror", "push-server", "push-other"


def asked(at: float = 0, to: str | None = None, **told: Any) -> Message:
    """As a mirror sees a request."""
    addressed_to = "activation" if to else "user"
    return init(
        at, to, **{"source": MIRROR, "recipient": USER, "addressed_to": addressed_to} | told
    )


def made(at: float = 0, to: str | None = PHONE, **told: Any) -> Message:
    """As a row of the Push Server tells a copy; ``to`` None: its device is not known."""
    given = {"source": SERVER, "recipient": USER, "addressed_to": "user", "per_device": True}
    return init(at, to, **given | told)


def paired(*messages: Message) -> set[tuple[Message, Message]]:
    """The pairs, which both sides tell."""
    found, by_id = merge(messages), {each.id: each for each in messages}
    of_requests = {(by_id[key], copy) for key, copies in found.copies.items() for copy in copies}
    of_copies = {(request, by_id[key]) for key, all_ in found.requests.items() for request in all_}
    assert of_requests == of_copies
    return of_requests


def test_a_request_has_a_copy_of_each_device() -> None:
    request, phone, tablet, unknown, another = (
        asked(),
        made(0.2),
        made(0.3, TABLET),
        made(0.4, None),
        made(0.5, None),
    )
    copies = phone, tablet, unknown, another
    assert merge((*copies, request)) == Merged(
        {request.id: copies}, {each.id: (request,) for each in copies}
    )


def test_a_page_that_was_reloaded_is_two_requests_each_with_its_own_copies() -> None:
    first, second = asked(0), asked(5)
    copies = made(0.1), made(5.1), made(0.2, TABLET), made(5.2, TABLET)
    assert paired(first, second, *copies) == {
        (first, copies[0]),
        (second, copies[1]),
        (first, copies[2]),
        (second, copies[3]),
    }


def test_the_nearest_merge_and_the_rest_take_what_is_left() -> None:
    early, late, copy, later_copy = asked(0), asked(20), made(19), made(30)
    assert paired(early, late, copy, later_copy) == {(late, copy), (early, later_copy)}


def test_what_is_further_apart_than_clocks_may_be_is_not_one() -> None:
    limit = WITHIN.total_seconds()
    assert paired(asked(), made(limit)) != set()
    assert paired(asked(limit), made()) != set()
    assert paired(asked(), made(limit + 0.001)) == set()


def test_two_reports_of_one_source_are_two() -> None:
    assert paired(asked(source=SERVER), made()) == set()
    assert paired(asked(source=None), made(source=None)) == set()


def test_each_source_has_its_own_word_of_a_request_and_of_its_copy() -> None:
    sources = asked(0), asked(1, source=OTHER), made(0.5), made(0.6, source="push-replica")
    assert len(paired(*sources)) == 4


def test_what_says_another_thing_is_another() -> None:
    for another in (
        made(operation="another"),
        made(inbox_message="another"),
        made(recipient=2),
        finish(0, source=SERVER, recipient=USER, addressed_to="user", per_device=True),
    ):
        assert paired(asked(), another) == set()
    assert paired(asked(app="bank"), made(app="shop")) == set()
    assert paired(asked(personal=True), made(personal=False)) == set()
    assert paired(asked(to=TABLET), made(addressed_to="activation")) == set()
    assert paired(asked(), made(addressed_to="activation")) == set()
    assert paired(asked(to=PHONE), made(to=None)) == set()


def test_what_one_does_not_tell_may_be_as_the_other_tells_it() -> None:
    told = made(app="bank", personal=True)
    for request in (asked(), asked(app="bank"), asked(recipient=None, addressed_to="unknown")):
        assert paired(request, told) == {(request, told)}
    named = asked(to=PHONE, app="bank")
    copy = made(addressed_to="unknown")
    assert paired(named, copy) == {(named, copy)}


def test_what_both_tell_comes_before_what_one_does_not() -> None:
    untold, told, copy = asked(0), asked(10, app="bank"), made(1, app="bank")
    assert paired(untold, told, copy) == {(told, copy)}


def test_the_extras_may_name_a_device_that_is_not_the_address() -> None:
    """A user is told on all devices that one was blocked."""
    request = asked(to=PHONE, addressed_to="user")
    assert paired(request, made(0.1, TABLET)) != set()


def test_what_relates_to_nothing_is_not_merged() -> None:
    nothing: dict[str, Any] = {"operation": None, "recipient": None}
    assert paired(asked(addressed_to="unknown", **nothing), made(**nothing)) == set()
    named = asked(to=PHONE, **nothing)
    assert paired(named, made(addressed_to="activation", **nothing)) != set()
    assert paired(asked(operation=None), made(operation=None)) != set()


_SECONDS = st.integers(0, 90)
_REQUESTS = st.builds(
    asked,
    _SECONDS,
    st.sampled_from([None, PHONE]),
    source=st.sampled_from([MIRROR, OTHER]),
    app=st.sampled_from([None, "bank", "shop"]),
)
_COPIES = st.builds(
    made,
    _SECONDS,
    st.sampled_from([None, PHONE, TABLET]),
    source=st.sampled_from([SERVER, OTHER]),
    addressed_to=st.sampled_from(["user", "unknown"]),
    app=st.sampled_from([None, "bank"]),
)


@given(st.lists(_REQUESTS | _COPIES, max_size=12), st.randoms())
def test_their_order_makes_no_difference_and_nobody_is_taken_twice(
    messages: list[Message], random: Any
) -> None:
    pairs = paired(*messages)
    random.shuffle(messages)
    assert paired(*messages) == pairs
    of_request = Counter((one.id, copy.activation or copy.id, copy.source) for one, copy in pairs)
    of_copy = Counter((copy.id, one.source) for one, copy in pairs)
    assert not pairs or max((*of_request.values(), *of_copy.values())) == 1


@given(
    st.lists(st.builds(asked, _SECONDS), max_size=6),
    st.lists(st.builds(made, _SECONDS, st.sampled_from([None, PHONE, TABLET])), max_size=8),
)
def test_it_is_what_looking_at_all_pairs_would_find(
    requests: list[Message], copies: list[Message]
) -> None:
    """Of what tells the same: of no pair that is apart would both have been nearer to each other
    than to what they merged with."""
    pairs = paired(*requests, *copies)
    for request, copy in product(requests, copies):
        distance = abs(request.at - copy.at)
        if (request, copy) in pairs or distance > WITHIN:
            continue
        device = copy.activation or copy.id
        rivals = [
            abs(one.at - other.at)
            for one, other in pairs
            if other == copy or (one == request and (other.activation or other.id) == device)
        ]
        assert min(rivals, default=distance + WITHIN) <= distance


def test_thousands_within_a_minute_take_no_time() -> None:
    """Of one phone; of as many phones as requests; and of devices that are not known."""
    requests = [asked(each / 100, personal=True) for each in range(4_000)]
    for to in (lambda _: PHONE, str, lambda _: None):
        copies = [made(each / 100 + 0.001, to(each)) for each in range(4_000)]
        began = perf_counter()
        found = merge((*requests, *copies))
        assert perf_counter() - began < 5  # seconds; all pairs would take a minute
        assert len(found.requests) == len(copies)


def test_of_nothing_there_is_nothing_to_merge() -> None:
    assert merge([]) == Merged()
    assert merge([asked(), asked(1, source=OTHER), message(None, to=None)]) == Merged()
