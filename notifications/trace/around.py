"""What is on record around a window of some devices and of their users, read for their traces."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from uuid import UUID

from notifications.models.querysets import Extent
from notifications.protocol.events import ActivationEvent, InboxEvent, OperationEvent
from notifications.protocol.message import Message
from notifications.protocol.window import Window

from . import evidence, lives, owed
from .copiers import Copiers, copiers
from .reporting import Reporting, ask_reporting
from .states import ask_events


@dataclass(frozen=True, kw_only=True)
class Around:
    """What is ``named`` with the devices and what went ``to_users`` of theirs; all that was told
    ``of_operations``, by operation; the ``events`` of each device, of operations (``lived``) and of
    the inbox (``posted``); and what sources tell at all."""

    named: Sequence[Message]
    to_users: Sequence[Message]
    of_operations: Mapping[str, Sequence[Message]]
    events: Mapping[str, Sequence[ActivationEvent]]
    lived: Sequence[OperationEvent]
    posted: Sequence[InboxEvent]
    reporting: Reporting
    copying: Copiers

    @cached_property
    def messages(self) -> Mapping[UUID, Message]:
        of_operations = chain.from_iterable(self.of_operations.values())
        return {each.id: each for each in chain(self.named, self.to_users, of_operations)}


def read_around(
    devices: Collection[str],
    recipients: Collection[int],
    window: Window,
    *,
    now: datetime,
    extent: Extent,
) -> Around:
    """Of these ``devices`` and ``recipients``, and of the users that the devices are known to
    belong to. Asked at once as far as no question needs the answer to another. Raises
    ``TooMuch``."""
    telling = ask_reporting(now, extent)
    naming = evidence.ask_naming(devices, window, extent)
    events = ask_events(devices, extent=extent)()
    reporting, named = telling(), naming()
    copying = copiers(reporting)
    people = {each.recipient for each in named} | set(recipients)
    people |= {each.recipient for of_one in events.values() for each in of_one}
    users = {each for each in people if each is not None}
    near = owed.around(window)
    posting = lives.ask_inbox_events(users, near, extent)
    reaching = evidence.ask_to_users(users, copying.sources, window, extent)
    operations = {each.operation for each in named if each.operation is not None}
    living = lives.ask_operation_events_around(operations, users, devices, near, extent)
    about = evidence.ask_about_operations(operations, extent)
    to_users, theirs, of_operations = reaching(), living(), about()
    wide = (each for each in to_users if each.activation is None or each.is_user_wide)
    others = lives.names_around(theirs, users, devices, near)
    others |= {each.operation for each in wide if each.operation is not None}
    lived, of_others = _of_others(others - operations, theirs, operations, extent)
    return Around(
        named=named,
        to_users=to_users,
        of_operations={**of_operations, **of_others},
        events=events,
        lived=lived,
        posted=posting(),
        reporting=reporting,
        copying=copying,
    )


def _of_others(
    others: Collection[str],
    lived: Sequence[OperationEvent],
    known: Collection[str],
    extent: Extent,
) -> tuple[Sequence[OperationEvent], Mapping[str, Sequence[Message]]]:
    """All events, and what was told of operations beside the ``known`` ones: of the ``others`` and
    of whatever else the events call any of them."""
    called = {*others, *lives.by_name(lived)}.difference(known)
    living = lives.ask_operation_events(others, extent)
    about = evidence.ask_about_operations(called, extent)
    all_lived = {
        each.id: each for each in chain(lived, living()) if each.operation or each.external
    }
    events = list(all_lived.values())
    called_else = lives.by_name(events).keys() - called.union(known)
    return events, {**about(), **evidence.about_operations(called_else, extent)}
