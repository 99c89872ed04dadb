"""Every error as ``application/problem+json`` (RFC 9457).

Beside the standard members a problem has ``code`` (stable, for programs) and ``errors``: for each
fault where it lies (``in``: body, header, query, path, method), a ``pointer`` to it there (in a
body a JSON Pointer as a URI fragment), its ``code`` and what to do in ``detail``. ``request_id``
is that of the request, which a middleware of the project sets.
"""

import json
import logging
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from notifications.ingest.envelope import Rejected
from notifications.protocol.payload import MalformedJSON

logger = logging.getLogger(__name__)

CONTENT_TYPE = "application/problem+json"
RETRY_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Fault:
    where: str
    pointer: str
    code: str
    detail: str

    def as_json(self) -> dict[str, str]:
        document = asdict(self)
        return {"in": document.pop("where"), **document}


class Problem(exceptions.APIException):
    """An error whose code and fault are known where it is raised; ``more`` adds members."""

    def __init__(self, status: int, code: str, detail: str, *faults: Fault, **more: Any) -> None:
        super().__init__(detail, code)
        self.status_code = status
        self.faults = faults
        self.more = more


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler; None leaves a defect of ours to ``server_error``."""
    problem = _problem(error, context["request"])
    if problem is None:
        return None
    set_rollback()
    headers = {}
    if (challenge := getattr(error, "auth_header", None)) is not None:
        headers["WWW-Authenticate"] = challenge
    wait = RETRY_SECONDS if problem.status_code == 503 else getattr(error, "wait", None)
    if wait is not None:
        headers["Retry-After"] = str(math.ceil(wait))
    document = _document(problem, context["request"])
    return Response(document, problem.status_code, headers=headers, content_type=CONTENT_TYPE)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    detail = "The request is malformed; look at its host name and headers."
    fault = Fault("header", "", "bad_request", detail)
    return _plain(Problem(400, "bad_request", detail, fault), request)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.permission_denied(request, exception)
    detail = "This request is not permitted."
    fault = _path_fault(request, "permission_denied", detail)
    return _plain(Problem(403, "permission_denied", detail, fault), request)


def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    detail = "There is nothing at this address."
    if not request.path.endswith("/"):
        detail += f" API addresses end with a slash: {request.path}/"
    fault = _path_fault(request, "not_found", detail)
    return _plain(Problem(404, "not_found", detail, fault), request)


def server_error(request: HttpRequest) -> HttpResponse:
    if not _is_api(request):
        return defaults.server_error(request)
    detail = "The service failed; nothing of this request is recorded unless a repeat says so."
    fault = _path_fault(request, "server_error", detail)
    return _plain(Problem(500, "server_error", detail, fault), request)


def _problem(error: Exception, request: Any) -> Problem | None:
    match error:
        case Problem():
            return error
        case Rejected():
            faults = [Fault("body", *_parts(fault)) for fault in error.faults]
            return Problem(422, "invalid_envelope", "; ".join(f.detail for f in faults), *faults)
        case MalformedJSON():
            detail = f"The body is not valid JSON: {error}."
            return Problem(
                400, "malformed_json", detail, Fault("body", "#", "malformed_json", detail)
            )
        case OperationalError() | InterfaceError():
            logger.error(
                "the database is not available: %s",
                type(error).__name__,
                extra={"request": request},
            )
            detail = "The database is not available; nothing is recorded. Send it again."
            fault = _path_fault(request, "unavailable", detail)
            return Problem(503, "unavailable", detail, fault)
        case Http404():
            return _problem(exceptions.NotFound("There is no such thing here."), request)
        case PermissionDenied():
            return _problem(exceptions.PermissionDenied(), request)
        case exceptions.ValidationError(detail=dict() as parameters):
            faults = [
                Fault("query", name, "invalid_parameter", "; ".join(_sentences(sentences)))
                for name, sentences in parameters.items()
            ]
            detail = "; ".join(f"{fault.pointer}: {fault.detail}" for fault in faults)
            return Problem(400, "invalid_parameter", detail, *faults)
        case exceptions.APIException():
            return _from_framework(error, request)
    return None


def _from_framework(error: exceptions.APIException, request: Any) -> Problem:
    detail = "; ".join(_sentences(error.detail))
    code = error.default_code
    where, pointer = {
        401: ("header", "Authorization"),
        403: ("header", "Authorization"),
        405: ("method", request.method),
        406: ("header", "Accept"),
        415: ("header", "Content-Type"),
        429: ("header", "Authorization"),
    }.get(error.status_code, ("path", request.path))
    return Problem(error.status_code, code, detail, Fault(where, pointer, code, detail))


def _sentences(detail: Any) -> Iterable[str]:
    if isinstance(detail, dict):
        for key, value in detail.items():
            yield from (f"{key}: {sentence}" for sentence in _sentences(value))
    elif isinstance(detail, list):
        for item in detail:
            yield from _sentences(item)
    else:
        yield str(detail)


def _parts(fault: Any) -> tuple[str, str, str]:
    return fault.pointer, fault.code, fault.detail


def _document(problem: Problem, request: Any) -> dict[str, Any]:
    return {
        "type": f"urn:pushaudit:problem:{_code(problem)}",
        "title": HTTPStatus(problem.status_code).phrase,
        "status": problem.status_code,
        "detail": "; ".join(_sentences(problem.detail)),
        "code": _code(problem),
        "errors": [fault.as_json() for fault in problem.faults],
        "request_id": request.request_id,
        **problem.more,
    }


def _code(problem: Problem) -> str:
    return str(problem.get_codes())


def _path_fault(request: Any, code: str, detail: str) -> Fault:
    return Fault("path", request.path, code, detail)


def _plain(problem: Problem, request: HttpRequest) -> HttpResponse:
    body = json.dumps(_document(problem, request))
    return HttpResponse(body, status=problem.status_code, content_type=CONTENT_TYPE)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")
