"""One emission that several sources report is one."""

from collections import Counter
from datetime import timedelta
from itertools import product
from time import perf_counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.clocks import Clock, Clocks
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
    everything = (*copies, request)
    assert merge(everything) == Merged(
        copies={request.id: copies},
        requests={each.id: (request,) for each in copies},
        times={each.id: request.at for each in everything},
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
    assert merge([asked(), asked(1), made(source=MIRROR)]) == Merged()
    assert merge([asked(), finish(1, source=OTHER), message(None, to=None)]) == Merged()


def test_one_request_that_two_sources_report_is_one() -> None:
    """The one that tells most stands for both, and knows what either tells."""
    bare = init(0.1, None, source=OTHER)
    seen = asked(app="bank", personal=True)
    phone, tablet = made(0.3), made(0.4, TABLET)
    merged = merge((bare, phone, seen, tablet))
    assert merged.alike == {bare.id: (seen, bare), seen.id: (seen, bare)}
    assert merged.copies == {bare.id: (phone, tablet), seen.id: (phone, tablet)}
    assert merged.requests == {phone.id: (seen, bare), tablet.id: (seen, bare)}
    assert [each for each in (bare, seen, phone, tablet) if merged.stands(each)] == [phone, tablet]
    assert merged.reports(phone) == (phone, seen, bare)
    assert merged.beside(bare) == (seen, phone, tablet)
    assert set(merged.times.values()) == {seen.at}
    whole = merged.whole(bare)
    assert (whole.recipient, whole.app, whole.personal) == (USER, "bank", True)
    assert (whole.addressed_to, whole.activation, whole.at) == ("user", None, bare.at)
    assert merged.whole(phone).app == "bank"
    assert merged.whole(seen).activation is None


def test_a_device_that_one_of_them_names_is_that_of_both() -> None:
    named, bare = asked(to=PHONE), init(0.1, None, source=OTHER)
    assert merge((named, bare)).whole(bare).is_to_named_device
    named = init(0, PHONE, source=OTHER, addressed_to="unknown")  # by its extras
    merged = merge((asked(), named))
    assert merged.whole(merged.first(named)).activation == PHONE


def test_the_copy_of_one_device_that_two_sources_report_is_one() -> None:
    phone, tablet, again = made(0.1), made(0.2, TABLET), made(0.3, source="push-replica")
    alone = merge((phone, tablet, again))
    assert set(alone.alike) == {phone.id, again.id}
    assert merge((made(0.1, None), made(0.2, None, source="push-replica"))) == Merged()
    merged = merge((asked(), phone, tablet, again))
    assert len(merged.reports(again)) == 3
    assert merged.twins(tablet) == ()


def test_pages_that_were_reloaded_are_told_apart_in_every_source() -> None:
    told = [
        [asked(at), asked(at + 0.1, source=OTHER), made(at + 0.2), made(at + 0.3, source="replica")]
        for at in (0, 5, 10)
    ]
    merged = merge([each for emission in told for each in emission])
    for emission in told:
        for each in emission:
            assert {each, *merged.beside(each)} == set(emission)


def test_what_a_third_source_tells_is_of_what_the_first_two_agree_on() -> None:
    """Two devices were named: what names none is of the nearer, and of no more than one."""
    phone, tablet = asked(0, PHONE), asked(2, TABLET, source=OTHER)
    bare = init(0.5, None, source="third")
    assert merge((phone, tablet, bare)).beside(bare) == (phone,)


def test_clocks_are_made_up_for() -> None:
    """Four minutes: the copies of one are told when another is asked for."""
    clocks = Clocks.of([Clock(SERVER, timedelta(minutes=4))])
    first, second = asked(0), asked(240)
    copies = made(240.2), made(480.2)
    messages = (first, second, *copies)
    assert merge(messages).requests == {copies[0].id: (second,)}
    merged = merge(messages, clocks)
    assert merged.requests == {copies[0].id: (first,), copies[1].id: (second,)}
    assert [each.at for each in merged.at_one_time(messages)] == [first.at, second.at] * 2
    lost = merge((first, finish(240, source=SERVER)), clocks)
    assert lost.time_of(finish(240, source=SERVER)) == first.at
    alone = merge(copies, clocks)
    assert alone.at_one_time(copies)[0].at == first.at + timedelta(seconds=0.2)


_REPORTS = st.lists(
    st.builds(
        asked,
        st.integers(0, 40),
        st.sampled_from([None, PHONE]),
        source=st.sampled_from([MIRROR, OTHER, SERVER]),
        recipient=st.sampled_from([None, USER]),
    )
    | st.builds(
        made,
        st.integers(0, 40),
        st.sampled_from([PHONE, TABLET, None]),
        source=st.sampled_from([SERVER, OTHER, "push-replica"]),
    ),
    max_size=14,
)


@given(_REPORTS, st.randoms())
def test_no_emission_has_two_reports_of_one_source_for_the_same(
    messages: list[Message], random: Any
) -> None:
    merged = merge(messages)
    for each in messages:
        emission = {each, *merged.beside(each)}
        emission |= {one for other in emission for one in merged.beside(other)}
        parts = Counter(
            (one.source, one.per_device, one.per_device and (one.activation or one.id))
            for one in emission
        )
        assert max(parts.values()) == 1
        asking = {one.source for one in emission if not one.per_device}
        assert asking.isdisjoint(one.source for one in emission if one.per_device)
        assert len({merged.time_of(one) for one in emission}) == 1
        of_all = [one for one in emission if merged.first(one) == one]
        assert merged.first(each) in of_all
    random.shuffle(messages)
    assert merge(messages) == merged
