"""Reading JSON that must be kept as evidence: what PostgreSQL or JSON tools cannot carry is
repaired, and every repair is a finding with the original text.

Numbers that do not survive an IEEE double, and integers from 2^53, become strings of their digits
(jsonb would take 1e5000 and Python could not read it back); U+0000 and lone surrogates become
U+FFFD; of duplicate keys the last wins; nesting too deep is kept as a string of its JSON text.
"""

import hashlib
import json
import re
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

from .extras import Code, Finding

MAX_NESTING = 64  # levels, the extras themselves being the first
MAX_REPAIRS = 20  # told one by one; beyond, the original is kept once, or findings would outgrow it
SAFE_INTEGER = 2**53

_UNCARRIABLE = re.compile("[\0\ud800-\udfff]")
# A string that is never closed is taken to the end at once, or each of its quotes would be tried.
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)


class MalformedJSON(ValueError):
    """The text is not JSON; the message says where and why."""


class _Digits(str):
    """A number that is kept as the string of its digits."""

    __slots__ = ()


class _Repeated(dict[str, Any]):
    """An object in which keys were repeated; the last value of each won."""

    repeated: dict[str, list[Any]]


class Reading:
    """One JSON text with its repairs still to be told.

    ``value`` is the document as parsed. ``repaired(part)`` returns a part of it fit to be stored,
    with the findings; ``envelope_levels`` says how deep in the document the extras lie.
    """

    def __init__(self, data: bytes, *, envelope_levels: int) -> None:
        text = _decoded(data)
        # Escapes are the only way to spell U+0000 or a lone surrogate in valid UTF-8 JSON.
        self._odd = "\\u" in text
        self._mark = ""
        limit = MAX_NESTING + envelope_levels
        if text.count("[") + text.count("{") > limit:
            text = self._flattened(text, limit)
        self.value = self._parsed(text)

    def repaired(self, extras: dict[str, Any]) -> tuple[dict[str, Any], tuple[Finding, ...]]:
        if not self._odd:
            return extras, ()
        findings: list[Finding] = []
        result = self._clean_object(extras, "", findings)
        if (more := len(findings) - MAX_REPAIRS) > 0:
            detail = f"{more} more repairs; the whole original: {self.original(extras)}"
            findings[MAX_REPAIRS:] = [Finding(Code.REPAIRED_VALUE, "", detail)]
        return result, tuple(findings)

    def _parsed(self, text: str) -> Any:
        try:
            return json.loads(
                text,
                object_pairs_hook=self._object,
                parse_int=self._integer,
                parse_float=self._number,
                parse_constant=_refuse_constant,
            )
        except json.JSONDecodeError as error:
            where = f"line {error.lineno} column {error.colno}"
            raise MalformedJSON(f"{error.msg} at {where}") from None
        except RecursionError:
            raise MalformedJSON("brackets are opened and not closed") from None

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        plain = dict(pairs)
        if len(plain) == len(pairs):
            return plain
        self._odd = True
        return _repeated(pairs)

    def _integer(self, text: str) -> int | _Digits:
        if len(text) <= 17 and abs(value := int(text)) < SAFE_INTEGER:
            return value
        self._odd = True
        return _Digits(text)

    def _number(self, text: str) -> float | _Digits:
        value = float(text)
        if _finite(value) and _is_exactly(value, text):
            return value
        self._odd = True
        return _Digits(text)

    def _flattened(self, text: str, limit: int) -> str:
        """``text`` with every value nested below ``limit`` as a marked string of its own text."""
        # A text cannot contain its own hash, so nothing a sender writes is taken for the mark.
        self._mark = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        pieces: list[str] = []
        depth = start = kept = 0
        for match in _STRUCTURE.finditer(text):
            if match[0] in ("[", "{"):
                if depth == limit:
                    start = match.start()
                depth += 1
            elif match[0] in ("]", "}"):
                depth -= 1
                if depth == limit:
                    inner = text[start : match.end()]
                    _check_syntax(inner)
                    pieces += text[kept:start], json.dumps(self._mark + inner)
                    kept = match.end()
        self._odd = self._odd or bool(pieces)
        return "".join(pieces) + text[kept:]

    def original(self, value: Any) -> str:
        """JSON text of a part that says all that the text read had said, repeated keys behind one
        another."""
        if isinstance(value, _Digits):
            return value
        if isinstance(value, str) and self._mark and value.startswith(self._mark):
            return value.removeprefix(self._mark)
        if isinstance(value, list):
            return f"[{', '.join(map(self.original, value))}]"
        if not isinstance(value, dict):
            return json.dumps(value)
        repeated = value.repeated if isinstance(value, _Repeated) else {}
        pairs = (
            f"{json.dumps(name)}: {self.original(each)}"
            for name, item in value.items()
            for each in (*repeated.get(name, ()), item)
        )
        return f"{{{', '.join(pairs)}}}"

    def _clean(self, value: Any, key: str, findings: list[Finding]) -> Any:
        if isinstance(value, _Digits):
            detail = f"The number {_brief(value)} does not survive a double; kept as its digits."
            findings.append(Finding(Code.REPAIRED_VALUE, key, detail))
            return str(value)
        if isinstance(value, str):
            return self._clean_text(value, key, findings)
        if isinstance(value, dict):
            return self._clean_object(value, key, findings)
        if isinstance(value, list):
            return [self._clean(item, key, findings) for item in value]
        return value

    def _clean_text(self, value: str, key: str, findings: list[Finding]) -> str:
        if self._mark and value.startswith(self._mark):
            detail = f"Nesting over {MAX_NESTING} levels; the inner value is kept as its JSON text."
            findings.append(Finding(Code.REPAIRED_VALUE, key, detail))
            return value.removeprefix(self._mark)
        clean = _UNCARRIABLE.sub("\ufffd", value)
        if clean != value:
            detail = f"Characters no database keeps became U+FFFD; the original: {_ascii(value)}"
            findings.append(Finding(Code.REPAIRED_VALUE, key, detail))
        return clean

    def _clean_object(
        self, value: dict[str, Any], key: str, findings: list[Finding]
    ) -> dict[str, Any]:
        """``key`` is the key of the extras that the object is found below; "" for the extras."""
        clean: dict[str, Any] = {}
        repeated = value.repeated if isinstance(value, _Repeated) else {}
        for name, item in value.items():
            fit = _UNCARRIABLE.sub("\ufffd", name)
            top = key or _brief(fit)
            if fit != name:
                detail = f"The key became fit to keep; the original: {_ascii(name)}"
                findings.append(Finding(Code.REPAIRED_VALUE, top, detail))
            lost = list(repeated.get(name, []))
            if fit in clean:
                lost.append(clean[fit])
            for earlier in lost:
                shown = _ascii(earlier).replace(self._mark, "")
                detail = f"The key {_brief(fit)} is repeated; an earlier value: {shown}"
                findings.append(Finding(Code.DUPLICATE_KEY, top, detail))
            clean[fit] = self._clean(item, top, findings)
        return clean


