"""Where the rules apply to what one source sends, how that is known, and the way to set it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.db import connection, transaction

from notifications.models import RuleSetting, note_change
from notifications.models.querysets import Extent
from notifications.protocol.extras import MessageType
from notifications.protocol.gates import GATED, NO_GATES, OWED_BY_EVENTS, Gates, Says
from notifications.protocol.identity import time_of, timestamp
from notifications.protocol.merging import WITHIN
from notifications.protocol.message import later
from notifications.protocol.reasons import Rule

from .copiers import copiers
from .gates import latest_settings, setting_of
from .reporting import Reporting, reporting_of

MOST_APPS = 20  # that a page shows, beside those that something is set of

# The message that a rule owes; E7 owes copies of any.
OWES: Mapping[Rule, MessageType] = {
    Rule.E0: MessageType.OPERATION_INIT,
    Rule.E1: MessageType.OPERATION_FINISHED,
    Rule.E2: MessageType.OPERATION_INIT,
    Rule.E4: MessageType.STATUS_CHANGE,
    Rule.E5: MessageType.INBOX_MESSAGE_NEW,
    Rule.E6: MessageType.OPERATION_FINISHED,
}
_Sent = Mapping[tuple[str, str | None], UUID]


class Why(StrEnum):
    """How it is known whether a rule applies."""

    SET = "set"
    SEEN = "seen"  # a message of its type, or a copy, was
    NOT_SEEN = "not_seen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Whether ``rule`` applies now to what the source sends to ``app`` (None: to any), and why.
    ``since`` is when it was first seen to send what the rule owes, and ``first`` the notification;
    ``setting`` is what was set, where that holds."""

    rule: Rule
    app: str | None
    applies: bool
    why: Why
    since: datetime | None = None
    first: UUID | None = None
    setting: RuleSetting | None = None


def rules_of(source: str, now: datetime) -> tuple[Holding, ...]:
    """Of each rule that can be set, for any app and for each that is known of the source; in three
    queries."""
    rows = [each for each in latest_settings(Extent()) if each.source_id == source]
    by_key = {(Rule(each.rule), each.app or None): each for each in rows}
    gates = Gates.of(map(setting_of, rows))
    reporting = replace(reporting_of(now, Extent()), gates=NO_GATES)  # as learned
    sent, copying = _sent(source, reporting), _copying(source, reporting)
    seen = dict.fromkeys(app for _, app in sent if app is not None) | dict.fromkeys(copying)
    apps = sorted({*[*seen][:MOST_APPS], *(each.app for each in rows if each.app)})
    found = []
    for rule in GATED:
        for app in (None, *apps):
            setting = gates.find(rule, source, app, now)
            if setting is not None:
                row = by_key[rule, setting.app]
                applies = setting.says is Says.APPLIES
                found.append(Holding(rule=rule, app=app, applies=applies, why=Why.SET, setting=row))
            else:
                found.append(_learned(rule, app, sent, copying))
    return tuple(found)


def history_of(source: str, *, before: int | None = None, most: int = 50) -> list[RuleSetting]:
    """What was set of the source, the last first; ``before`` is the key of one that is passed."""
    rows = RuleSetting.objects.filter(source=source)
    if before is not None:
        rows = rows.filter(pk__lt=before)
    return list(rows.order_by("-pk")[:most])


def set_rule(wanted: RuleSetting) -> RuleSetting:
    """Adds what is ``wanted``, a row that is not saved yet, and notes the change."""
    with transaction.atomic(), connection.cursor() as cursor:
        # One at a time, so that what is noted as before is what it follows.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('notifications.set_rule'))")
        before = (
            RuleSetting.objects.filter(source=wanted.source_id, app=wanted.app, rule=wanted.rule)
            .order_by("-pk")
            .first()
        )
        wanted.save(force_insert=True)
        note_change(
            f"rule {wanted.rule}",
            about=wanted.source_id,
            before=in_words(before) if before else f"{_app(wanted.app)}: {Says.LEARNED}",
            after=in_words(wanted),
            who=wanted.who,
            note=wanted.note,
        )
    wanted.refresh_from_db()
    return wanted


def in_words(setting: RuleSetting) -> str:
    """app retail: applies since 2026-03-01T00:00:00.000Z"""
    since = f" since {timestamp(setting.since)}" if setting.since else ""
    until = f" until {timestamp(setting.until)}" if setting.until else ""
    return f"{_app(setting.app)}: {setting.says}{since}{until}"


def _app(app: str) -> str:
    return f"app {app}" if app else "any app"


def _sent(source: str, reporting: Reporting) -> _Sent:
    """In order of time."""
    told = [each for each in reporting.messages if each.source == source]
    found: dict[tuple[str, str | None], UUID] = {}
    for each in sorted(told, key=lambda each: each.first):
        found.setdefault((each.told, each.app), each.first)
    return found


def _copying(source: str, reporting: Reporting) -> Mapping[str, datetime]:
    """Since when it reports copies, by app."""
    told = copiers(reporting).since
    return {app: later(since, WITHIN) for (app, each), since in told.items() if each == source}


def _learned(rule: Rule, app: str | None, sent: _Sent, copying: Mapping[str, datetime]) -> Holding:
    if rule is Rule.E7:
        since = min(copying.values(), default=None) if app is None else copying.get(app)
        why = Why.NOT_SEEN if since is None else Why.SEEN
        return Holding(rule=rule, app=app, applies=since is not None, why=why, since=since)
    first = next(iter(_of_type(rule, app, sent)), None)
    return Holding(
        rule=rule,
        app=app,
        applies=first is not None,
        why=Why.NOT_SEEN if first is None else Why.SEEN,
        since=None if first is None else time_of(first),
        first=first,
    )


def _of_type(rule: Rule, app: str | None, sent: _Sent) -> Iterator[UUID]:
    """In order of time. Of what messages owe, whatever the app; else of this app alone, unless the
    source tells none at all."""
    of_type = {told: first for (name, told), first in sent.items() if name == OWES[rule]}
    is_of_any = app is None or rule not in OWED_BY_EVENTS.values() or of_type.keys() == {None}
    yield from (first for told, first in of_type.items() if is_of_any or told == app)


def apps_of(holdings: Sequence[Holding]) -> list[str | None]:
    return list(dict.fromkeys(each.app for each in holdings))
