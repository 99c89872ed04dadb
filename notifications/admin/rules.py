"""The page of where the rules apply to what a source sends, and the form that sets it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import RuleSetting, Source
from notifications.models.setting import MAX_NOTE, RuleSays
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.gates import GATED
from notifications.protocol.reasons import Rule
from notifications.trace.rules import Holding, Why, apps_of, history_of, rules_of, set_rule

from .search import NUL
from .words import Badge

RIGHT = "notifications.set_rules"
ON_A_PAGE = 50  # of the history

# What each is about, in the fewest words.
WORDS: Mapping[Rule, Any] = {
    Rule.E0: gettext_lazy("an operation is announced"),
    Rule.E1: gettext_lazy("what was announced is finished"),
    Rule.E2: gettext_lazy("what finishes was announced"),
    Rule.E4: gettext_lazy("a change of status is told"),
    Rule.E5: gettext_lazy("an inbox message is pushed"),
    Rule.E6: gettext_lazy("what PowerAuth finalised is finished at once"),
    Rule.E7: gettext_lazy("each device gets its copy"),
}


class RuleForm(forms.Form):
    """Times are read in the zone that the page tells them in."""

    rule = forms.ChoiceField(
        label=gettext_lazy("Rule"),
        choices=[(str(rule), f"{rule}: {WORDS[rule]}") for rule in GATED],
    )
    app = forms.CharField(
        label=gettext_lazy("App"),
        max_length=MAX_IDENTIFIER,
        required=False,
        strip=False,
        help_text=gettext_lazy("Its id, as messages tell it. Empty: any app."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "list": "apps"}),
    )
    says = forms.ChoiceField(label=gettext_lazy("It"), choices=RuleSays.choices)
    since = forms.DateTimeField(label=gettext_lazy("From"), required=False)
    until = forms.DateTimeField(
        label=gettext_lazy("Until"),
        required=False,
        help_text=gettext_lazy("Of what was owed in that time. Empty: from ever, or for ever."),
    )
    note = forms.CharField(
        label=gettext_lazy("Why"),
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept for good, with your name and the time."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for name in ("since", "until"):
            field: Any = self.fields[name]
            field.widget = forms.DateTimeInput(
                attrs={"type": "datetime-local", "step": 1}, format="%Y-%m-%dT%H:%M:%S"
            )

    def clean_app(self) -> str:
        app = str(self.cleaned_data["app"])
        if NUL in app:
            raise forms.ValidationError(_("No app has such an id."), code="app")
        return app

    def clean(self) -> Any:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and since >= until:
            self.add_error("until", _("This is not after the time it begins."))
        return super().clean()

    def setting(self, source: str, who: str) -> RuleSetting:
        return RuleSetting(source_id=source, who=who, **self.cleaned_data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    holding: Holding
    badge: Badge


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    rule: Rule
    words: Any
    cells: Sequence[Cell]


def rules_page(
    request: HttpRequest, shown: Source, now: datetime, context: Mapping[str, Any]
) -> HttpResponse:
    """GET shows, POST asks whether that is meant, and POST with ``sure`` sets it."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    may_set = request.user.has_perm(RIGHT)
    form = RuleForm(initial=_asked(request))
    if request.method == "POST":
        if not may_set:
            raise PermissionDenied
        form = RuleForm(request.POST)
        if form.is_valid():
            if "sure" in request.POST and "back" not in request.POST:
                set_rule(form.setting(shown.pk, request.user.get_username()))
                messages.success(request, _("Set. It holds for every answer from now on."))
                return redirect(request.path)
            if "back" not in request.POST:
                return _confirm(request, shown, form, context)
    holdings = rules_of(shown.pk, now)
    history = history_of(shown.pk, before=_before(request), most=ON_A_PAGE + 1)
    more = len(history) > ON_A_PAGE
    told = {
        **context,
        "title": _("Rules"),
        "apps": apps_of(holdings),
        "rows": list(_rows(holdings)),
        "history": history[:ON_A_PAGE],
        "earlier": history[ON_A_PAGE - 1].pk if more else None,
        "may_set": may_set,
        "form": form,
    }
    return TemplateResponse(request, "admin/notifications/source/rules.html", told)


def _confirm(
    request: HttpRequest, shown: Source, form: RuleForm, context: Mapping[str, Any]
) -> HttpResponse:
    told = {
        **context,
        "title": _("Set a rule"),
        "wanted": form.setting(shown.pk, request.user.get_username()),
        "sent": [(name, request.POST.get(name, "")) for name in form.fields],
    }
    return TemplateResponse(request, "admin/notifications/source/rules_confirm.html", told)


def _asked(request: HttpRequest) -> dict[str, str]:
    """What a cell of the table leads to."""
    return {name: request.GET[name] for name in ("rule", "app") if name in request.GET}


def _before(request: HttpRequest) -> int | None:
    given = request.GET.get("before", "")
    return int(given) if given.isdecimal() and given.isascii() and len(given) < 19 else None


def _rows(holdings: Sequence[Holding]) -> Any:
    for rule in GATED:
        cells = [Cell(holding=each, badge=_badge(each)) for each in holdings if each.rule is rule]
        yield RuleRow(rule=rule, words=WORDS[rule], cells=cells)


def _badge(holding: Holding) -> Badge:
    if holding.applies:
        return Badge(_("applies"), "good", "✓", "")
    if holding.why is Why.SET:
        return Badge(_("does not apply"), "warn", "⊘", "")
    return Badge(_("not seen yet"), "quiet", "○", "")
