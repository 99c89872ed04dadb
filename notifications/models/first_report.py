"""Since when each source tells what: noted as it is recorded, so that no answer looks for it."""

from django.db import models

from notifications.protocol.coverage import Tells

from .event import ActivationEvent, InboxEvent, OperationEvent
from .fields import IdentifierField, TransactionIdField
from .source import Source

# The tables of the events that tell each kind.
EVENTS = {
    Tells.REGISTRATIONS: ActivationEvent._meta.db_table,
    Tells.OPERATIONS: OperationEvent._meta.db_table,
    Tells.INBOX: InboxEvent._meta.db_table,
}


class FirstReport(models.Model):
    """The first notification or event of a source, of its kind and app, as far as was on record.

    Each that comes before all those of its kind that were recorded until then has a row, written by
    a trigger in its own transaction: the first as of any moment is the least ``report`` of what was
    recorded by then. A projection: it holds nothing that the evidence does not tell.
    """

    source = models.ForeignKey(
        Source, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+"
    )
    told = models.CharField(max_length=32, help_text="A message type, or a kind of events.")
    app = IdentifierField(default="", help_text="Empty: it names none.")
    per_device = models.BooleanField(default=False, help_text="A copy for one device.")
    report = models.UUIDField(help_text="The id of the notification or event.")
    recorded_at = models.DateTimeField()
    recorded_xid = TransactionIdField()

    class Meta:
        default_permissions = ()
        indexes = (
            # The first of each, for answers and for the triggers.
            models.Index(
                fields=("source", "told", "app", "per_device", "report"), name="first_report"
            ),
        )

    def __str__(self) -> str:
        return f"first report {self.report}"
