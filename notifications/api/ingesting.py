"""What the addresses that sources report to have in common: whatever is refused there is counted
as an error of its source, by its code and the place of its first fault."""

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from django.db import Error
from rest_framework import exceptions
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.ingest.contacts import note_errors, place_of
from notifications.ingest.envelope import FIELDS

from .limited import Limited

_log = logging.getLogger(__name__)


class Ingesting(Limited):
    """Base of views with ingest. ``known_fields`` are the names of fields that a pointer may have:
    any other, and the number of an item, is what somebody sent and not kept."""

    known_fields: ClassVar[frozenset[str]] = frozenset(FIELDS)

    def handle_exception(self, exc: Exception) -> Response:
        """Answers as ever. A defect of ours is raised, and an outage is no error of a source."""
        response = super().handle_exception(exc)
        if response.status_code < 500 and isinstance(response.data, dict):
            fault = next(iter(response.data.get("errors", ())), None)
            if fault is not None and self._may_report():
                self.note_faults({(fault["code"], _place(fault, self.known_fields)): 1})
        return response

    def note_faults(self, counts: Mapping[tuple[str, str], int]) -> None:
        """So many by code and place (``place_of``), of what was refused within an answer that is no
        refusal."""
        try:
            note_errors(self.request.user.get_username(), counts)
        except Error as error:
            # What was refused is told to its sender all the same.
            kind = type(error.__cause__ or error).__name__
            _log.error("an error of a source was not counted: %s", kind)

    def _may_report(self) -> bool:
        """Whoever may not is no source; and nobody is known by a token that is none."""
        if self.request.method not in ("POST", "PUT", "DELETE"):
            return False
        request: Request = self.request
        try:
            return all(each.has_permission(request, self) for each in self.get_permissions())
        except (exceptions.APIException, Error):
            return False


def _place(fault: Mapping[str, Any], known: frozenset[str]) -> str:
    """In the body; a header by its name, and nothing of the address."""
    if fault["in"] == "body":
        return place_of(fault["pointer"], known)
    return str(fault["pointer"]) if fault["in"] == "header" else ""
