"""Exports as one answer, made while it is sent: an address for each data set, which is asked with
the parameters of its list."""

from collections.abc import Callable
from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request

from notifications.exports.asking import BadExport, ask
from notifications.exports.datasets import OFFERS
from notifications.exports.downloads import name_of
from notifications.exports.parts import extension_of
from notifications.exports.streams import stream
from notifications.filters.base import Filters
from notifications.filters.questions import ExportParameters
from notifications.models import Export

from .addresses import address_of
from .files import FILES, answer_with, media_type_of
from .lists import require_users
from .permissions import MayExport, may_see_users
from .renderers import FILE_RENDERERS
from .schema import may_answer
from .traces import bounded, viewer_of
from .views import QuestionViewSet

DataSet = Export.DataSet


def _of(dataset: str) -> Callable[[Any], Any]:
    def made(method: Any) -> Any:
        asked = action(detail=False, dataset=dataset, question_class=OFFERS[dataset].question)
        return extend_schema(responses=FILES)(asked(may_answer("too_much")(method)))

    return made


class StreamViewSet(QuestionViewSet):
    """Not for HEAD: there is nothing to tell of an export that is not made."""

    permission_classes = (MayExport,)
    renderer_classes = FILE_RENDERERS
    http_method_names = ["get", "options"]  # noqa: RUF012  (as declared where it comes from)
    bucket = "export"
    sends_files = True
    dataset = ""

    @property
    def parameter_classes(self) -> list[type[Filters]]:
        return [*super().parameter_classes, ExportParameters]

    @_of(DataSet.NOTIFICATIONS)
    def notifications(self, request: Request) -> StreamingHttpResponse:
        """Exports notifications, in order of time. Since, or an identifier, has to be given."""
        return self._streamed(request)

    @_of(DataSet.OPERATIONS)
    def operations(self, request: Request) -> StreamingHttpResponse:
        """Exports operations as they stood when it was asked, in order of their first notification.
        Since, or an identifier, has to be given."""
        return self._streamed(request)

    @_of(DataSet.DELIVERIES)
    def deliveries(self, request: Request) -> StreamingHttpResponse:
        """Exports delivery reports, in order of time. Since has to be given."""
        return self._streamed(request)

    @_of(DataSet.GAPS)
    def gaps(self, request: Request) -> StreamingHttpResponse:
        """Exports what was owed and not sent, in order of time. Since has to be given."""
        return self._streamed(request)

    @_of(DataSet.STATS)
    def stats(self, request: Request) -> StreamingHttpResponse:
        """Exports counts of notifications, in order of time. Since has to be given. By default they
        are by hour and by all dimensions but the finding."""
        return self._streamed(request)

    def _streamed(self, request: Request) -> StreamingHttpResponse:
        require_users(request, request.query_params, where="query")
        _, asked = self.asked()
        try:
            export = ask(
                viewer_of(request, asked),
                dataset=self.dataset,
                file_format=asked.value("format", Export.Format.CSV),
                filters={
                    name: request.query_params.getlist(name)
                    for name in request.query_params
                    if not ExportParameters.knows(name)
                },
                tells_users=may_see_users(request),
                delivery=Export.Delivery.STREAM,
                gzip=asked.value("gzip") == "true",
                keep_formulas=asked.value("formulas") == "kept",
            )
        except BadExport as error:
            raise exceptions.ValidationError(dict(error.problems)) from None
        return answer_with(
            bounded(stream, export),
            media_type=media_type_of(export),
            name=f"{name_of(export)}.{extension_of(export)}",
            document=address_of(request, "export-detail", export.pk),
        )
