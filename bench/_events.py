"""Reports of events as they are recorded and read again: what is told under one key is one event,
the first."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar

from notifications.ingest.events import ActivationReport, InboxReport, OperationReport, Report
from notifications.protocol.events import ActivationEvent, InboxEvent, OperationEvent
from notifications.protocol.identity import id_of_event, to_millisecond

R = TypeVar("R", bound=Report)
E = TypeVar("E")
Users = Mapping[str, int]


def activation_events(
    reports: Sequence[ActivationReport], source: str, users: Users
) -> list[ActivationEvent]:
    def event(each: ActivationReport, shared: Mapping[str, Any]) -> ActivationEvent:
        return ActivationEvent(
            **shared,
            kind=each.kind,
            activation=each.activation_id,
            status=each.status,
            reason=each.reason,
            app=each.apps[0] if each.apps else None,
            platform=each.platform,
            push_active=each.push_active,
            token=each.token,
            is_request=each.is_request,
            not_before=_rounded(each.not_before),
        )

    return _once(reports, source, users, event)


def operation_events(
    reports: Sequence[OperationReport], source: str, users: Users
) -> list[OperationEvent]:
    def event(each: OperationReport, shared: Mapping[str, Any]) -> OperationEvent:
        return OperationEvent(
            **shared,
            operation=each.operation_id,
            status=each.status,
            name=each.name,
            external=each.external_id,
            apps=each.apps,
            activation=each.activation_id,
            created_at=_rounded(each.created_at),
            expires_at=_rounded(each.expires_at),
        )

    return _once(reports, source, users, event)


def inbox_events(reports: Sequence[InboxReport], source: str, users: Users) -> list[InboxEvent]:
    def event(each: InboxReport, shared: Mapping[str, Any]) -> InboxEvent:
        return InboxEvent(
            **shared, inbox_message=each.inbox_message_id, apps=each.apps, silent=each.silent
        )

    return _once(reports, source, users, event)


def _rounded(moment: datetime | None) -> datetime | None:
    return None if moment is None else to_millisecond(moment)


def _once(
    reports: Sequence[R], source: str, users: Users, event: Callable[[R, Mapping[str, Any]], E]
) -> list[E]:
    found: dict[str, E] = {}
    for number, each in enumerate(reports):
        name = each.key or f"without a key {number}"
        at = each.happened_at or each.observed_at
        shared = {
            "id": id_of_event(source, name.encode(), at),
            "source": source,
            "observed_at": to_millisecond(each.observed_at),
            "recorded_at": each.observed_at,
            "happened_at": _rounded(each.happened_at),
            "recipient": None if each.user_id is None else users[each.user_id],
        }
        if name not in found:
            found[name] = event(each, shared)
    return list(found.values())
