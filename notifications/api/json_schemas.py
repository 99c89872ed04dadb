"""What serializers cannot say, as JSON Schema for the OpenAPI document: the envelope with the rules
between its fields, and problems, whose faults have a member named ``in``."""

from collections.abc import Iterable
from typing import Any

from notifications.ingest.callbacks import OF_ACTIVATIONS, OF_OPERATIONS
from notifications.ingest.envelope import ADDRESSED_TO, MAX_FAULTS
from notifications.protocol.clients import PLATFORM_NAMES, Platform
from notifications.protocol.deliveries import Outcome
from notifications.protocol.extras import MAX_IDENTIFIER
from notifications.protocol.gateways import ANSWERS


def _identifier(description: str) -> dict[str, Any]:
    return {
        "type": ["string", "null"],
        "minLength": 1,
        "maxLength": MAX_IDENTIFIER,
        "pattern": "^[^\\u0000]*$",
        "description": description,
    }


def _given(name: str, value: Any) -> dict[str, Any]:
    return {"properties": {name: value}, "required": [name]}


def _rule(condition: dict[str, Any], needs: str) -> dict[str, Any]:
    return {"if": condition, "then": _given(needs, {"not": {"type": "null"}})}


_DEVICE = _given("activation_id", {"type": "string"})
ENVELOPE: dict[str, Any] = {
    "type": "object",
    "description": "One push message as it was emitted. A field left out or null is not told.",
    "required": ["extras"],
    "additionalProperties": False,
    "properties": {
        "emitted_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "The moment of emission with its zone, kept to the millisecond;"
            " a retry repeats it.",
        },
        "message_id": _identifier("The source's own name of the message; needs `emitted_at`."),
        "app_id": _identifier("Which app."),
        "user_id": _identifier("Which user."),
        "activation_id": _identifier(
            "The activation that the request named, or the device of the copy."
        ),
        "addressed_to": {
            "enum": [*ADDRESSED_TO, None],
            "description": "What the request named; by default `activation` when `activation_id`"
            " is given.",
        },
        "per_device": {
            "type": ["boolean", "null"],
            "description": "True when this is the copy made for `activation_id`.",
        },
        "platform": {
            "enum": [*PLATFORM_NAMES, None],
            "description": "The gateway; `ios`, `android` and `huawei` mean the first three.",
        },
        "silent": {"type": ["boolean", "null"]},
        "personal": {"type": ["boolean", "null"]},
        "extras": {
            "type": "object",
            "description": "The extras as they were sent; never refused for what is in them.",
        },
    },
    "allOf": [
        _rule(_given("message_id", {"type": "string"}), "emitted_at"),
        _rule(_given("per_device", {"const": True}), "activation_id"),
        _rule(_given("addressed_to", {"const": "activation"}), "activation_id"),
        {
            "if": {"allOf": [_DEVICE, {"not": _given("per_device", {"const": True})}]},
            "then": {"properties": {"addressed_to": {"not": {"const": "user"}}}},
        },
    ],
    "examples": [
        {
            "emitted_at": "2026-01-31T12:00:00.000Z",
            "message_id": "m-1",
            "user_id": "user-1",
            "activation_id": "49414e31-f3df-4cea-87e6-f214ca3b8412",
            "extras": {
                "messageType": "mtoken.operationInit",
                "operationName": "login",
                "operationId": "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10",
            },
        }
    ],
}
_DELIVERY: dict[str, Any] = {
    "outcome": {
        "enum": [*Outcome, None],
        "description": "What the gateway made of it; can be left out where `gateway` and `code`"
        " say which.",
    },
    "gateway": {"enum": [*Platform, None], "description": "Whose word `code` is."},
    "code": _identifier("The gateway's own word: a reason, an error code; kept as it is."),
    "is_final": {
        "type": ["boolean", "null"],
        "description": "It will not change; of `pending`: it stays so for ever. By default as"
        " `gateway` and `code` say, else false.",
    },
    "at": {
        "type": ["string", "null"],
        "format": "date-time",
        "description": "When the gateway answered, with its zone, kept to the millisecond.",
    },
    "report_id": _identifier(
        "The source's own name of the report; told again under it, it is the same report."
    ),
}
_ANSWERED: dict[str, Any] = {
    "anyOf": [
        _given("outcome", {"enum": [*Outcome]}),
        *(
            {
                "properties": {"gateway": {"const": gateway}, "code": {"enum": [*codes]}},
                "required": ["gateway", "code"],
            }
            for gateway, codes in ANSWERS.items()
        ),
    ]
}
DELIVERY_REPORT: dict[str, Any] = {
    "type": "object",
    "description": "What a gateway answered for one notification. A field left out or null is not"
    " told.",
    "additionalProperties": False,
    "properties": _DELIVERY,
    **_ANSWERED,
    "examples": [
        {"outcome": "accepted", "at": "2026-01-31T12:00:00.210Z"},
        {"gateway": "apns", "code": "Unregistered", "report_id": "r-1"},
    ],
}
DELIVERY_LINE: dict[str, Any] = {
    "type": "object",
    "description": "The same about a message: by the name that its source gave it, or by its id.",
    "additionalProperties": False,
    "properties": {
        "message_id": _identifier("The source's own name of the message."),
        "emitted_at": {
            "type": ["string", "null"],
            "format": "date-time",
            "description": "Its moment of emission; needed where several stand under the name.",
        },
        "source": _identifier("Who reported it; by default whoever posts this."),
        "notification": {
            "type": ["string", "null"],
            "format": "uuid",
            "description": "The id of the notification, in place of the three.",
        },
        **_DELIVERY,
    },
    **_ANSWERED,
    "examples": [
        {"message_id": "m-1", "outcome": "failed", "code": "Unregistered", "gateway": "apns"}
    ],
}
_SUBJECT = {
    "type": "string",
    "minLength": 1,
    "maxLength": MAX_IDENTIFIER,
    "pattern": "^[^\\u0000]*$",
}


