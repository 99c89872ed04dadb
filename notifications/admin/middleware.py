"""The language and the time zone of the console's pages; the API tells everybody the same."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone, translation

from .zones import zone_of


class ConsoleMiddleware:
    """Behind Django's of authentication: the zone is the account's, the language the browser's."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)  # in which templates are rendered, too
        finally:
            timezone.deactivate()
            translation.deactivate()

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        place = request.resolver_match
        if place is not None and place.app_name == "admin":
            translation.activate(translation.get_language_from_request(request))
            timezone.activate(zone_of(request.user))
