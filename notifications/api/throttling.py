"""Rate limits per account, with separate buckets for posting and reading.

Counted in each worker process, so that no post waits for a shared counter: with N workers an
account gets up to N times the rate.
"""

from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class AccountThrottle(UserRateThrottle):
    scope = "read"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        self.scope = "ingest" if request.method == "POST" else "read"
        self.rate = self.get_rate()
        self.num_requests, self.duration = self.parse_rate(self.rate)
        return bool(super().allow_request(request, view))
