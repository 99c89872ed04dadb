"""The page of what was owed and not sent, over all operations: where to look before a call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Export
from notifications.models.patience import TooMuch
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.reasons import CountsAs, Reason, Rule
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
RULES: Mapping[str, Promise] = {
    Rule.E0: gettext_lazy("E0, announcement owed"),
    Rule.E1: gettext_lazy("E1, finish owed"),
    Rule.E2: gettext_lazy("E2, announcement presumed"),
    Rule.E4: gettext_lazy("E4, change of status owed"),
    Rule.E5: gettext_lazy("E5, inbox push owed"),
    Rule.E6: gettext_lazy("E6, finish owed at once"),
    Rule.E7: gettext_lazy("E7, copy owed to each device"),
}
COUNTING: Mapping[str, Promise] = {
    CountsAs.MISSING: gettext_lazy("Missing"),
    CountsAs.EXPLAINED: gettext_lazy("Explained"),
    CountsAs.UNDECIDED: gettext_lazy("Undecided"),
    CountsAs.PENDING: gettext_lazy("Not due yet"),
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
        "title": _("Gaps"),
        "question": question,
        "menus": list(_menus(chosen)),
        "app_id": chosen.get("app_id", ""),
        "exporting": offer(
            request, ((Export.DataSet.GAPS, _("gaps")),), lambda: _exported(question)
        ),
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
    well = Badge(_("Nothing is missing"), "good", "✓", "")
    return {
        "gaps": gaps,
        "standing": standing(gaps.counts) if gaps.entries else well,
        "chart": chart_of(series_of(gaps.entries, question.window)) if gaps.entries else None,
        "entries": page.items,
        **neighbours(page, question),
    }


def _chosen(parameters: Mapping[str, str]) -> dict[str, str]:
    """What is among the choices; anything else is as good as nothing."""
    known: Mapping[str, Iterable[str]] = {
        "counts_as": COUNTING,
        "rule": RULES,
        "reason": list(Reason),
    }
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
        counts_as=[CountsAs(chosen["counts_as"])] if "counts_as" in chosen else (),
        apps=[chosen["app_id"]] if "app_id" in chosen else (),
    )


def _exported(question: Question) -> dict[str, list[str]]:
    asked = bounds(question.window) | dict(question.chosen)
    return {name: [value] for name, value in asked.items()}


def _menus(chosen: Mapping[str, str]) -> Iterator[Menu]:
    reasons = {reason: words[0].upper() + words[1:] for reason, words in WORDS.items()}
    for name, title, choices in (
        ("counts_as", _("Counts as"), COUNTING),
        ("rule", _("Rule"), RULES),
        ("reason", _("Reason"), reasons),
    ):
        given = chosen.get(name)
        options = [Option(str(key), str(words), key == given) for key, words in choices.items()]
        yield Menu(name, title, (Option("", _("Any"), given is None), *options))
