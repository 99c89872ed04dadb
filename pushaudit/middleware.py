"""What is added to Django's stock middleware, and the one departure from it."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware import common
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

# Whatever else a client sends would be written into logs and answers.
ACCEPTABLE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

# In a session of somebody signed in, in Unix seconds: when it began and when it was last used.
BEGUN, USED = "begun", "used"
NOTED_EVERY = 60  # seconds: a session is not written at each request


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


class SessionEndMiddleware:
    """Ends a session that nobody used for ``SESSION_IDLE`` seconds, and any that is older than
    ``SESSION_COOKIE_AGE``; the page to sign in then says why. Behind the middleware of messages.

    What a page asks for by itself, to show how far something is, is no use of the session, and when
    it has ended is answered as to nobody: the page that is asked for next tells the reason.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        before = request.session.session_key
        response = self.get_response(request)
        # Whoever signs in, or changes the password, is given a session of another key.
        if request.session.session_key != before and SESSION_KEY in request.session:
            now = _now()
            request.session.update({BEGUN: now, USED: now})
        return response

    def process_view(self, request: HttpRequest, *view: Any) -> None:
        """Only now is the language known in which it tells why."""
        if request.session.session_key is None or SESSION_KEY not in request.session:
            return
        now = _now()
        begun, used = _times(request)
        if why := _why_ended(begun, used, now=now):
            if _is_by_itself(request):
                request.user = AnonymousUser()
                return
            logout(request)
            messages.warning(request, why)
        elif abs(now - used) >= NOTED_EVERY and not _is_by_itself(request):
            request.session.update({BEGUN: begun, USED: now})


def _now() -> int:
    return int(timezone.now().timestamp())


def _times(request: HttpRequest) -> tuple[int, int]:
    """When the session began and was last used. One that does not tell, since it is from before it
    did, counts from when the account signed in last."""
    session = request.session
    if USED in session:
        return session[BEGUN], session[USED]
    signed_in = getattr(request.user, "last_login", None)
    since = int(signed_in.timestamp()) if signed_in else 0
    return since, since


def _why_ended(begun: int, used: int, *, now: int) -> str:
    """In a sentence; "" while it goes on."""
    if now - used >= settings.SESSION_IDLE:
        unused = _in_words(settings.SESSION_IDLE)
        return _("You were signed out after %(time)s without use.") % {"time": unused}
    if now - begun >= settings.SESSION_COOKIE_AGE:
        life = _in_words(settings.SESSION_COOKIE_AGE)
        return _("You were signed out %(time)s after signing in.") % {"time": life}
    return ""


def _in_words(seconds: int) -> str:
    if seconds % 3600 == 0:
        hours = seconds // 3600
        return ngettext("%(number)d hour", "%(number)d hours", hours) % {"number": hours}
    if seconds % 60 == 0:
        minutes = seconds // 60
        return ngettext("%(number)d minute", "%(number)d minutes", minutes) % {"number": minutes}
    return ngettext("%(number)d second", "%(number)d seconds", seconds) % {"number": seconds}


def _is_by_itself(request: HttpRequest) -> bool:
    """Whether a page asked, and not a person; clients that are no browsers do not tell."""
    return request.headers.get("Sec-Fetch-Mode", "navigate") != "navigate"
