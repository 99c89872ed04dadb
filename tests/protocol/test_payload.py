"""Reading extras: what can be carried is untouched, the rest is repaired and told of."""

import json
import time
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.protocol.extras import Code, Finding
from notifications.protocol.payload import MalformedJSON, Reading, repeated_keys

from .json_values import (
    any_texts,
    carried_texts,
    floats,
    holds_only_what_is_carried,
    integers,
    levels_of,
    nested,
    objects,
    safe_integers,
)

Read = tuple[dict[str, Any], tuple[Finding, ...]]


def read(text: str | bytes) -> Read:
    """The repaired extras in one JSON text that is nothing but the extras."""
    data = text.encode() if isinstance(text, str) else text
    reading = Reading(data, envelope_levels=0)
    return reading.repaired(reading.value)


def read_value(text: str) -> tuple[Any, tuple[Finding, ...]]:
    extras, findings = read(f'{{"k":{text}}}')
    return extras["k"], findings


# --- Numbers


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-0", 0),
        ("7", 7),
        ("9007199254740991", 2**53 - 1),
        ("-9007199254740991", -(2**53) + 1),
        ("0.1", 0.1),
        ("0.10", 0.1),
        ("-2.5e-3", -0.0025),
        ("1E2", 100.0),
        ("1e22", 1e22),
        ("1e16", 1e16),
        ("9007199254740992.0", 2.0**53),
        ("5e-324", 5e-324),
        ("1.7976931348623157e308", 1.7976931348623157e308),
        ("0e999", 0.0),
    ],
)
def test_a_number_that_survives_a_double_is_kept(text: str, value: float) -> None:
    kept, findings = read_value(text)

    assert (type(kept), kept, findings) == (type(value), value, ())


def test_a_negative_zero_is_kept_as_the_double_it_is() -> None:
    kept, findings = read_value("-0.0")

    assert (str(kept), findings) == ("-0.0", ())


@pytest.mark.parametrize(
    "text",
    [
        "9007199254740992",
        "-9007199254740992",
        "9007199254740993.0",
        "9223372036854775808",
        "18446744073709551616",
        "0.10000000000000000000000001",
        "0.1000000000000000055511151231257827",
        "1e400",
        "-1e400",
        "1E+5000",
        "1e-400",
        "4e-324",
        "1e9999999999999999999999",
        "1e-9999999999999999999999",
        "0e9999999999999999999999",
        "0e-9999999999999999999999",
        "1" * 18,
        "-" + "1" * 4301,
    ],
)
def test_a_number_that_does_not_survive_a_double_is_kept_as_its_digits(text: str) -> None:
    kept, findings = read_value(text)

    assert (type(kept), kept) == (str, text)
    assert [(finding.code, finding.key) for finding in findings] == [(Code.REPAIRED_VALUE, "k")]
    assert text[:80] in findings[0].detail


@pytest.mark.parametrize(
    "text",
    ["9" * 100_000, "0." + "0" * 100_000 + "1", "9" * 100_000 + ".5", "1e" + "9" * 100_000],
    ids=["integer", "fraction", "both", "exponent"],
)
def test_a_number_of_many_digits_is_read_quickly(text: str) -> None:
    started = time.perf_counter()
    kept, findings = read_value(text)

    assert kept == text
    assert len(findings[0].detail) < 200
    assert time.perf_counter() - started < 1


def test_a_number_is_repaired_wherever_it_stands() -> None:
    extras, findings = read('{"a":{"b":[1,{"c":1e400}]},"d":1e401}')

    assert extras == {"a": {"b": [1, {"c": "1e400"}]}, "d": "1e401"}
    assert [finding.key for finding in findings] == ["a", "d"]


@given(floats)
def test_every_double_is_kept(number: float) -> None:
    assert read_value(repr(number)) == (number, ())


@given(integers)
def test_an_integer_is_kept_or_becomes_its_digits(number: int) -> None:
    kept, findings = read_value(str(number))

    assert kept == (number if abs(number) < 2**53 else str(number))
    assert bool(findings) == isinstance(kept, str)


