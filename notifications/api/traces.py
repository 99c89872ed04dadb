"""What devices, users and operations should have been told and were told; and the gaps.

No action is called ``trace``: the view would then answer the HTTP method of that name.
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from django.http import Http404
from django.utils import timezone
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param
from rest_framework.views import APIView

from notifications.models import MAX_CASE_NUMBER, AccessRecord, Activation, Operation, Recipient
from notifications.protocol.extras import MAX_IDENTIFIER, identifier
from notifications.protocol.identity import timestamp
from notifications.protocol.reasons import Reason, Rule
from notifications.trace import documents, gaps, viewing
from notifications.trace.access import Viewer
from notifications.trace.evidence import TooMuch
from notifications.trace.pages import (
    MOST_ON_A_PAGE,
    ON_A_PAGE,
    BadCursor,
    Item,
    page_of,
    rows_with_payloads,
    with_payloads,
)
from notifications.trace.window import BadWindow, Window, read_window

from .pagination import link_header
from .permissions import MayTrace, MayViewOperations
from .problems import Fault, Problem

Choice = TypeVar("Choice", Rule, Reason)


class ActivationViewSet(viewsets.GenericViewSet[Activation]):
    queryset = Activation.objects.all()
    permission_classes = (MayTrace,)
    lookup_value_converter = "path"  # an identifier may be any text

    @action(detail=True, url_path="trace")
    def device_trace(self, request: Request, pk: str) -> Response:
        """What this device should have been told in a window, and what it was told."""
        activation = _known(Activation, pk)
        window = _window(request)
        trace = _bounded(viewing.view_device, activation, window, _viewer(request))
        return _page(
            request,
            trace.entries,
            lambda shown: documents.of_trace(trace, with_payloads(shown)),
            window,
        )


class OperationViewSet(viewsets.GenericViewSet[Operation]):
    queryset = Operation.objects.all()
    permission_classes = (MayTrace,)
    lookup_value_converter = "path"

    @action(detail=True)
    def timeline(self, request: Request, pk: str) -> Response:
        """What the life cycle of this operation owes, and what was sent, by device."""
        operation = _known(Operation, pk)
        timeline = _bounded(viewing.view_operation, operation, _viewer(request))
        return _page(
            request,
            timeline.entries,
            lambda shown: documents.of_timeline(timeline, with_payloads(shown)),
        )


class RecipientViewSet(viewsets.GenericViewSet[Recipient]):
    """Users under a surrogate key, so that no address names a person."""

    queryset = Recipient.objects.all()
    lookup_value_converter = "int"

    def list(self, request: Request) -> Response:
        """The key of one user."""
        user_id = request.query_params.get("user_id", "")
        if not 0 < len(user_id) <= MAX_IDENTIFIER or "\0" in user_id:
            raise _refused("user_id", f"give one user id of 1 to {MAX_IDENTIFIER} characters.")
        found = Recipient.objects.filter(user_id=user_id).values("id", "user_id")
        return Response({"next": None, "previous": None, "results": list(found)})

    @action(detail=True, url_path="trace", permission_classes=(MayTrace,))
    def user_trace(self, request: Request, pk: int) -> Response:
        """All devices of this user side by side: a call begins with a user."""
        if pk >= 2**63 or not Recipient.objects.filter(pk=pk).exists():
            raise Http404
        window = _window(request)
        trace = _bounded(viewing.view_user, pk, window, _viewer(request))
        return _page(
            request,
            trace.rows,
            lambda shown: documents.of_user_trace(trace, rows_with_payloads(shown)),
            window,
        )


class GapsView(APIView):
    """What was owed and not sent, over all operations."""

    permission_classes = (MayViewOperations,)  # and so what they lack

    def get(self, request: Request) -> Response:
        window = _window(request, longest=gaps.LONGEST)
        wanted = gaps.Wanted(
            rules=_choices(request, "rule", Rule),
            reasons=_choices(request, "reason", Reason),
            apps=request.query_params.getlist("app_id"),
        )
        found = _bounded(gaps.find_gaps, window, wanted=wanted)
        return _page(request, found.entries, lambda shown: documents.of_gaps(found, shown), window)


def _known(model: type[Activation] | type[Operation], given: str) -> str:
    """The identifier of a subject on record; a UUID may be in upper case."""
    key = identifier(given)
    if key is None or "\0" in key or not model._default_manager.filter(pk=key).exists():
        raise Http404
    return key


def _window(request: Request, **bounds: Any) -> Window:
    given = request.query_params
    try:
        return read_window(given.get("since"), given.get("until"), now=timezone.now(), **bounds)
    except BadWindow as error:
        raise _refused(error.parameter, error.detail) from None


def _viewer(request: Request) -> Viewer:
    case = request.query_params.get("case", "")
    if len(case) > MAX_CASE_NUMBER or not case.isprintable():
        raise _refused("case", f"must be at most {MAX_CASE_NUMBER} printable characters.")
    return Viewer(request.user.get_username(), AccessRecord.Via.API, case)


def _choices(request: Request, parameter: str, of: type[Choice]) -> list[Choice]:
    given = request.query_params.getlist(parameter)
    if unknown := [each for each in given if each not in list(of)]:
        raise _refused(parameter, f"{unknown[0]!r} is none of {', '.join(of)}.")
    return [of(each) for each in given]


def _bounded(question: Callable[..., Any], *about: Any, **more: Any) -> Any:
    try:
        return question(*about, **more, now=timezone.now())
    except TooMuch as error:
        fault = Fault("query", "since", "too_much", str(error))
        raise Problem(400, "too_much", str(error), fault) from None


def _page(
    request: Request,
    items: Sequence[Item],
    document: Callable[[Sequence[Item]], dict[str, Any]],
    window: Window | None = None,
) -> Response:
    """One page of ``items``. The links to the others name the window, which would else move on."""
    try:
        page = page_of(items, request.query_params.get("cursor"), _page_size(request))
    except BadCursor as error:
        fault = Fault("query", "cursor", "invalid_cursor", str(error))
        raise Problem(400, "invalid_cursor", str(error), fault) from None
    here = request.build_absolute_uri()
    if window is not None:
        here = replace_query_param(here, "since", timestamp(window.since))
        here = replace_query_param(here, "until", timestamp(window.until))
    links = {
        name: replace_query_param(here, "cursor", cursor) if cursor else None
        for name, cursor in (("next", page.next), ("previous", page.previous))
    }
    return Response(
        {**document(page.items), **links}, headers=link_header(links["next"], links["previous"])
    )


def _page_size(request: Request) -> int:
    given = request.query_params.get("page_size", str(ON_A_PAGE))
    if not (given.isascii() and given.isdecimal() and 0 < int(given[:9]) <= MOST_ON_A_PAGE):
        raise _refused("page_size", f"must be a whole number from 1 to {MOST_ON_A_PAGE}.")
    return int(given)


def _refused(parameter: str, detail: str) -> Problem:
    fault = Fault("query", parameter, "invalid_parameter", detail)
    return Problem(400, "invalid_parameter", f"{parameter}: {detail}", fault)
