"""Rights: Django's own permissions, the same in the API and the admin."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

from notifications.models import Account

if TYPE_CHECKING:
    from rest_framework.views import APIView


VIEW_USERS = "notifications.view_recipient"


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
            lacking: Any = ", ".join(self.get_required_permissions(request.method or "", model))
            self.message = f"This account lacks {lacking}; an administrator gives it by a group."
        return bool(allowed)


class NamedRight(BasePermission):
    """One permission for all methods, so that a wrong method is 405 and not 403."""

    right: str

    @property
    def message(self) -> str:
        return f"This account lacks {self.right}; an administrator gives it by a group."

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
            self.message = "This account is limited to some apps, and this concerns all."
            return False
        return True


class MayViewOperations(NamedRight):
    right = "notifications.view_operation"


def may_see_users(request: Request) -> bool:
    """Whoever may not reads pseudonyms, and cannot ask for a user: an answer would confirm it."""
    return bool(request.user.has_perm(VIEW_USERS))
