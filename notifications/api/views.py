"""What all views that are asked have in common: parameters that are known, read and told of."""

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from rest_framework import exceptions, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from notifications.filters.base import Filters, nearest
from notifications.filters.questions import Paging

from .limited import Limited
from .permissions import apps_of
from .problems import Fault, Problem

MOST_TOLD = 80  # characters of what somebody gave, in what we say of it


class QuestionViewSet(Limited, viewsets.GenericViewSet[Any]):
    """``question_class`` and ``paging_class`` have the parameters of each action (as arguments of
    ``@action`` where it is not the list); a parameter that neither knows is refused."""

    question_class: type[Filters] | None = None
    paging_class: type[Paging] | None = None
    sends_files = False  # an answer to the current action is a file

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method in ("GET", "HEAD"):
            refuse_unknown(request, self.parameter_classes)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        if isinstance(response, Response):  # and no file
            response.add_post_render_callback(_without_its_data)
        return response

    @property
    def parameter_classes(self) -> list[type[Filters]]:
        """What the current action can be asked with; one thing by its key, with nothing."""
        if self.action == "retrieve":
            return []
        return [each for each in (self.question_class, self.paging_class) if each is not None]

    def asked(self, queryset: Any = None) -> list[Any]:
        """The parameters of this request, read: by ``question_class`` (``queryset`` is what it
        filters) and by ``paging_class``. Raises ``ValidationError`` (400) that tells of all that
        are wrong."""
        now, apps = timezone.now(), apps_of(self.request)
        read = [
            of(self.request.query_params, queryset, now=now, apps=apps)
            for of in self.parameter_classes
        ]
        problems = {name: told for each in read for name, told in each.told.items()}
        if problems:
            raise exceptions.ValidationError(problems)
        return read


def _without_its_data(response: Any) -> None:
    """A response and its view refer to each other, so that what it was rendered from would lie
    about until garbage is collected: a pause of some milliseconds in one answer of twenty."""
    response.data = None


def refuse_unknown(request: Request, known: Iterable[type[Filters]]) -> None:
    """Raises ``Problem`` (400) that names each unknown parameter and what may have been meant."""
    classes = list(known)
    names = {name: each for of in classes for name, each in of.parameters().items()}
    aliases = {alias: name for of in classes for alias, name in of.aliases.items()}
    faults = [
        Fault("query", name[:MOST_TOLD], "unknown_parameter", _told(name, names, aliases))
        for name in request.query_params
        if not any(of.knows(name) for of in classes)
    ]
    if faults:
        raise Problem(400, "unknown_parameter", " ".join(each.detail for each in faults), *faults)


def _told(name: str, known: dict[str, Any], aliases: dict[str, str]) -> str:
    shown = f"There is no parameter “{name[:MOST_TOLD]}” here"
    if not known:
        return f"{shown}; this address takes none."
    meant = nearest(name, known, aliases)
    if meant is not None:
        return f"{shown}; did you mean {meant}?"
    return f"{shown}; it takes {', '.join(sorted(known))}."
