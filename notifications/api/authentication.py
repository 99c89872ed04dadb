"""Tokens of service accounts."""

from base64 import b64decode
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.authentication import get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


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


class BasicTokenAuthentication(TokenAuthentication):
    """The same tokens as the password of HTTP Basic, with the name of their account: for senders
    that can be told a user name and a password and no header. Only where a view names it."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, credentials = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"basic":
            return None
        try:
            name, _, token = b64decode(credentials.strip(), validate=True).partition(b":")
        except ValueError:
            raise AuthenticationFailed("Basic credentials are base64 of NAME:TOKEN.") from None
        account, auth_token = self.authenticate_credentials(token)
        if account.get_username().encode() != name:
            raise AuthenticationFailed("The token is not one of the account that is named.")
        return account, auth_token

    def authenticate_header(self, request: Request) -> str:
        """Beside it stands the scheme that all other addresses take."""
        return f'Basic realm="pushaudit", charset="UTF-8", {super().authenticate_header(request)}'


def _has_expired(auth_token: Any) -> bool:
    return auth_token.expiry is not None and auth_token.expiry <= timezone.now()
