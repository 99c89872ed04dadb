"""What one row of ``push_message`` tells: an attempt to send one message to one registration.

The row has neither app nor platform nor, where the message went to the user, the device: these are
what its registration was when it went there, as far as that was observed. Whatever of a row is of
no use is left out with a finding, which holds no value.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec

from notifications.ingest.emission import Emission, judged
from notifications.ingest.envelope import identifier_problem
from notifications.ingest.mirror.bodies import extras_of, shown_of
from notifications.ingest.mirror.fields import Part
from notifications.ingest.presentations import Shown, Texts
from notifications.protocol.bindings import Binding, device_at
from notifications.protocol.deliveries import DeviceBy
from notifications.protocol.extras import Code, Finding, identifier
from notifications.protocol.ordinary import reading_of
from notifications.protocol.payload import MalformedJSON, Reading

from .rows import Row

PENDING, SENT = 0, 1
BODY = "#/message_body"
NO_TEXTS = Texts(title=None, body=None)


class Registered(msgspec.Struct, frozen=True, kw_only=True):
    """What the registration of a row was when the message went to it, as far as is known.

    ``binding`` is None where it may have been another's, or was never seen.
    """

    activation: str | None
    by: DeviceBy
    app: str | None = None
    platform: str | None = None
    binding: Binding | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """``at`` is what its time was taken for."""

    row: Row
    at: datetime
    registered: Registered
    emission: Emission
    shown: Shown
    texts: Texts


def registered_at(
    row: Row,
    bindings: Sequence[Binding],
    *,
    recipient: int | None,
    since: datetime,
    until: datetime,
) -> Registered:
    """``bindings`` are those of its registration, in order. It was sent at some moment from
    ``since`` to ``until``."""
    activation = identifier(row.activation_id)
    if row.activation_id:
        by, binding = DeviceBy.REQUEST, _of_device(bindings, activation, since, until)
    else:
        binding = device_at(bindings, recipient=recipient, since=since, until=until)
        activation = None if binding is None else binding.activation
        by = DeviceBy.NOBODY if binding is None else DeviceBy.REGISTRATION
    if binding is not None:
        app, platform = binding.app, binding.platform
    else:
        # Bound to another device, a registration keeps its app and its gateway.
        app, platform = _only({b.app for b in bindings}), _only({b.platform for b in bindings})
    return Registered(activation=activation, by=by, app=app, platform=platform, binding=binding)


def _only(found: set[str | None]) -> str | None:
    return found.pop() if len(found) == 1 else None


def message_of(row: Row, at: datetime, registered: Registered, *, now: datetime) -> Message:
    """``at`` is what its time was taken for."""
    findings: list[Finding] = []
    reading, body = _body(row.body, findings)
    extras: dict[str, Any] = {}
    repairs: tuple[Finding, ...] = ()
    shown, texts = Shown(), NO_TEXTS
    if reading is not None and body is not None:
        extras, repairs = extras_of(reading, body)
        shown, texts = shown_of(reading, body)
    user_id = _usable("user_id", row.user_id, findings)
    named = _usable("activation_id", row.activation_id or None, findings)
    emission = judged(
        extras=extras,
        emitted_at=at,
        now=now,
        message_id=str(row.id),
        app_id=registered.app,
        user_id=user_id,
        activation_id=registered.activation,
        addressed_to=_addressed_to(row, named),
        per_device=True,
        platform=registered.platform,
        silent=row.is_silent,
        personal=row.is_personal,
        repairs=(*findings, *repairs),
    )
    return Message(
        row=row, at=at, registered=registered, emission=emission, shown=shown, texts=texts
    )


def _body(text: str, findings: list[Finding]) -> tuple[Reading | None, Part | None]:
    try:
        reading = reading_of(text.encode(), envelope_levels=1)
    except MalformedJSON as error:
        why = f"{BODY} is no JSON, so its extras are empty: {error}"
        findings.append(Finding(Code.UNUSABLE_FIELD, "", why))
        return None, None
    if not isinstance(reading.value, dict):
        why = f"{BODY} is no object, so its extras are empty."
        findings.append(Finding(Code.UNUSABLE_FIELD, "", why))
        return None, None
    return reading, Part(reading.value, BODY, findings)


def _usable(name: str, value: str | None, findings: list[Finding]) -> str | None:
    if value is None or (problem := identifier_problem(value)) is None:
        return value
    findings.append(Finding(Code.UNUSABLE_FIELD, "", f"#/{name} is not used: it {problem[1]}"))
    return None


def _addressed_to(row: Row, named: str | None) -> str:
    if not row.activation_id:
        return "user"
    return "unknown" if named is None else "activation"


def _of_device(
    bindings: Sequence[Binding], activation: str | None, since: datetime, until: datetime
) -> Binding | None:
    """What is known of the registration while it was this device's: then, else the nearest."""
    own = [each for each in bindings if each.activation == activation]
    then = [each for each in own if each.may_have_been_within(since, until)]
    return next(reversed(then or own), None)
