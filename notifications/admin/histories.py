"""What became of a subject, in a sentence: from its own row and the notifications that its page
shows. Where there are more than these, numbers say “at least” and “of the latest”."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.models import (
    AccessRecord,
    Activation,
    Export,
    InboxMessage,
    Notification,
    Operation,
    Recipient,
)
from notifications.models.notification import AddressedTo
from notifications.protocol.extras import MessageType
from notifications.protocol.identity import time_of

from .addresses import LOOKED_AT, page_address
from .telling import Piece, Sentence, given, key, later, link, moment, paragraph, tell
from .words import of_result

FEW = 3  # devices that a sentence names; of more it has the number
DAY = timedelta(days=1)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """The latest notifications about a subject in time order, and whether there are ``more``;
    ``may`` says which permissions the person has who reads."""

    rows: Sequence[Notification]
    more: bool
    may: Callable[[str], bool]

    @property
    def is_seen(self) -> bool:
        """Else no ``rows`` mean nothing."""
        return self.may("notifications.view_notification")

    @property
    def devices(self) -> list[str]:
        named = (str(each.activation_id) for each in self.rows if each.activation_id is not None)
        return list(dict.fromkeys(named))

    @property
    def recipient(self) -> int | None:
        """Whose it is, if exactly one is known and may be seen."""
        people = {each.recipient_id for each in self.rows} - {None}
        known = len(people) == 1 and self.may("notifications.view_recipient")
        return next(iter(people)) if known else None

    def of_type(self, message_type: str) -> "Told":
        rows = [each for each in self.rows if each.message_type == message_type]
        return Told(rows=rows, more=self.more, may=self.may)


def of_operation(shown: Operation, told: Told) -> Sentence:
    name = given(shown.name) if shown.name is not None else key(shown.pk, "")
    init, finish = shown.first_init_id, shown.last_finish_id
    if init is not None:
        words = _("The operation “%(name)s” was announced at %(at)s.")
        if whom := _to(told.of_type(MessageType.OPERATION_INIT)):
            words = _("The operation “%(name)s” was announced %(whom)s at %(at)s.")
        announced = tell(words, name=name, whom=whom, at=moment(init))
    else:
        announced = tell(_("No announcement of the operation “%(name)s” is recorded."), name=name)
    return paragraph(
        announced,
        _finish(shown.result, init, finish),
        _disagreeing(told.of_type(MessageType.OPERATION_FINISHED)),
        _number(told),
    )


def of_device(shown: Activation, told: Told, *, now: datetime) -> Sentence:
    device, first = key(shown.pk, ""), shown.first_notification_id
    if first is None:
        return tell(_("No notification that names device %(device)s is recorded."), device=device)
    if len(told.rows) > 1 or told.more:
        words = _("Device %(device)s was first notified at %(first)s and last at %(last)s.")
        last = moment(told.rows[-1].emitted_at)
        notified = tell(words, device=device, first=moment(first), last=last)
    else:
        words = _("Device %(device)s was first notified at %(first)s.")
        if [each.pk for each in told.rows] == [first]:
            words = _("Device %(device)s was notified once, at %(first)s.")
        notified = tell(words, device=device, first=moment(first))
    return paragraph(notified, _lately(told, now), _whose(told))


def of_inbox_message(shown: InboxMessage, told: Told) -> Sentence:
    first = shown.first_notification_id
    if first is None:
        return tell(_("No notification of this inbox message is recorded."))
    news = told.of_type(MessageType.INBOX_MESSAGE_NEW)
    words = _("This inbox message was announced at %(at)s.")
    if whom := _to(news if news.rows else told):
        words = _("This inbox message was announced %(whom)s at %(at)s.")
    return paragraph(tell(words, whom=whom, at=moment(first)), _number(told))


def of_recipient(shown: Recipient, told: Told) -> Sentence:
    if not told.is_seen:
        return ()
    if not told.rows:
        return tell(_("No notification to this recipient is recorded."))
    last = tell(_("The last one was sent at %(at)s."), at=moment(told.rows[-1].emitted_at))
    if not told.devices:
        named = tell(_("No notification to this recipient names a device."))
    else:
        words = _("Notifications to this recipient name %(devices)s.")
        if told.more:
            words = _("The latest notifications to this recipient name %(devices)s.")
        named = tell(words, devices=_devices(told))
    return paragraph(named, last, _number(told))


def of_access(shown: AccessRecord) -> Sentence:
    action = AccessRecord.Action
    words = {
        action.DEVICE_TRACE: _("%(who)s looked at the trace of device %(subject)s at %(at)s."),
        action.USER_TRACE: _("%(who)s looked at the trace of recipient %(subject)s at %(at)s."),
        action.OPERATION_TIMELINE: _(
            "%(who)s looked at the timeline of operation %(subject)s at %(at)s."
        ),
        action.EXPORT: _("%(who)s asked for export %(subject)s at %(at)s."),
        action.EXPORT_DOWNLOAD: _("%(who)s downloaded export %(subject)s at %(at)s."),
    }
    looked = tell(
        words[action(shown.action)],
        who=given(shown.who),
        subject=key(shown.subject, page_address(LOOKED_AT[shown.action], shown.subject)),
        at=moment(shown.at),
    )
    known: Sentence = ()
    if shown.as_of is not None:
        known = tell(_("It was shown as it was known at %(as_of)s."), as_of=moment(shown.as_of))
    return paragraph(looked, known, _for_case(shown.case_number))


def of_export(shown: Export) -> Sentence:
    dataset = Export.DataSet
    words = {
        dataset.NOTIFICATIONS: _("%(who)s asked for an export of notifications at %(at)s."),
        dataset.OPERATIONS: _("%(who)s asked for an export of operations at %(at)s."),
        dataset.DELIVERIES: _("%(who)s asked for an export of delivery reports at %(at)s."),
        dataset.GAPS: _("%(who)s asked for an export of gaps at %(at)s."),
        dataset.STATS: _("%(who)s asked for an export of statistics at %(at)s."),
    }
    asked = tell(words[dataset(shown.dataset)], who=given(shown.who), at=moment(shown.asked_at))
    return paragraph(asked, _for_case(shown.case_number))


def _finish(result: str | None, init: UUID | None, finish: UUID | None) -> Sentence:
    if finish is None:
        return tell(_("No finish of it is recorded."))
    told = given(of_result(result).text if result is not None else _("no result told"))
    if init is None or init > finish:
        return tell(_("It finished at %(at)s: %(result)s."), at=moment(finish), result=told)
    length = later(time_of(finish) - time_of(init))
    return tell(_("It finished %(length)s: %(result)s."), length=length, result=told)


def _disagreeing(finishes: Told) -> Sentence:
    results = {each.result for each in finishes.rows if each.result is not None}
    if len(results) < 2:
        return ()
    told = ", ".join(sorted(of_result(each).text for each in results))
    return tell(_("Its finishes tell different results: %(results)s."), results=given(told))


def _to(told: Told) -> Sentence:
    """To which devices, as far as the page's notifications tell."""
    if told.devices:
        return tell(_("to %(devices)s"), devices=_devices(told))
    if any(each.addressed_to == AddressedTo.USER for each in told.rows):
        return tell(_("to all devices of its user"))
    return tell(_("(to which devices is not told)")) if told.rows else ()


