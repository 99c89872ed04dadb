"""JSON as hypothesis makes it, and as PostgreSQL gives it back."""

import json
from decimal import Decimal
from typing import Any

import msgspec
from hypothesis import strategies as st

SAFE = 2**53 - 1

texts = st.text(st.characters(exclude_categories=["Cs"]))
carried_texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
any_texts = st.text(st.characters())  # halves of surrogate pairs too
safe_integers = st.integers(-SAFE, SAFE)
integers = safe_integers | st.integers() | st.integers(0, 308).map(lambda n: 10**n)
floats = st.floats(allow_nan=False, allow_infinity=False)


def values(
    strings: st.SearchStrategy[str] = texts,
    numbers: st.SearchStrategy[Any] = safe_integers | floats,
) -> st.SearchStrategy[Any]:
    """Any JSON value with such strings, also as keys, and such numbers."""
    return st.recursive(
        st.none() | st.booleans() | numbers | strings,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(strings, inner, max_size=4),
        max_leaves=12,
    )


def objects(
    strings: st.SearchStrategy[str] = texts,
    numbers: st.SearchStrategy[Any] = safe_integers | floats,
) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(strings, values(strings, numbers), max_size=5)


def through_jsonb(value: Any) -> Any:
    """``value`` as jsonb gives it back: no key order, and numbers as plain decimals, so that 1e22
    returns as an integer and -0.0 without its sign."""
    if isinstance(value, dict):
        return {key: through_jsonb(value[key]) for key in sorted(value, reverse=True)}
    if isinstance(value, list):
        return [through_jsonb(item) for item in value]
    if isinstance(value, float):
        number = Decimal(msgspec.json.encode(value).decode())
        return json.loads(format(number if number else abs(number), "f"))
    return value


def nested(levels: int, core: str = "", opening: str = "[", closing: str = "]") -> str:
    """JSON text of ``core`` within so many levels of brackets."""
    return opening * levels + core + closing * levels


def holds_only_what_is_carried(value: Any) -> bool:
    """Whether no key or string below ``value`` has U+0000 or half of a surrogate pair."""
    if isinstance(value, str):
        return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)
    if isinstance(value, dict):
        return all(map(holds_only_what_is_carried, [*value, *value.values()]))
    if isinstance(value, list):
        return all(map(holds_only_what_is_carried, value))
    return True


def levels_of(value: Any) -> int:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return 1 + max(map(levels_of, value), default=0)
    return 0
