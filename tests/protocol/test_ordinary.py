"""The quick way of reading takes only what it reads as the careful way does."""

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from notifications.protocol.ordinary import reading_of
from notifications.protocol.payload import MalformedJSON, Reading, repeated_keys

from .json_values import any_texts, carried_texts, floats, integers, nested, objects
from .test_payload import soup

SPELLED = objects(any_texts | carried_texts, integers | floats)


@st.composite
def spelled(draw: st.DrawFn) -> bytes:
    """Objects, with a key repeated or not, an item more or less, escaped or not, and cut off."""
    value = draw(SPELLED)
    text = json.dumps(value, ensure_ascii=draw(st.booleans()))
    key, item = draw(st.sampled_from(sorted(value) or ["a"])), draw(st.sampled_from(range(70)))
    more = draw(st.sampled_from(["", f"{json.dumps(key)}: {nested(item + 1)}", '"a": 1, "a": 1']))
    text = text[:-1] + (", " if value and more else "") + more + "}"
    end = draw(st.sampled_from([len(text), len(text) - 1, len(text) // 2]))
    return text[:end].encode("utf-8", "surrogatepass")


@given(soup() | spelled())
@example(b'{"a": "\t"}')
@example(b'{"a": "\x1f", "b": -0, "c": [1, {"d": null}]}')
@example(b'{"a": 1, "a": 2}')
@example(b'{"a": {"b": "c", "b": "c"}, "d": -9007199254740992}')
@example(b'\xef\xbb\xbf{"a": 1}')
@example(b'{"a": NaN}')
@example(b'{"a": "\xff"}')
@example(b'{"a": "\xed\xa0\x80"}')
@example(b' {"a": 1} \n')
@example(b'{"a": 1}\x00')
@example(b'{"a": 01}')
@example(b'{"a": 1,}')
def test_both_ways_read_the_same_in_any_text(data: bytes) -> None:
    assert _told(reading_of, data) == _told(Reading, data)


def test_what_is_ordinary_is_read_quickly() -> None:
    data = b'{"title": "\xc4\x8d", "extras": {"n": [1, true, null], "s": ""}}'
    assert type(reading_of(data, envelope_levels=1)) is not Reading
    assert type(reading_of(data[:-1] + b', "title": ""}', envelope_levels=1)) is Reading


def _told(way: Any, data: bytes) -> Any:
    try:
        reading = way(data, envelope_levels=1)
    except MalformedJSON as error:
        return str(error)
    value = reading.value
    if not isinstance(value, dict):
        return repr(value)
    return repr(value), repeated_keys(value), reading.original(value), reading.repaired(value)
