"""Cursor pagination by id: as quick on the thousandth page as on the first, and no totals."""

from typing import Any
from uuid import UUID

from rest_framework import pagination
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from .problems import Fault, Problem


class NewestFirst(pagination.CursorPagination):
    ordering = "-id"
    page_size = 100
    page_size_query_param = "page_size"
    max_page_size = 1000

    def decode_cursor(self, request: Request) -> Any:
        """DRF's, and the position must be an id: a forged cursor is 400, not a crash."""
        try:
            cursor = super().decode_cursor(request)
            if cursor is not None and cursor.position is not None:
                UUID(str(cursor.position))
        except (ValueError, NotFound):
            detail = "This cursor is none of ours; follow next and previous as they were given."
            fault = Fault("query", self.cursor_query_param, "invalid_cursor", detail)
            raise Problem(400, "invalid_cursor", detail, fault) from None
        return cursor

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        for name, value in link_header(self.get_next_link(), self.get_previous_link()).items():
            response.headers[name] = value
        return response


def link_header(following: str | None, previous: str | None) -> dict[str, str]:
    """``Link`` (RFC 8288), where there is anything to link to."""
    links = {"next": following, "prev": previous}
    given = [f'<{url}>; rel="{name}"' for name, url in links.items() if url]
    return {"Link": ", ".join(given)} if given else {}
