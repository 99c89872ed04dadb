"""What is stored. Evidence is written by ``ingest.recorder`` alone and changed by nobody."""

from .account import Account
from .governance import AccessRecord
from .notification import AddressedTo, Notification
from .source import Source
from .subject import Activation, InboxMessage, Operation, Recipient, Subject

__all__ = [
    "AccessRecord",
    "Account",
    "Activation",
    "AddressedTo",
    "InboxMessage",
    "Notification",
    "Operation",
    "Recipient",
    "Source",
    "Subject",
]
