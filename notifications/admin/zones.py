"""The zone that the console tells times in: UTC, or the operator's own, one click apart. It is kept
with the account, so that it is the same in the next session and in another browser."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from notifications.models import Account
from notifications.models.account import check_time_zone

from .addresses import ours

UTC = ZoneInfo("UTC")
OWN = "own"
REGIONS = (
    *("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe"),
    *("Indian", "Pacific"),
)


def zone_of(account: Any) -> ZoneInfo:
    """UTC unless the account's own is chosen, and known on this machine."""
    is_own = isinstance(account, Account) and account.in_own_zone
    return named_zone(account.time_zone) if is_own else UTC


def named_zone(name: str) -> ZoneInfo:
    """UTC in place of one that is not known."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def zone_page(request: HttpRequest, context: dict[str, Any]) -> HttpResponse:
    """Chooses the own zone by hand (GET), or changes what the pages are in (POST): ``show`` is
    ``own`` or anything else for UTC, ``time_zone`` the own zone where it is told."""
    if request.method not in ("GET", "HEAD", "POST"):
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
    back = ours(request.POST.get("back") or request.GET.get("back")) or reverse("admin:index")
    if request.method == "POST" and _change(request):
        return redirect(back)
    zones: dict[str, list[str]] = {}
    for name in sorted(available_timezones()):
        region = name.partition("/")[0]
        if region in REGIONS:
            zones.setdefault(region, []).append(name)
    context |= {"title": _("Time zone"), "zones": zones, "back": back}
    return TemplateResponse(request, "admin/zone.html", context)


def _change(request: HttpRequest) -> bool:
    """Whether it was done; if not, the page asks for the zone."""
    account: Any = request.user
    name, show = request.POST.get("time_zone", ""), request.POST.get("show", "")
    changed: dict[str, Any] = {"in_own_zone": show == OWN}
    if show == OWN and (name or not account.time_zone):
        try:
            check_time_zone(name)
        except ValidationError:
            if name:  # else a browser without scripts did not tell its own
                messages.warning(request, _("There is no such time zone; choose one."))
            return False
        changed["time_zone"] = name
    Account.objects.filter(pk=account.pk).update(**changed)
    return True
