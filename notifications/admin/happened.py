"""What happened, in a sentence as support would say it: what was sent and when, and what else the
record tells of the same. Nothing here says that a message arrived: nobody knows."""

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from notifications.models import Notification, Operation
from notifications.models.notification import AddressedTo
from notifications.protocol.deliveries import Delivery
from notifications.protocol.extras import MessageType, identifier
from notifications.protocol.identity import time_of

from .addresses import page_address
from .deliveries import of_last
from .related import Around
from .telling import Filling, Sentence, before, given, key, later, link, moment, paragraph, tell
from .words import of_result

May = Callable[[str], bool]


def of_notification(
    shown: Notification,
    about: Around | None,
    operation: Operation | None,
    last: Delivery | None,
    *,
    may: May,
) -> Sentence:
    """``about`` are the others of its operation or inbox message; ``operation`` knows what is
    further away than these. ``last`` is the last word of its gateway."""
    rest: Sentence = ()
    if shown.operation_id is not None and about is not None:
        if shown.message_type == MessageType.OPERATION_INIT:
            rest = _finish_after(shown, about, operation)
        elif shown.message_type == MessageType.OPERATION_FINISHED:
            rest = paragraph(_init_before(shown, about, operation), _other_results(shown, about))
    outcome = of_last(shown, last) if last is not None else ()
    return paragraph(_sent(shown, may), outcome, rest)


def _sent(shown: Notification, may: May) -> Sentence:
    pieces: dict[str, Filling] = {"whom": _whom(shown, may), "at": moment(shown.emitted_at)}
    match shown.message_type:
        case MessageType.OPERATION_INIT:
            words = _("%(operation)s was announced %(whom)s at %(at)s.")
            return tell(words, operation=_operation(shown, may), **pieces)
        case MessageType.OPERATION_FINISHED if shown.result is not None:
            words = _("%(operation)s finished: %(result)s. This was sent %(whom)s at %(at)s.")
            result = given(of_result(shown.result).text)
            return tell(words, operation=_operation(shown, may), result=result, **pieces)
        case MessageType.OPERATION_FINISHED:
            words = _(
                "%(operation)s finished, and no result is told. This was sent %(whom)s at %(at)s."
            )
            return tell(words, operation=_operation(shown, may), **pieces)
        case MessageType.STATUS_CHANGE:
            words = _(
                "A change of the status of the registration was announced %(whom)s at %(at)s."
            )
            return tell(words, **pieces)
        case MessageType.INBOX_MESSAGE_NEW:
            words = _("A new message in the inbox was announced %(whom)s at %(at)s.")
            return tell(words, **pieces)
        case None:
            return tell(_("A message that tells no type was sent %(whom)s at %(at)s."), **pieces)
        case other:
            words = _(
                "A message of the type “%(type)s”, which the specification does not have, was sent"
                " %(whom)s at %(at)s."
            )
            return tell(words, type=given(other), **pieces)


def _operation(shown: Notification, may: May) -> Sentence:
    name = identifier(shown.extras.get("operationName"))
    operation = shown.operation_id
    if operation is None:
        words = _("An operation “%(name)s” without id") if name else _("An operation without id")
        return tell(words, name=given(name))
    words = _("The operation “%(name)s”") if name else _("The operation %(key)s")
    address = page_address("operation", operation) if may("notifications.view_operation") else ""
    return tell(words, name=link(name or "", address), key=key(operation, address))


def _whom(shown: Notification, may: May) -> Sentence:
    activation, address = shown.activation_id, ""
    if activation is not None and may("notifications.view_activation"):
        address = page_address("activation", activation)
    device = key(activation, address)
    if shown.per_device and activation is None:
        return tell(_("to a device that is not known, as the copy made for it,"))
    if shown.per_device:
        return tell(_("to device %(device)s, as the copy made for it,"), device=device)
    if shown.addressed_to == AddressedTo.ACTIVATION:
        return tell(_("to device %(device)s"), device=device)
    if shown.addressed_to == AddressedTo.USER:
        return tell(_("to all devices of its user"))
    if activation is not None:
        return tell(_("(addressee not told, about device %(device)s)"), device=device)
    return tell(_("(addressee not told)"))


def _finish_after(shown: Notification, about: Around, operation: Operation | None) -> Sentence:
    finishes = [e for e in about.after if e.message_type == MessageType.OPERATION_FINISHED]
    here = [each for each in finishes if not _is_elsewhere(each, shown)]
    if found := next(iter(here or finishes), None):
        pieces: dict[str, Filling] = {
            "length": later(found.emitted_at - shown.emitted_at),
            "result": given(_result(found.result)),
        }
        if here:
            return tell(_("It finished %(length)s: %(result)s."), **pieces)
        words = _("It finished %(length)s: %(result)s. That was sent to another device.")
        return tell(words, **pieces)
    last = operation.last_finish_id if operation is not None and about.more_after else None
    if operation is not None and last is not None and last > shown.pk:
        return tell(
            _("Its last finish is recorded %(length)s: %(result)s."),
            length=later(_apart(shown, time_of(last))),
            result=given(_result(operation.result)),
        )
    return tell(_("No finish of it is recorded since."))


def _init_before(shown: Notification, about: Around, operation: Operation | None) -> Sentence:
    inits = [e for e in about.before if e.message_type == MessageType.OPERATION_INIT]
    here = [each for each in inits if not _is_elsewhere(each, shown)]
    if found := next(reversed(here or inits), None):
        length = before(shown.emitted_at - found.emitted_at)
        words = _("It was announced %(length)s.")
        if not here:
            words = _("It was announced %(length)s, to another device.")
        return tell(words, length=length)
    first = operation.first_init_id if operation is not None and about.more_before else None
    if first is not None and first < shown.pk:
        length = before(_apart(shown, time_of(first)))
        return tell(_("It was first announced %(length)s."), length=length)
    return tell(_("No announcement of it is recorded before."))


def _other_results(shown: Notification, about: Around) -> Sentence:
    finishes = [
        each
        for each in (*about.before, *about.after)
        if each.message_type == MessageType.OPERATION_FINISHED and each.result != shown.result
    ]
    if not finishes:
        return ()
    told = ", ".join(sorted({_result(each.result) for each in finishes}))
    return tell(_("Another finish of it tells otherwise: %(results)s."), results=given(told))


def _is_elsewhere(one: Notification, other: Notification) -> bool:
    """Both name a device, and not the same."""
    keys = {one.activation_id, other.activation_id} - {None}
    return len(keys) == 2


def _result(result: str | None) -> str:
    return of_result(result).text if result is not None else _("no result told")


def _apart(shown: Notification, other: datetime) -> timedelta:
    return abs(shown.emitted_at - other)
