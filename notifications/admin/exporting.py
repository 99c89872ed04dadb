"""Exporting what a page shows: exactly its filters, as the parameters of the API that mean the
same, or a sentence that says why there are none."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias, TypeVar
from urllib.parse import urlencode

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, QueryDict
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.exports.asking import BadExport, TooManyExports, ask
from notifications.exports.datasets import ALL, OFFERS, VIEW_USERS, lacking
from notifications.filters.notifications import PERSONAL
from notifications.models import AccessRecord, Export, Notification
from notifications.protocol.identity import time_of, to_millisecond
from notifications.protocol.window import LATEST, written
from notifications.trace.access import Viewer

from .addresses import list_address, ours, page_address
from .asking import read_case_number
from .filters import Asked, NotAskable
from .readonly import ReadOnlyAdmin
from .search import columns_naming, written_as

NOTHING = gettext_noop("Nothing was exported.")
_MILLISECOND = timedelta(milliseconds=1)
DataSets: TypeAlias = tuple[tuple[str, str | Promise], ...]  # with what to call them

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What can be exported of a page: ``datasets`` with what they are called, and the ``filters``
    as a query string; or ``why_not``. ``back`` is the page."""

    back: str
    datasets: DataSets = ()
    filters: str = ""
    told: tuple[tuple[str, str], ...] = ()
    why_not: str = ""
    formats: tuple[tuple[str, str], ...] = tuple(Export.Format.choices)


def offer(request: HttpRequest, datasets: DataSets, asked: Callable[[], Asked]) -> Offer | None:
    """None for those who may not export any of ``datasets``."""
    user: Any = request.user
    allowed = [each for each in datasets if not lacking(user, each[0])]
    if not allowed:
        return None
    back = request.get_full_path()
    try:
        filters = asked()
        if not user.has_perm(VIEW_USERS) and any(name in PERSONAL for name in filters):
            raise NotAskable(_("It is narrowed to one person, and this account reads pseudonyms."))
    except NotAskable as problem:
        return Offer(back=back, why_not=str(problem))
    return Offer(
        back=back,
        datasets=tuple(
            (dataset, str(words))
            for dataset, words in allowed
            if all(OFFERS[dataset].question.knows(name) for name in filters)
        ),
        filters=urlencode(filters, doseq=True),
        told=chips_of(filters),
    )


def chips_of(filters: Mapping[str, Iterable[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((name, f" {_('or')} ".join(values)) for name, values in filters.items())


class Exportable(ReadOnlyAdmin[M]):
    """A list that can be exported as it is shown."""

    datasets: DataSets

    @abstractmethod
    def asked_by_search(self, request: HttpRequest, term: str) -> Asked:
        """The parameters that find what ``search`` does. Raises ``NotAskable``."""

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        response = super().changelist_view(request, extra_context)
        context = getattr(response, "context_data", None) or {}
        if changelist := context.get("cl"):
            context["exporting"] = offer(
                request, self.datasets, lambda: self._asked(request, changelist)
            )
        return response

    def _asked(self, request: HttpRequest, changelist: Any) -> Asked:
        asked: Asked = {}
        for spec in changelist.filter_specs:
            asked |= spec.asked()
        if changelist.query:
            for name, values in self.asked_by_search(request, changelist.query).items():
                if asked.get(name, values) != values:
                    told = _("It is narrowed to one %(what)s and searched for another.")
                    raise NotAskable(told % {"what": name})
                asked[name] = values
        window = {"since": asked.pop("since", [ALL])}
        if "until" in asked:
            window["until"] = asked.pop("until")
        elif (end := _end(timezone.now())) is not None:
            window["until"] = [written(end)]
        return {**window, **asked}


def searched_notifications(request: HttpRequest, term: str) -> Asked:
    """A term that several columns have finds what any of them does, parameters what all do."""
    columns = columns_naming(term, by_user=request.user.has_perm(VIEW_USERS))
    if not columns:
        raise NotAskable(_("Nothing is found."))
    if "pk" in columns:
        raise NotAskable(_("It is searched for one notification, whose page has all of it."))
    if len(columns) > 1:
        told = _("The term searched for is found as %(several)s, and an export is of one of these.")
        raise NotAskable(told % {"several": f" {_('and as')} ".join(columns)})
    ((column, values),) = columns.items()
    return {column: [str(each) for each in values]}


def searched_operations(term: str) -> Asked:
    if not (texts := written_as(term)):
        raise NotAskable(_("No operation can have this identifier."))
    return {"operation": texts}


def ask_for_export(request: HttpRequest) -> HttpResponse:
    """What the form of an ``Offer`` sends."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    given = request.POST
    back = ours(given.get("back")) or list_address("export")
    dataset, file_format = given.get("dataset", ""), given.get("format", "")
    if dataset in OFFERS and lacking(request.user, dataset):  # type: ignore[arg-type]
        raise PermissionDenied
    case_number, problem = read_case_number(given.get("case", ""))
    if dataset not in OFFERS or file_format not in Export.Format.values:
        problem = _("Choose what to export, and the format.")
    if problem:
        messages.error(request, f"{problem} {_(NOTHING)}")
        return redirect(back)
    try:
        export = ask(
            viewer_of(request, case_number),
            dataset=dataset,
            file_format=file_format,
            filters=dict(QueryDict(given.get("filters", "")).lists()),
            tells_users=request.user.has_perm(VIEW_USERS),
            delivery=Export.Delivery.JOB,
            gzip="gzip" in given,
            keep_formulas="keep_formulas" in given,
        )
    except (BadExport, TooManyExports) as refusal:
        messages.error(request, f"{refusal} {_(NOTHING)}")
        return redirect(back)
    return redirect(page_address("export", export.pk))


def viewer_of(request: HttpRequest, case_number: str) -> Viewer:
    user: Any = request.user
    return Viewer(user.get_username(), AccessRecord.Via.ADMIN, case_number, user.limited_to)


def _end(now: datetime) -> datetime | None:
    """Behind all that is on record at this moment, and so behind all that is shown: clocks can be
    ahead. None where no window reaches that far."""
    newest = Notification.objects.newest_first().values_list("id", flat=True).first()
    latest = now if newest is None else max(now, time_of(newest))
    end = to_millisecond(latest) + _MILLISECOND if latest < LATEST else latest
    return end if end <= LATEST else None
