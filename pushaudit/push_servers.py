"""Which Push Servers' databases may be followed, as the environment names them.

An address may hold a password, so none of what is given is quoted in an error, and an address is in
no ``repr``: that is what ``manage.py diffsettings`` and debug pages print.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

EXAMPLE = (
    '{"push-server": {"dsn": "postgresql://pushaudit_reader@db.bank.example/push",'
    ' "timezone": "Europe/Prague"}}'
)
MOST = 20
# As where such an address is used and where a source is named, which cannot be imported before
# settings are made; a test holds them together.
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_HOST = r"(?:[^:@/?#,\[\]]*|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?"
ADDRESS = re.compile(
    r"postgres(?:ql)?://(?:[^:@/?#]*(?::[^:@/?#]*)?@)?"
    rf"{_HOST}(?:,{_HOST})*(?:/[^:@?#]*)?(?:\?[^@#]*)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class PushServer:
    """Its database, and the zone that its zone-less times are taken to be of."""

    dsn: str = field(repr=False)
    timezone: str


class Unusable(ValueError):
    """What is wrong with the text, without anything of it but the slugs of sources."""


def push_servers_in(text: str) -> dict[str, PushServer]:
    """By the slug of the source that each is. Raises ``Unusable``."""
    try:
        told = json.loads(text or "{}", object_pairs_hook=_once)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Unusable(f"must be a JSON object that names each source once: {EXAMPLE}")
    if len(told) > MOST:
        raise Unusable(f"must name at most {MOST} sources")
    return {slug: _server(slug, given) for slug, given in told.items()}


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key twice")
    return found


def _server(slug: str, given: Any) -> PushServer:
    if SLUG.fullmatch(slug) is None:
        raise Unusable(
            "must name each source by a slug: small letters, digits and hyphens, such as"
            " push-server, at most 64"
        )
    if not isinstance(given, Mapping) or set(given) != {"dsn", "timezone"}:
        raise Unusable(f"must give {slug} a dsn and a timezone and nothing else: {EXAMPLE}")
    dsn, zone = given["dsn"], given["timezone"]
    if not isinstance(dsn, str) or not _is_address(dsn):
        raise Unusable(
            f"must give {slug} a dsn such as postgresql://USER@HOST:PORT/DATABASE, special"
            " characters in a password as %40 and the like; or leave the password to ~/.pgpass"
            " or PGPASSFILE"
        )
    if not isinstance(zone, str) or not _is_zone(zone):
        raise Unusable(f"must give {slug} a timezone such as Europe/Prague or UTC")
    return PushServer(dsn, zone)


def _is_address(dsn: str) -> bool:
    """Strictly: libpq takes what follows a stray sign in a password for a host or a port, and would
    repeat it in its messages."""
    if ADDRESS.fullmatch(dsn) is None or not dsn.isprintable():
        return False
    try:
        conninfo_to_dict(dsn)
    except ProgrammingError:
        return False
    return True


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (LookupError, ValueError, OSError):  # not there; no name at all; a directory of zones
        return False
    return True
