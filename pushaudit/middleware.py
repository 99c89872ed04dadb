"""The one departure from Django's stock middleware."""

from typing import TYPE_CHECKING

from django.middleware import common

if TYPE_CHECKING:
    from django.http import HttpRequest


class CommonMiddleware(common.CommonMiddleware):
    """Django's, except that an API path without its final slash is a 404 that names the right
    path: redirecting a POST turns it into a GET, and the evidence in its body would be lost."""

    def should_redirect_with_slash(self, request: "HttpRequest") -> bool:
        if request.path_info.startswith("/api/"):
            return False
        return super().should_redirect_with_slash(request)
