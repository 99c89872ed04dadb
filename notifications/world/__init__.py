"""A small world: what happened in a bank, kept strictly apart from what was emitted about it.

Deterministic by seed, any size, pure Python. `World` makes the truth (`facts`) and what an emitter
reported of it (`emissions`), trouble included and labelled, so that a scorer knows every answer.
"""

from .emitter import Emitted
from .facts import Fact, Kind, Operation
from .faults import Corruption, Fault, Faults
from .people import Device, Status, StatusChange, Style, User
from .world import World

__all__ = [
    "Corruption",
    "Device",
    "Emitted",
    "Fact",
    "Fault",
    "Faults",
    "Kind",
    "Operation",
    "Status",
    "StatusChange",
    "Style",
    "User",
    "World",
]
