"""Bodies of mirrored requests as JSON Schema: only what the original needs to do anything at all.
All else may be of any kind, and is left out with a finding when it is of no use."""

from typing import Any

from notifications.ingest.mirror.events import MAX_ACTIVATIONS
from notifications.ingest.mirror.messages import MAX_MESSAGES
from notifications.protocol.extras import MAX_IDENTIFIER

_DEVICE = "49414e31-f3df-4cea-87e6-f214ca3b8412"
_EXTRAS = {
    "messageType": "mtoken.operationInit",
    "operationId": "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10",
    "operationName": "login",
}
_MESSAGE = {
    "userId": "user-1",
    "activationId": _DEVICE,
    "attributes": {"silent": False, "personal": True},
    "body": {"title": "Sign in", "body": "Confirm in the app", "extras": _EXTRAS},
}


def ref(name: str) -> dict[str, Any]:
    """The body of a request, as a view names it."""
    return {"application/json": {"$ref": f"#/components/schemas/{name}"}}


def _told(description: str) -> dict[str, Any]:
    return {"not": {"type": "null"}, "description": description}


def _filled(description: str) -> dict[str, Any]:
    blank = {"type": "string", "pattern": "^\\s*$"}
    return {"not": {"anyOf": [{"type": "null"}, blank]}, "description": description}


def _device(description: str) -> dict[str, Any]:
    return {
        "type": ["string", "integer"],
        "maxLength": MAX_IDENTIFIER,
        "pattern": "^[^\\u0000]*[^\\s\\u0000][^\\u0000]*$",
        "description": description,
    }


def _object(*required: str, **properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "required": [*required],
        "properties": properties,
        "additionalProperties": True,
    }


def _request(*required: str, example: Any, **properties: Any) -> dict[str, Any]:
    """The original takes what it is asked within a member of this name."""
    inner = _object(*required, **properties)
    return {
        **_object("requestObject", requestObject=inner),
        "examples": [{"requestObject": example}],
    }


_USER = _told("Which user.")
_APP = _told("Which app.")
_TOKEN = _filled("The push token; of which a fingerprint is kept.")
_PLATFORM = _told("The gateway.")
_OF_MESSAGE = _object(
    "userId",
    "body",
    userId=_USER,
    body={"type": "object", "description": "What is shown, and the extras."},
)
SCHEMAS: dict[str, Any] = {
    "MirroredMessage": _request(
        "appId",
        "message",
        appId=_APP,
        message=_OF_MESSAGE,
        example={"appId": "mobile-app", "mode": "SYNCHRONOUS", "message": _MESSAGE},
    ),
    "MirroredBatch": _request(
        "appId",
        "batch",
        appId=_APP,
        batch={"type": "array", "items": _OF_MESSAGE, "minItems": 1, "maxItems": MAX_MESSAGES},
        example={"appId": "mobile-app", "batch": [_MESSAGE]},
    ),
    "MirroredCloudMessage": {
        **_object("userId", userId=_USER),
        "examples": [
            {
                "userId": "user-1",
                "registrationId": _DEVICE,
                "silent": False,
                "title": "Sign in",
                "message": "Confirm in the app",
                "extras": _EXTRAS,
            }
        ],
    },
    "MirroredInboxMessage": _request(
        "userId",
        userId=_USER,
        example={"userId": "user-1", "type": "text", "applications": ["mobile-app"]},
    ),
    "MirroredCloudInbox": {
        **_object("userId", userId=_USER),
        "examples": [{"userId": "user-1", "type": "text", "silent": False}],
    },
    "MirroredRegistration": _request(
        "appId",
        "token",
        "platform",
        "activationId",
        appId=_filled("Which app."),
        token=_TOKEN,
        platform=_PLATFORM,
        activationId=_device("Which device."),
        example={"appId": "a", "token": "t", "platform": "apns", "activationId": _DEVICE},
    ),
    "MirroredRegistrations": _request(
        "appId",
        "token",
        "platform",
        "activationIds",
        appId=_filled("Which app."),
        token=_TOKEN,
        platform=_PLATFORM,
        activationIds={
            "type": "array",
            "description": "Which devices; what can be none is left out.",
            "contains": _device("Which device."),
            "minItems": 1,
            "maxItems": MAX_ACTIVATIONS,
        },
        example={"appId": "a", "token": "t", "platform": "fcm", "activationIds": [_DEVICE]},
    ),
    "MirroredDeletion": _request(
        "appId",
        "token",
        appId=_filled("Which app."),
        token={"type": ["string", "integer"], "pattern": "\\S", "description": "Its push token."},
        example={"appId": "mobile-app", "token": "t"},
    ),
    "MirroredPushStatus": {
        **_object("activationId", activationId=_device("Which device.")),
        "examples": [{"activationId": _DEVICE, "activationStatus": "BLOCKED"}],
    },
}
