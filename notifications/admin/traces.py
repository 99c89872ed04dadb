"""The pages of traces: of a device, of a user, of an operation. Every one that is shown is noted in
the access records, by the functions that compute it."""

from abc import abstractmethod
from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, TypeVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.models import AccessRecord, Activation, Notification, Operation, Recipient
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent, NotificationQuerySet
from notifications.protocol.identity import first_id_at
from notifications.trace.access import Viewer
from notifications.trace.entries import Entry, Row, Trace
from notifications.trace.figures import series_of
from notifications.trace.gap_notes import acknowledgements
from notifications.trace.pages import BadCursor, Item, Page, page_of, with_payloads
from notifications.trace.viewing import view_device, view_operation, view_user

from .addresses import page_address, trace_address
from .asking import Choice, Question, asked
from .changed import changed_since
from .chart import chart_of
from .checks import checks_of
from .devices import ribbon_in
from .lanes import MOST_LANES, drawing_of
from .listening import listening_of
from .readonly import ReadOnlyAdmin
from .summary import summary_of
from .trails import Crumb, about, beginning, crumb
from .words import figures, standing

MOST_COLUMNS = 4  # devices side by side
MOST_ROUNDS = 20
RIGHT = "notifications.trace"

M = TypeVar("M", bound=Model)


class Traced(ReadOnlyAdmin[M]):
    """A subject with a second page: what should have been told of it, and what was."""

    trace_page = "trace"
    trace_called = gettext_noop("Trace")
    trace_template: str
    windowed = True

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_{self.trace_page}"
        view = self.admin_site.admin_view(self.trace_view)
        return [path(f"<path:object_id>/{self.trace_page}/", view, name=name), *super().get_urls()]

    def trace_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        shown = self.of_address(request, object_id)
        if shown is None:
            return self.unknown(request)
        question = asked(request.GET, now=timezone.now(), windowed=self.windowed)
        for problem in question.problems:
            messages.warning(request, problem)
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "object": shown,
            "question": question,
            "permalink": self._address(request, shown, question),
            "trail": self.trace_trail(shown),
        }
        try:
            context |= self.trace(request, shown, question)
            context |= changed_since(request, self.begins(context["trace"], question))
        except TooMuch as problem:
            messages.warning(request, str(problem))
            context |= {"too_much": True, "shorter": question.shorter()}
        return TemplateResponse(request, self.trace_template, context)

    def trace_trail(self, shown: M, *between: Crumb) -> list[Crumb]:
        kind = str(self.opts.model_name)
        begun = beginning(kind, str(self.opts.verbose_name_plural))
        page = crumb(kind, shown.pk, page_address(kind, shown.pk))
        return [*begun, *between, page, Crumb(_(self.trace_called))]

    def _address(self, request: HttpRequest, shown: M, question: Question) -> str:
        """Of exactly this, for others and for later."""
        path = trace_address(str(self.opts.model_name), shown.pk)
        return str(request.build_absolute_uri(path + question.permalink))

    def begins(self, trace: Any, question: Question) -> datetime | None:
        """The first moment that it tells of."""
        if self.windowed:
            return question.window.since
        return min((each.at for each in trace.entries), default=None)

    @abstractmethod
    def trace(self, request: HttpRequest, shown: M, question: Question) -> dict[str, Any]:
        """What the page's template needs. Raises ``TooMuch``."""


class DeviceTraced(Traced[Activation]):
    trace_template = "admin/notifications/trace/device.html"

    def trace(self, request: HttpRequest, shown: Activation, question: Question) -> dict[str, Any]:
        viewer = _viewer(request, question)
        trace = view_device(
            shown.pk, question.window, viewer, now=question.now, as_of=question.as_of
        )
        page = page_asked(request, trace.entries, question)
        about_it = known(question).about_device(shown.pk)
        address = self._address(request, shown, question)
        told_user = _user_told_last(about_it) or _user_of_events(trace)
        person = about(request.user.has_perm, recipient=told_user.pk if told_user else None)
        return {
            "trace": trace,
            "trail": self.trace_trail(shown, *person),
            "figures": figures(trace.counts),
            "standing": standing(trace.counts),
            "chart": chart_of(series_of(trace.entries, question.window)) if trace.entries else None,
            "entries": with_payloads(page.items),
            "notes": acknowledgements(page.items, as_of=question.as_of),
            **neighbours(page, question),
            "summary": summary_of(trace, case_number=question.case_number, address=address),
            "told_user": told_user,
            "ribbon": ribbon_in(trace, now=question.end, may=request.user.has_perm),
            "nearest": () if trace.entries else _nearest(about_it, question),
            "listening": listening_of(trace.coverage, request.user.has_perm),
        }


