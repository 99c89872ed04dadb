"""The OpenAPI document, and the page that shows it to people. Both are public: they tell how to
ask, never what is on record."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer, TemplateHTMLRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from .docs_page import page_of
from .schema import document


class PageRenderer(TemplateHTMLRenderer):
    """A page; a problem on the way to it is a problem document, as everywhere below /api/."""

    def render(
        self, data: Any, accepted_media_type: Any = None, renderer_context: Any = None
    ) -> Any:
        if renderer_context["response"].exception:
            return JSONRenderer().render(data)
        return super().render(data, accepted_media_type, renderer_context)


class PublicView(APIView):
    """Made once in each process and asking no database, so nothing has to be limited."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = ()
    metadata_class = None


class SchemaView(PublicView):
    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """This document. It is OpenAPI 3.1."""
        return Response(document())


class DocsView(PublicView):
    renderer_classes = (PageRenderer,)

    @extend_schema(responses=OpenApiTypes.STR)
    def get(self, request: Request) -> Response:
        """This document as a page to read."""
        page = page_of(document(), base=request.build_absolute_uri("/").rstrip("/"))
        return Response({"page": page}, template_name="api/docs.html")
