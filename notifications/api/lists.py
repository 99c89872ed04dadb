"""Lists and single things of the record, each over its own filters."""

from collections.abc import Container, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.base import ListFilters, WindowedFilters
from notifications.filters.notifications import PERSONAL
from notifications.filters.parameters import NUL
from notifications.filters.questions import ListPaging
from notifications.models.querysets import Apps
from notifications.protocol.identity import timestamp

from .pagination import ListPages, link_header, links
from .permissions import VIEW_USERS, apps_of, may_see_users
from .problems import Fault, Problem
from .schema import may_answer
from .traces import bounded
from .views import QuestionViewSet


class ListViewSet(QuestionViewSet):
    """A list newest first or last, by cursor; and one thing, with what is asked of it next."""

    question_class: type[ListFilters]
    paging_class = ListPaging

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "users": may_see_users(self.request)}

    @may_answer("too_much")
    def list(self, request: Request) -> Response:
        require_users(request, request.query_params, where="query")
        asked, paging = self.asked(self.listed(apps_of(request)))
        return self.page_of(asked, paging, of=self.basename or "", shown_as=self.serializer_class)

    def page_of(self, asked: Any, paging: Any, *, of: str, shown_as: Any) -> Response:
        """The page of what ``asked`` finds; ``of`` names the list, whose cursors no other takes."""
        pages = ListPages(of, asked, paging)
        page = bounded(pages.read)
        addresses = links(self.request, page, asked)
        document: dict[str, Any] = {**addresses}
        if isinstance(asked, WindowedFilters):
            document["window"] = _window(asked)
        if paging.value("count"):
            document["estimated_count"] = pages.estimate()
        shown = shown_as(page.rows, many=True, context=self.context_of(page.rows))
        document["results"] = shown.data
        return Response(document, headers=link_header(addresses["next"], addresses["previous"]))

    def retrieve(self, request: Request, pk: Any) -> Response:
        shown = self.find(pk)
        shown_as: Any = self.serializer_class
        told = shown_as(shown, context=self.context_of([shown]))
        return Response({**told.data, **self.beside(shown)})

    def context_of(self, rows: Sequence[Any]) -> dict[str, Any]:
        """What it takes to show ``rows``, looked up for all of them at once."""
        return self.get_serializer_context()

    def listed(self, apps: Apps) -> "QuerySet[Any]":
        """What there is for an account that is limited to ``apps``."""
        return self.get_queryset()

    def findable(self, apps: Apps) -> "QuerySet[Any]":
        """What there is of it by its key."""
        return self.listed(apps)

    def find(self, pk: Any) -> Any:
        """Raises ``Http404``, also for what no key can be."""
        if not is_key(pk):
            raise Http404
        found = self.findable(apps_of(self.request)).filter(pk=pk).first()
        if found is None:
            raise Http404
        return found

    def beside(self, shown: Any) -> Mapping[str, Any]:
        """What support asks next of the one thing that is ``shown``."""
        return {}


def is_key(key: Any) -> bool:
    """Whether there can be something under it."""
    return key < 2**63 if isinstance(key, int) else NUL not in str(key)


def _window(asked: WindowedFilters) -> dict[str, Any]:
    bounds = asked.bounds
    return {
        "since": None if bounds.since is None else timestamp(bounds.since),
        "until": None if bounds.until is None else timestamp(bounds.until),
        "is_default": asked.is_unasked,
    }


def require_users(request: Request, asked: Container[str], *, where: str, before: str = "") -> None:
    """Raises ``Problem`` (403) where somebody asks for a user who reads pseudonyms. The parameters
    that were ``asked`` with are in ``where``, their pointers begin with ``before``."""
    if may_see_users(request):
        return
    for name in PERSONAL:
        if name in asked:
            detail = (
                f"This account lacks {VIEW_USERS}: it reads pseudonyms and cannot ask for a user."
            )
            fault = Fault(where, f"{before}{name}", "permission_denied", detail)
            raise Problem(403, "permission_denied", detail, fault)