def _about(types: Iterable[str], name: str) -> dict[str, Any]:
    return {"if": _given("type", {"enum": sorted(types)}), "then": _given(name, _SUBJECT)}


CALLBACK: dict[str, Any] = {
    "type": "object",
    "description": "A callback of PowerAuth as it is sent. Read are, where they are told, `userId`,"
    " `applicationId`, `activationStatus`, `blockedReason`, `platform` of an activation, and"
    " `userId`, `applications`, `status`, `operationType`, `externalId`, `timestampCreated`,"
    " `timestampExpires`, `timestampFinalized` of an operation. One that cannot be used is left out"
    " with a finding. A callback of another type is answered and ignored.",
    "required": ["type"],
    "properties": {"type": {"type": "string"}},
    "allOf": [_about(OF_ACTIVATIONS, "activationId"), _about(OF_OPERATIONS, "operationId")],
    "examples": [
        {
            "type": "ACTIVATION",
            "activationId": "49414e31-f3df-4cea-87e6-f214ca3b8412",
            "userId": "user-1",
            "activationStatus": "BLOCKED",
            "blockedReason": "NOT_SPECIFIED",
            "applicationId": "mobile-app",
            "platform": "ios",
        }
    ],
}
LINES = {
    "type": "string",
    "description": "Lines of envelopes (NDJSON), each as of a single notification.",
}
DELIVERY_LINES = {
    "type": "string",
    "description": "Lines (NDJSON) as of the schema `DeliveryLine`.",
}
FAULT: dict[str, Any] = {
    "type": "object",
    "required": ["in", "pointer", "code", "detail"],
    "properties": {
        "in": {"enum": ["body", "header", "query", "path", "method"]},
        "pointer": {
            "type": "string",
            "description": "To the fault there; in a body a JSON Pointer as a URI fragment.",
        },
        "code": {"type": "string"},
        "detail": {"type": "string"},
    },
}
PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "An error (RFC 9457). `code` is stable; a conflict has also the `id` that"
    " stands, an interrupted stream what became of its lines.",
    "required": ["type", "title", "status", "detail", "code", "errors", "request_id"],
    "properties": {
        "type": {"type": "string", "pattern": "^urn:pushaudit:problem:[a-z_]+$"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Fault"},
            "maxItems": MAX_FAULTS,
        },
        "request_id": {"type": "string"},
        "id": {"type": "string", "format": "uuid", "description": "Of a conflict."},
        "committed_through_line": {
            "type": "integer",
            "description": "Of an interrupted stream: each line up to it was recorded, was known,"
            " conflicts or is rejected. The members of a bulk report stand beside it.",
        },
    },
}
LIST_WINDOW = {
    "type": "object",
    "description": "What the list is of; `is_default` when nobody chose where it begins.",
    "required": ["since", "until", "is_default"],
    "properties": {
        "since": {"type": ["string", "null"], "format": "date-time"},
        "until": {"type": ["string", "null"], "format": "date-time"},
        "is_default": {"type": "boolean"},
    },
}
HEARTBEAT_REQUEST: dict[str, Any] = {
    "type": "object",
    "description": "Nothing yet.",
    "properties": {},
    "additionalProperties": False,
}
SCHEMAS = {
    "Callback": CALLBACK,
    "DeliveryLine": DELIVERY_LINE,
    "DeliveryReport": DELIVERY_REPORT,
    "HeartbeatRequest": HEARTBEAT_REQUEST,
    "ListWindow": LIST_WINDOW,
    "Envelope": ENVELOPE,
    "Fault": FAULT,
    "Problem": PROBLEM,
}
