"""Accounts and groups, for superusers."""

from typing import Any

from django import forms
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from notifications.filters.base import ListFilters
from notifications.models import Account, Source
from notifications.models.setting import note_limit
from notifications.models.tokens import is_service, service_accounts

from .account_filters import GroupFilter, KindFilter, StateFilter
from .account_forms import ChangedAccount, Groups, Lines, NewAccount, Rights
from .keyset import KeysetChangeList
from .rights import in_words, of_group
from .site import pages_of
from .superusers import SuperusersOnly


class ByName(SuperusersOnly):
    """A list in the order of names, a form for each row, and a history of changes."""

    keyset: str
    question = ListFilters  # nothing of them is read over REST
    newest_first = False
    rows_template: str
    actions = None
    show_full_result_count = False
    list_per_page = 100
    change_list_template = "admin/notifications/accounts.html"
    object_history_template = "admin/notifications/history.html"

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[KeysetChangeList]:
        return KeysetChangeList

    def for_list(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with what else the list shows of them."""
        return rows

    def render_change_form(
        self, request: Any, context: dict[str, Any], *args: Any, **options: Any
    ) -> HttpResponse:
        context["show_save_and_add_another"] = False
        if (shown := context.get("original")) is not None:
            context |= self.told(shown)
        return super().render_change_form(request, context, *args, **options)

    def told(self, shown: Any) -> dict[str, Any]:
        """What the page tells beside its form."""
        return {}


@pages_of(Account)
class AccountAdmin(ByName, UserAdmin):  # type: ignore[type-arg]
    """A user name is for ever: sources are named after it, and who looked at what. So it is given
    once and not changed."""

    keyset = "username"
    rows_template = "admin/notifications/rows/accounts.html"
    search_help_text = gettext_lazy("Any part of a user name, a name or an e-mail address.")
    list_filter = (KindFilter, StateFilter, GroupFilter)
    add_form = NewAccount
    form = ChangedAccount
    add_form_template = "admin/notifications/account_add.html"
    change_form_template = "admin/notifications/account.html"
    filter_horizontal = ()
    add_fieldsets = (
        (None, {"fields": ("usable_password", "username", "password1", "password2", "groups")}),
    )
    _name = (None, {"fields": ("first_name", "last_name", "email")})
    _limit = (gettext_lazy("Limit"), {"fields": ("apps",)})
    _rights = ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")
    _rights_of_service = ("is_active", "groups", "user_permissions")

    def get_fieldsets(self, request: HttpRequest, obj: Account | None = None) -> Any:
        if obj is None:
            return self.add_fieldsets
        if is_service(obj):
            return ((_("Rights"), {"fields": self._rights_of_service}), self._limit)
        return (self._name, (_("Rights"), {"fields": self._rights}), self._limit)

    def get_form(self, request: Any, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form: Any = super().get_form(request, obj, change=change, **options)
        form.editor = request.user
        return form

    def save_model(self, request: Any, obj: Account, form: Any, change: bool) -> None:
        before = Account.objects.get(pk=obj.pk).apps if change else []
        super().save_model(request, obj, form, change)
        if set(before) != set(obj.apps):
            note_limit(obj.username, before, obj.apps, who=request.user.get_username())

    def for_list(self, rows: QuerySet[Account]) -> QuerySet[Account]:
        return rows.prefetch_related("groups")

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name == "groups":
            return Groups(label=_("Groups"))
        if db_field.name == "user_permissions":
            told = _("Beside those of its groups. A group says better what an account is for.")
            return Rights(label=_("Rights of its own"), help_text=told)
        if db_field.name == "apps":
            options["form_class"] = Lines
        return super().formfield_for_dbfield(db_field, request, **options)

    def told(self, shown: Account) -> dict[str, Any]:
        groups = shown.groups.order_by("name").prefetch_related("permissions")
        tokens = AuthToken.objects.filter(user=shown).select_related("user")
        return {
            "title": shown.get_username(),
            "subtitle": None,
            "rights": [(group.name, of_group(group)) for group in groups],
            "own_rights": in_words(shown.user_permissions.all()),
            "tokens": tokens.order_by("-created"),
            "is_service": is_service(shown),
            "is_source": Source.objects.filter(pk=shown.get_username()).exists(),
            "may_have_tokens": service_accounts().filter(pk=shown.pk).exists(),
        }


@pages_of(Group)
class GroupAdmin(ByName, StockGroupAdmin):
    keyset = "name"
    rows_template = "admin/notifications/rows/groups.html"
    search_help_text = gettext_lazy("Any part of the name.")
    change_form_template = "admin/notifications/group.html"
    filter_horizontal = ()

    def for_list(self, rows: QuerySet[Group]) -> QuerySet[Any]:
        active = Count("user", filter=Q(user__is_active=True))
        return rows.annotate(members=active).prefetch_related("permissions")

    def formfield_for_dbfield(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.Field | None:
        if db_field.name == "permissions":
            return Rights(label=_("Its members may"))
        return super().formfield_for_dbfield(db_field, request, **options)

    def told(self, shown: Group) -> dict[str, Any]:
        return {"title": shown.name, "subtitle": None}
