"""Whether the Push Server stores what it sends. By default it does not, and then its table proves
nothing: that is told in words, and reading it is no contact."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from notifications.ingest.contacts import withdraw_polls
from notifications.models import MessageStorage, PushServerReading
from notifications.protocol.identity import first_id_at

PROPERTY = "powerauth.push.service.message.storage.enabled"
WORDS = (
    f"The Push Server stores no messages, as far as can be seen: set {PROPERTY}=true there. Until"
    " it does, nothing that it sends is recorded by this, and reading it is no contact."
)
AT_LEAST = 5  # messages that others recorded and that are not there
OVER = timedelta(minutes=10)
LOOKED_THROUGH = 10_000  # of the first and of the latest of these

# Of messages to users who have a registration there: those to nobody leave no row.
_OTHERS = """
    WITH later AS NOT MATERIALIZED (
        SELECT id, source_id, recipient_id, app_id, activation_id, per_device, emitted_at
        FROM notifications_notification WHERE id >= %(since)s AND emitted_at > %(after)s
    ), looked_at AS (
        (SELECT * FROM later ORDER BY id LIMIT %(most)s)
        UNION
        (SELECT * FROM later ORDER BY id DESC LIMIT %(most)s)
    )
    SELECT count(*), min(emitted_at), max(emitted_at) FROM looked_at
    WHERE source_id <> %(source)s AND NOT per_device AND emitted_at < %(now)s AND EXISTS (
        SELECT FROM notifications_pushregistration AS own
        WHERE own.source_id = %(source)s AND own.recipient_id = looked_at.recipient_id
            AND own.app_id = looked_at.app_id AND own.gone_at IS NULL
            AND (looked_at.activation_id IS NULL OR own.activation_id = looked_at.activation_id)
    )
"""
_REGISTERED = """
    SELECT EXISTS (
        SELECT FROM notifications_pushregistration WHERE source_id = %s AND gone_at IS NULL
    )
"""


@dataclass(frozen=True, slots=True)
class Storage:
    state: MessageStorage
    since: datetime | None = None


def note_storage(reading: PushServerReading, *, newest: datetime | None, now: datetime) -> None:
    """Keeps with the ``reading``, without saving it, what can be told once all was read. Polls from
    when on nothing was stored were no contact, though they were taken for one at first."""
    storage = seen_storage(reading.source_id, newest=newest, now=now)
    if storage.state == reading.storage:
        return
    reading.storage, reading.storage_since = storage.state, storage.since
    if storage.state is MessageStorage.OFF and storage.since is not None:
        withdraw_polls(reading.source_id, since=storage.since)


def seen_storage(source: str, *, newest: datetime | None, now: datetime) -> Storage:
    """What can be told once all was read. ``newest`` is when the newest row was made; None: there
    never was one."""
    if newest is None:
        is_off = _has_registrations(source)
        return Storage(MessageStorage.OFF if is_off else MessageStorage.UNKNOWN, now)
    if now - newest > OVER and (since := _missed_since(source, newest, now)) is not None:
        return Storage(MessageStorage.OFF, since)
    return Storage(MessageStorage.ON, newest)


def _has_registrations(source: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(_REGISTERED, [source])
        return bool(cursor.fetchone()[0])


def _missed_since(source: str, newest: datetime, now: datetime) -> datetime | None:
    """When the first message that others recorded, and that is not there, was sent."""
    given: dict[str, Any] = {
        "source": source,
        "since": first_id_at(newest),
        "after": newest,
        "now": now,
        "most": LOOKED_THROUGH,
    }
    with connection.cursor() as cursor:
        cursor.execute(_OTHERS, given)
        count, first, last = cursor.fetchone()
    is_off = count >= AT_LEAST and last - first > OVER
    return first if is_off else None
