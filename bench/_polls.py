"""The table of registrations of a world's Push Server, read again and again at any interval, and
not during outages: what the comparings tell."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, exp, log
from random import Random
from zoneinfo import ZoneInfo

from notifications.ingest.events import ActivationReport
from notifications.ingest.push_server.registration_events import reports_of
from notifications.ingest.push_server.registration_rows import Change
from notifications.protocol.events import fingerprint
from notifications.world.chance import seconds
from notifications.world.outages import Outage, outages
from notifications.world.push_server import Registration

ZONE = ZoneInfo("Europe/Prague")
INTERVALS = (2, 6 * 3600)  # seconds
Table = Mapping[int, Registration]


@dataclass(frozen=True, slots=True)
class Polls:
    """From ``begin`` on, one ``every`` so often; ``missed`` are those of outages."""

    begin: datetime
    every: timedelta
    missed: Sequence[Outage]

    @classmethod
    def drawn(cls, since: datetime, until: datetime, rng: Random) -> "Polls":
        least, most = (log(each) for each in INTERVALS)
        return cls(
            begin=since + seconds(rng, 0, (until - since).total_seconds() / 3),
            every=timedelta(seconds=exp(rng.uniform(least, most))),
            missed=outages(rng.randint(0, 4), since=since, until=until, rng=rng),
        )

    def at_or_after(self, moment: datetime) -> datetime:
        found = self.begin + max(ceil((moment - self.begin) / self.every), 0) * self.every
        ends = [each.until for each in self.missed if each.has(found)]
        return self.at_or_after(ends[0]) if ends else found

    def at_or_before(self, moment: datetime) -> datetime | None:
        if moment < self.begin:
            return None
        found = self.begin + (moment - self.begin) // self.every * self.every
        begins = [each.since for each in self.missed if each.has(found)]
        return self.at_or_before(begins[0] - timedelta.resolution) if begins else found


def compared(
    registrations: Sequence[Registration], polls: Polls, until: datetime
) -> Iterator[ActivationReport]:
    """What all ``polls`` before ``until`` tell. Those that find nothing changed tell nothing."""
    turns = {each.since for each in registrations}
    turns |= {each.until for each in registrations if each.until is not None}
    moments = sorted({polls.begin, *(polls.at_or_after(each) for each in turns)})
    before: Table = {}
    for moment in moments[: bisect_left(moments, until)]:
        table = {each.number: each for each in registrations if each.has(moment)}
        earlier = polls.at_or_before(moment - timedelta.resolution)
        for number in sorted({*before, *table}):
            change = _change(number, before.get(number), table, earlier)
            if change is not None:
                yield from reports_of(change, moment=moment, zone=ZONE)
        before = table


def _change(
    number: int, old: Registration | None, table: Table, earlier: datetime | None
) -> Change | None:
    new = table.get(number)
    if new == old:
        return None
    return Change(
        number=number,
        is_there=new is not None,
        activation=new and new.device.activation_id,
        user_id=new and new.device.user_id,
        app=new and new.device.app_id,
        platform=new and str(new.device.platform),
        token=new and fingerprint(new.token),
        told_at=_told(new),
        is_active=new and new.is_active,
        unusable=None,
        open_id=None,
        old_activation=old and old.device.activation_id,
        old_user_id=old and old.device.user_id,
        old_app=old and old.device.app_id,
        old_platform=old and str(old.device.platform),
        old_token=old and fingerprint(old.token),
        old_told_at=_told(old),
        old_registered_at=None,
        not_before=earlier,
        is_elsewhere=old is not None
        and old.device.activation_id in {each.device.activation_id for each in table.values()},
    )


def _told(registration: Registration | None) -> str | None:
    if registration is None:
        return None
    return str(registration.registered_at.astimezone(ZONE).replace(tzinfo=None))
