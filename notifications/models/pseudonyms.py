"""What stands for a person where user ids may not be read: the same for the same recipient, and
nothing that could be turned back without the key.

Made of the surrogate key, not of the user id, so that it holds for a person who was forgotten.
"""

import hashlib
import hmac
from functools import cache

from django.conf import settings
from django.db.models import BinaryField, F, TextField, Value
from django.db.models.expressions import Combinable, CombinedExpression, Expression, Func
from django.db.models.functions import Cast

PREFIX = "p-"
DIGITS = 32  # of the hexadecimal HMAC, so 128 bits
_BLOCK = 64  # bytes of a block of SHA-256, to which RFC 2104 pads a key


def pseudonym_of(recipient_id: int) -> str:
    """``p-`` and 32 hexadecimal digits: HMAC-SHA256 over the digits of the recipient's key."""
    key = settings.PSEUDONYM_KEY.encode()
    mac = hmac.new(key, str(recipient_id).encode(), hashlib.sha256)
    return PREFIX + mac.hexdigest()[:DIGITS]


def pseudonym_in_sql(recipient_id: str) -> Expression:
    """``pseudonym_of`` of a column that has the keys of recipients; null where that is null.

    PostgreSQL's core has SHA-256 and no HMAC, so the key goes there padded for both of its rounds:
    whoever logs statements in the database keeps it in those logs.
    """
    inner, outer = (Value(pad, BinaryField()) for pad in _padded(settings.PSEUDONYM_KEY))
    told = Func(Cast(F(recipient_id), TextField()), Value("UTF8"), function="convert_to")
    mac = _sha256(outer, _sha256(inner, told))
    digits = Func(Func(mac, Value("hex"), function="encode"), Value(DIGITS), function="left")
    return CombinedExpression(Value(PREFIX), "||", digits, output_field=TextField())


def _sha256(pad: Value, told: Combinable) -> Func:
    joined = CombinedExpression(pad, "||", told, output_field=BinaryField())
    return Func(joined, function="sha256", output_field=BinaryField())


@cache
def _padded(key: str) -> tuple[bytes, bytes]:
    """What the inner and the outer hash of HMAC begin with (RFC 2104)."""
    told = key.encode()
    block = (told if len(told) <= _BLOCK else hashlib.sha256(told).digest()).ljust(_BLOCK, b"\0")
    return bytes(each ^ 0x36 for each in block), bytes(each ^ 0x5C for each in block)
