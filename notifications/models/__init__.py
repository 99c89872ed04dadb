"""What is stored. Evidence is written by ``ingest.recorder`` alone and changed by nobody."""

from .account import Account
from .coverage import ContactKind, Coverage, SourceError
from .delivery import DeliveryReport
from .event import ActivationEvent, InboxEvent, OperationEvent
from .export import Export, ExportPart
from .governance import MAX_CASE_NUMBER, AccessRecord
from .notification import AddressedTo, Notification
from .overview import Overview
from .presentation import Content, Presentation
from .push_server import AwaitedMessage, MessageStorage, PushRegistration, PushServerReading
from .source import Source
from .subject import Activation, InboxMessage, Operation, Recipient, Subject
from .tally import DailyTally, HourlyTally, TallyMark

__all__ = [
    "MAX_CASE_NUMBER",
    "AccessRecord",
    "Account",
    "Activation",
    "ActivationEvent",
    "AddressedTo",
    "AwaitedMessage",
    "ContactKind",
    "Content",
    "Coverage",
    "DailyTally",
    "DeliveryReport",
    "Export",
    "ExportPart",
    "HourlyTally",
    "InboxEvent",
    "InboxMessage",
    "MessageStorage",
    "Notification",
    "Operation",
    "OperationEvent",
    "Overview",
    "Presentation",
    "PushRegistration",
    "PushServerReading",
    "Recipient",
    "Source",
    "SourceError",
    "Subject",
    "TallyMark",
]
