"""What is on record here that the documentation's example requests can ask for."""

import shlex
from collections.abc import Mapping

from notifications.models import Notification
from notifications.protocol.extras import MessageType

NOTHING = "nothing-recorded"


def variables(api: str, *, reader: str, analyst: str, emitter: str) -> Mapping[str, str]:
    """The variables of `docs/api.md`: the API's address, a token that reads, one that exports and
    one that reports, and identifiers of what was told last."""
    told = Notification.objects.select_related("recipient").newest_first()
    finish = told.filter(
        message_type=MessageType.OPERATION_FINISHED,
        operation__isnull=False,
        activation__isnull=False,
        recipient__user_id__isnull=False,
    ).first()
    inbox = told.filter(inbox_message__isnull=False).first()
    person = finish.recipient if finish is not None else None
    identifiers = {
        "NOTIFICATION": finish and str(finish.pk),
        "OPERATION": finish and finish.operation_id,
        "DEVICE": finish and finish.activation_id,
        "USER_ID": person and person.user_id,
        "SOURCE": finish and finish.source_id,
        "INBOX_MESSAGE": inbox and inbox.inbox_message_id,
    }
    found = {name: key or NOTHING for name, key in identifiers.items()}
    return {"API": api, "READER": reader, "ANALYST": analyst, "EMITTER": emitter, **found}


def as_export(values: Mapping[str, str]) -> str:
    """One line for a shell."""
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in values.items())
