"""The page of what was owed and not sent, over all operations: where to look before a call."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Export
from notifications.models.gap import ACKNOWLEDGE
from notifications.models.patience import TooMuch
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.protocol.window import written
from notifications.trace.figures import series_of
from notifications.trace.gap_notes import MOST_AT_ONCE, WorkingList, working_list
from notifications.trace.gap_stats import LONGEST_COUNTED
from notifications.trace.gaps import LONGEST, Wanted, with_coverage
from notifications.trace.kept_gaps import gaps_of
from notifications.trace.sentences import WORDS

from .asking import AS_OF, Question, asked, bounds
from .changed import changed_since
from .chart import chart_of
from .exporting import offer
from .filters import Option
from .gap_days import counted
from .gap_notes import Draft, keep, read_draft
from .listening import listening_of
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
# Values of ``acknowledged``, as over REST.
STANDINGS: Mapping[str, Promise] = {
    "false": gettext_lazy("Open"),
    "true": gettext_lazy("Acknowledged"),
}
NAMED: Mapping[str, Promise] = {"app_id": gettext_lazy("App"), "source": gettext_lazy("Source")}


@dataclass(frozen=True, slots=True)
class Menu:
    name: str
    title: str
    options: tuple[Option, ...]


def gaps_page(site: "Console", request: HttpRequest) -> HttpResponse:
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    if not request.user.has_perms(RIGHTS):
        raise PermissionDenied
    chosen = _chosen(request.GET)
    question = asked(request.GET, now=timezone.now(), longest=LONGEST_COUNTED, chosen=chosen)
    if request.method == "POST":
        return _noted(site, request, question)
    return _page(site, request, question, Draft())


def _noted(site: "Console", request: HttpRequest, question: Question) -> HttpResponse:
    """What was posted, and the page again; or the page that asks whether all of them are meant."""
    if not request.user.has_perm(ACKNOWLEDGE):
        raise PermissionDenied
    if question.as_of is not None:
        messages.error(request, _("Nothing was noted: notes are of gaps as they are known now."))
        return redirect(request.path + question.permalink)
    try:
        found = _found(question)
    except TooMuch as problem:
        messages.error(request, f"{problem} {_('Nothing was noted.')}")
        return redirect(request.path + question.permalink)
    draft = read_draft(request, found)
    if draft.problem:
        messages.error(request, draft.problem)
        return _page(site, request, question, draft)
    if draft.asks:
        context = {**_context(site, request, question), "draft": draft, "gaps": found.gaps}
        return TemplateResponse(request, "admin/gaps_sure.html", context)
    messages.success(request, keep(draft, request))
    return redirect(request.path + (question.page(question.cursor) or question.permalink))


def _page(
    site: "Console", request: HttpRequest, question: Question, draft: Draft
) -> TemplateResponse:
    for problem in question.problems:
        messages.warning(request, problem)
    context = {**_context(site, request, question), "draft": draft}
    length = question.window.until - question.window.since
    if length > LONGEST:
        context |= {"counted": counted(question), "is_long": True}
    else:
        try:
            context |= _answer(request, _found(question), question)
            context |= changed_since(request, question.window.since)
        except TooMuch as problem:
            messages.warning(request, str(problem))
            counts = {"counted": counted(question), "shorter": question.shorter()}
            context |= {"too_much": True, **counts}
    if question.as_of is not None and "counted" in context:
        messages.warning(request, _("Gaps by day are counted as they are known now."))
    return TemplateResponse(request, "admin/gaps.html", context)


def _context(site: "Console", request: HttpRequest, question: Question) -> dict[str, Any]:
    chosen = question.chosen
    return {
        **site.each_context(request),
        "title": _("Gaps"),
        "question": question,
        "menus": list(_menus(chosen)),
        "named": [(name, words, chosen.get(name, "")) for name, words in NAMED.items()],
        "exporting": offer(
            request, ((Export.DataSet.GAPS, _("gaps")),), lambda: _exported(question)
        ),
        "permalink": request.build_absolute_uri(request.path + question.permalink),
        "may_note": request.user.has_perm(ACKNOWLEDGE) and question.as_of is None,
    }


def _found(question: Question) -> WorkingList:
    """Raises ``TooMuch``."""
    chosen = question.chosen
    if question.window.until - question.window.since > LONGEST:
        raise TooMuch(f"{LONGEST.days} days")
    gaps = gaps_of(question.window, now=question.now, wanted=_wanted(chosen), as_of=question.as_of)
    given = chosen.get("acknowledged")
    return working_list(gaps, acknowledged=None if given is None else given == "true")


def _answer(request: HttpRequest, found: WorkingList, question: Question) -> dict[str, Any]:
    wanted = _wanted(question.chosen)
    gaps = with_coverage(found.gaps, now=question.now, wanted=wanted)
    page = page_asked(request, gaps.entries, question)
    well = Badge(_("Nothing is missing"), "good", "✓", "")
    return {
        "gaps": gaps,
        "open": found.open,
        "notes": found.notes,
        "standing": standing(gaps.counts) if gaps.entries else well,
        "chart": chart_of(series_of(gaps.entries, question.window)) if gaps.entries else None,
        "entries": page.items,
        "most_at_once": MOST_AT_ONCE,
        "listening": listening_of(gaps.coverage, request.user.has_perm),
        **neighbours(page, question),
    }


def _chosen(parameters: Mapping[str, str]) -> dict[str, str]:
    """What is among the choices; anything else is as good as nothing."""
    known: Mapping[str, Iterable[str]] = {
        "counts_as": COUNTING,
        "rule": RULES,
        "reason": list(Reason),
        "acknowledged": STANDINGS,
    }
    found = {name: parameters.get(name, "") for name in known}
    found = {name: value for name, value in found.items() if value in known[name]}
    for name in NAMED:
        given = parameters.get(name, "").strip()
        if 0 < len(given) <= MAX_IDENTIFIER and given.isprintable():
            found[name] = given
    return found


def _wanted(chosen: Mapping[str, str]) -> Wanted:
    return Wanted(
        rules=[Rule(chosen["rule"])] if "rule" in chosen else (),
        reasons=[Reason(chosen["reason"])] if "reason" in chosen else (),
        counts_as=[CountsAs(chosen["counts_as"])] if "counts_as" in chosen else (),
        apps=[chosen["app_id"]] if "app_id" in chosen else (),
        sources=[chosen["source"]] if "source" in chosen else (),
    )


def _exported(question: Question) -> dict[str, list[str]]:
    as_of = {} if question.as_of is None else {AS_OF: written(question.as_of)}
    asked = bounds(question.window) | dict(question.chosen) | as_of
    return {name: [value] for name, value in asked.items()}


def _menus(chosen: Mapping[str, str]) -> Iterator[Menu]:
    reasons = {reason: words[0].upper() + words[1:] for reason, words in WORDS.items()}
    for name, title, choices in (
        ("acknowledged", _("Standing"), STANDINGS),
        ("counts_as", _("Counts as"), COUNTING),
        ("rule", _("Rule"), RULES),
        ("reason", _("Reason"), reasons),
    ):
        given = chosen.get(name)
        options = [Option(str(key), str(words), key == given) for key, words in choices.items()]
        yield Menu(name, title, (Option("", _("Any"), given is None), *options))
