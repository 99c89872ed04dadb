"""What each source tells: since when, when last, and what was set of it instead.

An answer of some apps rests on what names these alone, here too: else a verdict would tell whoever
is limited to apps when others were last heard.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from uuid import UUID

from notifications.models.first_report import EVENTS
from notifications.models.querysets import Extent
from notifications.models.statements import Answer, Rows, asked
from notifications.protocol.coverage import OF_EVENTS, Tells
from notifications.protocol.gates import NO_GATES, OWED_BY_EVENTS, Gates
from notifications.protocol.identity import first_id_at, time_of
from notifications.protocol.knowledge import Emitters, Heard
from notifications.protocol.message import FIRST

from .gates import ask_gates

MOST = 10_000  # of sources, kinds and apps; those that began first
LOOKED_THROUGH = 10_000  # of a source's latest reports of a kind, for the last of some apps

_IN_TIME = """
    AND (%(below)s::xid8 IS NULL OR recorded_xid < %(below)s::xid8)
    AND (%(as_of)s::timestamptz IS NULL OR recorded_at <= %(as_of)s)
"""
_LAST_MESSAGE = """
    SELECT {told} FROM notifications_notification
    WHERE source_id = kind.source_id AND message_type = kind.told AND id < %(end)s {in_time}
    ORDER BY id DESC LIMIT {most}
"""
# A source that is given as a range has the index by source alone for this order.
_LAST_EVENT = """
    SELECT {told} FROM {table}
    WHERE source_id >= kind.source_id AND source_id <= kind.source_id
        AND id < %(end)s {in_time}
    ORDER BY source_id DESC, id DESC LIMIT {most}
"""
# When a Push Server's registrations were last compared, as far as that was on record.
_COMPARED = """
    SELECT compared_at FROM notifications_pushcomparing
    WHERE source_id = reading.source_id {in_time}
    ORDER BY recorded_at DESC LIMIT 1
"""
# A row for each source and kind, with the first report of each app and of copies.
_REPORTING = """
    SELECT COALESCE(report.source_id, reading.source_id), told, apps, copies, firsts, last,
        reading.source_id IS NOT NULL, {compared},
        CASE WHEN reading.storage = 'off' AND reading.storage_since
            <= COALESCE(%(as_of)s::timestamptz, 'infinity') THEN reading.storage_since END
    FROM (
        SELECT *, {last} AS last
        FROM (
            SELECT source_id, told, array_agg(app) AS apps, array_agg(per_device) AS copies,
                array_agg(first) AS firsts
            FROM (
                SELECT source_id, told, app, per_device,
                    (array_agg(report ORDER BY report))[1] AS first
                FROM notifications_firstreport
                WHERE report < %(end)s AND (%(apps)s::text[] IS NULL OR app = ANY(%(apps)s))
                    {in_time}
                GROUP BY 1, 2, 3, 4 ORDER BY first LIMIT %(most)s
            ) AS noted
            GROUP BY 1, 2
        ) AS kind
    ) AS report
    FULL JOIN notifications_pushserverreading AS reading ON reading.source_id = report.source_id
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """That ``source`` reports what is ``told`` (a message type, or a kind of events) of an app, or
    naming none, or copies of it. ``first`` is the id of the first such report; ``last`` is when it
    last told anything of that kind."""

    source: str
    told: str
    app: str | None
    per_device: bool
    first: UUID
    last: datetime

    @property
    def since(self) -> datetime:
        return time_of(self.first)

    @property
    def tells(self) -> Tells:
        if self.told in OF_EVENTS:
            return Tells(self.told)
        return Tells.COPIES if self.per_device else Tells.NOTIFICATIONS

    @property
    def is_of_messages(self) -> bool:
        return self.told not in OF_EVENTS


