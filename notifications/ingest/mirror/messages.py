"""Requests to send push messages: each message becomes an emission, and how it was to be shown.

The Push Server reads all of a request before it sends anything: a message without a body or a user,
a batch of none or of more than 20, and nothing is sent at all.
"""

from dataclasses import dataclass

from notifications.ingest.emission import Emission, judged
from notifications.ingest.presentations import Shown, Texts
from notifications.protocol.payload import Reading

from .bodies import extras_of, length_of, shown_of, texts_of
from .copies import Copy
from .fields import Part, part_of, read_request

MAX_MESSAGES = 20  # of a batch; the Push Server's own limit
_REQUEST = "requestObject"


@dataclass(frozen=True, slots=True)
class Message:
    emission: Emission
    shown: Shown
    texts: Texts


@dataclass(frozen=True, slots=True, kw_only=True)
class _Given:
    """What the request says of its messages alike."""

    copy: Copy
    reading: Reading
    app_id: str | None
    mode: str | None


def read_message(copy: Copy) -> list[Message]:
    """``POST /push/message/send``. Raises ``MalformedJSON`` and ``Rejected``, as all do."""
    reading, request = read_request(copy.body, levels=4, member=_REQUEST)
    given = _given(copy, reading, request)
    return [_message(given, request.needed_part("message"), 0)]


def read_batch(copy: Copy) -> list[Message]:
    """``POST /push/message/batch/send``"""
    reading, request = read_request(copy.body, levels=5, member=_REQUEST)
    given = _given(copy, reading, request)
    batch = request.needed_list("batch", most=MAX_MESSAGES)
    return [
        _message(
            given,
            part_of(each, f"{request.pointer}/batch/{index}", [*request.findings]),
            index,
        )
        for index, each in enumerate(batch)
    ]


def read_cloud_message(copy: Copy) -> list[Message]:
    """``POST /v2/messages/send`` of PowerAuth Cloud, where the app is that of the credentials, and
    whether a message is personal is not told."""
    reading, request = read_request(copy.body, levels=1, member=None)
    user_id = request.needed_text("userId")
    activation, addressed_to = _address(request, "registrationId")
    title, body = request.words("title"), request.words("message")
    shown = Shown(
        sound=request.text("sound", may_be_empty=True),
        title_length=length_of(title),
        body_length=length_of(body),
    )
    silent = request.flag("silent", default=False)
    extras, repairs = extras_of(reading, request)
    emission = judged(
        extras=extras,
        emitted_at=copy.emitted_at,
        now=copy.at,
        message_id=copy.name(0),
        user_id=user_id,
        activation_id=activation,
        addressed_to=addressed_to,
        silent=silent,
        repairs=(*request.findings, *repairs),
    )
    return [Message(emission, shown, texts_of(reading, title, body))]


def _given(copy: Copy, reading: Reading, request: Part) -> _Given:
    return _Given(
        copy=copy,
        reading=reading,
        app_id=request.needed_text("appId"),
        mode=request.text("mode", may_be_empty=True),
    )


def _message(given: _Given, message: Part, index: int) -> Message:
    user_id = message.needed_text("userId")
    body = message.needed_part("body")
    activation, addressed_to = _address(message, "activationId")
    attributes = message.part("attributes")
    silent = personal = None
    if attributes is not None:
        silent = attributes.flag("silent", default=False)
        personal = attributes.flag("personal", default=False)
    priority = message.text("priority", may_be_empty=True)
    shown, texts = shown_of(given.reading, body, mode=given.mode, priority=priority)
    extras, repairs = extras_of(given.reading, body)
    emission = judged(
        extras=extras,
        emitted_at=given.copy.emitted_at,
        now=given.copy.at,
        message_id=given.copy.name(index),
        app_id=given.app_id,
        user_id=user_id,
        activation_id=activation,
        addressed_to=addressed_to,
        silent=silent,
        personal=personal,
        repairs=(*message.findings, *repairs),
    )
    return Message(emission, shown, texts)


def _address(message: Part, name: str) -> tuple[str | None, str]:
    """The activation that the request names, and whom it is addressed to. A name of no use reaches
    nobody: that is not to the user."""
    if message.told(name) is None:
        return None, "user"
    activation = message.text(name)
    return activation, "unknown" if activation is None else "activation"
