"""Tokens of service accounts: seen, made and revoked by superusers."""

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.admin.widgets import AdminTextInputWidget
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from notifications.models import Account
from notifications.models.tokens import IN_USE, MAX_DAYS, make_token, service_accounts
from notifications.trace.last_contacts import last_contacts

from .readonly import ReadOnlyAdmin
from .search import NUL, written_as
from .site import pages_of
from .superusers import SuperusersOnly, is_superuser

LISTED = 200  # accounts to choose from; where there are more, the name is typed


class TokenForm(forms.Form):
    """``opened`` is when the form was, so that one sent again by a reload makes no second token."""

    account: Any = forms.ModelChoiceField(
        queryset=None,
        to_field_name="username",
        label=gettext_lazy("Service account"),
        empty_label=gettext_lazy("Choose one"),
        error_messages={
            "invalid_choice": gettext_lazy("There is no active service account of this name.")
        },
    )
    days = forms.IntegerField(
        min_value=1,
        max_value=MAX_DAYS,
        required=False,
        initial=365,
        label=gettext_lazy("Days until it expires"),
        help_text=gettext_lazy("From 1 to 3650. Empty: it does not expire."),
    )
    opened = forms.DateTimeField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        known = service_accounts()
        account: Any = self.fields["account"]
        if known[LISTED : LISTED + 1].exists():
            account.widget = AdminTextInputWidget(attrs={"autocomplete": "off"})
            account.help_text = _("Exactly the user name.")
        account.queryset = known


@pages_of(AuthToken)
class TokenAdmin(SuperusersOnly, ReadOnlyAdmin[Any]):
    """Their key is a digest, which no page and no address shows; what is shown is the beginning of
    the token, enough to tell which one a client holds. The token itself is in the answer to the
    form that made it, which no browser stores, and nowhere else: not in the session, a message, an
    address or a log."""

    keyset = "created"
    change_list_template = "admin/notifications/tokens.html"
    rows_template = "admin/notifications/rows/tokens.html"
    searched = ("user__username",)
    search_help_text = gettext_lazy("Exactly the user name.")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="knox_authtoken_changelist"),
            path("add/", view(self.make), name="knox_authtoken_add"),
            path("revoke/", view(self.revoke), name="knox_authtoken_revoke"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")

    def make(self, request: HttpRequest) -> HttpResponse:
        """The form, and in answer to it the token, this once."""
        if not is_superuser(request):
            raise PermissionDenied
        if request.method == "POST":
            form = TokenForm(request.POST)
            with transaction.atomic():
                made = self._made(request, form) if form.is_valid() else None
            if made is not None:
                return self._page(request, "token_made", **_shown_once(request, *made))
        else:
            named = request.GET.get("account", "")
            form = TokenForm(initial={"opened": _now(), "account": named})
        return self._page(request, "token_form", title=_("Make a token"), form=form)

    def _made(self, request: HttpRequest, form: TokenForm) -> tuple[AuthToken, str] | None:
        """None when the form was sent already, which it then says. The lock is for two at once."""
        chosen = form.cleaned_data
        account = Account.objects.select_for_update().get(pk=chosen["account"].pk)
        if AuthToken.objects.filter(user=account, created__gte=chosen["opened"]).exists():
            form.add_error(
                None,
                _(
                    "A token of this account was made since this form was opened. If it was by this"
                    " form, it cannot be shown again: revoke it and make another. To make one more,"
                    " send this again."
                ),
            )
            sent: Any = form.data
            form.data = {**sent.dict(), "opened": _now()}
            return None
        days = chosen["days"]
        token, secret = make_token(account, life=timedelta(days=days) if days else None)
        # At the account, as for what is revoked.
        self.log_change(request, account, f"Made a token that begins with {token.token_key}.")
        return token, secret

    def revoke(self, request: HttpRequest) -> HttpResponse:
        """Ends the tokens of one account that begin as told, in practice the one of a row; asks
        first. The beginning is posted and stays out of addresses."""
        if not is_superuser(request):
            raise PermissionDenied
        to_list = redirect(f"{self.admin_site.name}:knox_authtoken_changelist")
        if request.method == "GET":  # after a sign-in on the way
            return to_list
        if request.method != "POST":
            return HttpResponseNotAllowed(["GET", "POST"])
        beginning = request.POST.get("beginning", "").replace(NUL, "")
        names = written_as(request.POST.get("user", ""))
        found = self.get_queryset(request).filter(user__username__in=names, token_key=beginning)
        token = found.first()
        if token is None:
            messages.warning(request, _("There is no such token; it may be revoked already."))
            return to_list
        if "sure" not in request.POST:
            return self._page(
                request, "token_revoke", title=_("Revoke a token"), **_at_stake(token)
            )
        with transaction.atomic():
            found.filter(user=token.user).delete()
            # At the account: a log entry of the token itself would keep its digest.
            self.log_change(request, token.user, f"Revoked the token that begins with {beginning}.")
        told = {"beginning": beginning, "account": token.user}
        messages.success(request, _("Revoked the token %(beginning)s… of %(account)s.") % told)
        return to_list

    def _page(self, request: HttpRequest, name: str, **page: Any) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **page}
        return TemplateResponse(request, f"admin/notifications/{name}.html", context)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _shown_once(request: HttpRequest, token: AuthToken, secret: str) -> dict[str, Any]:
    return {
        "title": _("The new token"),
        "token": token,
        "secret": secret,
        "posts": token.user.has_perm("notifications.add_notification"),
        "address": request.build_absolute_uri(reverse("notification-list")),
    }


def _at_stake(token: AuthToken) -> dict[str, Any]:
    """What dies by it: how many other tokens the account goes on with, and when it last posted."""
    in_use = list(AuthToken.objects.filter(IN_USE, user=token.user))
    (last,) = last_contacts([token.user.get_username()], timezone.now())
    return {
        "token": token,
        "in_use": token in in_use,
        "others": len([each for each in in_use if each != token]),
        "last": last.emitted_at,
        "seconds": settings.TOKEN_CACHE_SECONDS,
    }


def _now() -> str:
    return timezone.now().isoformat()
