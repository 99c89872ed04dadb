"""What is added to Django's stock middleware, and the one departure from it."""

import re
from collections.abc import Callable
from uuid import uuid4

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import common

# Whatever else a client sends would be written into logs and answers.
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")


class IdentifiedRequest(HttpRequest):
    request_id: str


class RequestIdMiddleware:
    """Gives every request a ``request_id``, the client's when it is acceptable, and every answer
    the same as ``X-Request-Id``. Outermost, so that what others refuse has one too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: IdentifiedRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if ACCEPTABLE_ID.fullmatch(given) else uuid4().hex
        response = self.get_response(request)
        response.headers["X-Request-Id"] = request.request_id
        return response


class CommonMiddleware(common.CommonMiddleware):
    """Django's, except that an API path without its final slash is a 404 that names the right
    path: redirecting a POST turns it into a GET, and the evidence in its body would be lost."""

    def should_redirect_with_slash(self, request: HttpRequest) -> bool:
        if request.path_info.startswith("/api/"):
            return False
        return super().should_redirect_with_slash(request)
