"""Traces, timelines and gaps as answers: the window and the viewer they were asked with, and pages
of what is computed whole."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from notifications.filters.base import Filters
from notifications.filters.questions import Paging
from notifications.models import AccessRecord
from notifications.models.patience import TooMuch
from notifications.protocol.window import (
    BadWindow,
    Window,
    read_as_of,
    read_moment,
    read_window,
    written,
)
from notifications.trace.access import Viewer
from notifications.trace.pages import BadCursor, Item, page_of

from .cursors import bad_cursor, read_cursor, write_cursor
from .pagination import link_header
from .permissions import apps_of
from .problems import Fault, Problem


@dataclass(frozen=True, slots=True)
class Asked:
    """The ``window`` that is asked about, and as of which moment; None: now."""

    window: Window
    as_of: datetime | None


def asked_of(question: Filters, **bounds: Any) -> Asked:
    """As of an earlier moment it is asked as if it were that moment. Raises ``ValidationError``
    (400)."""
    as_of = as_of_in(question)
    return Asked(window_of(question, now=as_of or question.now, **bounds), as_of)


def window_of(question: Filters, *, now: datetime | None = None, **bounds: Any) -> Window:
    """Raises ``ValidationError`` (400)."""
    since, until = question.value("since"), question.value("until")
    try:
        return read_window(since, until, now=now or question.now, **bounds)
    except BadWindow as error:
        raise exceptions.ValidationError({error.parameter: [error.detail]}) from None


def as_of_in(question: Filters) -> datetime | None:
    """Raises ``ValidationError`` (400)."""
    try:
        return read_as_of(question.value("as_of"), now=question.now)
    except BadWindow as error:
        raise exceptions.ValidationError({error.parameter: [error.detail]}) from None


def moment_of(question: Filters, parameter: str) -> datetime | None:
    """Raises ``ValidationError`` (400)."""
    given = question.value(parameter)
    try:
        return None if given is None else read_moment(parameter, given, now=question.now)
    except BadWindow as error:
        raise exceptions.ValidationError({error.parameter: [error.detail]}) from None


def viewer_of(request: Request, question: Filters) -> Viewer:
    name = request.user.get_username()
    return Viewer(name, AccessRecord.Via.API, question.value("case", ""), apps_of(request))


def bounded(answer: Callable[..., Any], *about: Any, **more: Any) -> Any:
    """Raises ``Problem`` (400) where it would rest on too much."""
    try:
        return answer(*about, **more)
    except TooMuch as error:
        fault = Fault("query", "since", "too_much", str(error))
        raise Problem(400, "too_much", str(error), fault) from None


def paged(
    request: Request,
    paging: Paging,
    items: Sequence[Item],
    document: Callable[[Sequence[Item]], dict[str, Any]],
    *,
    of: str,
    window: Window | None = None,
    as_of: datetime | None = None,
) -> Response:
    """One page of ``items``. The links to the others name the window and the moment, which would
    else move on; ``of`` names the answer, whose cursors no other takes."""
    given = paging.value("cursor")
    (place,) = read_cursor(of, given) if given else (None,)
    try:
        page = page_of(items, place, paging.size)
    except BadCursor:
        raise bad_cursor() from None
    here = request.build_absolute_uri()
    if window is not None:
        here = replace_query_param(here, "since", written(window.since))
        here = replace_query_param(here, "until", written(window.until))
    if as_of is not None:
        here = replace_query_param(here, "as_of", written(as_of))
    links = {
        name: replace_query_param(here, "cursor", write_cursor(of, cursor)) if cursor else None
        for name, cursor in (("next", page.next), ("previous", page.previous))
    }
    return Response(
        {**document(page.items), **links}, headers=link_header(links["next"], links["previous"])
    )
