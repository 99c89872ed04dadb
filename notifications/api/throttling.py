"""Rate limits per account, in separate buckets: ``ingest``, ``read`` and ``export``.

Counted in each worker process, so that no post waits for a shared counter: with N workers an
account gets up to N times the rate. Where there is no account there is nothing to count.
"""

import math
from typing import TYPE_CHECKING

from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class AccountThrottle(UserRateThrottle):
    """Tells every answer of a limited bucket what is left of it, in the fields of the IETF draft
    "RateLimit header fields for HTTP": ``r`` requests now, more in ``t`` seconds."""

    scope = "read"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        bucket = getattr(view, "bucket", "read")
        self.scope = "ingest" if request.method == "POST" and bucket == "read" else bucket
        self.rate = self.get_rate()
        most, window = self.num_requests, self.duration = self.parse_rate(self.rate)
        if most is None or window is None or not request.user.is_authenticated:
            return True
        allowed = bool(super().allow_request(request, view))
        left = most - len(self.history)
        renewed_in = max(math.ceil(self.history[-1] + window - self.now), 1)
        # The view adds these to its answer, also to that of an exception.
        view.headers["RateLimit-Policy"] = f'"{self.scope}";q={most};w={window}'
        view.headers["RateLimit"] = f'"{self.scope}";r={left};t={renewed_in}'
        if not allowed:
            detail = (
                f'Over the limit of bucket "{self.scope}": {most} requests in {window} seconds.'
            )
            raise Throttled(renewed_in, detail)
        return True
