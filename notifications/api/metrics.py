"""Metrics in the text format of Prometheus, for accounts with the right to read them."""

from collections.abc import Iterable
from typing import Any

from django.http import HttpResponse
from django.utils import timezone
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.request import Request

from .authentication import TokenAuthentication
from .limited import Limited
from .measures import Measures
from .permissions import MayReadMetrics


class OneFormat(BaseContentNegotiation):
    """Whoever scrapes names formats that are newer as well, and takes this one."""

    def select_parser(self, request: Request, parsers: Iterable[Any]) -> Any:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[Any], format_suffix: str | None = None
    ) -> Any:
        """For problems."""
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class MetricsView(Limited):
    """Its registry is its own and of one answer: what is measured is in the database, and not in
    the process that happens to be asked."""

    authentication_classes = (TokenAuthentication,)
    permission_classes = (MayReadMetrics,)
    content_negotiation_class = OneFormat
    schema = None  # not of the API

    def get(self, request: Request) -> HttpResponse:
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Measures(timezone.now()))
        return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
