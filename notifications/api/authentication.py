"""Tokens of service accounts."""

from typing import Any

from knox.auth import TokenAuthentication as KnoxTokenAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class TokenAuthentication(KnoxTokenAuthentication):  # type: ignore[misc]
    """Knox's, except that a header that is not UTF-8 is refused and not a crash."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        try:
            result: tuple[Any, Any] | None = super().authenticate(request)
        except UnicodeDecodeError:
            raise AuthenticationFailed("Invalid token.") from None
        return result
