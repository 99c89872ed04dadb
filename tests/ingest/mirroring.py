"""Requests as the Push Server and PowerAuth Cloud get them, and their copies."""

import json
from copy import deepcopy
from typing import Any

from rest_framework.test import APIClient

from tests.conftest import DEVICE, INIT

API = "/api/v1/mirror"
SEND, BATCH = f"{API}/push/message/send", f"{API}/push/message/batch/send"
INBOX, CLOUD_INBOX = f"{API}/inbox/messages", f"{API}/v2/inbox/messages"
CLOUD = f"{API}/v2/messages/send"
CREATE, CREATE_MULTI = f"{API}/push/device/create", f"{API}/push/device/create/multi"
DELETE, REMOVE = f"{API}/push/device/delete", f"{API}/push/device/remove"
STATUS = f"{API}/push/device/status/update"
PROBE = f"{API}/push/service/status"
TOKEN = "c0ffee-push-token"
# 2026-03-14T09:26:53.589Z
STARTED = "t=1773480413.589"
TIMED = {"X-Request-Id": "req-1", "X-Request-Start": STARTED}

MESSAGE = {
    "userId": "user-1",
    "activationId": DEVICE,
    "priority": "HIGH",
    "attributes": {"silent": False, "personal": True},
    "body": {
        "title": "Sign in",
        "body": "Confirm <b>now</b>",
        "sound": "default",
        "category": "login",
        "collapseKey": "login",
        "validUntil": "2026-03-14T09:31:53.000Z",
        "extras": INIT,
    },
}
CLOUD_MESSAGE = {
    "userId": "user-1",
    "registrationId": DEVICE,
    "silent": True,
    "title": "Sign in",
    "message": "Confirm",
    "sound": "default",
    "extras": INIT,
}
INBOX_MESSAGE = {
    "userId": "user-1",
    "type": "text",
    "subject": "A new statement",
    "summary": "Your statement of March",
    "body": "Dear customer, …",
    "applications": ["mobile-app", "wealth"],
}
DEVICE_OF = {"appId": "mobile-app", "token": TOKEN, "platform": "ios", "activationId": DEVICE}
DEVICES_OF = {
    "appId": "mobile-app",
    "token": TOKEN,
    "platform": "fcm",
    "activationIds": [DEVICE, "device-2"],
}
STATUS_OF = {"activationId": DEVICE, "activationStatus": "BLOCKED"}


def wrapped(request: Any) -> dict[str, Any]:
    return {"requestObject": request}


def sending(*path: Any, value: Any = ...) -> dict[str, Any]:
    """A request to send ``MESSAGE``, with another ``value`` at this place; without, by default."""
    return changed({"appId": "mobile-app", "mode": "SYNCHRONOUS", "message": MESSAGE}, path, value)


def batch(*messages: Any) -> dict[str, Any]:
    return wrapped({"appId": "mobile-app", "batch": [*messages]})


def changed(request: Any, path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    request = deepcopy(request)
    place = request
    for name in path[:-1]:
        place = place[name]
    if path and value is ...:
        del place[path[-1]]
    elif path:
        place[path[-1]] = value
    return wrapped(request)


def mirror(
    client: APIClient, address: str, body: Any, *, method: str = "POST", **headers: str
) -> Any:
    """Headers by their names with ``_``; ``body`` as it is when it is text."""
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.generic(method, address, text, content_type="application/json", headers=named)
