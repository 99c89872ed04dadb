"""What is stored. Evidence is written by ``ingest.recorder`` alone and changed by nobody."""

from .account import Account
from .export import Export, ExportPart
from .governance import MAX_CASE_NUMBER, AccessRecord
from .notification import AddressedTo, Notification
from .overview import Overview
from .source import Source
from .subject import Activation, InboxMessage, Operation, Recipient, Subject
from .tally import DailyTally, HourlyTally, TallyMark

__all__ = [
    "MAX_CASE_NUMBER",
    "AccessRecord",
    "Account",
    "Activation",
    "AddressedTo",
    "DailyTally",
    "Export",
    "ExportPart",
    "HourlyTally",
    "InboxMessage",
    "Notification",
    "Operation",
    "Overview",
    "Recipient",
    "Source",
    "Subject",
    "TallyMark",
]
