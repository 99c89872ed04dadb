"""Answers that are files."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes

from notifications.models import Export

from .renderers import CSV, GZIP, NDJSON, PARQUET, ZIP

MEDIA_TYPES: Mapping[str, str] = {
    Export.Format.CSV: CSV,
    Export.Format.NDJSON: NDJSON,
    Export.Format.PARQUET: PARQUET,
}
FILES: Mapping[tuple[int, str], Any] = {
    (200, media_type): OpenApiTypes.BINARY for media_type in (CSV, NDJSON, PARQUET, GZIP)
}
ARCHIVES = {**FILES, (200, ZIP): OpenApiTypes.BINARY}


def media_type_of(export: Export) -> str:
    """Of its files."""
    media_type = GZIP if export.gzip else MEDIA_TYPES[export.format]
    # What RFC 7111 and RFC 4180 say of it.
    return f"{media_type}; charset=utf-8; header=present" if media_type == CSV else media_type


def answer_with(
    blocks: Iterator[bytes], *, media_type: str, name: str, document: str | None
) -> StreamingHttpResponse:
    """An attachment; ``document`` is the address of what is told of it. What fails later breaks
    the connection: it must not look whole."""
    return StreamingHttpResponse(
        blocks,
        content_type=media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "Link": f'<{document}>; rel="describedby"',
        },
    )
