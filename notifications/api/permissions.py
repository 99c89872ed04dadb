"""Rights: Django's own permissions, the same in the API and the admin."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

from notifications.exports.datasets import OFFERS, lacking
from notifications.models import Account
from notifications.models.gap import ACKNOWLEDGE, VIEW_METRICS

if TYPE_CHECKING:
    from rest_framework.views import APIView


VIEW_USERS = "notifications.view_recipient"
EXPORT = "notifications.add_export"
VIEW_EXPORTS = "notifications.view_export"
_OF_ALL = "This account is limited to some apps, and this concerns all."
ADD_EVENTS = ("notifications.add_activationevent", "notifications.add_operationevent")


class ModelPermissions(DjangoModelPermissions):
    """To read one must be allowed to view, to post to add; the refusal names what is lacking.
    Other methods are 405 for everybody: nothing here is changed or deleted."""

    perms_map = {  # noqa: RUF012  (declared without ClassVar where it comes from)
        "GET": ["%(app_label)s.view_%(model_name)s"],
        "HEAD": ["%(app_label)s.view_%(model_name)s"],
        "OPTIONS": [],
        "POST": ["%(app_label)s.add_%(model_name)s"],
    }
    message: str

    def has_permission(self, request: Request, view: "APIView") -> bool:
        allowed = super().has_permission(request, view)
        if not allowed and request.user.is_authenticated:
            model = self._queryset(view).model
            needed: Any = self.get_required_permissions(request.method or "", model)
            self.message = told_lacking(needed)
        return bool(allowed)


class NamedRight(BasePermission):
    """One permission for all methods, so that a wrong method is 405 and not 403."""

    right: str

    @property
    def message(self) -> str:
        return told_lacking([self.right])

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return bool(request.user.is_authenticated and request.user.has_perm(self.right))


def apps_of(request: Request) -> tuple[str, ...] | None:
    """The apps that the answer is limited to (``Account.limited_to``); of nobody, none."""
    return request.user.limited_to if isinstance(request.user, Account) else ()


class MayTrace(NamedRight):
    """A trace tells more of a person than one notification does: it is a right of its own."""

    right = "notifications.trace"


class OfAllApps(ModelPermissions):
    """For what concerns all apps alike, and so not for accounts that are limited to some."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        if apps_of(request) is not None:
            self.message = _OF_ALL
            return False
        return True


class MaySetRules(NamedRight):
    """It concerns what everybody is answered, and so all apps."""

    right = "notifications.set_rules"
    limited = False

    @property
    def message(self) -> str:
        return _OF_ALL if self.limited else told_lacking([self.right])

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not super().has_permission(request, view):
            return False
        self.limited = apps_of(request) is not None
        return not self.limited


class MayMirror(NamedRight):
    """To report by any method that the view has; another is 405 and not 403."""

    right = "notifications.add_notification"

    def has_permission(self, request: Request, view: "APIView") -> bool:
        is_report = request.method != "OPTIONS" and hasattr(view, (request.method or "").lower())
        return super().has_permission(request, view) or bool(
            request.user.is_authenticated and not is_report
        )


class MayReport(BasePermission):
    """Whoever may report anything. A wrong method is 405 and not 403."""

    rights = ("notifications.add_notification", "notifications.add_activationevent")
    message = f"This account lacks {' and '.join(rights)}; an administrator gives one by a group."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        return request.method != "POST" or any(map(request.user.has_perm, self.rights))


class MayViewOperations(NamedRight):
    right = "notifications.view_operation"


class MayViewGapsOfAllApps(MayViewOperations):
    """For what is counted of all apps at once, by rules that look at all of them."""

    limited = "This account is limited to some apps, and gaps are counted for all."

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return super().has_permission(request, view) and _is_of_all_apps(request, self.limited)


class MayReadMetrics(NamedRight):
    right = VIEW_METRICS

    def has_permission(self, request: Request, view: "APIView") -> bool:
        told = "This account is limited to some apps, and metrics are of all."
        return super().has_permission(request, view) and _is_of_all_apps(request, told)


class MayAcknowledgeGaps(BasePermission):
    """To note something of gaps one must be allowed to see them."""

    rights = (MayViewOperations.right, ACKNOWLEDGE)
    message: str

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        missing = [each for each in self.rights if not request.user.has_perm(each)]
        self.message = told_lacking(missing)
        return not missing


class MayViewActivationEvents(NamedRight):
    right = "notifications.view_activationevent"


class MayViewOperationEvents(NamedRight):
    right = "notifications.view_operationevent"


class MayExport(BasePermission):
    """To export, and to see the ``dataset`` of the view. A wrong method is 405 and not 403."""

    message: str

    def rights(self, view: Any) -> Sequence[str]:
        return EXPORT, OFFERS[view.dataset].right

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user.is_authenticated:
            return False
        missing = lacking_to_export(request, view.dataset) if view.action else []
        self.message = told_lacking(missing)
        return not missing


class MayReportEvents(BasePermission):
    """To tell of the lives of devices and of operations; a wrong method is 405 and not 403."""

    message: str

    def rights(self, view: Any) -> Sequence[str]:
        return ADD_EVENTS

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not request.user.is_authenticated:
            return False
        missing = [each for each in ADD_EVENTS if not request.user.has_perm(each)]
        self.message = told_lacking(missing)
        return request.method != "POST" or not missing


class MayAskForExports(NamedRight):
    right = EXPORT


class MaySeeExports(BasePermission):
    """Those who export see their own; others need a right to see them."""

    message = (
        f"This account lacks {EXPORT} or {VIEW_EXPORTS}; an administrator gives it by a group."
    )

    def rights(self, view: Any) -> Sequence[str]:
        return (EXPORT,)

    def has_permission(self, request: Request, view: "APIView") -> bool:
        return any(map(request.user.has_perm, (EXPORT, VIEW_EXPORTS)))


def _is_of_all_apps(request: Request, why_not: str) -> bool:
    """Raises ``PermissionDenied``: the account has the right, and it is not that which it lacks."""
    if apps_of(request) is not None:
        raise PermissionDenied(why_not)
    return True


def lacking_to_export(request: Request, dataset: str) -> list[str]:
    return lacking(request.user, dataset) if isinstance(request.user, Account) else [EXPORT]


def may_see_all_exports(request: Request) -> bool:
    """Not of accounts that are limited to apps: an export of others tells of all of them."""
    return request.user.has_perm(VIEW_EXPORTS) and apps_of(request) is None


def told_lacking(rights: Sequence[str]) -> str:
    return f"This account lacks {', '.join(rights)}; an administrator gives it by a group."


def may_see_users(request: Request) -> bool:
    """Whoever may not reads pseudonyms, and cannot ask for a user: an answer would confirm it."""
    return bool(request.user.has_perm(VIEW_USERS))
