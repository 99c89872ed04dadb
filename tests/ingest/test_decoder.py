"""The quick way of decoding takes only what it reads as the careful way does."""

import json
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from notifications.ingest import decoder, envelope
from notifications.ingest.envelope import Rejected
from notifications.protocol.clients import PLATFORM_NAMES
from notifications.protocol.payload import MalformedJSON
from tests.conftest import DEVICE, FINISHED, INIT, NOW
from tests.protocol.json_values import any_texts, floats, integers, values
from tests.world.worlds import emissions

WORDS = ("", "x" * 256, "😀" * 257, "a\0", "activation", "fax")
TIMES = (
    "2026-01-31T12:00:00Z",
    "2026-01-31t12:00:00.1239999z",
    "2026-01-31T12:00:00.000+20:29",
    "2026-01-31 12:00:00.000Z",
    "2026-01-31T12:00:00.000",
    "0001-01-01T00:00:00+14:00",
    "2016-12-31T23:59:60Z",
)
PROPER: dict[str, st.SearchStrategy[Any]] = {
    **dict.fromkeys(("message_id", "app_id", "user_id"), st.sampled_from(["m-1", "é" * 256])),
    **dict.fromkeys(("per_device", "silent", "personal"), st.none() | st.booleans()),
    "activation_id": st.sampled_from([None, DEVICE, DEVICE.upper()]),
    "addressed_to": st.sampled_from([None, *envelope.ADDRESSED_TO]),
    "platform": st.sampled_from([None, *PLATFORM_NAMES]),
}

anything = values(any_texts, integers | floats)
odd = st.none() | st.booleans() | st.sampled_from(WORDS) | anything
plain = st.sampled_from(["login", DEVICE, "ž😀\u202e", None, True, 7, -1, [], {"a": ["b"]}])
fields = st.sampled_from(sorted(PROPER)).flatmap(
    lambda name: st.tuples(st.just(name), PROPER[name] | PROPER[name] | PROPER[name] | odd)
)
extras_pairs = st.lists(
    st.tuples(st.sampled_from([*FINISHED, "activationId", "note"]), plain), max_size=6
) | st.lists(st.tuples(any_texts, anything), max_size=4)


@st.composite
def texts(draw: st.DrawFn) -> bytes:
    """JSON objects that are nearly envelopes: keys repeated, escaped or not, spaced or not."""
    ascii_only, spaced = draw(st.booleans()), draw(st.booleans())

    def dump(value: Any) -> str:
        return json.dumps(value, ensure_ascii=ascii_only)

    def an_object(pairs: list[tuple[str, str]]) -> str:
        gap = " " if spaced else ""
        return "{" + f",{gap}".join(f"{dump(key)}:{gap}{text}" for key, text in pairs) + "}"

    proper = draw(st.lists(fields, max_size=6, unique_by=lambda field: field[0]))
    more = draw(st.just([]) | st.lists(fields | st.tuples(st.just("colour"), odd), max_size=2))
    pairs = [(key, dump(value)) for key, value in [*proper, *more]]
    times = draw(st.lists(st.sampled_from(TIMES[:3]), min_size=1, max_size=1))
    times = draw(st.just(times) | st.lists(st.sampled_from(TIMES), max_size=2))
    pairs += [("emitted_at", dump(time)) for time in times]
    extras = [(key, dump(value)) for key, value in draw(extras_pairs)]
    pairs += [("extras", an_object(extras))] * draw(st.sampled_from([1, 1, 1, 1, 0, 2]))
    text = an_object(draw(st.permutations(pairs)))
    return text.encode("utf-8", "surrogatepass")


def outcome(decode: Any, data: bytes) -> Any:
    try:
        read = decode(data, now=NOW)
    except (Rejected, MalformedJSON) as error:
        return type(error), str(error)
    fields = {name: getattr(read, name) for name in read.__struct_fields__}
    fields["nonce"] = bool(fields["nonce"])
    return fields


def assert_both_ways_agree(data: bytes) -> None:
    assert outcome(decoder.decode, data) == outcome(envelope.decode, data)


# Making a text takes a while, on a busy machine too long for hypothesis' own watch.
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(texts())
@example(b'{"extras": {"a": "b", "a": "b"}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {}, "extras": {}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": 1, "a": null}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": 9007199254740992}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": 1.0}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": "\xff"}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": "\xed\xa0\x80"}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": "\x01"}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": "\x7f"}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {}, "emitted_at": "2026-01-31T12:00:00Z", "user_id": null} ')
@example(b'\xef\xbb\xbf{"extras": {}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": -0}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": 01}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": ' + b"[" * 63 + b"]" * 63 + b'}, "emitted_at": "2026-01-31T12:00:00Z"}')
@example(b'{"extras": {"a": ' + b"[" * 64 + b"]" * 64 + b'}, "emitted_at": "2026-01-31T12:00:00Z"}')
def test_both_ways_make_the_same_of_any_text(data: bytes) -> None:
    assert_both_ways_agree(data)


@settings(deadline=None)
@given(st.data())
def test_both_ways_make_the_same_of_a_damaged_text(data: st.DataObject) -> None:
    document = {"emitted_at": TIMES[0], "message_id": "m", "extras": FINISHED}
    text = bytearray(json.dumps(document).encode())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    assert_both_ways_agree(bytes(text))


def test_what_emitters_send_goes_the_quick_way() -> None:
    envelopes = [each.envelope for each in emissions() if each.envelope is not None]
    lines = [json.dumps(envelope, ensure_ascii=False).encode() for envelope in envelopes]
    assert all(decoder._ordinary(line) is not None for line in lines)


@pytest.mark.parametrize(
    "more",
    [{"user_id": None}, {"extras": INIT | {"note": [1, None, {"deep": [True]}], "číslo": "ž"}}],
)
def test_nulls_nesting_and_other_alphabets_are_ordinary(more: dict[str, Any]) -> None:
    document = {"emitted_at": TIMES[0], "extras": INIT} | more
    assert decoder._ordinary(json.dumps(document, ensure_ascii=False).encode()) is not None


def test_no_answer_outgrows_its_question() -> None:
    with pytest.raises(Rejected) as rejection:
        envelope.decode(json.dumps({str(n): 1 for n in range(1000)}).encode(), now=NOW)
    assert len(rejection.value.faults) == envelope.MAX_FAULTS


def test_the_quick_way_knows_the_words_of_the_careful_one() -> None:
    told = get_type_hints(decoder._Ordinary)
    assert set(told) == set(envelope.FIELDS)
    assert _words(told["platform"]) == set(PLATFORM_NAMES)
    assert _words(told["addressed_to"]) == set(envelope.ADDRESSED_TO)


def _words(union: Any) -> set[str]:
    (literal,) = (part for part in get_args(union) if get_origin(part) is Literal)
    return set(get_args(literal))
