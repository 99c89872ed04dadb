"""What a batch of rows is to be recorded as, made ready for the database as far as computing goes:
so can another process do it (``processes``), which hands little more than finished texts back."""

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from django.conf import settings

from notifications.ingest.bulk import Prepared, prepare
from notifications.ingest.deliveries import DeliveryTold, lines_of
from notifications.ingest.mirror.fields import pointer_of
from notifications.ingest.presentations import Shown, Texts
from notifications.ingest.presentations import lines_of as lines_of_shown
from notifications.protocol.deliveries import Cause
from notifications.protocol.extras import Code

from .answers import answer_of
from .batch import Batch
from .messages import NO_TEXTS, PENDING, Message, Registered
from .rows import Row

NOT_SHOWN = Shown()


class Pending(msgspec.Struct, frozen=True, kw_only=True):
    """A message that no gateway has answered yet."""

    row: Row
    at: datetime
    registered: Registered


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """The messages of a batch, with what their gateways answered and how they were to be shown.

    ``answered`` are the apps, each with a gateway, of which any came to an end; ``unusable`` counts
    what was of no use, by its place. ``texts`` are told only where they are kept.
    """

    emissions: Prepared
    newest: datetime | None
    answered: list[tuple[str, str]]
    pending: dict[UUID, Pending]
    deliveries: str
    shown: str
    texts: dict[UUID, Texts]
    unusable: dict[str, int]


def make(batch: Batch, *, source: str, zone: str) -> Made:
    """``zone`` is what times without one were taken to be of. Asks no database."""
    messages = {each.emission.id_at(source): each for each in batch.messages()}
    told = answers(messages, zone=zone, observed_at=batch.seen.observed_at)
    shown = {key: each.shown for key, each in messages.items() if each.shown != NOT_SHOWN}
    return Made(
        emissions=prepare({key: each.emission for key, each in messages.items()}, source=source),
        newest=max((each.at for each in messages.values()), default=None),
        answered=_answered(messages.values()),
        pending={
            key: Pending(row=each.row, at=each.at, registered=each.registered)
            for key, each in messages.items()
            if each.row.status == PENDING
        },
        deliveries=lines_of(told, source=source),
        shown=lines_of_shown(shown),
        texts=_texts(messages) if settings.KEEP_CONTENT else {},
        unusable=_unusable(messages.values()),
    )


def answers(
    messages: Mapping[UUID, Message | Pending],
    *,
    zone: str,
    observed_at: datetime,
    causes: Mapping[UUID, Cause | None] | None = None,
) -> list[DeliveryTold]:
    """What the gateways answered; with ``causes``, why those stay pending for ever."""
    given_up = causes or {}
    return [
        answer_of(
            each.row,
            key,
            by=each.registered.by,
            zone=zone,
            observed_at=observed_at,
            given_up=given_up.get(key),
        )
        for key, each in messages.items()
    ]


def _answered(messages: Iterable[Message]) -> list[tuple[str, str]]:
    found = {
        (each.registered.app, each.registered.platform)
        for each in messages
        if each.row.status != PENDING
    }
    return [(app, platform) for app, platform in found if app and platform]


def _texts(messages: Mapping[UUID, Message]) -> dict[UUID, Texts]:
    return {key: each.texts for key, each in messages.items() if each.texts != NO_TEXTS}


def _unusable(messages: Iterable[Message]) -> dict[str, int]:
    return Counter(
        pointer_of(finding)
        for each in messages
        for finding in each.emission.findings
        if finding.code is Code.UNUSABLE_FIELD
    )
