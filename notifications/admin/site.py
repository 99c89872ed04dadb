"""The admin site under our name: which models have pages, its home and its search box."""

from collections.abc import Callable
from typing import Any, TypeVar

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from notifications.models import Account

from .candidates import SHORTEST, find
from .gaps import gaps_page
from .home import home_of
from .zones import zone_page

AdminClass = TypeVar("AdminClass", bound=type[admin.ModelAdmin[Any]])
_pages: dict[type[Model], type[admin.ModelAdmin[Any]]] = {}


def pages_of(model: type[Model]) -> Callable[[AdminClass], AdminClass]:
    """Gives ``model`` its pages in the console, in the order the console lists them."""

    def offer(admin_class: AdminClass) -> AdminClass:
        _pages[model] = admin_class
        return admin_class

    return offer


class SignIn(AdminAuthenticationForm):
    def confirm_login_allowed(self, user: Any) -> None:
        super().confirm_login_allowed(user)
        if user.limited_to is not None:
            raise ValidationError(
                _(
                    "This account is limited to some apps, and the pages are of all of them. It"
                    " can read over REST."
                ),
                code="limited",
            )


class Console(admin.AdminSite):
    """Shows what ``pages_of`` names and nothing else, and nothing to accounts limited to apps."""

    site_header = "pushaudit"
    site_title = "pushaudit"
    index_title = gettext_lazy("What was this device told?")
    site_url = None
    enable_nav_sidebar = False  # its few pages fit into the header
    login_form = SignIn

    def __init__(self, name: str = "admin") -> None:
        super().__init__(name)
        for model, admin_class in _pages.items():
            super().register(model, admin_class)

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Does nothing. Admin modules of other apps offer their models here, some with too much:
        knox would list the digests of tokens and let anyone with its permission make one."""

    def has_permission(self, request: HttpRequest) -> bool:
        user = request.user
        is_limited = isinstance(user, Account) and user.limited_to is not None
        return super().has_permission(request) and not is_limited

    def get_urls(self) -> list[URLResolver | URLPattern]:
        own: list[URLResolver | URLPattern] = [
            path("search/", self.admin_view(self.search), name="search"),
            path("gaps/", self.admin_view(self.gaps), name="gaps"),
            path("zone/", self.admin_view(self.zone), name="zone"),
        ]
        return own + super().get_urls()

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "environment": settings.ENVIRONMENT}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Django's, with the models in our order: what is asked for most comes first."""
        apps = super().get_app_list(request, app_label)
        order = list(self._registry)
        for app in apps:
            app["models"].sort(key=lambda entry: order.index(entry["model"]))
        return sorted(apps, key=lambda app: order.index(app["models"][0]["model"]))

    def index(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        home = home_of(timezone.now(), timezone.get_current_timezone(), request.user.has_perms)
        return super().index(request, {"home": home, **(extra_context or {})})

    def app_index(  # type: ignore[override]  # a redirect is no TemplateResponse
        self, request: HttpRequest, app_label: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return redirect(f"{self.name}:index")

    def search(self, request: HttpRequest) -> HttpResponse:
        """Jumps to the one thing that an identifier or its beginning can mean, or lists the
        candidates by kind."""
        term = request.GET.get("q", "")
        if not term.strip():
            return redirect(f"{self.name}:index")
        answer = find(term, request.user.has_perm)
        if answer.only is not None:
            return redirect(answer.only.address)
        if not answer.groups:
            messages.warning(request, _("Nothing is recorded under this identifier."))
        context = {
            **self.each_context(request),
            "title": _("Search"),
            "term": term,
            "answer": answer,
            "shortest": SHORTEST,
            "is_short": len(term.strip()) < SHORTEST,
        }
        return TemplateResponse(request, "admin/search.html", context)

    def gaps(self, request: HttpRequest) -> HttpResponse:
        return gaps_page(self, request)

    def zone(self, request: HttpRequest) -> HttpResponse:
        return zone_page(request, self.each_context(request))
