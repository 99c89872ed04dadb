"""One gap that is asked about, and what is true about it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bench._knowing import Known
from bench._losses import RIVALS
from bench._records import Told
from bench._truth import (
    CLOCKS,
    NOT_MADE,
    Truth,
    meant_for,
    owes,
)
from bench._worlds import Source
from notifications.protocol.expectations import Gap
from notifications.world import Fact
from notifications.world.push_messages import Fate

SOON = timedelta(milliseconds=2)


@dataclass(frozen=True, slots=True)
class Asked:
    """One gap, and what is true about it."""

    gap: Gap
    known: Known
    truth: Truth

    @property
    def labels(self) -> Sequence[Told]:
        """All that was owed about its operation."""
        name = self.gap.operation or ""
        return self.truth.by_operation.get(self.truth.external.get(name, name), ())

    @property
    def of_type(self) -> Iterator[Told]:
        return (each for each in self.labels if owes(each) == self.gap.message_type)

    @property
    def around(self) -> tuple[datetime, datetime]:
        return self.gap.at - CLOCKS, self.gap.due + CLOCKS

    @property
    def users_devices(self) -> list[str]:
        return self.truth.devices_of(self.gap.anchor.recipient)

    def is_for(self, told: Told) -> bool:
        """Whether it was meant for the device that the gap names."""
        lane, meant = self.gap.activation, meant_for(told)
        return lane is None or lane == meant or (is_wide(told) and self._is_of_user(told, lane))

    def _is_of_user(self, told: Told, lane: str) -> bool:
        user = told.sent.label.fact.user
        return any(each.activation_id == lane for each in user.devices)

    def copy_lost(self, told: Told) -> bool:
        """No copy of it was made for the device."""
        return any(
            each.fate in NOT_MADE and self.gap.activation in (None, each.device.activation_id)
            for each in told.sent.attempts
        )


def is_wide(told: Told) -> bool:
    request = told.sent.request
    if request is None:
        return meant_for(told) is None or bool(told.sent.label.fact.operation)
    return "activationId" not in request.body["requestObject"]["message"]


def facts_of(asked: Asked) -> list[Fact]:
    """The post to an inbox that is asked about: by its name, or by the request for it."""
    gap, played = asked.gap, asked.known.recorded.played
    named = gap.anchor.inbox_message
    if named is not None:
        return [each for each in played.facts if each.inbox_id == named]
    at = gap.at - played.ahead[Source.MIRROR]
    return [fact for fact, request in played.posts if abs(request.at - at) < SOON]


def fates_of(asked: Asked) -> set[Fate | None]:
    """What became of the copy; of the same asked for again at nearly the same time, of any: nothing
    tells them apart."""
    told = asked.truth.of_message[asked.gap.anchor.id]
    device = asked.gap.activation or ""
    same = [
        each
        for each in asked.known.recorded.told
        if _says(each) == _says(told) and abs(each.sent.label.at - told.sent.label.at) <= RIVALS
    ]
    requests = [each.sent.request.request_id for each in same if each.sent.request is not None]
    found = [asked.truth.attempts.get((each, device)) for each in requests]
    return {each.fate if each is not None else None for each in found}


def _says(told: Told) -> tuple[object, ...]:
    fact = told.sent.label.fact
    return owes(told), fact.operation, fact.inbox_id, fact.user.user_id