# --- Keys that are repeated


def test_of_a_repeated_key_the_last_value_wins_and_the_others_are_told() -> None:
    extras, findings = read('{"a":1,"b":2,"a":"two","a":[3]}')

    assert extras == {"a": [3], "b": 2}
    assert findings == (
        Finding(Code.DUPLICATE_KEY, "a", "The key a is repeated; an earlier value: 1"),
        Finding(Code.DUPLICATE_KEY, "a", 'The key a is repeated; an earlier value: "two"'),
    )


def test_a_key_repeated_deep_inside_is_told_under_its_key_of_the_extras() -> None:
    extras, findings = read('{"a":{"b":[{"c":1,"c":2}]},"c":3}')

    assert extras == {"a": {"b": [{"c": 2}]}, "c": 3}
    assert findings == (
        Finding(Code.DUPLICATE_KEY, "a", "The key c is repeated; an earlier value: 1"),
    )


def test_a_key_repeated_with_the_same_value_is_told_too() -> None:
    assert len(read('{"a":1,"a":1}')[1]) == 1


def test_keys_that_become_equal_by_their_repair_are_repeated_keys() -> None:
    extras, findings = read(r'{"a\u0000":1,"a\ud800":2}')

    assert extras == {"a\ufffd": 2}
    assert [finding.code for finding in findings] == [
        Code.REPAIRED_VALUE,
        Code.REPAIRED_VALUE,
        Code.DUPLICATE_KEY,
    ]
    assert findings[-1].detail.endswith("an earlier value: 1")


def test_a_repaired_key_may_meet_one_that_was_so_from_the_start() -> None:
    extras, findings = read('{"\ufffd":1,"\\u0000":2,"\\u0000":3}')

    assert extras == {"\ufffd": 3}
    assert sorted(f.detail[-1] for f in findings if f.code is Code.DUPLICATE_KEY) == ["1", "2"]


def test_only_repeated_keys_of_this_very_object_are_named() -> None:
    reading = Reading(b'{"a":1,"b":{"c":1,"c":2},"a":2}', envelope_levels=0)

    assert repeated_keys(reading.value) == ("a",)
    assert repeated_keys({"a": 1}) == ()


# --- Characters


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (r'"a\u0000b"', "a\ufffdb"),
        (r'"\ud800"', "\ufffd"),
        (r'"\udfff\ud800"', "\ufffd\ufffd"),
        (r'"\ud83d x"', "\ufffd x"),
        (r'["\u0000"]', ["\ufffd"]),
    ],
)
def test_characters_no_database_keeps_become_replacement_characters(text: str, kept: Any) -> None:
    value, findings = read_value(text)

    assert value == kept
    assert [(finding.code, finding.key) for finding in findings] == [(Code.REPAIRED_VALUE, "k")]
    assert text.strip("[]") in findings[0].detail


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (r'"\ud83d\ude00"', "\U0001f600"),
        (r'"\uD83D\uDE00\u0001\u007f"', "\U0001f600\x01\x7f"),
        (r'"\\u0000"', r"\u0000"),
        ('"\U0001f600 é \ufffd \ufeff \uffff"', "\U0001f600 é \ufffd \ufeff \uffff"),
    ],
)
def test_characters_that_can_be_kept_are_untouched(text: str, kept: str) -> None:
    assert read_value(text) == (kept, ())


def test_a_key_is_repaired_as_a_value_is() -> None:
    extras, findings = read(r'{"\u0000":{"\ud800x":1}}')

    assert extras == {"\ufffd": {"\ufffdx": 1}}
    assert [finding.key for finding in findings] == ["\ufffd", "\ufffd"]
    assert [r"\u0000" in findings[0].detail, r"\ud800x" in findings[1].detail] == [True, True]


