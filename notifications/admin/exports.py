"""What was exported: the list, the page of one, how far it is, its files."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    StreamingHttpResponse,
)
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop

from notifications.exports import jobs, manifest
from notifications.exports.asking import record
from notifications.exports.datasets import VIEW_USERS, shown_filters
from notifications.exports.downloads import Unreadable, archive_of, file_of
from notifications.filters.records import ExportFilters
from notifications.models import AccessRecord, Export

from . import times
from .addresses import page_address
from .exporting import ask_for_export, chips_of, viewer_of
from .filters import DataSetFilter, StateFilter
from .histories import of_export
from .progress import progress_of
from .readonly import ReadOnlyAdmin
from .search import ids_in, written_as
from .site import pages_of
from .windows import AskedFor

MAX_SHOWN = 200  # parts; the archive and the manifest have all
ASK, SEE_ALL = "notifications.add_export", "notifications.view_export"
PROGRESS = "admin/notifications/parts/export_progress.html"
WITHHELD = gettext_noop("not shown to this account")


@pages_of(Export)
class ExportAdmin(ReadOnlyAdmin[Export]):
    """Those who export see their own, auditors all. What others exported, nobody can take."""

    keyset = "id"
    question = ExportFilters
    list_filter = (StateFilter, DataSetFilter, AskedFor)
    rows_template = "admin/notifications/rows/exports.html"
    page_template = "admin/notifications/export.html"
    search_help_text = gettext_lazy("Exactly the id, or the account that asked.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        one, name = "<path:object_id>", "notifications_export"
        return [
            path("ask/", view(ask_for_export), name=f"{name}_ask"),
            path(f"{one}/progress/", view(self.progress), name=f"{name}_progress"),
            path(f"{one}/cancel/", view(self.cancel), name=f"{name}_cancel"),
            path(f"{one}/files/", view(self.download), name=f"{name}_files"),
            path(f"{one}/files/<int:number>/", view(self.download), name=f"{name}_file"),
            *super().get_urls(),
        ]

    def has_view_permission(self, request: HttpRequest, obj: Export | None = None) -> bool:
        return request.user.has_perm(ASK) or request.user.has_perm(SEE_ALL)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        found = super().get_queryset(request)
        if request.user.has_perm(SEE_ALL):
            return found
        return found.filter(who=request.user.get_username())

    def search(
        self, request: HttpRequest, queryset: QuerySet[Export], term: str
    ) -> QuerySet[Export]:
        texts = written_as(term)
        return queryset.filter(Q(pk__in=ids_in(texts)) | Q(who__in=texts))

    def page(self, request: HttpRequest, shown: Export) -> dict[str, Any]:
        parts = list(shown.parts.order_by("number"))
        filters = shown_filters(shown, users=request.user.has_perm(VIEW_USERS))
        is_proved = shown.state in (Export.State.FINISHED, Export.State.EXPIRED)
        document = manifest.manifest_of(shown, parts) | {"filters": filters}
        is_job = shown.delivery == Export.Delivery.JOB
        return {
            "object": shown,
            "happened": of_export(shown),
            "progress": progress_of(shown, now=timezone.now()),
            "parts": parts[:MAX_SHOWN],
            "more_parts": max(0, len(parts) - MAX_SHOWN),
            "why_not": _why_not(request, shown) if shown.has_files else "",
            "can_cancel": is_job and shown.is_unfinished and _is_own(request, shown),
            "chips": chips_of({name: values or [_(WITHHELD)] for name, values in filters.items()}),
            "manifest": manifest.as_text(document).decode() if is_proved else "",
        }

    def called(self, shown: Export) -> str:
        return times.moment(shown.asked_at)

    def progress(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """What the page shows below its heading, which changes while the export is made."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        shown = self._shown(request, object_id)
        return TemplateResponse(request, PROGRESS, self.page(request, shown))

    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        export = self._shown(request, object_id)
        if not _is_own(request, export):
            raise PermissionDenied
        if jobs.cancel(export):
            messages.success(request, _("Cancelled. Nothing is kept of it."))
        else:
            messages.warning(request, _("It had ended already."))
        return redirect(page_address("export", export.pk))

    def download(
        self, request: HttpRequest, object_id: str, number: int | None = None
    ) -> HttpResponseBase:
        """All files, or the part of this number. None without an access record."""
        if request.method != "GET":
            return HttpResponseNotAllowed(["GET"])
        export = self._shown(request, object_id)
        if why_not := _why_not(request, export):
            messages.warning(request, why_not)
            return redirect(page_address("export", export.pk))
        try:
            if number is None:
                found = archive_of(export)
            else:
                found = file_of(export, get_object_or_404(export.parts, number=number))
        except Unreadable as problem:
            messages.error(request, str(problem))
            return redirect(page_address("export", export.pk))
        viewer = viewer_of(request, export.case_number)
        record(export, viewer, AccessRecord.Action.EXPORT_DOWNLOAD)
        headers = {
            "Content-Length": str(found.size),
            "Content-Disposition": str(content_disposition_header(True, found.name)),
        }
        return StreamingHttpResponse(
            found.blocks, content_type="application/octet-stream", headers=headers
        )

    def _shown(self, request: HttpRequest, object_id: str) -> Export:
        if not self.has_view_permission(request):
            raise PermissionDenied
        shown = self.of_address(request, object_id)
        return shown or get_object_or_404(Export.objects.none())


def _is_own(request: HttpRequest, export: Export) -> bool:
    return export.who == request.user.get_username()


def _why_not(request: HttpRequest, export: Export) -> str:
    """Why this account cannot have the files; "" when it can."""
    if not _is_own(request, export):
        return _("Only the account that asked for it can download it.")
    if not export.has_files:
        is_coming = export.is_unfinished and export.delivery == Export.Delivery.JOB
        return _("It is not finished yet.") if is_coming else _("It has no files here.")
    return jobs.refusal_of(export)