@dataclass(frozen=True, kw_only=True)
class Reporting:
    """What all sources report. Of those that read a Push Server, ``compared`` has when its
    registrations were last seen (the first of all moments, if they never were), and ``storage_off``
    since when it stores nothing."""

    reports: tuple[Reports, ...]
    compared: Mapping[str, datetime] = field(default_factory=dict)
    storage_off: Mapping[str, datetime] = field(default_factory=dict)
    gates: Gates = NO_GATES

    @cached_property
    def messages(self) -> tuple[Reports, ...]:
        return tuple(each for each in self.reports if each.is_of_messages)

    def heard(self, sources: Iterable[str]) -> dict[str, Heard]:
        """When each of these first and last reported a message, and which types it ever did."""
        wanted, found = set(sources), dict[str, list[Reports]]()
        for each in self.messages:
            if each.source in wanted:
                found.setdefault(each.source, []).append(each)
        return {
            source: Heard(
                first=min(each.since for each in told),
                last=max(each.last for each in told),
                types=frozenset(each.told for each in told),
            )
            for source, told in found.items()
        }

    def emitters(self, apps: Collection[str | None]) -> Emitters:
        """Which sources sent each type that events owe to these ``apps`` (None: to any at all), and
        from when on. What a source that names no app at all sends may be to any."""
        found: dict[tuple[str, str | None], tuple[str, ...]] = {}
        begun: dict[tuple[str, str | None, str], datetime] = {}
        for (message_type, source), first in self._first_by_app.items():
            for app in apps:
                if app is None:
                    since = min(first.values())
                elif first.keys() == {None}:
                    since = first[None]
                elif app in first:
                    since = first[app]
                else:
                    continue
                key = message_type, app
                found[key] = (*found.get(key, ()), source)
                begun[message_type, app, source] = since
        return Emitters(found, begun, self.gates)

    @cached_property
    def _first_by_app(self) -> dict[tuple[str, str], dict[str | None, datetime]]:
        found: dict[tuple[str, str], dict[str | None, datetime]] = {}
        for each in self.messages:
            if each.told in OWED_BY_EVENTS:
                of_one = found.setdefault((each.told, each.source), {})
                of_one[each.app] = min(each.since, of_one.get(each.app, each.since))
        return dict(sorted(found.items()))


def reporting_of(now: datetime, extent: Extent) -> Reporting:
    """Up to ``now``: what a clock ahead dated later tells nothing yet. In two queries."""
    return ask_reporting(now, extent)()


def ask_reporting(now: datetime, extent: Extent) -> Answer[Reporting]:
    given: dict[str, Any] = {
        "end": first_id_at(now + timedelta(milliseconds=1)),
        "most": MOST,
        **extent.parameters,
    }
    rows, gates = asked(_statement(extent), given), ask_gates(extent)
    return lambda: _reporting(rows(), gates())


def _reporting(rows: Rows, gates: Gates) -> Reporting:
    compared: dict[str, datetime] = {}
    storage_off: dict[str, datetime] = {}
    reports = []
    for source, told, apps, copies, firsts, last, reads, at, off_since in rows:
        if told is not None:
            latest = None if last is None else time_of(last)
            reports += [
                Reports(
                    source=source,
                    told=told,
                    app=app or None,
                    per_device=is_copy,
                    first=first,
                    last=latest or time_of(first),
                )
                for app, is_copy, first in zip(apps, copies, firsts, strict=True)
            ]
        if reads:
            compared[source] = at or FIRST
        if off_since is not None:
            storage_off[source] = off_since
    return Reporting(
        reports=tuple(reports), compared=compared, storage_off=storage_off, gates=gates
    )


def _statement(extent: Extent) -> str:
    in_time = _IN_TIME if extent.is_timed else ""
    compared = f"({_COMPARED.format(in_time=in_time)})"
    return _REPORTING.format(
        in_time=in_time,
        last=_last(in_time, is_of_apps=extent.apps is not None),
        compared=compared if extent.is_timed else "reading.registrations_at",
    )


def _last(in_time: str, *, is_of_apps: bool) -> str:
    """The id of the last report of the kind, of the apps if any."""
    if is_of_apps:
        given: dict[str, Any] = {"in_time": in_time, "most": LOOKED_THROUGH}
        message = _LAST_MESSAGE.format(told="id, app_id = ANY(%(apps)s) AS is_of_these", **given)
        of_events = {"told": "id, apps && %(apps)s::varchar[] AS is_of_these", **given}
        whole = "(SELECT id FROM ({}) AS latest WHERE is_of_these ORDER BY id DESC LIMIT 1)"
    else:
        given = {"in_time": in_time, "most": 1}
        message, whole = _LAST_MESSAGE.format(told="id", **given), "({})"
        of_events = {"told": "id", **given}
    cases = " ".join(
        f"WHEN '{told}' THEN {whole.format(_LAST_EVENT.format(table=table, **of_events))}"
        for told, table in EVENTS.items()
    )
    return f"CASE told {cases} ELSE {whole.format(message)} END"
