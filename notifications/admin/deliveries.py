"""What gateways answered, in the words of the pages. Acceptance is the most that is known: what a
phone showed, nobody is told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from notifications.models import DeliveryReport, Notification
from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, Delivery, DeviceBy, Outcome, last_word
from notifications.trace.deliveries import delivery_of

from .telling import Filling, Sentence, given, tell
from .trails import May
from .words import GATEWAYS, Badge, Look, Words

RIGHT = "notifications.view_deliveryreport"
MAX_SHOWN = 100  # of one notification: anybody who may report can repeat themselves
OUTCOMES: Mapping[str, Look] = {
    Outcome.ACCEPTED: (gettext_lazy("accepted"), "good", "✓"),
    Outcome.FAILED: (gettext_lazy("failed"), "bad", "⊗"),
    Outcome.PENDING: (pgettext_lazy("of a gateway", "pending"), "init", "…"),
}
FOR_EVER: Look = (gettext_lazy("stays pending for ever"), "warn", "…")
CAUSES: Mapping[str, Words] = {
    Cause.INACTIVE_PERSONAL: gettext_lazy(
        "most likely it was never sent, being personal while the device was not push-active"
    ),
    Cause.GATEWAY_NOT_CONFIGURED: gettext_lazy(
        "most likely the gateway is not configured for the app"
    ),
    Cause.TRANSPORT_ERROR: gettext_lazy(
        "most likely the gateway did not answer, or not so that it was read"
    ),
    Cause.NO_FLAG: gettext_lazy(
        "most likely the Push Server broke off, having nothing on whether the registration is"
        " active"
    ),
    Cause.UNKNOWN: gettext_lazy("nothing suggests why"),
}
DEVICES: Mapping[str, Words] = {
    DeviceBy.REQUEST: gettext_lazy("the request named it"),
    DeviceBy.REGISTRATION: gettext_lazy("its registration was of this device all the while"),
    DeviceBy.NOBODY: gettext_lazy(
        "it is not: which device the registration was then was not observed"
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Deliveries:
    """The reports of one notification, the latest first; ``more``: there are others before.
    ``timed`` is one that has its time as the source wrote it, ``known`` how its device is known."""

    reports: Sequence[DeliveryReport]
    more: bool
    last: Delivery
    timed: DeliveryReport | None
    known: str


def deliveries_of(shown: Notification, may: May) -> Deliveries | None:
    """None for those who may not see them, and where there are none."""
    if not may(RIGHT):
        return None
    rows = list(
        DeliveryReport.objects.filter(notification=shown.pk).order_by("-id")[: MAX_SHOWN + 1]
    )
    last = last_word(map(delivery_of, rows))
    if last is None:
        return None
    return Deliveries(
        reports=rows[:MAX_SHOWN],
        more=len(rows) > MAX_SHOWN,
        last=last,
        timed=next((each for each in rows if each.told_at is not None), None),
        known=next((str(DEVICES[each.device_by]) for each in rows if each.device_by), ""),
    )


def of_outcome(report: DeliveryReport | Delivery) -> Badge:
    is_for_ever = report.outcome == Outcome.PENDING and report.is_final
    text, look, sign = FOR_EVER if is_for_ever else OUTCOMES[report.outcome]
    return Badge(str(text), look, sign, "")


def cause_told(report: DeliveryReport | Delivery) -> str:
    """“most likely …”, "" where it does not stay so."""
    return str(CAUSES[report.cause]) if report.cause is not None else ""


def of_last(shown: Notification, last: Delivery) -> Sentence:
    """“APNs took it.”"""
    gateway = GATEWAYS[Platform(shown.platform)] if shown.platform else ""
    pieces: dict[str, Filling] = {"gateway": gateway or _("Its gateway"), "code": given(last.code)}
    match last.outcome:
        case Outcome.ACCEPTED:
            return tell(_("%(gateway)s took it."), **pieces)
        case Outcome.FAILED if last.is_unexplained:
            words = _("%(gateway)s did not take it; the Push Server keeps no reason.")
            return tell(words, **pieces)
        case Outcome.FAILED if last.code is not None:
            return tell(_("%(gateway)s did not take it: %(code)s."), **pieces)
        case Outcome.FAILED:
            return tell(_("%(gateway)s did not take it."), **pieces)
        case Outcome.PENDING if not last.is_final:
            words = _("What %(gateway)s answered is not known yet.")
            return tell(words, gateway=gateway or _("its gateway"))
    cause = str(CAUSES[last.cause or Cause.UNKNOWN])
    return tell(_("It stays pending for ever: %(cause)s."), cause=cause)
