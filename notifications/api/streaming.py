"""What becomes of a body of lines, whatever they are."""

from typing import Any

from django.utils import timezone
from rest_framework.response import Response

from notifications.ingest.ndjson import Interrupted, Lines, record_lines

from .bodies import ndjson_body
from .ingesting import Ingesting
from .problems import Fault, Problem

INTERRUPTIONS = {
    "incomplete_body": 400,
    "bad_gzip": 400,
    "truncated_gzip": 400,
    "line_too_long": 413,
    "expands_too_much": 413,
    "unavailable": 503,
}


def record_stream(view: Ingesting, lines: Lines[Any, Any]) -> Response:
    """Records the body of the request of ``view``, and tells what became of it. Raises
    ``Problem``."""
    body, gzipped = ndjson_body(view.request)
    try:
        report = record_lines(body, lines, clock=timezone.now, gzipped=gzipped)
    except Interrupted as interruption:
        view.note_faults(interruption.report.faults)
        raise _interrupted(interruption) from interruption
    view.note_faults(report.faults)
    counts = report.as_json()
    del counts["committed_through_line"]  # of a stream that was read to its end: its last
    return Response(counts)


def _interrupted(interruption: Interrupted) -> Problem:
    committed = interruption.report.committed_through_line
    detail = f"{interruption.detail} What was sent is committed through line {committed}."
    fault = Fault("body", "#", interruption.code, interruption.detail)
    counts = interruption.report.as_json()
    return Problem(INTERRUPTIONS[interruption.code], interruption.code, detail, fault, **counts)
