"""Forms of accounts and groups: two kinds of accounts, and rights in words."""

from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.contrib.auth.models import Group, Permission
from django.contrib.postgres.forms import SimpleArrayField
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Account
from notifications.models.source import is_slug

from .rights import RIGHTS, known_rights, of_group

# Of the field with which Django's form asks whether there is a password.
PERSON, SERVICE = "true", "false"


class Lines(SimpleArrayField):
    """A list of texts, one a line: an app id may hold anything else."""

    def __init__(self, base_field: forms.Field, **options: Any) -> None:
        super().__init__(base_field, **options, delimiter="\n", widget=AdminTextareaWidget)

    def to_python(self, value: Any) -> Any:
        lines = value.splitlines() if isinstance(value, str) else value or []
        return list(dict.fromkeys(super().to_python("\n".join(filter(str.strip, lines)))))


class Rights(forms.ModelMultipleChoiceField[Permission]):
    def __init__(self, **options: Any) -> None:
        widget = forms.CheckboxSelectMultiple
        super().__init__(known_rights(), required=False, widget=widget, **options)

    def label_from_instance(self, right: Any) -> str:
        return capfirst(str(RIGHTS[right.codename]))


class Groups(forms.ModelMultipleChoiceField[Group]):
    """Each with what it may do."""

    def __init__(self, **options: Any) -> None:
        known = Group.objects.order_by("name").prefetch_related("permissions")
        widget = forms.CheckboxSelectMultiple
        super().__init__(known, required=False, widget=widget, **options)

    def label_from_instance(self, group: Any) -> str:
        return f"{group.name}: {of_group(group)}"


class NewAccount(AdminUserCreationForm):  # type: ignore[type-arg]
    """Django's, whose question for a password is that for the kind of account."""

    usable_password = forms.ChoiceField(
        label=gettext_lazy("Kind"),
        initial=PERSON,
        choices={
            PERSON: gettext_lazy("A person, who signs in here with a password"),
            SERVICE: gettext_lazy("A service account, which posts or reads over REST with tokens"),
        },
        widget=forms.RadioSelect(attrs={"class": "radiolist"}),
        help_text=gettext_lazy(
            "The user name of a service account is the source that its notifications are recorded"
            " under: lower-case letters, digits and hyphens. It has no password; make it a token on"
            " its page, once it is saved."
        ),
    )
    groups = Groups(label=gettext_lazy("Groups"))

    class Meta(AdminUserCreationForm.Meta):
        model = Account
        fields = ("username", "groups")

    def clean(self) -> Any:
        kind = self.cleaned_data.get("usable_password")
        name = self.cleaned_data.get("username") or ""
        if kind == SERVICE and name and not is_slug(name):
            told = _(
                "A source is named with up to 64 lower-case letters, digits and hyphens, the first"
                " no hyphen."
            )
            self.add_error("username", told)
        return super().clean()

    def save(self, commit: bool = True) -> Any:
        """Only pages ask for a password, so who has one may open them."""
        self.instance.is_staff = self.cleaned_data["set_usable_password"]
        return super().save(commit)


class ChangedAccount(UserChangeForm):  # type: ignore[type-arg]
    """``editor`` is who changes it. Nobody can shut themselves out, so one superuser is left."""

    editor: Account
    password: Any = None  # its own page sets it; what is stored tells nobody anything

    class Meta(UserChangeForm.Meta):
        model = Account
        labels = {"is_staff": gettext_lazy("Console")}  # noqa: RUF012  (as in Django's)
        help_texts = {  # noqa: RUF012
            "is_active": gettext_lazy(
                "Once it is not, the account is signed out at once and its tokens are refused"
                " within seconds. No account is deleted: the record names sources after them."
            ),
            "is_staff": gettext_lazy("May sign in to these pages."),
            "is_superuser": gettext_lazy(
                "May do everything, and makes accounts, groups and tokens."
            ),
        }

    def clean(self) -> Any:
        cleaned = super().clean()
        if self.instance.pk == self.editor.pk:
            for name in ("is_active", "is_staff", "is_superuser"):
                if name in self.cleaned_data and not self.cleaned_data[name]:
                    self.add_error(name, _("Your own account keeps this; ask another superuser."))
            if self.cleaned_data.get("apps"):
                told = _("This would shut you out of these pages; ask another superuser.")
                self.add_error("apps", told)
        return cleaned
