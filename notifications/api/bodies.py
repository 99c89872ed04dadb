"""Reading request bodies within bounds, before anything is parsed."""

from rest_framework import exceptions
from rest_framework.request import Request

from notifications.ingest.envelope import MAX_BYTES

from .problems import Fault, Problem


def json_body(request: Request) -> bytes:
    """The body of an ``application/json`` request, at most ``MAX_BYTES`` long.

    Raises ``UnsupportedMediaType`` (415) and ``Problem`` (400, 411, 413).
    """
    media_type = (request.content_type or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise exceptions.UnsupportedMediaType(
            media_type, "The body must be sent as Content-Type: application/json."
        )
    if request.headers.get("Content-Encoding", "identity") != "identity":
        raise exceptions.UnsupportedMediaType(
            media_type, "A single notification must be sent without Content-Encoding."
        )
    if "Transfer-Encoding" in request.headers:
        detail = "A single notification must be sent with its Content-Length, not chunked."
        fault = Fault("header", "Content-Length", "length_required", detail)
        raise Problem(411, "length_required", detail, fault)
    data: bytes = request.stream.read(MAX_BYTES + 1) if request.stream else b""
    if len(data) > MAX_BYTES:
        detail = f"The body has over {MAX_BYTES} bytes; one notification has at most that."
        raise Problem(413, "too_large", detail, Fault("body", "#", "too_large", detail))
    if not data:
        detail = "The body is empty; send one JSON object with at least extras."
        raise Problem(400, "empty_body", detail, Fault("body", "#", "empty_body", detail))
    return data
