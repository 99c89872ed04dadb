"""The quick way to canonical JSON is the exact way."""

import random
from enum import StrEnum
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.protocol.canonical import canonical_json
from notifications.protocol.clients import Platform

from .json_values import any_texts, floats, integers, texts, through_jsonb, values

ordinary = values(st.text(st.characters(max_codepoint=127)), st.integers(-(2**53), 2**53))


@given(values())
@example({"\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"): 1, "\ufb33": 2})
@example({'\x00\x1f\x7f\u2028/\\"\b\t\n\f\r': '\x00\x1f\x7f\u2028\u2029/\\"\b\t\n\f\r\u0080'})
def test_every_value_is_canonicalised_as_the_library_does_it(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


@given(values(texts, st.integers(-(2**53) + 1, 2**53 - 1)))
def test_values_without_fractions_are_canonicalised_as_the_library_does_it(value: Any) -> None:
    assert canonical_json(value) == rfc8785.dumps(value)


def test_every_ascii_character_is_written_as_the_library_writes_it() -> None:
    value = {chr(code): f"a{chr(code)}b" for code in range(0x80)}

    assert canonical_json(value) == rfc8785.dumps(value)


@given(floats)
@example(1e21)
@example(1e-7)
@example(-0.0)
@example(5e-324)
@example(1.7976931348623157e308)
def test_every_double_is_written_as_the_library_writes_it(number: float) -> None:
    assert canonical_json(number) == rfc8785.dumps(number)


# RFC 8785, appendix B: what every implementation has to write.
@pytest.mark.parametrize(
    ("number", "written"),
    [
        (0.0, b"0"),
        (-0.0, b"0"),
        (5e-324, b"5e-324"),
        (-5e-324, b"-5e-324"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
        (9007199254740992, b"9007199254740992"),
        (-9007199254740992, b"-9007199254740992"),
        (295147905179352830000, b"295147905179352830000"),
        (9.999999999999997e22, b"9.999999999999997e+22"),
        (1e23, b"1e+23"),
        (1.0000000000000001e23, b"1.0000000000000001e+23"),
        (999999999999999700000.0, b"999999999999999700000"),
        (1e21, b"1e+21"),
        (10**21, b"1e+21"),
        (9.999999999999997e-7, b"9.999999999999997e-7"),
        (0.000001, b"0.000001"),
        (333333333.3333332, b"333333333.3333332"),
        (0.1, b"0.1"),
        (1.0, b"1"),
        (True, b"true"),
        (None, b"null"),
    ],
)
def test_numbers_are_written_as_rfc_8785_lists_them(number: Any, written: bytes) -> None:
    assert canonical_json(number) == written
    assert canonical_json([number]) == b"[" + written + b"]"


def test_keys_are_sorted_by_their_utf_16_form_at_every_level() -> None:
    # The example of RFC 8785, 3.2.3: code points would put U+1F600 after U+FB33.
    keys = {"\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\U0001f600": 5, "\x80": 6, "\u00f6": 7}

    assert canonical_json([keys]).decode() == (
        '[{"\\r":2,"1":4,"\x80":6,"\u00f6":7,"\u20ac":1,"\U0001f600":5,"\ufb33":3}]'
    )


@given(ordinary, st.randoms(use_true_random=False))
def test_the_order_of_keys_does_not_matter(value: Any, chance: random.Random) -> None:
    assert canonical_json(shuffled(value, chance)) == canonical_json(value)


@given(values(texts, integers | floats))
@example([1e22, 1.0, -0.0, 1e16, 2.0**53, 123456.75e18, 1e-7, 5e-324, 1.7976931348623157e308])
def test_what_jsonb_gives_back_is_canonicalised_as_what_was_stored(value: Any) -> None:
    value = with_doubles(value)

    assert canonical_json(through_jsonb(value)) == canonical_json(value)


@pytest.mark.parametrize(
    ("stored", "back"), [(1e22, 10**22), (1.0, 1.0), (-0.0, 0.0), (1e16, 10**16), (2.5, 2.5)]
)
def test_jsonb_is_imitated_as_it_is(stored: float, back: float) -> None:
    given_back = through_jsonb(stored)

    assert (type(given_back), str(given_back)) == (type(back), str(back))


@pytest.mark.parametrize("platform", Platform)
def test_a_platform_is_written_as_its_name_and_keeps_the_quick_way(platform: Platform) -> None:
    assert canonical_json({"platform": platform}) == f'{{"platform":"{platform}"}}'.encode()
    assert canonical_json({"é": platform}) == f'{{"é":"{platform}"}}'.encode()


def test_the_quick_way_is_taken_for_an_ordinary_envelope(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rfc8785, "dumps", lambda value: pytest.fail("went the long way"))

    class Word(StrEnum):
        ONE = "one"

    canonical_json({"a": [1, True, None, "é", {"b": -(2**53) + 1}], "platform": Word.ONE})


def test_a_tuple_is_a_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """As an event has its apps, and written as quickly."""
    told = {"apps": ("retail", "wealth"), "of": ("é", ("b", 2**53))}
    assert canonical_json(told) == canonical_json(
        {"apps": [*told["apps"]], "of": ["é", ["b", 2**53]]}
    )
    monkeypatch.setattr(rfc8785, "dumps", lambda value: pytest.fail("went the long way"))
    assert canonical_json({"apps": ("retail",)}) == b'{"apps":["retail"]}'


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", {"\udfff": 1}, 10**400])
def test_what_json_cannot_hold_is_never_written(value: Any) -> None:
    with pytest.raises((ValueError, OverflowError)):
        canonical_json(value)


@given(any_texts)
def test_a_string_is_either_written_as_the_library_does_it_or_refused(text: str) -> None:
    try:
        expected = rfc8785.dumps(text)
    except rfc8785.CanonicalizationError:
        with pytest.raises(ValueError, match=r"surrogates|codepoints"):
            canonical_json(text)
    else:
        assert canonical_json(text) == expected


def shuffled(value: Any, chance: random.Random) -> Any:
    if isinstance(value, dict):
        keys = list(value)
        chance.shuffle(keys)
        return {key: shuffled(value[key], chance) for key in keys}
    if isinstance(value, list):
        return [shuffled(item, chance) for item in value]
    return value


def with_doubles(value: Any) -> Any:
    """As it is after the repairs of reading: an integer from 2^53 can only be a double's."""
    if isinstance(value, dict):
        return {key: with_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [with_doubles(item) for item in value]
    if type(value) is int and abs(value) >= 2**53:
        return float(value) if abs(value) < 10**308 else 1e308
    return value
