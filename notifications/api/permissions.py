"""Rights: Django's own permissions, the same in the API and the admin."""

from typing import TYPE_CHECKING, Any

from rest_framework.permissions import BasePermission, DjangoModelPermissions
from rest_framework.request import Request

if TYPE_CHECKING:
    from rest_framework.views import APIView


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


class MayTrace(NamedRight):
    """A trace tells more of a person than one notification does: it is a right of its own."""

    right = "notifications.trace"


class MayViewOperations(NamedRight):
    right = "notifications.view_operation"
