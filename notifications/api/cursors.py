"""Cursors: places in an answer as texts that only we can write.

Signed, so that one that was cut, changed, made up or taken from another answer is refused, and not
taken for a place. They hold no more than the keys that the answer shows.
"""

from typing import Any

from django.core import signing

from .problems import Fault, Problem


def write_cursor(of: str, *place: Any) -> str:
    """``of`` names the answer that it is a place in."""
    return signing.Signer(salt=f"cursor {of}").sign_object(place, compress=False)


def read_cursor(of: str, cursor: str) -> Any:
    """The place, as a list. Raises ``Problem`` (400)."""
    try:
        return signing.Signer(salt=f"cursor {of}").unsign_object(cursor)
    except (signing.BadSignature, ValueError):
        raise bad_cursor() from None


def bad_cursor() -> Problem:
    detail = "This cursor is none of ours; follow next and previous as they were given."
    return Problem(
        400, "invalid_cursor", detail, Fault("query", "cursor", "invalid_cursor", detail)
    )
