"""What is not JSON is refused with its place, however deep it lies; what is JSON is read."""

import time

import pytest

from notifications.protocol.payload import MalformedJSON, Reading

from .json_values import nested
from .test_payload import read


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"\xef\xbb\xbf{}",
        b"\xff",
        b'{"a":"\xc3"}',
        b'{"a":"\xed\xa0\x80"}',
        '{"a":1}'.encode("utf-16"),
        b"NaN",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":-Infinity}',
        b"{} {}",
        b"{}x",
        b"{",
        b"[" * 10_000,
        b'{"a":' * 10_000,
        b"[" * 10_000 + b"]" * 9_999,
        b"]" * 10_000 + b"[" * 10_000,
        b"{'a':1}",
        b'{"a":1,}',
        b"{a:1}",
        b'{"a":01}',
        b'{"a":.5}',
        b'{"a":1.}',
        b'{"a":+1}',
        b'{"a":0x1}',
        b'{"a":tru}',
        b'{"a":"\x00"}',
        b'{"a":"\n"}',
        b'{"a":"\\x"}',
        b'{"a":"\\u12"}',
        b'{"a":1}\x00',
        b'{"a":"' + b"[" * 10_000,
        # Also below the levels that are parsed:
        nested(70, "nonsense").encode(),
        nested(70, '"\x00"').encode(),
        nested(70, "NaN").encode(),
        nested(70, "1,").encode(),
        nested(500, "[}").encode(),
        nested(500, '{"a"}').encode(),
        (nested(100) + ",").join(["[", "1", "]"]).replace(",1,", ",}{,").encode(),
        (b"[" * 70 + b"}" * 6 + b"]" * 64),
    ],
    ids=lambda data: repr(data[:20]),
)
def test_what_is_not_json_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedJSON) as error:
        Reading(data, envelope_levels=0)

    assert str(error.value)
    assert len(str(error.value)) < 200


@pytest.mark.parametrize("unit", [b'"\\', b'"', b'\\"', b'["', b"\\"])
def test_a_string_that_is_never_closed_is_read_quickly(unit: bytes) -> None:
    started = time.perf_counter()
    with pytest.raises(MalformedJSON):
        Reading(b"[" * 70 + b'"\\' + unit * 100_000 + b"!", envelope_levels=0)

    assert time.perf_counter() - started < 1


def test_the_place_of_a_mistake_is_told() -> None:
    with pytest.raises(MalformedJSON, match="line 2 column 5"):
        Reading(b'{\n"a":nul}', envelope_levels=0)
    with pytest.raises(MalformedJSON, match="not UTF-8 at byte 6"):
        Reading(b'{"a":"\xff"}', envelope_levels=0)


@pytest.mark.parametrize("core", ['{"a":[1,"[",-2.5e3]}', "1" * 5000, '"\\ud800"', "null"])
def test_what_is_json_is_read_at_any_depth(core: str) -> None:
    for levels in (0, 1, 63, 64, 65, 127, 128, 129, 5000):
        assert read(f'{{"k":{nested(levels, core)}}}')[0]
