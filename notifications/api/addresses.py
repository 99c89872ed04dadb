"""Addresses of what an answer mentions, for whoever asks on; None where there is nothing."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from rest_framework.request import Request

from notifications.protocol.window import EARLIEST, LATEST, written

from .permissions import MayTrace

AROUND = timedelta(hours=12)  # on either side of a notification whose device is asked about


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
    moment = notification.emitted_at.replace(microsecond=0)
    in_time = EARLIEST + AROUND <= moment <= LATEST - AROUND
    if not in_time or not request.user.has_perm(MayTrace.right):
        return None
    if notification.activation_id is not None:
        trace = _absolute(request, "activation-device-trace", notification.activation_id)
    elif notification.recipient_id is not None:
        trace = _absolute(request, "recipient-user-trace", notification.recipient_id)
    else:
        return None
    window = {"since": written(moment - AROUND), "until": written(moment + AROUND)}
    return f"{trace}?{urlencode(window)}"


def _absolute(request: Request, name: str, *keys: Any) -> str:
    return request.build_absolute_uri(reverse(name, args=keys))
