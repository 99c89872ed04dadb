"""Tokens of service accounts."""

from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """Knox's, except that what no token can be (not UTF-8, with a NUL) is refused and not a crash,
    and that a token and its rights are looked up once in ``TOKEN_CACHE_SECONDS`` in each process:
    four queries that would cost a single post more than recording it."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        if not token.isalnum():  # of bytes: ASCII letters and digits
            raise AuthenticationFailed("Invalid token.")
        key = f"token-{sha256(token).hexdigest()}"
        known: tuple[Any, Any] | None = cache.get(key)
        if known is not None and not _has_expired(known[1]):
            return known
        account, auth_token = super().authenticate_credentials(token)
        account.get_all_permissions()  # which the account then keeps
        cache.set(key, (account, auth_token), settings.TOKEN_CACHE_SECONDS)
        return account, auth_token


def _has_expired(auth_token: Any) -> bool:
    return auth_token.expiry is not None and auth_token.expiry <= timezone.now()