class OperationTraced(Traced[Operation]):
    trace_page = "timeline"
    trace_called = gettext_noop("Timeline")
    trace_template = "admin/notifications/trace/operation.html"
    windowed = False

    def trace(self, request: HttpRequest, shown: Operation, question: Question) -> dict[str, Any]:
        viewer = _viewer(request, question)
        timeline = view_operation(shown.pk, viewer, now=question.now, as_of=question.as_of)
        page = page_asked(request, timeline.entries, question)
        one = timeline.lanes[0] if len(timeline.lanes) == 1 else None
        return {
            "trace": timeline,
            "trail": self.trace_trail(shown, *about(request.user.has_perm, activation=one)),
            "figures": figures(timeline.counts),
            "standing": standing(timeline.counts),
            "drawing": drawing_of(timeline),
            "more_lanes": max(0, len(timeline.lanes) - MOST_LANES),
            "rounds": list(islice(checks_of(timeline), MOST_ROUNDS)),
            "more_rounds": max(0, len(timeline.episodes) - MOST_ROUNDS),
            "entries": with_payloads(page.items),
            "notes": acknowledgements(page.items, as_of=question.as_of),
            "listening": listening_of(timeline.coverage, request.user.has_perm),
            **neighbours(page, question),
        }


class UserTraced(Traced[Recipient]):
    trace_template = "admin/notifications/trace/user.html"

    def trace(self, request: HttpRequest, shown: Recipient, question: Question) -> dict[str, Any]:
        viewer = _viewer(request, question)
        trace = view_user(shown.pk, question.window, viewer, now=question.now, as_of=question.as_of)
        page = page_asked(request, trace.rows, question)
        columns = trace.devices[:MOST_COLUMNS]
        about_it = known(question).filter(recipient=shown)
        return {
            "trace": trace,
            "figures": figures(trace.counts),
            "standing": standing(trace.counts),
            "devices": [(each, standing(each.counts)) for each in trace.devices],
            "columns": columns,
            "more_columns": len(trace.devices) - len(columns),
            "rows": [(row, *_cells(row, columns)) for row in page.items],
            **neighbours(page, question),
            "nearest": () if trace.rows else _nearest(about_it, question),
            "listening": listening_of(trace.coverage, request.user.has_perm),
        }


def _viewer(request: HttpRequest, question: Question) -> Viewer:
    return Viewer(request.user.get_username(), AccessRecord.Via.ADMIN, question.case_number)


def known(question: Question) -> NotificationQuerySet:
    """The notifications on record at the moment as of which it is asked."""
    return Notification.objects.within(Extent(as_of=question.as_of))


def page_asked(request: HttpRequest, items: Sequence[Item], question: Question) -> Page[Item]:
    try:
        return page_of(items, question.cursor)
    except BadCursor:
        messages.warning(request, _("That page does not exist; this is the first one."))
        return page_of(items, None)


def neighbours(page: Page[Any], question: Question) -> dict[str, str | None]:
    return {"older": question.page(page.previous), "newer": question.page(page.next)}


def _cells(row: Row, columns: Sequence[Trace]) -> tuple[list[Entry | None], int]:
    """What each column has of ``row``, and how many devices have it that have no column."""
    cells = [row.devices.get(each.activation) for each in columns]
    return cells, len(row.devices) - sum(each is not None for each in cells)


def _user_told_last(about: NotificationQuerySet) -> Recipient | None:
    latest = about.exclude(recipient=None).newest_first().select_related("recipient")
    found = latest.only("id", "recipient").first()
    return found.recipient if found is not None else None


def _user_of_events(trace: Trace) -> Recipient | None:
    """Of a device that no notification names with its user. Events of a token it had may name
    another device, and its user."""
    mine = (
        each.recipient for each in reversed(trace.events) if each.activation == trace.activation
    )
    told = next((each for each in mine if each is not None), None)
    return None if told is None else Recipient.objects.filter(pk=told).first()


def _nearest(about: NotificationQuerySet, question: Question) -> list[Choice]:
    """For an empty window: those around the last notification before it and the first after."""
    window = question.window
    before = about.filter(id__lt=first_id_at(window.since)).newest_first()
    after = about.filter(id__gte=first_id_at(window.until)).in_time_order()
    found = []
    for each, words in ((before, _("the last one before")), (after, _("the next one after"))):
        moment = each.values_list("emitted_at", flat=True).first()
        query = question.around(moment) if moment is not None else None
        if query is not None:
            found.append(Choice(query, words))
    return found
