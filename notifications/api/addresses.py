"""Addresses of what an answer mentions, for whoever asks on; None where there is nothing."""

from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework.request import Request

from notifications.protocol.window import day_around, written

from .permissions import MayTrace


def address_of(request: Request, name: str, key: Any) -> str | None:
    """Of one thing or of an answer about it: ``name`` is that of its address, such as
    "operation-detail" or "operation-timeline"."""
    return None if key is None else _absolute(request, name, key)


def address_of_list(request: Request, name: str, **asked: Any) -> str | None:
    if None in asked.values():
        return None
    return f"{_absolute(request, name)}?{urlencode(asked)}"


def address_of_trace(request: Request, notification: Any) -> str | None:
    """The trace of its device, else of its user, around it; None also for those who may not trace,
    and when its clock was astray."""
    window = day_around(notification.emitted_at)
    if window is None or not request.user.has_perm(MayTrace.right):
        return None
    if notification.activation_id is not None:
        trace = _absolute(request, "activation-device-trace", notification.activation_id)
    elif notification.recipient_id is not None:
        trace = _absolute(request, "recipient-user-trace", notification.recipient_id)
    else:
        return None
    bounds = {"since": written(window.since), "until": written(window.until)}
    return f"{trace}?{urlencode(bounds)}"


def _absolute(request: Request, name: str, *keys: Any) -> str:
    return request.build_absolute_uri(reverse(name, args=keys))
