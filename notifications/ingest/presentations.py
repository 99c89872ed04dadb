"""How mirrored messages were to be shown, written beside their notifications once these stand; and
what they said, where the bank wants that kept."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec
from django.conf import settings

from .copying import FLAGS, copy, line_of
from .sending import sending_cursor


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A presentation; None is "not told"."""

    mode: str | None = None
    priority: str | None = None
    category: str | None = None
    sound: str | None = None
    collapse_key: str | None = None
    valid_until: datetime | None = None
    title_length: int | None = None
    body_length: int | None = None
    is_localized: bool = False


class Texts(msgspec.Struct, frozen=True, kw_only=True):
    """What a message said to its reader, fit to be stored; None where it had none."""

    title: str | None
    body: str | None


_COPIED = ("notification_id", *Shown.__struct_fields__)
# A notification that was told again keeps what it had.
_SHOWN = """
    INSERT INTO notifications_presentation
    SELECT * FROM jsonb_populate_recordset(NULL::notifications_presentation, %s::jsonb)
    ON CONFLICT DO NOTHING
"""
_TEXTS = """
    INSERT INTO notifications_content (notification_id, title, body)
    SELECT notification_id, title, body
    FROM jsonb_to_recordset(%s::jsonb) AS given (notification_id uuid, title text, body text)
    ON CONFLICT DO NOTHING
"""


def record_presentations(shown: Mapping[UUID, Shown]) -> None:
    """By the ids of notifications that stand; one statement."""
    rows = [_row(key, each) for key, each in sorted(shown.items())]
    with sending_cursor() as cursor:
        cursor.execute(_SHOWN, [_json(rows)])


def lines_of(shown: Mapping[UUID, Shown]) -> str:
    """For ``copy_presentations``. Asks no database."""
    return "".join([_line(key, each) for key, each in sorted(shown.items())])


def copy_presentations(lines: str) -> None:
    """Those of notifications that this transaction has recorded."""
    copy("notifications_presentation", _COPIED, lines)


def keep_texts(texts: Mapping[UUID, Texts]) -> None:
    """The same for titles and bodies: nothing, unless ``KEEP_CONTENT`` says so."""
    rows = [
        {"notification_id": key, "title": each.title or "", "body": each.body or ""}
        for key, each in sorted(texts.items())
        if each.title is not None or each.body is not None
    ]
    if rows and settings.KEEP_CONTENT:
        with sending_cursor() as cursor:
            cursor.execute(_TEXTS, [_json(rows)])


def _row(notification_id: UUID, shown: Shown) -> dict[str, object]:
    return {"notification_id": notification_id, **msgspec.structs.asdict(shown)}


def _line(notification_id: UUID, shown: Shown) -> str:
    until, title, body = shown.valid_until, shown.title_length, shown.body_length
    return line_of(
        (
            str(notification_id),
            shown.mode,
            shown.priority,
            shown.category,
            shown.sound,
            shown.collapse_key,
            None if until is None else until.isoformat(),
            None if title is None else str(title),
            None if body is None else str(body),
            FLAGS[shown.is_localized],
        )
    )


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
