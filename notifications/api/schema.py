"""How the OpenAPI document is made: drf-spectacular's, and what follows for every operation from
its shape (the problems it can answer, the headers, the rights it needs) said in one place."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from http import HTTPStatus
from typing import Any, TypeVar

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc
from rest_framework.permissions import AllowAny, DjangoModelPermissions

from notifications.filters.base import Filters, WindowedFilters
from notifications.filters.parameters import Parameter

from . import security_schemes  # noqa: F401  (known by having been imported)
from .export_requests import SCHEMA as EXPORT_REQUEST
from .gap_note_requests import SCHEMA as GAP_NOTE_REQUEST
from .json_schemas import SCHEMAS
from .mirror_schemas import SCHEMAS as MIRRORED
from .permissions import (
    MayAcknowledgeGaps,
    MayExport,
    MayReport,
    MayReportEvents,
    MaySeeExports,
    NamedRight,
)
from .problems import CONTENT_TYPE
from .rule_requests import SCHEMA as RULE_SETTING_REQUEST

# Every problem of the API but server_error, which no operation promises, and method_not_allowed,
# which is the answer to operations that there are not.
STATUS_OF: Mapping[str, int] = {
    "bad_request": 400,
    "empty_body": 400,
    "malformed_json": 400,
    "incomplete_body": 400,
    "bad_gzip": 400,
    "truncated_gzip": 400,
    "invalid_cursor": 400,
    "invalid_parameter": 400,
    "unknown_parameter": 400,
    "too_much": 400,
    "not_authenticated": 401,
    "authentication_failed": 401,
    "permission_denied": 403,
    "not_found": 404,
    "not_acceptable": 406,
    "conflict": 409,
    "too_many_exports": 409,
    "not_cancellable": 409,
    "export_unfinished": 409,
    "export_gone": 410,
    "length_required": 411,
    "too_large": 413,
    "line_too_long": 413,
    "expands_too_much": 413,
    "unsupported_media_type": 415,
    "invalid_envelope": 422,
    "invalid_callback": 422,
    "invalid_export": 422,
    "invalid_note": 422,
    "invalid_setting": 422,
    "throttled": 429,
    "unavailable": 503,
}
EXTRAS = {
    "in": "query",
    "name": "extras",
    "description": "`extras.<key>`: what this key of the extras holds; can be repeated.",
    "style": "form",
    "explode": True,
    "schema": {
        "type": "object",
        "patternProperties": {"^extras\\..": {"type": "string"}},
        "additionalProperties": False,
    },
}
OF_BODIES = ("incomplete_body", "length_required", "unsupported_media_type")
HEADERS: Mapping[str, dict[str, Any]] = {
    "Content-Disposition": {
        "description": "The name to save the file by.",
        "schema": {"type": "string"},
    },
    "Link": {
        "description": "The pages before and after (RFC 8288), rel `prev` and `next`; of an export"
        " its document, rel `describedby`.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "The address of what is being made.",
        "schema": {"type": "string", "format": "uri"},
    },
    "Retry-After": {
        "description": "Seconds to wait before the request is repeated.",
        "schema": {"type": "integer", "minimum": 0},
    },
    "X-Request-Id": {
        "description": "The name of this request in the service's log.",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "What is left of the account's rate.",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {"description": "The account's rate.", "schema": {"type": "string"}},
}
Action = TypeVar("Action", bound=Callable[..., Any])


def may_answer(*codes: str, body_is_optional: bool = False) -> Callable[[Action], Action]:
    """Names the problems of a view's method that do not follow from its shape."""

    def mark(action: Action) -> Action:
        action.problems = codes  # type: ignore[attr-defined]
        action.body_is_optional = body_is_optional  # type: ignore[attr-defined]
        return action

    return mark


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, the same for everybody and as long as the process lives."""
    generator: Any = SchemaGenerator
    made: dict[str, Any] = generator().get_schema(request=None, public=True)
    return made


class OperationSchema(AutoSchema):
    """One operation. The first sentence of its method's docstring is the summary, the rest the
    description."""

    view: Any

    def get_summary(self) -> str:
        return self._told()[0] or self._by_its_name()

    def get_description(self) -> str:  # type: ignore[override]
        rights = ", ".join(f"`{each}`" for each in self._rights())
        told = [self._told()[1], f"Needs the right {rights}." if rights else ""]
        return "\n\n".join(filter(None, told))

    def _told(self) -> tuple[str, str]:
        """Of the method alone: docstrings of views are for those who read the code."""
        text = " ".join(get_doc(self._method()).split())
        sentence, _, rest = text.partition(". ")
        return sentence.rstrip("."), rest

    def _by_its_name(self) -> str:
        queryset, action = getattr(self.view, "queryset", None), getattr(self.view, "action", "")
        if queryset is None or action not in ("list", "retrieve"):
            return ""
        meta = queryset.model._meta
        if action == "list":
            return f"List {meta.verbose_name_plural}"
        return f"Show one {meta.verbose_name}"

    def _get_filter_parameters(self) -> list[dict[str, Any]]:
        """What the view's questions can be asked with; by what their filters say of themselves."""
        if self.method != "GET":
            return []
        asked = getattr(self.view, "parameter_classes", ())
        return [
            _parameter(name, told) for of in asked for name, told in of.parameters().items()
        ] + [EXTRAS for of in asked if of.knows("extras.key")]

    def _get_paginator(self) -> Any:
        return ListAnswer(self.view) if hasattr(self.view, "paging_class") else None

    def get_paginated_name(self, serializer_name: str) -> str:
        return f"{serializer_name}List"

    def _get_request_body(self, direction: Any = "request") -> dict[str, Any] | None:
        body: dict[str, Any] | None
        body = super()._get_request_body(direction)  # type: ignore[no-untyped-call]
        return body and body | {"required": not getattr(self._method(), "body_is_optional", False)}

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        answers: dict[str, Any] = super()._get_response_bodies(direction)
        for status, codes in self._problems().items():
            answers[str(status)] = {
                "description": ", ".join(f"`{code}`" for code in codes),
                "content": {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        for code, answer in answers.items():
            status = int(code)
            answer["description"] = answer["description"] or HTTPStatus(status).phrase
            answer["headers"] = {
                **answer.get("headers", {}),
                **{
                    name: {"$ref": f"#/components/headers/{name}"} for name in self._headers(status)
                },
            }
        return answers

    def _problems(self) -> dict[int, list[str]]:
        """The codes that can occur, by status and in the order of ``STATUS_OF``."""
        found = {"bad_request", "not_acceptable", *self._method_problems()}
        parameters = {(each["in"], each["name"]) for each in self._get_parameters()}
        if not self._is_public():
            found |= {"not_authenticated", "authentication_failed", "permission_denied"}
            found.add("unavailable")
        if any(place == "path" for place, _ in parameters):
            found.add("not_found")
        if any(place == "query" for place, _ in parameters):
            found.add("invalid_parameter")
        if self.method == "GET" and hasattr(self.view, "parameter_classes"):
            found.add("unknown_parameter")
        if ("query", "cursor") in parameters:
            found.add("invalid_cursor")
        if self.method in ("POST", "PUT") and self._get_request_body():
            found |= {*OF_BODIES}
        if self.view.get_throttles():
            found.add("throttled")
        by_status: dict[int, list[str]] = {}
        for code, status in STATUS_OF.items():
            if code in found:
                by_status.setdefault(status, []).append(code)
        return by_status

    def _method_problems(self) -> Iterable[str]:
        codes: Iterable[str] = getattr(self._method(), "problems", ())
        return codes

    def _method(self) -> Any:
        return getattr(self.view, getattr(self.view, "action", None) or self.method.lower(), None)

    def _headers(self, status: int) -> Iterable[str]:
        yield "X-Request-Id"
        if self.view.get_throttles() and status not in (401, 406):  # these come before counting
            yield from ("RateLimit", "RateLimit-Policy")
        if status in (429, 503):
            yield "Retry-After"
        if status == 202:
            yield "Location"
        if status == 200 and getattr(self.view, "sends_files", False):
            yield from ("Content-Disposition", "Link")
        if status == 200 and any(each["name"] == "cursor" for each in self._get_parameters()):
            yield "Link"

    def _rights(self) -> Iterable[str]:
        for permission in self.view.get_permissions():
            if isinstance(permission, NamedRight):
                yield permission.right
            elif isinstance(permission, MayAcknowledgeGaps):
                yield from permission.rights
            elif isinstance(permission, MayReport):
                yield "` or `".join(permission.rights)
            elif isinstance(permission, (MayExport, MayReportEvents, MaySeeExports)):
                yield from permission.rights(self.view)
            elif isinstance(permission, DjangoModelPermissions):
                model = self.view.get_queryset().model
                yield from permission.get_required_permissions(self.method, model)

    def _is_public(self) -> bool:
        return any(isinstance(each, AllowAny) for each in self.view.get_permissions())


class ListAnswer:
    """How a list is answered; DRF knows of lists by their paginator, which ours do without."""

    def __init__(self, view: Any) -> None:
        self.is_windowed = issubclass(view.question_class or Filters, WindowedFilters)

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        return []

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        link = {"type": ["string", "null"], "format": "uri"}
        properties = {"next": link, "previous": link, "results": schema}
        if self.is_windowed:
            properties["window"] = {"$ref": "#/components/schemas/ListWindow"}
        return {
            "type": "object",
            "required": [*properties],
            "properties": {**properties, "estimated_count": {"type": "integer", "minimum": 0}},
        }


def _parameter(name: str, told: Parameter) -> dict[str, Any]:
    several = {"type": "array", "items": told.schema, "minItems": 1, "maxItems": told.most}
    return {
        "in": "query",
        "name": name,
        "description": told.help,
        "schema": told.schema if told.most == 1 else several,
    }


def add_components(result: dict[str, Any], **context: Any) -> dict[str, Any]:
    """A postprocessing hook: what operations refer to and no serializer says."""
    components = result["components"]
    asked = {
        "ExportRequest": EXPORT_REQUEST,
        "GapNoteRequest": GAP_NOTE_REQUEST,
        "RuleSettingRequest": RULE_SETTING_REQUEST,
    }
    made = {**components["schemas"], **SCHEMAS, **MIRRORED, **asked}
    components["schemas"] = dict(sorted(made.items()))
    components["headers"] = dict(sorted(HEADERS.items()))
    return result
