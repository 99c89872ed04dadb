"""A file of PowerAuth's history as its REST service answers it: one answer, a list of them, or
lines of items or answers."""

import zlib
from collections.abc import Callable, Iterator
from itertools import chain
from typing import IO, Any

import msgspec

from .foreign_database import BrokenOff
from .history import Row, Unreadable

MAX_DOCUMENT = 256 * 1024 * 1024  # bytes of a text that has to be read as a whole, or of one line
NO_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
WHOLE = "the file"  # the place of a text that is one thing
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def rows_of_file(stream: IO[bytes]) -> Iterator[Row]:
    """The rows in ``stream``, in its order. Raises ``BrokenOff``."""
    first, number = b"", 0
    while not first.strip():
        first, number = _line(stream), number + 1
        if not first:
            raise BrokenOff("It is empty; it should hold answers of /rest/v3/activation/history.")
    first = first.removeprefix(_BYTE_ORDER_MARK)
    lines: Iterator[bytes] = iter(lambda: _line(stream), b"")
    if not _is_json(first):
        second = b"" if first.strip() in (b"[", b"{") else _line(stream)
        if not _is_json(second):
            yield from _whole(stream, first + second)
            return
        lines = chain([second], lines)  # it is lines, and the first of them is damaged
    for place, line in enumerate(chain([first], lines), number):
        if line.strip():
            yield from _rows(line, f"line {place}")


def _whole(stream: IO[bytes], start: bytes) -> Iterator[Row]:
    data = start + _taken(stream.read, MAX_DOCUMENT + 1)
    if len(data) > MAX_DOCUMENT:
        raise BrokenOff(
            f"It is one JSON text of over {MAX_DOCUMENT // 1024**2} MiB; write its items as lines"
            " instead, for instance with jq -c."
        )
    try:
        value = msgspec.json.decode(data)
    except NO_JSON as error:
        raise BrokenOff(f"It is neither one JSON text nor lines of JSON: {error}.") from None
    yield from _unfolded(value, "")


def _rows(line: bytes, place: str) -> Iterator[Row]:
    try:
        value = msgspec.json.decode(line)
    except NO_JSON:
        yield Row(place, Unreadable("it is no JSON"))
    else:
        yield from _unfolded(value, place)


def _unfolded(value: Any, place: str) -> Iterator[Row]:
    """Answers hold items, and lists hold either."""
    if isinstance(value, dict) and isinstance(value.get("responseObject"), dict):
        value = value["responseObject"]
        if "items" not in value:
            why = "it is an answer without items, such as that of an error"
            yield Row(place or WHOLE, Unreadable(why))
            return
    if isinstance(value, dict) and isinstance(value.get("items"), list):
        value = value["items"]
    if isinstance(value, list):
        for number, each in enumerate(value, 1):
            yield from _unfolded(each, f"{place}, item {number}".removeprefix(", "))
    elif isinstance(value, dict):
        yield Row(place or WHOLE, value)
    else:
        yield Row(place or WHOLE, Unreadable("it is no object"))


def _is_json(line: bytes) -> bool:
    """Whether it is JSON that rows can be in."""
    try:
        return isinstance(msgspec.json.decode(line), dict | list)
    except NO_JSON:
        return False


def _line(stream: IO[bytes]) -> bytes:
    line = _taken(stream.readline, MAX_DOCUMENT + 1)
    if len(line) > MAX_DOCUMENT:
        raise BrokenOff(
            f"It has a line of over {MAX_DOCUMENT // 1024**2} MiB; write lines of items."
        )
    return line


def _taken(read: Callable[[int], bytes], size: int) -> bytes:
    try:
        return read(size)
    except (OSError, EOFError, zlib.error) as error:  # also those of gzip
        raise BrokenOff(f"It cannot be read on: {error}.") from None
