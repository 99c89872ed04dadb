"""The requests of emitters as a mirror in front of the Push Server sees them: sends in the form of
Web Flow, and posts to the inbox."""

from datetime import datetime
from random import Random
from typing import Any

from notifications.protocol.extras import MessageType

from .chance import stream
from .emitter import Emitted
from .facts import Fact, Kind
from .faults import Envelope
from .push_server import Request

SEND, POST = "/push/message/send", "/v2/inbox/messages"
TEXTS = {
    MessageType.OPERATION_INIT: ("Confirm the operation", "Open the app to confirm or to reject."),
    MessageType.STATUS_CHANGE: ("Mobile token", "The status of this phone has changed."),
    MessageType.INBOX_MESSAGE_NEW: ("New message", "There is a message for you in the inbox."),
}


def send(emitted: Emitted, *, rng: Random, to_user: float = 0.0) -> Request | None:
    """The request that sent a message of the world; None where none was sent.

    Web Flow's extras never name the activation: the request does. Its other messages are the
    bank's own, in the form that the specification has. ``to_user`` is the share of operations whose
    requests name no activation: they go to all devices of the user.
    """
    envelope = emitted.envelope
    if envelope is None:
        return None
    fact = emitted.fact
    message: Envelope = {"userId": envelope.get("user_id", fact.user.user_id)}
    activation = envelope.get("activation_id", fact.device and fact.device.activation_id)
    if activation is not None and not _is_to_user(fact, to_user):
        message["activationId"] = activation
    silent = fact.owes is MessageType.OPERATION_FINISHED
    message["priority"] = "HIGH"
    message["attributes"] = {"silent": silent, "personal": fact.operation is not None}
    message["body"] = _shown(fact) | {"extras": _extras(fact, envelope["extras"])}
    asked = {
        "appId": envelope.get("app_id", fact.user.app_id),
        "mode": "SYNCHRONOUS",
        "message": message,
    }
    return _request(emitted.at, SEND, {"requestObject": asked}, rng)


def post(fact: Fact, *, rng: Random) -> Request | None:
    """The request that posted an inbox message, silent where no push was wanted; None for other
    facts. It does not name the message: whoever answers makes its id."""
    if fact.kind is not Kind.POSTED:
        return None
    asked = {
        "userId": fact.user.user_id,
        "type": "text",
        "subject": "Your statement",
        "summary": "The statement of your account is ready.",
        "body": "The statement of your account is ready in the app.",
        "applications": [fact.user.app_id],
        "silent": fact.owes is None and fact.user.is_reachable_at(fact.at),
    }
    return _request(fact.at, POST, asked, rng)


def _is_to_user(fact: Fact, share: float) -> bool:
    """All messages about one operation are addressed alike."""
    operation = fact.operation
    return operation is not None and stream("to user", operation.operation_id).random() < share


def _shown(fact: Fact) -> Envelope:
    shown: Envelope = {}
    if fact.owes in TEXTS:
        title, body = TEXTS[fact.owes]
        shown = {"title": title, "body": body, "sound": "default"}
    if fact.operation is not None:
        shown["category"] = fact.operation.name
    return shown


def _extras(fact: Fact, extras: Envelope) -> Envelope:
    if fact.operation is None:
        return extras
    return {key: value for key, value in extras.items() if key != "activationId"}


def _request(at: datetime, path: str, body: dict[str, Any], rng: Random) -> Request:
    return Request(at=at, path=path, body=body, request_id=f"{rng.getrandbits(128):032x}")