def test_many_repairs_below_a_long_key_do_not_repeat_it_whole() -> None:
    extras, findings = read(json.dumps({"k" * 5000: 0}).replace("0", "[1e400,1e400,1e400]"))

    assert list(extras) == ["k" * 5000]
    assert {finding.key for finding in findings} == {"k" * 80 + "…"}


# --- Nesting


@pytest.mark.parametrize("opening_closing", ["[]", "{}"])
@pytest.mark.parametrize("envelope_levels", [0, 1])
def test_nesting_of_64_levels_is_kept(opening_closing: str, envelope_levels: int) -> None:
    inner = nested(63) if opening_closing == "[]" else nested_objects(63)
    text = '{"e":' * envelope_levels + f'{{"k":{inner}}}' + "}" * envelope_levels
    reading = Reading(text.encode(), envelope_levels=envelope_levels)
    extras = reading.value["e"] if envelope_levels else reading.value

    assert reading.repaired(extras) == (json.loads(f'{{"k":{inner}}}'), ())
    assert levels_of(extras) == 64


@pytest.mark.parametrize("levels", [64, 65, 500, 10_000])
@pytest.mark.parametrize("kind", ["arrays", "objects"])
def test_deeper_nesting_is_kept_as_its_text(levels: int, kind: str) -> None:
    inner = nested(levels) if kind == "arrays" else nested_objects(levels)
    started = time.perf_counter()
    extras, findings = read(f'{{"k":{inner}}}')

    assert levels_of(extras) == 64
    assert text_at_the_bottom(extras) in inner
    assert json.dumps(extras, separators=(",", ":")).count("[") == inner.count("[")
    assert [(finding.code, finding.key) for finding in findings] == [(Code.REPAIRED_VALUE, "k")]
    assert time.perf_counter() - started < 1


def test_deep_nesting_beside_ordinary_values_leaves_them_alone() -> None:
    deep = nested(63, r'[1e400, "\u0000[}"], "[[", {"a" : 1, "a": 2}')
    extras, findings = read(f'{{"a":"]","deep":{deep},"z":{{"y":[]}}}}')
    (*_, bottom) = levels(extras["deep"])

    assert extras["a"] == "]"
    assert extras["z"] == {"y": []}
    assert bottom == [r'[1e400, "\u0000[}"]', "[[", '{"a" : 1, "a": 2}']
    assert [finding.key for finding in findings] == ["deep", "deep"]


def test_the_text_of_a_deep_value_is_its_very_own() -> None:
    inner = '[ "é",\t"\\u00e9" , "\U0001f600", "\\\\\\"[" ]'

    assert text_at_the_bottom(read(f'{{"k":{nested(63, inner)}}}')[0]) == inner


def test_brackets_inside_strings_are_no_nesting() -> None:
    text = "[{" * 5000 + '\\"' + "}]" * 10

    assert read_value(f'"{text}"') == (text.replace('\\"', '"'), ())


def test_nobody_can_fake_the_mark_of_a_deep_value() -> None:
    marks: list[str] = []
    text = f'{{"k":{nested(64)},"fake":"x"}}'
    for _ in range(3):  # a sender who reads this code and puts in the mark of what he sends
        reading = Reading(text.encode(), envelope_levels=0)
        marks.append(reading._mark)
        text = f'{{"k":{nested(64)},"fake":"{marks[-1]}[]"}}'
        extras, findings = read(text)

        assert extras["fake"] == f"{marks[-1]}[]"
        assert [finding.key for finding in findings] == ["k"]
    assert len(set(marks)) == 3


def test_the_mark_is_not_shown_in_findings() -> None:
    text = f'{{"k":{nested(64)},"k":1}}'
    mark = Reading(text.encode(), envelope_levels=0)._mark
    _, findings = read(text)

    assert mark
    assert mark not in findings[0].detail


# --- Many repairs


