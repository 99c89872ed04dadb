"""How far a Push Server's database was read, kept in one row a source; and that nobody else reads
it at the same time: the command and any number of workers may be started for one."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.db import connection, transaction

from notifications.ingest.foreign_database import BrokenOff
from notifications.models import PushServerReading

from .positions import Position, as_json, from_json

_TRY_LOCK = "SELECT pg_try_advisory_lock(hashtext('notifications_push_server'), hashtext(%s))"
_UNLOCK = "SELECT pg_advisory_unlock(hashtext('notifications_push_server'), hashtext(%s))"
_SOURCE = "INSERT INTO notifications_source (slug) VALUES (%s) ON CONFLICT DO NOTHING"


@contextmanager
def alone(source: str) -> Iterator[bool]:
    """Whether nobody else reads this source, for as long as this lasts."""
    with connection.cursor() as cursor:
        cursor.execute(_TRY_LOCK, [source])
        (is_alone,) = cursor.fetchone()
    try:
        yield is_alone
    finally:
        # Where the connection is lost the lock is too; another would not have it.
        if is_alone and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute(_UNLOCK, [source])


class Kept:
    """The row of ``source``, made when it is first read. What is changed here is written by
    ``save``, within the transaction of the evidence that came of it."""

    def __init__(self, source: str, zone: ZoneInfo) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(_SOURCE, [source])
            self.row, _ = PushServerReading.objects.get_or_create(
                source_id=source, defaults={"zone": zone.key}
            )
        if self.row.zone != zone.key:
            self._take(zone)
        self._before = self._state()

    @property
    def positions(self) -> dict[str, Any]:
        kept: dict[str, Any] = self.row.positions
        return kept

    def position(self, table: str) -> Position:
        return from_json(self.positions.get(table))

    def move(self, table: str, position: Position) -> None:
        self.positions[table] = as_json(position)

    @property
    def answered(self) -> set[tuple[str, str]]:
        """The apps, each with a gateway, of which any message ever came to an end."""
        return {(app, platform) for app, platform in self.positions.get("answered", ())}

    def note_answered(self, pairs: Collection[tuple[str, str]]) -> None:
        known = self.answered
        if not known.issuperset(pairs):
            self.positions["answered"] = sorted(map(list, known.union(pairs)))

    def note_newest(self, at: datetime | None, now: datetime) -> None:
        """When the newest row was made; never in the future."""
        known = self.moment("newest")
        if at is not None and (known is None or known < at):
            self.note_moment("newest", min(at, now))

    def moment(self, name: str) -> datetime | None:
        kept = self.positions.get(name)
        return None if kept is None else datetime.fromisoformat(kept)

    def note_moment(self, name: str, at: datetime) -> None:
        self.positions[name] = at.isoformat()

    def save(self) -> None:
        """Only what is new: positions may be long, and are mostly what they were."""
        now = self._state()
        changed = [name for name in now if now[name] != self._before[name]]
        if changed:
            self.row.save(update_fields=changed)
        self._before = now

    def forget_problem(self) -> None:
        self.row.problem, self.row.problem_at = "", None
        self.save()

    def _take(self, zone: ZoneInfo) -> None:
        """Another zone, where nothing was read by the one before."""
        if self.row.begun_at is not None:
            raise BrokenOff(
                f"{self.row.source_id} was read with --timezone {self.row.zone} so far, so"
                f" {zone.key} would give its messages other times, and record them twice: go on"
                f" with {self.row.zone}; or, if that was wrong, read it as another source, under a"
                " slug of its own."
            )
        self.row.zone = zone.key
        self.row.save(update_fields=["zone"])

    def _state(self) -> dict[str, Any]:
        names = [each.attname for each in PushServerReading._meta.concrete_fields]
        ours = ("positions", "rows_", "begun_at", "polled_at", "registrations_at", "storage", "pro")
        return {name: repr(getattr(self.row, name)) for name in names if name.startswith(ours)}


def note_problem(source: str, problem: str, at: datetime) -> None:
    """Why ``source`` cannot be read; since when, if that is not told already."""
    rows = PushServerReading.objects.filter(source=source).exclude(problem=problem)
    rows.update(problem=problem, problem_at=at)


def begin_again(source: str) -> bool:
    """All of it is to be read once more, from the beginning; what stands is recognised. False:
    somebody else is reading it now."""
    with alone(source) as is_alone, transaction.atomic():
        if not is_alone:
            return False
        for row in PushServerReading.objects.select_for_update().filter(source=source):
            for table in ("push_message", "push_inbox"):
                row.positions.pop(table, None)
            row.rows_read, row.rows_estimate, row.polled_at = 0, None, None
            row.save(update_fields=["positions", "rows_read", "rows_estimate", "polled_at"])
    return True
