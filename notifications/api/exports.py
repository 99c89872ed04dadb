"""Exports as jobs: asked for, looked at, cancelled and downloaded."""

from collections.abc import Mapping
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import exceptions
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.exports import jobs, manifest
from notifications.exports.asking import BadExport, TooManyExports, ask, record
from notifications.exports.datasets import shown_filters
from notifications.exports.downloads import Download, Unreadable, archive_of, file_of
from notifications.filters.questions import DownloadQuestion
from notifications.filters.records import ExportFilters
from notifications.models import AccessRecord, Export
from notifications.models.querysets import Apps
from notifications.trace.access import Viewer

from .addresses import address_of
from .bodies import json_body
from .export_documents import (
    PROVED,
    ExportDetailSerializer,
    ExportSerializer,
    ManifestSerializer,
    parts_of,
)
from .export_requests import ExportRequest, bad_request, fault_at, read_request
from .files import ARCHIVES, answer_with, media_type_of
from .lists import ListViewSet, require_users
from .permissions import (
    MayAskForExports,
    MaySeeExports,
    apps_of,
    lacking_to_export,
    may_see_all_exports,
    may_see_users,
    told_lacking,
)
from .problems import Fault, Problem
from .renderers import FILE_RENDERERS, ZIP
from .schema import may_answer

State = Export.State


@extend_schema_view(retrieve=extend_schema(responses=ExportDetailSerializer))
class ExportViewSet(ListViewSet):
    """An export of somebody else is seen by those who may see all, and is nobody else's to cancel
    or to download."""

    queryset = Export.objects.all()
    serializer_class = ExportSerializer
    question_class = ExportFilters
    permission_classes = (MaySeeExports,)
    lookup_value_converter = "uuid"
    bucket = "export"

    def get_permissions(self) -> Any:
        return [MayAskForExports()] if self.action == "create" else super().get_permissions()

    def listed(self, apps: Apps) -> "QuerySet[Any]":
        found = self.get_queryset()
        if may_see_all_exports(self.request):
            return found
        return found.filter(who=self.request.user.get_username())

    def beside(self, shown: Export) -> Mapping[str, Any]:
        return {"parts": parts_of(shown)}

    @extend_schema(
        request={"application/json": {"$ref": "#/components/schemas/ExportRequest"}},
        responses={202: ExportDetailSerializer},
    )
    @may_answer("empty_body", "malformed_json", "too_large", "invalid_export", "too_many_exports")
    def create(self, request: Request) -> Response:
        """Asks for an export, of what is on record now. It is made by a worker: look again until
        its state is `finished`, then download it."""
        asked = read_request(json_body(request))
        if missing := lacking_to_export(request, asked.dataset):
            raise exceptions.PermissionDenied(told_lacking(missing))
        require_users(request, asked.filters, where="body", before="#/filters/")
        export = _queued(request, asked)
        location = address_of(request, "export-detail", export.pk)
        return Response(self._document(export), 202, headers={"Location": str(location)})

    @extend_schema(request=None, responses=ExportDetailSerializer)
    @may_answer("not_cancellable")
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: Any) -> Response:
        """Cancels an export that is not finished yet. Nothing is left of it."""
        export = self._own(pk)
        if not jobs.cancel(export):
            detail = "It has ended, or was no job, and cannot be cancelled."
            raise _of_path(request, 409, "not_cancellable", detail)
        export.refresh_from_db()
        return Response(self._document(export))

    @extend_schema(responses=ManifestSerializer)
    @may_answer("export_unfinished", "export_gone")
    @action(detail=True, question_class=None, paging_class=None)
    def manifest(self, request: Request, pk: Any) -> Response:
        """The manifest of a finished export: what was asked, and each file with its rows and its
        SHA-256. It stays when the files expire, and there is one of a stream too."""
        export = self.find(pk)
        if export.state not in PROVED:
            raise _not_there(request, export)
        told = manifest.manifest_of(export, export.parts.order_by("number"))
        return Response(told | {"filters": shown_filters(export, users=may_see_users(request))})

    @extend_schema(responses=ARCHIVES)
    @may_answer("export_unfinished", "export_gone")
    @action(
        detail=True,
        question_class=DownloadQuestion,
        paging_class=None,
        renderer_classes=FILE_RENDERERS,
        sends_files=True,
    )
    def download(self, request: Request, pk: Any) -> HttpResponseBase:
        """All files of an export with its manifest, as a ZIP; or one of them, by its name. For the
        account that asked for it, as long as it has the rights that this took."""
        export = self._own(pk)
        if refusal := jobs.refusal_of(export):
            raise exceptions.PermissionDenied(refusal)
        if not export.has_files:
            raise _not_there(request, export)
        (question,) = self.asked()
        name = question.value("part")
        found = _found(request, export, name)
        media_type = ZIP if name is None else media_type_of(export)
        if request.method == "HEAD":
            response: HttpResponseBase = HttpResponse(content_type=media_type)
        else:
            case = question.value("case", export.case_number)
            viewer = Viewer(export.who, AccessRecord.Via.API, case, apps_of(request))
            record(export, viewer, AccessRecord.Action.EXPORT_DOWNLOAD)
            response = answer_with(
                found.blocks,
                media_type=media_type,
                name=found.name,
                document=address_of(request, "export-detail", export.pk),
            )
        response.headers["Content-Length"] = str(found.size)
        return response

    def _own(self, pk: Any) -> Export:
        """Raises ``Http404``, ``PermissionDenied``."""
        export: Export = self.find(pk)
        if export.who != self.request.user.get_username():
            detail = "An export is cancelled and downloaded by the account that asked for it."
            raise exceptions.PermissionDenied(detail)
        return export

    def _document(self, export: Export) -> dict[str, Any]:
        return {**self.get_serializer(export).data, **self.beside(export)}


