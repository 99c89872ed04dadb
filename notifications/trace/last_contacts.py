"""When each source was last heard: its last emission of any type, known or not, or its last event,
found by index.

Sources are few and their types are, too; a source that invents types without end is found all the
same, as long as it is among the last to be heard.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from notifications.models import Notification
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import first_id_at

MOST_SOURCES = 200
LOOKED_THROUGH = 10_000  # of the newest notifications: who is heard all the time is among them
MOST_TYPES = 100  # of one source that is not, beside those of the specification

_LATELY = """
    SELECT DISTINCT ON (source_id) source_id, id FROM (
        SELECT source_id, id FROM notifications_notification
        WHERE id < %(end)s ORDER BY id DESC LIMIT %(looked_through)s
    ) AS newest
    ORDER BY source_id, id DESC
"""
# The index has each source's ids by type, so that the last of each type is one step in it; the
# types are found by stepping from one to the next, never by reading what has them.
_BY_TYPE = """
    WITH RECURSIVE stepped (slug, name, number) AS (
        SELECT slug, '' COLLATE "C", 0 FROM unnest(%(sources)s::text[]) AS source (slug)
        UNION ALL
        SELECT slug, (
            SELECT message_type::text FROM notifications_notification
            WHERE source_id = slug AND message_type > name ORDER BY message_type LIMIT 1
        ), number + 1
        FROM stepped WHERE name IS NOT NULL AND number < %(most_types)s
    ), types (slug, name) AS (
        SELECT slug, name FROM stepped WHERE name IS NOT NULL
        UNION SELECT slug, name FROM unnest(%(sources)s::text[]) AS source (slug)
            CROSS JOIN unnest(%(types)s::text[]) AS type (name)
    ), latest (slug, id) AS (
        SELECT slug, (
            SELECT id FROM notifications_notification
            WHERE source_id = slug AND message_type = name AND id < %(end)s
            ORDER BY id DESC LIMIT 1
        ) FROM types
        UNION ALL SELECT slug, (
            SELECT id FROM notifications_notification
            WHERE source_id = slug AND message_type IS NULL AND id < %(end)s
            ORDER BY id DESC LIMIT 1
        ) FROM unnest(%(sources)s::text[]) AS source (slug)
    )
    SELECT DISTINCT ON (slug) slug, id FROM latest WHERE id IS NOT NULL ORDER BY slug, id DESC
"""


# Nor can another index than that by source be taken for one that has this order.
_EVENTS = " UNION ALL ".join(
    f"""(
        SELECT id, COALESCE(happened_at, observed_at), recorded_at FROM notifications_{table}
        WHERE source_id >= source.slug AND source_id <= source.slug AND id < %(end)s
        ORDER BY source_id DESC, id DESC LIMIT 1
    )"""  # noqa: S608 - of constants
    for table in ("activationevent", "operationevent", "inboxevent")
)
_LAST_EVENT = f"""
    SELECT DISTINCT ON (source.slug) source.slug, event.at, event.recorded_at
    FROM unnest(%(sources)s::text[]) AS source (slug)
    CROSS JOIN LATERAL ({_EVENTS}) AS event (id, at, recorded_at)
    ORDER BY source.slug, event.recorded_at DESC
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class LastContact:
    """Of when the last report of ``source`` is (the emission of a notification, the time of an
    event), and when it was recorded; None where there is none up to now."""

    source: str
    emitted_at: datetime | None
    recorded_at: datetime | None

    @property
    def lag(self) -> timedelta | None:
        """How long after its time it was recorded; below zero where the source's clock is ahead."""
        if self.emitted_at is None or self.recorded_at is None:
            return None
        return self.recorded_at - self.emitted_at


def last_contacts(sources: list[str], now: datetime) -> list[LastContact]:
    """Of each of ``sources``, up to ``now``: what a clock ahead dated later tells nothing."""
    given: dict[str, Any] = {
        "end": first_id_at(now + timedelta(milliseconds=1)),
        "looked_through": LOOKED_THROUGH,
        "types": list(MessageType),
        "most_types": MOST_TYPES,
    }
    with connection.cursor() as cursor:
        cursor.execute(_LATELY, given)
        found: dict[str, UUID] = dict(cursor.fetchall())
        if quiet := [each for each in sources if each not in found]:
            cursor.execute(_BY_TYPE, {**given, "sources": quiet})
            found |= dict(cursor.fetchall())
        cursor.execute(_LAST_EVENT, {**given, "sources": sources})
        events = {slug: (at, recorded) for slug, at, recorded in cursor.fetchall()}
    wanted = [found[each] for each in sources if each in found]
    rows = Notification.objects.filter(pk__in=wanted).values_list("pk", "emitted_at", "recorded_at")
    times = {key: (emitted, recorded) for key, emitted, recorded in rows}
    return [
        LastContact(
            each, *_later(times.get(found[each]) if each in found else None, events.get(each))
        )
        for each in sources
    ]


def read_contact(told: Mapping[str, str | None]) -> LastContact:
    """As the overview keeps it."""
    emitted, recorded = (
        None if (text := told[name]) is None else datetime.fromisoformat(text)
        for name in ("emitted_at", "recorded_at")
    )
    return LastContact(told["source"] or "", emitted, recorded)


def _later(*told: tuple[datetime, datetime] | None) -> tuple[datetime | None, datetime | None]:
    """The one that was recorded last."""
    known = [each for each in told if each is not None]
    return max(known, key=lambda each: each[1], default=(None, None))
