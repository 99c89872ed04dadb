"""Requests that tell of lives: push tokens registered and deleted, push statuses, inbox messages.

What came of a request is not seen, so each is told as a request. Where an activation or a token is
needed and missing the Push Server refuses, and nothing has happened.
"""

from collections.abc import Sequence
from typing import Any

from notifications.ingest.envelope import Fault, Rejected
from notifications.ingest.events import ActivationReport, InboxReport, Report
from notifications.protocol.clients import PLATFORM_NAMES
from notifications.protocol.events import ActivationEventKind, ActivationStatus, fingerprint
from notifications.protocol.extras import identifier

from .copies import Copy
from .fields import Part, part_of, read_request

MAX_ACTIVATIONS = 1000  # of one device; the Push Server sets no limit, and a few are usual
_LEVELS = 1  # nothing of such a request is kept as it is
_REQUEST = "requestObject"


def read_registration(copy: Copy) -> Sequence[Report]:
    """``POST /push/device/create``. Raises ``MalformedJSON`` and ``Rejected``, as all do."""
    _, request = read_request(copy.body, levels=_LEVELS, member=_REQUEST)
    activation = _activation(request, "activationId")
    status = request.text("activationStatus")
    user_id, registered = request.text("userId"), _registered(request)
    return [
        ActivationReport(
            **_told(copy, 0, request),
            **registered,
            activation_id=activation,
            status=status,
            push_active=_is_active(status),
            user_id=user_id,
        )
    ]


def read_registrations(copy: Copy) -> Sequence[Report]:
    """``POST /push/device/create/multi``"""
    _, request = read_request(copy.body, levels=_LEVELS, member=_REQUEST)
    named = request.needed_list("activationIds", most=MAX_ACTIVATIONS)
    pointer = f"{request.pointer}/activationIds"
    # Read as an object of its own, so that what is of no use is told by its place.
    each = part_of({str(n): value for n, value in enumerate(named)}, pointer, request.findings)
    activations = [identifier(each.text(str(n))) for n in range(len(named))]
    if not any(activations):
        raise Rejected(Fault(pointer, "required", "None of these can be an activation."))
    registered = _registered(request)
    return [
        ActivationReport(**_told(copy, n, request), **registered, activation_id=activation)
        for n, activation in enumerate(activations)
        if activation is not None
    ]


def read_deletion(copy: Copy) -> Sequence[Report]:
    """``POST`` or ``DELETE /push/device/delete``"""
    _, request = read_request(copy.body, levels=_LEVELS, member=_REQUEST)
    app, token = _app(request), _token(request)
    if token is None:
        raise Rejected(Fault(f"{request.pointer}/token", "wrong_type", "token must be a string."))
    return [
        ActivationReport(
            **_told(copy, 0, request),
            kind=ActivationEventKind.UNREGISTERED,
            apps=app,
            token=token,
            is_request=True,
        )
    ]


def read_push_status(copy: Copy) -> Sequence[Report]:
    """``POST`` or ``PUT /push/device/status/update``, which has no ``requestObject``. Without a
    status the Push Server asks PowerAuth for it."""
    _, request = read_request(copy.body, levels=_LEVELS, member=None)
    activation = _activation(request, "activationId")
    status = request.text("activationStatus")
    return [
        ActivationReport(
            **_told(copy, 0, request),
            kind=ActivationEventKind.PUSH_STATUS,
            activation_id=activation,
            status=status,
            push_active=_is_active(status),
            is_request=True,
        )
    ]


def read_inbox_message(copy: Copy) -> Sequence[Report]:
    """``POST /inbox/messages``. The Push Server itself sends no push for it, so whether one is
    wanted is not told. Its texts are not read."""
    _, request = read_request(copy.body, levels=_LEVELS, member=_REQUEST)
    user_id, apps = request.needed_text("userId"), request.texts("applications")
    return [InboxReport(**_told(copy, 0, request), user_id=user_id, apps=apps)]


def read_cloud_inbox_message(copy: Copy) -> Sequence[Report]:
    """``POST /v2/inbox/messages`` of PowerAuth Cloud: silent means that no push is wanted."""
    _, request = read_request(copy.body, levels=_LEVELS, member=None)
    user_id, silent = request.needed_text("userId"), request.flag("silent", default=False)
    return [InboxReport(**_told(copy, 0, request), user_id=user_id, silent=silent)]


def _told(copy: Copy, index: int, request: Part) -> dict[str, Any]:
    return {
        "key": copy.name(index),
        "observed_at": copy.at,
        "happened_at": copy.started_at,
        "findings": tuple(request.findings),
    }


def _registered(request: Part) -> dict[str, Any]:
    request.needed("platform")
    return {
        "kind": ActivationEventKind.REGISTERED,
        "apps": _app(request),
        "token": _token(request),
        "platform": request.one_of("platform", PLATFORM_NAMES),
        "is_request": True,
    }


def _activation(request: Part, name: str) -> str:
    """Raises ``Rejected`` for none: an event without a device says nothing."""
    activation = identifier(request.needed_text(name, may_be_blank=False))
    if activation is None:
        detail = f"{name} can be no activation."
        raise Rejected(Fault(f"{request.pointer}/{name}", "wrong_type", detail))
    return activation


def _app(request: Part) -> tuple[str, ...]:
    app = request.needed_text("appId", may_be_blank=False)
    return () if app is None else (app,)


def _token(request: Part) -> str | None:
    """Its fingerprint."""
    token = request.needed("token")
    if isinstance(token, str) and not token.strip():
        raise Rejected(Fault(f"{request.pointer}/token", "required", "token is empty."))
    told = request.words("token")
    return None if told is None else fingerprint(told)


def _is_active(status: str | None) -> bool | None:
    """What the Push Server makes of it: in any status but one it sends nothing personal."""
    return None if status is None else status == ActivationStatus.ACTIVE