def repeated_keys(value: dict[str, Any]) -> tuple[str, ...]:
    """The keys that the text of this very object repeats; () for nearly every object."""
    return tuple(value.repeated) if isinstance(value, _Repeated) else ()


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJSON(f"not UTF-8 at byte {error.start}") from None


def _repeated(pairs: list[tuple[str, Any]]) -> _Repeated:
    result = _Repeated(pairs)
    result.repeated = {}
    for name, item in _overwritten(pairs):
        result.repeated.setdefault(name, []).append(item)
    return result


def _overwritten(pairs: list[tuple[str, Any]]) -> Iterator[tuple[str, Any]]:
    last: dict[str, Any] = {}
    for name, item in pairs:
        if name in last:
            yield name, last[name]
        last[name] = item


def _finite(value: float) -> bool:
    return value - value == 0.0


def _is_exactly(value: float, text: str) -> bool:
    try:
        return Decimal(text) == Decimal(repr(value))
    except InvalidOperation:  # an exponent that no Decimal has
        return False


def _check_syntax(text: str) -> None:
    """Refuses what is not JSON, however deep: in slices of a depth that the parser can take, each
    parsed once with its inner slices left out."""
    slices: list[list[str]] = [[]]
    depth = start = 0
    for match in _STRUCTURE.finditer(text):
        if match[0] in ("[", "{"):
            if depth % MAX_NESTING == 0:
                slices[-1].append(text[start : match.start()])
                slices.append([])
                start = match.start()
            depth += 1
        elif match[0] in ("]", "}"):
            depth -= 1
            if depth % MAX_NESTING == 0:
                piece = "".join([*slices.pop(), text[start : match.end()]])
                slices[-1].append("0")
                start = match.end()
                _refuse_unless_json(piece)


def _refuse_unless_json(text: str) -> None:
    try:
        _SYNTAX.decode(text)
    except json.JSONDecodeError as error:
        raise MalformedJSON(f"{error.msg} below {MAX_NESTING} levels") from None


def _refuse_constant(name: str) -> NoReturn:
    raise MalformedJSON(f"{name} is not JSON")


# Only says whether a text is JSON, so no number is worth converting.
_SYNTAX = json.JSONDecoder(parse_int=str, parse_float=str, parse_constant=_refuse_constant)


def _ascii(value: Any) -> str:
    return json.dumps(value)


def _brief(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:80]}…"
