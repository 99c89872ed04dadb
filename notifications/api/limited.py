"""What the views share: the bucket that their requests are counted to."""

from typing import Literal

from rest_framework.request import Request
from rest_framework.views import APIView


class Limited(APIView):
    """Base of all views. ``bucket`` can be an argument of ``@action`` too. A POST is counted to
    ``ingest``, unless its view says otherwise.

    Counted as soon as it is known who asks, so that a request refused for its rights counts too.
    """

    bucket: Literal["read", "export", "ingest"] = "read"

    def perform_authentication(self, request: Request) -> None:
        super().perform_authentication(request)
        super().check_throttles(request)

    def check_throttles(self, request: Request) -> None:
        """Done by then."""
