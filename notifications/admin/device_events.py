"""The events of a device as its page lists them, and the devices that the events of a user name."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from notifications.models import ActivationEvent
from notifications.protocol import events as protocol
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.identity import time_of
from notifications.protocol.statuses import moment_of
from notifications.protocol.tables import is_of_table

from .events import MOST, Events, Row, device_link
from .telling import Sentence, given, paragraph, tell
from .trails import May
from .words import GATEWAYS, Badge, of_flag, of_status

MOST_LOOKED_AT = 2_000  # events of a user, for the devices that they name
Findings = Mapping[UUID, list[dict[str, str]]]
NOTHING_FOUND: Findings = {}


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device that an event of a user names, the ``last`` time; no notification that is shown
    does if it ``is_new``."""

    key: str
    last: datetime
    is_new: bool


def events_of_device(
    events: Sequence[protocol.ActivationEvent], activation: str, *, may: May
) -> Events:
    """``events`` are all that concern the device."""
    latest = sorted(events, key=lambda each: (moment_of(each), each.id))[-MOST:]
    found = _findings(each.id for each in latest)
    return Events(
        rows=[_of_device(each, activation, found, may) for each in latest],
        more=len(events) > MOST,
        tells_requests=True,
    )


def _of_device(event: protocol.ActivationEvent, activation: str, found: Findings, may: May) -> Row:
    return Row(
        id=event.id,
        what=_what(event),
        told=paragraph(*_details(event, activation, may)),
        at=event.at,
        is_dated=event.happened_at is not None,
        observed_at=event.observed_at,
        recorded_at=event.recorded_at,
        source=event.source,
        recipient=event.recipient,
        token=event.token,
        is_request=event.is_request,
        is_ahead=event.at > event.observed_at,
        not_before=event.not_before,
        findings=found.get(event.id, ()),
    )


def _what(event: protocol.ActivationEvent) -> Badge:
    match event.kind:
        case ActivationEventKind.STATUS if event.status is not None:
            return of_status(event.status)
        case ActivationEventKind.STATUS:
            return Badge(_("no status"), "odd", "?", "")
        case ActivationEventKind.REGISTERED:
            return Badge(_("registered"), "status", "▲", "")
        case ActivationEventKind.UNREGISTERED:
            gone = _("no longer registered") if _is_gone(event) else _("token deleted")
            return Badge(gone, "quiet", "▽", "")
        case ActivationEventKind.PUSH_STATUS:
            return Badge(_("push status"), "init", "◆", "")


def _details(event: protocol.ActivationEvent, activation: str, may: May) -> Iterator[Sentence]:
    words = {
        ActivationEventKind.STATUS: _("Its status with PowerAuth."),
        ActivationEventKind.REGISTERED: _("A push token was registered."),
        ActivationEventKind.UNREGISTERED: _("A push token was deleted."),
        ActivationEventKind.PUSH_STATUS: _("The Push Server was told a status."),
    }
    is_gone = _is_gone(event)
    yield tell(_("The Push Server no longer has it.") if is_gone else words[event.kind])
    if event.kind is not ActivationEventKind.STATUS and event.status is not None:
        yield tell(_("Status: %(status)s."), status=given(event.status))
    if event.reason is not None:
        yield tell(_("Reason: %(reason)s."), reason=given(event.reason))
    if event.push_active is not None:
        yield tell(_("Push-active: %(flag)s."), flag=of_flag(event.push_active).text)
    if event.activation is not None and event.activation != activation:
        yield tell(
            _("It names another device, %(device)s."), device=device_link(event.activation, may)
        )
    if event.app is not None:
        yield tell(_("App %(app)s."), app=given(event.app))
    if event.platform is not None:
        yield tell(_("Gateway %(gateway)s."), gateway=given(_gateway(event.platform)))


def _is_gone(event: protocol.ActivationEvent) -> bool:
    """Its row was no longer there: deleted, or bound to another device."""
    is_own = event.kind is ActivationEventKind.UNREGISTERED and event.activation is not None
    return is_own and is_of_table(event)


def _gateway(platform: str) -> str:
    return {str(name): text for name, text in GATEWAYS.items()}.get(platform, platform)


def devices_of_user(recipient: int, shown: Sequence[str]) -> list[NamedDevice]:
    """Those that the latest events of the user name, newest first; ``shown`` are known already."""
    told = ActivationEvent.objects.filter(recipient=recipient, activation__isnull=False)
    latest = told.newest_first().values_list("activation_id", "id")[:MOST_LOOKED_AT]
    last: dict[str, UUID] = {}
    for activation, event in latest:
        last.setdefault(str(activation), event)
    known = set(shown)
    return [NamedDevice(each, time_of(at), each not in known) for each, at in last.items()]


def _findings(ids: Iterable[UUID]) -> Findings:
    asked = list(ids)
    if not asked:
        return NOTHING_FOUND
    found = ActivationEvent.objects.filter(pk__in=asked).exclude(findings=[])
    return dict(found.values_list("pk", "findings"))
