"""Which Push Servers may be followed, and that one is from now on, or no longer."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from notifications.ingest.push_server.wanted import want
from notifications.models import MessageStorage, PushServerReading, Source

from .addresses import list_address, page_address
from .readings import Told, told_of

RIGHT = "notifications.follow"


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered:
    """A Push Server of the settings; ``is_there``: the source has a page. ``stores_nothing``: it is
    read, and there is nothing to read."""

    slug: str
    is_there: bool
    is_wanted: bool
    stores_nothing: bool
    told: Told


def offered(now: datetime) -> list[Offered]:
    """Those of the settings, in one query; in none where there are none."""
    if not settings.PUSH_SERVERS:
        return []
    found = Source.objects.filter(pk__in=settings.PUSH_SERVERS).select_related("reading")
    there = {each.pk: getattr(each, "reading", None) for each in found}
    return [
        _offer(slug, there.get(slug), now, is_there=slug in there)
        for slug in sorted(settings.PUSH_SERVERS)
    ]


def _offer(
    slug: str, reading: PushServerReading | None, now: datetime, *, is_there: bool
) -> Offered:
    return Offered(
        slug=slug,
        is_there=is_there,
        is_wanted=reading is not None and reading.is_wanted,
        stores_nothing=reading is not None and reading.storage == MessageStorage.OFF,
        told=told_of(reading, now),
    )


def follow(request: HttpRequest, slug: str, wanted: bool) -> HttpResponse:
    """Has ``slug`` followed or not, and shows its page."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    server = settings.PUSH_SERVERS.get(slug)
    if server is None and (wanted or not PushServerReading.objects.filter(pk=slug).exists()):
        messages.warning(request, _("PUSHAUDIT_PUSH_SERVERS names no such Push Server."))
        return redirect(list_address("source"))
    zone = server.timezone if server is not None else ""
    who = request.user.get_username()
    _tell(request, wanted, want(slug, wanted, who, timezone.now(), zone=zone))
    return redirect(page_address("source", slug))


def _tell(request: HttpRequest, wanted: bool, is_changed: bool) -> None:
    if not is_changed:
        told = _("It was followed already.") if wanted else _("It was not followed.")
        messages.info(request, told)
    elif wanted:
        messages.success(request, _("It is followed from now on: a worker begins within seconds."))
    else:
        messages.success(request, _("Stopped. What was read of it stays."))