def test_after_many_repairs_the_whole_original_is_quoted_once() -> None:
    values = ["1e5000", '"\\u0000"', '{"b": 1, "b": "\\ud800"}', nested(70, '"x"'), "0.5", "null"]
    pairs = ", ".join(f'"a": {value}' for value in values * 10)
    text = f'{{{pairs}, "\\udfff": [true]}}'
    extras, findings = read(text)
    assert extras.keys() == {"a", "\ufffd"}
    *told, whole = findings
    assert len(told) == 20
    assert (whole.code, whole.key) == (Code.REPAIRED_VALUE, "")
    count, _, original = whole.detail.partition(" more repairs; the whole original: ")
    assert int(count) == 40
    as_pairs = {"object_pairs_hook": list, "parse_float": str}
    assert json.loads(original, **as_pairs) == json.loads(text, **as_pairs)
    assert "\0" not in whole.detail
    assert holds_only_what_is_carried(whole.detail)


def test_findings_do_not_outgrow_the_payload() -> None:
    text = "{" + ",".join(['"a":1'] * 10_000) + "}"
    _, findings = read(text)
    assert sum(len(finding.detail) for finding in findings) < 3 * len(text)


# --- Anything at all

_TOKENS = st.sampled_from(
    [*'{}[]:,"\\', '"a":', r'"\u0000"', r"\ud800", "1e400", "NaN", "null", "9" * 20, "\0", "é", " "]
)
_SOUP = st.lists(st.tuples(_TOKENS, st.integers(1, 80)), max_size=12).map(
    lambda tokens: "".join(token * times for token, times in tokens).encode()
)


def soup() -> st.SearchStrategy[bytes]:
    return st.binary() | _SOUP | st.text().map(str.encode)


@given(soup())
@example(b'{"a":1e-9999999999999999999}')
@example(b"[" * 2000)
def test_reading_gives_a_value_or_says_malformed_and_nothing_else(data: bytes) -> None:
    try:
        reading = Reading(data, envelope_levels=0)
    except MalformedJSON:
        return
    if isinstance(reading.value, dict):
        assert fit_to_store(reading.repaired(reading.value)[0])


@given(objects(any_texts, integers | floats), st.integers(1, 100))
def test_what_is_repaired_can_be_stored_and_reads_the_same_ever_after(
    extras: dict[str, Any], depth: int
) -> None:
    text = json.dumps(extras | {"deep": 0}).replace('"deep": 0', f'"deep": {nested(depth)}')
    repaired, findings = read(text)

    assert fit_to_store(repaired)
    assert read(json.dumps(repaired)) == (repaired, ())
    assert all(holds_only_what_is_carried([f.key, f.detail]) for f in findings)


@given(objects(any_texts, integers | floats), st.integers(1, 100))
def test_no_finding_means_no_change(extras: dict[str, Any], depth: int) -> None:
    text = json.dumps(extras | {"deep": 0}).replace('"deep": 0', f'"deep": {nested(depth)}')
    repaired, findings = read(text)

    assert (findings == ()) == (repaired == json.loads(text))


@given(objects(carried_texts, safe_integers | floats))
def test_what_can_be_carried_is_untouched(extras: dict[str, Any]) -> None:
    assert read(json.dumps(extras)) == (extras, ())
    assert read(json.dumps(extras, ensure_ascii=False)) == (extras, ())


def fit_to_store(extras: dict[str, Any]) -> bool:
    json.dumps(extras, ensure_ascii=False, allow_nan=False).encode()
    return (
        msgspec.json.decode(msgspec.json.encode(extras)) == extras
        and holds_only_what_is_carried(extras)
        and levels_of(extras) <= 64
    )


def nested_objects(levels: int) -> str:
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


def levels(value: Any) -> list[Any]:
    """``value``, its first item, that one's first item, and so on."""
    found = [value]
    while isinstance(found[-1], list) and found[-1] and isinstance(found[-1][0], list):
        found.append(found[-1][0])
    return found


def text_at_the_bottom(value: Any) -> str:
    while not isinstance(value, str):
        value = next(iter(value.values() if isinstance(value, dict) else value))
    return value
