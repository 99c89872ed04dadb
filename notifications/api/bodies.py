"""Reading request bodies within bounds, before anything is parsed."""

from typing import Any

from rest_framework import exceptions
from rest_framework.request import Request

from notifications.ingest.envelope import MAX_BYTES
from notifications.ingest.ndjson import Damaged, Readable

from .problems import Fault, Problem


def json_body(request: Request) -> bytes:
    """The body of an ``application/json`` request, at most ``MAX_BYTES`` long.

    Raises ``UnsupportedMediaType`` (415) and ``Problem`` (400, 411, 413).
    """
    _require_media_type(request, "application/json")
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise exceptions.UnsupportedMediaType(
            request.headers["Content-Encoding"],
            "A single JSON object must be sent without Content-Encoding.",
        )
    if "Transfer-Encoding" in request.headers:
        detail = "A single JSON object must be sent with its Content-Length, not chunked."
        fault = Fault("header", "Content-Length", "length_required", detail)
        raise Problem(411, "length_required", detail, fault)
    body = _Body(request)
    try:
        data = body.read(MAX_BYTES + 1)
        if len(data) <= MAX_BYTES:
            body.read(1)  # tells an end from a client that is gone
    except Damaged as damage:
        fault = Fault("body", "#", damage.code, damage.detail)
        raise Problem(400, damage.code, damage.detail, fault) from damage
    if len(data) > MAX_BYTES:
        detail = f"The body has over {MAX_BYTES} bytes; one JSON object has at most that."
        raise Problem(413, "too_large", detail, Fault("body", "#", "too_large", detail))
    if not data:
        detail = "The body is empty; send one JSON object."
        raise Problem(400, "empty_body", detail, Fault("body", "#", "empty_body", detail))
    return data


def ndjson_body(request: Request) -> tuple[Readable, bool]:
    """The body of an ``application/x-ndjson`` request of any length, and whether it is gzipped.

    Raises ``UnsupportedMediaType`` (415) and ``Problem`` (411); reading it, ``Damaged``.
    """
    _require_media_type(request, "application/x-ndjson")
    encoding = request.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip"):
        raise exceptions.UnsupportedMediaType(
            encoding, "Lines are sent as they are or with Content-Encoding: gzip."
        )
    return _Body(request), encoding == "gzip"


def _require_media_type(request: Request, wanted: str) -> None:
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    if media_type != wanted:
        detail = f"The body must be sent as Content-Type: {wanted}."
        raise exceptions.UnsupportedMediaType(media_type, detail)


class _Body:
    """A request body to its announced end; a client that goes before is ``Damaged``."""

    def __init__(self, request: Request) -> None:
        self._left: int | None = None
        if "Transfer-Encoding" not in request.headers:
            length = request.META.get("CONTENT_LENGTH") or ""
            self._left = int(length) if length.isdecimal() else 0  # as Django takes it
            self._source: Any = request.stream
        elif request.META.get("wsgi.input_terminated"):
            self._source = request.META["wsgi.input"]  # Django takes a chunked body for empty
        else:
            detail = "This server takes no chunked bodies; send the lines with a Content-Length."
            fault = Fault("header", "Content-Length", "length_required", detail)
            raise Problem(411, "length_required", detail, fault)

    def read(self, size: int, /) -> bytes:
        if self._left == 0:
            return b""
        try:
            data: bytes = self._source.read(size)
        except Exception as error:  # servers share no class for a client that is gone
            raise Damaged("incomplete_body", f"{_INCOMPLETE} ({type(error).__name__})") from error
        if self._left is not None:
            if not data:
                raise Damaged("incomplete_body", _INCOMPLETE)
            self._left -= len(data)
        return data


_INCOMPLETE = "The body ended, or was silent too long, before its announced end; send it again."
