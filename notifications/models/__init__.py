"""What is stored. Evidence is written by ``ingest.recorder`` alone and changed by nobody."""

from .account import Account
from .clock import ClockDay
from .coverage import ContactKind, Coverage, SourceError
from .delivery import DeliveryReport
from .event import ActivationEvent, InboxEvent, OperationEvent
from .export import Export, ExportPart
from .first_report import FirstReport
from .gap import MAX_NOTE, GapHour, GapLook, GapMark, GapNote
from .governance import MAX_CASE_NUMBER, AccessRecord
from .notification import AddressedTo, Notification
from .overview import Overview
from .presentation import Content, Presentation
from .push_server import (
    AwaitedMessage,
    MessageStorage,
    PushComparing,
    PushRegistration,
    PushServerReading,
)
from .setting import RuleSetting, SettingChange, note_change
from .source import Source
from .subject import Activation, InboxMessage, Operation, Recipient, Subject
from .tally import DailyTally, HourlyTally, TallyMark

__all__ = [
    "MAX_CASE_NUMBER",
    "MAX_NOTE",
    "AccessRecord",
    "Account",
    "Activation",
    "ActivationEvent",
    "AddressedTo",
    "AwaitedMessage",
    "ClockDay",
    "ContactKind",
    "Content",
    "Coverage",
    "DailyTally",
    "DeliveryReport",
    "Export",
    "ExportPart",
    "FirstReport",
    "GapHour",
    "GapLook",
    "GapMark",
    "GapNote",
    "HourlyTally",
    "InboxEvent",
    "InboxMessage",
    "MessageStorage",
    "Notification",
    "Operation",
    "OperationEvent",
    "Overview",
    "Presentation",
    "PushComparing",
    "PushRegistration",
    "PushServerReading",
    "Recipient",
    "RuleSetting",
    "SettingChange",
    "Source",
    "SourceError",
    "Subject",
    "TallyMark",
    "note_change",
]
