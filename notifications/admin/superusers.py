"""Who may see the pages of accounts, groups and tokens."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class SuperusersOnly(admin.ModelAdmin[Any]):
    """Whoever edits accounts can become anyone, so no group's permission is enough."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_superuser(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_superuser(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Accounts are deactivated: the record names sources after them. A group of ours is made
        by a migration and would come back."""
        return False


def is_superuser(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