def _devices(told: Told) -> Sentence:
    """Links to a few, the number of more."""
    named = told.devices
    if len(named) > FEW:
        return tell(_("%(number)s devices"), number=len(named))
    may = told.may("notifications.view_activation")
    links = [key(each, page_address("activation", each) if may else "") for each in named]
    if len(links) == 1:
        return tell(_("device %(device)s"), device=links[0])
    return tell(_("the devices %(devices)s"), devices=_listed(links))


def _listed(pieces: Sequence[Piece]) -> Sentence:
    found: Sentence = ()
    for each in pieces:
        found += (Piece(", "), each) if found else (each,)
    return found


def _number(told: Told) -> Sentence:
    number = len(told.rows)
    if not number:
        return ()
    if told.more:
        return tell(_("Over %(number)s notifications are about it."), number=number)
    words = ngettext(
        "%(number)s notification is about it.", "%(number)s notifications are about it.", number
    )
    return tell(words, number=number)


def _lately(told: Told, now: datetime) -> Sentence:
    if not told.is_seen:
        return ()
    day, month = (_since(told, now - length) for length in (DAY, MONTH))
    words = _("Notifications in the last 24 hours: %(day)s; in the last 30 days: %(month)s.")
    return tell(words, day=day, month=month)


def _since(told: Told, start: datetime) -> str:
    number = sum(each.emitted_at >= start for each in told.rows)
    if told.more and number == len(told.rows):
        return _("at least %(number)s") % {"number": number}
    return str(number)


def _whose(told: Told) -> Sentence:
    if told.recipient is None:
        return ()
    called = _("recipient %(key)s") % {"key": told.recipient}
    person = link(called, page_address("recipient", told.recipient))
    return tell(_("Its user is %(recipient)s."), recipient=person)


def _for_case(case_number: str) -> Sentence:
    return tell(_("It was for case %(case)s."), case=given(case_number)) if case_number else ()