def _queued(request: Request, asked: ExportRequest) -> Export:
    viewer = Viewer(
        request.user.get_username(), AccessRecord.Via.API, asked.case_number, apps_of(request)
    )
    try:
        return ask(
            viewer,
            dataset=asked.dataset,
            file_format=asked.file_format,
            filters=asked.filters,
            tells_users=may_see_users(request),
            delivery=Export.Delivery.JOB,
            gzip=asked.gzip,
            keep_formulas=asked.keep_formulas,
        )
    except BadExport as error:
        raise bad_request(
            [
                fault_at(
                    name,
                    "invalid_parameter",
                    " ".join(told),
                    within="" if name == "gzip" else "filters/",
                )
                for name, told in error.problems.items()
            ]
        ) from None
    except TooManyExports as error:
        raise _of_path(request, 409, "too_many_exports", str(error)) from None


def _found(request: Request, export: Export, name: str | None) -> Download:
    """Raises ``ValidationError`` (400), and ``Problem`` (503) when the files cannot be read."""
    try:
        if name is None:
            return archive_of(export)
        part = export.parts.filter(name=name).first()
        if part is None:
            told = "is none of its files; its document names them as parts."
            raise exceptions.ValidationError({"part": [told]})
        return file_of(export, part)
    except Unreadable as error:
        raise _of_path(request, 503, "unavailable", str(error)) from error


def _not_there(request: Request, export: Export) -> Problem:
    if export.is_unfinished:
        detail = f"It is {export.state}; come back when its state is finished."
        return _of_path(request, 409, "export_unfinished", detail)
    if export.state == State.FINISHED:
        detail = "Its files were not kept here, but sent where it was asked for."
    else:
        detail = f"It is {export.state}: there are no files of it. Ask for it again."
    return _of_path(request, 410, "export_gone", detail)


def _of_path(request: Request, status: int, code: str, detail: str) -> Problem:
    return Problem(status, code, detail, Fault("path", request.path, code, detail))
