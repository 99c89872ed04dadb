"""Accounts, rights and tokens in the words of the pages; for rights, the table of docs/api.md."""

from collections.abc import Iterable, Mapping
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.db.models import Case, QuerySet, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from knox.models import AuthToken

from notifications.models import Account
from notifications.models.tokens import is_service

from .words import Badge

# By codename, in the order that they are told.
RIGHTS: Mapping[str, Any] = {
    "add_notification": gettext_lazy("post notifications"),
    "add_activationevent": gettext_lazy("report events of devices"),
    "add_operationevent": gettext_lazy("report events of operations"),
    "add_deliveryreport": gettext_lazy("report what gateways answered"),
    "view_notification": gettext_lazy("read notifications and statistics"),
    "view_content": gettext_lazy("read titles and bodies of messages"),
    "view_operation": gettext_lazy("read operations and gaps"),
    "acknowledge_gap": gettext_lazy("acknowledge gaps"),
    "view_activation": gettext_lazy("read devices"),
    "view_inboxmessage": gettext_lazy("read inbox messages"),
    "view_activationevent": gettext_lazy("read events and states of devices"),
    "view_operationevent": gettext_lazy("read events of operations"),
    "view_inboxevent": gettext_lazy("read events of inbox messages"),
    "view_deliveryreport": gettext_lazy("read what gateways answered"),
    "view_source": gettext_lazy("read sources"),
    "follow": gettext_lazy("start and stop the following of Push Servers"),
    "set_rules": gettext_lazy("set where rules apply"),
    "view_settingchange": gettext_lazy("see what settings changed"),
    "view_recipient": gettext_lazy("see user ids"),
    "trace": gettext_lazy("trace devices, users and operations"),
    "add_export": gettext_lazy("export what it may read"),
    "view_export": gettext_lazy("see the exports of everybody"),
    "view_metrics": gettext_lazy("read metrics"),
    "view_accessrecord": gettext_lazy("see who looked at what"),
}


def known_rights() -> QuerySet[Permission]:
    """The permissions that anything here asks for; Django makes more, which allow nothing."""
    found = Permission.objects.filter(
        content_type__app_label="notifications", codename__in=list(RIGHTS)
    )
    place = [When(codename=name, then=Value(place)) for place, name in enumerate(RIGHTS)]
    return found.select_related("content_type").order_by(Case(*place))


def in_words(permissions: Iterable[Permission]) -> str:
    """read sources, see user ids"""
    held = {each.codename for each in permissions}
    return ", ".join(str(words) for name, words in RIGHTS.items() if name in held)


def of_group(group: Group) -> str:
    return in_words(group.permissions.all()) or _("nothing")


def kind_of(account: Account) -> Badge:
    if is_service(account):
        return Badge(_("service account"), "status", "⚙", "")
    if account.is_superuser:
        return Badge(_("superuser"), "warn", "★", "")
    return Badge(_("person"), "quiet", "☺", "")


def state_of(account: Account) -> Badge:
    if account.is_active:
        return Badge(_("active"), "good", "✓", "")
    return Badge(_("deactivated"), "quiet", "⊘", "")


def state_of_token(token: AuthToken) -> Badge:
    """A token of a deactivated account is refused like an expired one."""
    if token.expiry is not None and token.expiry <= timezone.now():
        return Badge(_("expired"), "quiet", "○", "")
    if not token.user.is_active:
        return Badge(_("account deactivated"), "quiet", "⊘", "")
    return Badge(_("active"), "good", "✓", "")


def reporter_of(source: Any) -> Badge:
    """Whether anything can still report as ``source``, which the list annotates."""
    if source.account is None:
        return Badge(_("no account"), "quiet", "○", "")
    if not source.is_active:
        return Badge(_("account deactivated"), "quiet", "⊘", "")
    if not source.has_token:
        return Badge(_("no token in use"), "warn", "!", "")
    return Badge(_("active, has a token"), "good", "✓", "")
