"""The second app of a large record: in its last day, a tenth as much as the bank's. Requests are
mirrored, the Push Server's database is followed, and PowerAuth tells of all its devices: what the
demo tells of its second app, of as many people as it takes. Imported when Django is set up."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from bench._banks import Worlds
from notifications.management.commands import _bank
from notifications.management.commands._bank import APP, Bank, Told

POLLED = timedelta(hours=2)  # for each look at it the whole table is written again


class Wallet(Bank):
    """Of some worlds with so many messages in the day that ends at ``until``."""

    def __init__(self, seeds: Sequence[int], size: int, until: datetime) -> None:
        second: Any = Worlds(seeds, size, until, app_id=APP)
        self._second = second
        self._since, self._until = second.since, second.until
        self._measured = second.since
        self._facts = tuple(second.facts())
        self._asked = tuple(self._sent(self._stream("requests")))
        self._served = _bank.served(
            second.people,
            [each for each in self._asked if each.path == _bank.SEND],
            seed=second.seed,
            since=self._since,
            until=self._until,
            habits=_bank.HABITS,
            gateways=_bank.TROUBLE,
        )

    def tell_push_server(self) -> Told:
        posts = [each for each in self._facts if each.kind is _bank.Kind.POSTED]
        moments = [self._since]
        while moments[-1] < self._until:
            moments.append(min(moments[-1] + POLLED, self._until))
        recorded = 0
        with _bank.replayed(APP, self._served, posts, _bank.ZONE) as database:
            for since, until in pairwise([None, *moments]):
                if since is not None:
                    self._poll(since, until)
                done = _bank._read_on(database, until)
                recorded += done.counts.recorded + done.inbox
        return Told(recorded=recorded)

    def _lives(self) -> Iterator[Any]:
        """PowerAuth tells of the second app alone."""
        yield from ()

    def _poll(self, since: datetime, until: datetime) -> None:
        every = _bank.settings.COVERAGE_SILENCE
        with _bank.transaction.atomic():
            for at in _bank.contacts(every, since=since, until=until, missed=()):
                _bank.note_contact(_bank.PUSH_SERVER, _bank.ContactKind.POLL, at=at)


def tell_wallet(seeds: Sequence[int], size: int, until: datetime) -> int:
    """How many reports of it were recorded."""
    wallet = Wallet(seeds, size, until)
    told = wallet.tell_mirror() + wallet.tell_powerauth() + wallet.tell_push_server()
    return told.recorded
