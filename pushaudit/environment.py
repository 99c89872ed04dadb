"""Typed reading of environment variables: a wrong value stops the start and names the variable."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Literal, NoReturn
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from environs import Env, EnvError

from pushaudit.push_servers import PushServer, Unusable, push_servers_in

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
MIN_SECRET_LENGTH = 50


class Environment:
    """The process environment; every method takes a variable's name and raises ImproperlyConfigured
    with that name. ``local_default`` stands in on a developer's machine and is False elsewhere,
    where the variable must then be given."""

    def __init__(self) -> None:
        self._env = Env()

    def refuse(self, name: str, why: str) -> NoReturn:
        raise ImproperlyConfigured(f"environment variable {name} {why}")

    def text(self, name: str, *, default: str) -> str:
        return str(self._read(self._env.str, name, default))

    def word(self, name: str, *, default: str) -> str:
        value = self.text(name, default=default)
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}", value):
            self.refuse(name, f"must be a short name such as production or test-2, not {value!r}")
        return value

    def flag(self, name: str, *, default: bool) -> bool:
        if not self.text(name, default=""):  # set to nothing is how a shell takes a variable back
            return default
        return bool(self._read(self._env.bool, name, default))

    def secret(self, name: str, *, default: Literal[False] | Callable[[], str]) -> str:
        value = self.text(name, default="")
        if not value and default:
            return default()
        if not value:
            self.refuse(name, f"is required: at least {MIN_SECRET_LENGTH} random characters")
        if not _is_strong(value):
            self.refuse(name, f"must be at least {MIN_SECRET_LENGTH} random characters")
        return value

    def former_secrets(self, name: str) -> list[str]:
        value = self._words(name)
        if not all(_is_strong(secret) for secret in value):
            self.refuse(
                name,
                "must list former keys, separated by commas, each of at least"
                f" {MIN_SECRET_LENGTH} random characters",
            )
        return value

    def hosts(self, name: str, *, local_default: Literal[False] | list[str]) -> list[str]:
        value = self._words(name)
        if not value and local_default:
            return local_default
        if not value:
            self.refuse(name, "is required: the host names served, separated by commas")
        if "*" in value:
            self.refuse(name, "must name the hosts; * would accept any")
        return value

    def origins(self, name: str, *, default: list[str]) -> list[str]:
        value = self._words(name)
        for origin in value:
            if not re.fullmatch(r"https?://[^/\s]+", origin):
                self.refuse(name, f"must list origins such as https://host, not {origin!r}")
        return value or default

    def urls(self, name: str, *, most: int) -> list[str]:
        """Of HTTP, without anything secret: they are shown in logs."""
        value = self._words(name)
        if not all(_is_plain_url(url) for url in value):  # none is quoted: it may have a password
            self.refuse(
                name,
                "must list addresses such as https://push.bank.example/push/service/status,"
                " separated by commas, without user, password, query and fragment",
            )
        if len(set(value)) < len(value) or len(value) > most:
            self.refuse(name, f"must list at most {most} addresses, once each")
        return value

    def database(
        self, name: str, *, local_default: Literal[False] | Callable[[], dict[str, Any]]
    ) -> dict[str, Any]:
        url = self.text(name, default="")
        if not url and local_default:
            return local_default()
        if not url:
            self.refuse(name, "is required: postgresql://user:password@host/database")
        if not url.startswith(("postgresql://", "postgres://")):
            self.refuse(name, "must start with postgresql://; no other engine is supported")
        try:
            # Persistent connections: opening one per request costs ten times the request itself.
            return dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
        except ValueError as error:
            # The parser's text can quote the password, so only its kind is passed on.
            raise ImproperlyConfigured(
                f"environment variable {name} is no valid database address"
                f" ({type(error).__name__}); write reserved characters as %XX"
            ) from None

    def rate(self, name: str, *, default: str | None) -> str | None:
        value = self.text(name, default="")
        if value and not re.fullmatch(r"[1-9][0-9]*/(s|sec|m|min|h|hour|d|day)", value):
            self.refuse(name, f"must be a rate such as 600/min, not {value!r}")
        return value or default

    def seconds(self, name: str, *, default: int, most: int, least: int = 0) -> int:
        value = self.text(name, default="") or str(default)
        if not _is_seconds(value, least, most):
            self.refuse(name, f"must be whole seconds from {least} to {most}, not {value!r}")
        return int(value)

    def whole(self, name: str, *, default: int, least: int, most: int) -> int:
        value = self.text(name, default="") or str(default)
        plain = re.fullmatch(r"[0-9]{1,6}", value, re.ASCII)
        if not plain or not least <= int(value) <= most:
            self.refuse(name, f"must be a whole number from {least} to {most}, not {value!r}")
        return int(value)

    def file_store(self, name: str, *, options: str, default: dict[str, Any]) -> dict[str, Any]:
        """An entry of STORAGES: a class of Django's or of a package, and its options as JSON."""
        backend, given = self.text(name, default=""), self.text(options, default="")
        if not backend:
            if given:
                self.refuse(options, f"is for a {name} of your own; give that as well")
            return default
        try:
            read = json.loads(given or "{}")
        except ValueError:
            read = None
        if not isinstance(read, dict):
            self.refuse(options, "must be a JSON object")  # without quoting it: it may have keys
        return {"BACKEND": backend, "OPTIONS": read}

    def push_servers(self, name: str) -> dict[str, PushServer]:
        """By source; JSON. Errors hold nothing of an address."""
        try:
            return push_servers_in(self.text(name, default=""))
        except Unusable as problem:
            self.refuse(name, str(problem))

    def seconds_by_name(self, name: str, *, most: int) -> dict[str, int]:
        """``login=120,authorize_payment=600``"""
        found: dict[str, int] = {}
        for word in self._words(name):
            key, _, value = (part.strip() for part in word.rpartition("="))
            if not key or key in found or not _is_seconds(value, 1, most):
                self.refuse(
                    name,
                    "must list names once each with whole seconds from 1 to"
                    f" {most}, such as login=120, not {word!r}",
                )
            found[key] = int(value)
        return found

    def choice(
        self,
        name: str,
        *,
        default: str,
        choices: Sequence[str],
        fold: Callable[[str], str] = str.lower,
    ) -> str:
        value = fold(self.text(name, default="") or default)
        if value not in choices:
            self.refuse(name, f"must be one of {', '.join(choices)}, not {value!r}")
        return value

    def log_level(self, name: str, *, default: str) -> str:
        return self.choice(name, default=default, choices=LOG_LEVELS, fold=str.upper)

    def _words(self, name: str) -> list[str]:
        words: Sequence[str] = self._read(self._env.list, name, [])
        return [stripped for word in words if (stripped := word.strip())]

    def _read(self, reader: Callable[..., Any], name: str, default: Any) -> Any:
        try:
            return reader(name, default)
        except EnvError as error:
            raise ImproperlyConfigured(f"environment variable {name}: {error}") from None


def _is_plain_url(url: str) -> bool:
    try:
        parts = urlsplit(url)
        is_reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
    is_plain = re.fullmatch(r"[!-~]+", url) is not None and not set(url) & set("@?#")
    return parts.scheme in ("http", "https") and is_reachable and is_plain


def _is_strong(secret: str) -> bool:
    return len(secret) >= MIN_SECRET_LENGTH and len(set(secret)) >= 5


def _is_seconds(value: str, least: int, most: int) -> bool:
    return bool(re.fullmatch(r"[0-9]{1,6}", value, re.ASCII)) and least <= int(value) <= most
