"""What a change of a registration tells of devices, as events, and when it was registered."""

from collections.abc import Iterator
from datetime import UTC, datetime, tzinfo
from typing import Any

from notifications.ingest.attributes import moment as moment_in
from notifications.ingest.events import ActivationReport
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.identity import timestamp

from .registration_rows import Change


def readings_of(told_at: str | None, zone: tzinfo) -> tuple[datetime, ...]:
    """What a time without a zone may mean, in order: two where clocks repeat the hour, none where
    they skip it, or where it is no time of the calendar."""
    try:
        local = moment_in(told_at or "", UTC).replace(tzinfo=None)
        found = [local.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)]
        fitting = {each for each in found if each.astimezone(zone).replace(tzinfo=None) == local}
    except (ValueError, OverflowError):
        return ()
    return tuple(sorted(fitting))


def registered_at(change: Change, *, moment: datetime, zone: tzinfo) -> datetime | None:
    """As the row tells it: where that may mean two times, the one within the bounds, else the
    later."""
    if change.told_at == change.old_told_at and change.old_registered_at is not None:
        return change.old_registered_at
    told = readings_of(change.told_at, zone)
    return _within(change, told, moment) or max(told, default=None)


def reports_of(change: Change, *, moment: datetime, zone: tzinfo) -> Iterator[ActivationReport]:
    """By ``moment`` it was so. A row that names no device tells nothing of any; nor does it end
    what has another row."""
    happened = _within(change, readings_of(change.told_at, zone), moment)
    if _is_lost(change):
        yield _report(
            change,
            moment,
            ActivationEventKind.UNREGISTERED,
            happened_at=happened,
            activation_id=change.old_activation,
            token=change.old_token,
            apps=_apps(change.old_app),
            user_id=change.old_user_id,
        )
    if not change.is_there or change.activation is None:
        return
    now = {
        "activation_id": change.activation,
        "token": change.token,
        "apps": _apps(change.app),
        "user_id": change.user_id,
        "push_active": change.is_active,
    }
    if _is_flip(change):
        yield _report(change, moment, ActivationEventKind.PUSH_STATUS, **now)
    else:
        platform = None if change.platform is None else Platform(change.platform)
        kind = ActivationEventKind.REGISTERED
        yield _report(change, moment, kind, happened_at=happened, platform=platform, **now)


def _is_lost(change: Change) -> bool:
    had = change.old_activation
    return had is not None and had != change.activation and not change.is_elsewhere


def _is_flip(change: Change) -> bool:
    """Nothing but the flag of push-active devices is another."""
    now = (change.activation, change.user_id, change.app, change.platform, change.token)
    old = (change.old_activation, change.old_user_id, change.old_app, change.old_platform)
    return (*now, change.told_at) == (*old, change.old_token, change.old_told_at)


def _within(change: Change, told: tuple[datetime, ...], moment: datetime) -> datetime | None:
    """The one of these that it can have been, by what was read before and now."""
    since = change.not_before
    fitting = [each for each in told if (since is None or since <= each) and each <= moment]
    return fitting[0] if len(fitting) == 1 else None


def _report(
    change: Change, moment: datetime, kind: ActivationEventKind, **told: Any
) -> ActivationReport:
    return ActivationReport(
        key=f"registration/{change.number}/{timestamp(moment)}/{kind}",
        kind=kind,
        observed_at=moment,
        not_before=change.not_before,
        **told,
    )


def _apps(app: str | None) -> tuple[str, ...]:
    return () if app is None else (app,)
