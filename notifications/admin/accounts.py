"""Accounts, groups and tokens, for superusers."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.urls import URLPattern, path
from knox.models import AuthToken

from notifications.models import Account

from .readonly import ReadOnlyAdmin
from .search import NUL, written_as
from .site import pages_of


class SuperusersOnly(admin.ModelAdmin[Any]):
    """Whoever edits accounts can become anyone, so no group's permission is enough."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are deactivated: the record names sources after them. A group of ours is made
        by a migration and would come back."""
        return False


class Lines(SimpleArrayField):
    """A list of texts, one a line: an app id may hold anything else."""

    def __init__(self, base_field: forms.Field, **options: Any) -> None:
        super().__init__(base_field, **options, delimiter="\n", widget=AdminTextareaWidget)

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else value or []
        return list(dict.fromkeys(super().to_python("\n".join(filter(str.strip, lines)))))


@pages_of(Account)
class AccountAdmin(SuperusersOnly, UserAdmin):  # type: ignore[type-arg]
    actions = None
    show_full_result_count = False
    list_display = ("username", "is_staff", "is_active", "last_login")
    fieldsets = (*(UserAdmin.fieldsets or ()), ("Limit", {"fields": ("apps",)}))

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name == "apps":
            options["form_class"] = Lines
        return super().formfield_for_dbfield(db_field, request, **options)


@pages_of(Group)
class GroupAdmin(SuperusersOnly, StockGroupAdmin):
    actions = None
    show_full_result_count = False


@pages_of(AuthToken)
class TokenAdmin(SuperusersOnly, ReadOnlyAdmin[Any]):
    """Tokens are seen and revoked. Their key is a digest, which no page and no address shows; what
    is shown is the beginning of the token, enough to tell which one a client holds."""

    keyset = "created"
    rows_template = "admin/notifications/rows/tokens.html"
    searched = ("user__username",)
    search_help_text = "Exactly the user name."

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("", view(self.changelist_view), name="knox_authtoken_changelist"),
            path("revoke/", view(self.revoke), name="knox_authtoken_revoke"),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).select_related("user")

    def revoke(self, request: HttpRequest) -> HttpResponse:
        """Ends the tokens of one account that begin as told: in practice the one of that row."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not _is_superuser(request):
            raise PermissionDenied
        names = written_as(request.POST.get("user", ""))
        account = Account.objects.filter(username__in=names).first()
        beginning = request.POST.get("beginning", "").replace(NUL, "")
        found = AuthToken.objects.filter(user=account, token_key=beginning)
        if account is None or not found.exists():
            messages.warning(request, "There is no such token; it may be revoked already.")
        else:
            found.delete()
            # Logged at the account: a log entry of the token itself would keep its digest.
            self.log_change(request, account, f"Revoked the token that begins with {beginning}.")
            messages.success(request, f"Revoked the token {beginning}… of {account}.")
        return redirect(f"{self.admin_site.name}:knox_authtoken_changelist")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
