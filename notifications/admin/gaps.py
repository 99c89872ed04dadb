"""The page of what was owed and not sent, over all operations: where to look before a call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone

from notifications.models import Export
from notifications.models.patience import TooMuch
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.reasons import Reason, Rule
from notifications.trace.figures import series_of
from notifications.trace.gaps import LONGEST, Gaps, Wanted, find_gaps
from notifications.trace.sentences import WORDS

from .asking import Question, asked, bounds
from .chart import chart_of
from .exporting import offer
from .filters import Option
from .traces import neighbours, page_asked
from .words import Badge, standing

if TYPE_CHECKING:
    from .site import Console

RIGHTS = ("notifications.view_operation", "notifications.view_notification")
DATASETS = ((Export.DataSet.GAPS, "gaps"),)
RULES: Mapping[str, str] = {
    Rule.E1: "E1, finish owed",
    Rule.E2: "E2, announcement presumed",
}


@dataclass(frozen=True, slots=True)
class Menu:
    name: str
    title: str
    options: tuple[Option, ...]


def gaps_page(site: "Console", request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD"):
        return HttpResponseNotAllowed(["GET", "HEAD"])
    if not request.user.has_perms(RIGHTS):
        raise PermissionDenied
    chosen = _chosen(request.GET)
    question = asked(request.GET, now=timezone.now(), longest=LONGEST, chosen=chosen)
    for problem in question.problems:
        messages.warning(request, problem)
    context = {
        **site.each_context(request),
        "title": "Gaps",
        "question": question,
        "menus": list(_menus(chosen)),
        "app_id": chosen.get("app_id", ""),
        "exporting": offer(request, DATASETS, lambda: _exported(question)),
        "permalink": request.build_absolute_uri(request.path + question.permalink),
    }
    try:
        gaps = find_gaps(question.window, now=question.now, wanted=_wanted(chosen))
        context |= _answer(request, gaps, question)
    except TooMuch as problem:
        messages.warning(request, str(problem))
        context |= {"too_much": True, "shorter": question.shorter()}
    return TemplateResponse(request, "admin/gaps.html", context)


def _answer(request: HttpRequest, gaps: Gaps, question: Question) -> dict[str, Any]:
    page = page_asked(request, gaps.entries, question)
    well = Badge("Nothing is missing", "good", "✓", "")
    return {
        "gaps": gaps,
        "standing": standing(gaps.counts) if gaps.entries else well,
        "chart": chart_of(series_of(gaps.entries, question.window)) if gaps.entries else None,
        "entries": page.items,
        **neighbours(page, question),
    }


def _chosen(parameters: Mapping[str, str]) -> dict[str, str]:
    """What is among the choices; anything else is as good as nothing."""
    known: Mapping[str, Iterable[str]] = {"rule": RULES, "reason": list(Reason)}
    found = {name: parameters.get(name, "") for name in known}
    found = {name: value for name, value in found.items() if value in known[name]}
    app_id = parameters.get("app_id", "").strip()
    if 0 < len(app_id) <= MAX_IDENTIFIER and app_id.isprintable():
        found["app_id"] = app_id
    return found


def _wanted(chosen: Mapping[str, str]) -> Wanted:
    return Wanted(
        rules=[Rule(chosen["rule"])] if "rule" in chosen else (),
        reasons=[Reason(chosen["reason"])] if "reason" in chosen else (),
        apps=[chosen["app_id"]] if "app_id" in chosen else (),
    )


def _exported(question: Question) -> dict[str, list[str]]:
    asked = bounds(question.window) | dict(question.chosen)
    return {name: [value] for name, value in asked.items()}


def _menus(chosen: Mapping[str, str]) -> Iterator[Menu]:
    reasons = {reason: words[0].upper() + words[1:] for reason, words in WORDS.items()}
    for name, title, choices in (("rule", "Rule", RULES), ("reason", "Reason", reasons)):
        given = chosen.get(name)
        options = [Option(str(value), words, value == given) for value, words in choices.items()]
        yield Menu(name, title, (Option("", "Any", given is None), *options))
