"""A day of the world played on a Push Server: the registrations, and the messages with the answers
that the world's gateways gave. What came of it is the truth that traces are measured by."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from notifications.protocol.deliveries import Outcome
from notifications.world.push_messages import Attempt, Fate, Served
from notifications.world.push_server import CREATE, DELETE, UPDATE, Request

from .push_server import Answer, VendorError, VendorServer


@dataclass(slots=True)
class PlayedDay:
    """``node`` did everything of ``served`` and ``sends`` up to a moment. ``rows`` are the ids of
    push_message by request and activation."""

    node: VendorServer
    served: Served
    sends: Sequence[Request]
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    _due: list[Request] = field(default_factory=list)
    _truth: dict[str, dict[str, Attempt]] = field(default_factory=lambda: defaultdict(dict))

    def __post_init__(self) -> None:
        for attempt in self.served.attempts:
            self._truth[attempt.request_id][attempt.device.activation_id] = attempt
        both = [*self.served.registry.requests, *self.sends]
        self._due = sorted(both, key=lambda each: each.at, reverse=True)

    def until(self, moment: datetime) -> list[Request]:
        """Lets happen what is due before ``moment``; the requests, as a proxy saw them."""
        seen = []
        while self._due and self._due[-1].at < moment:
            request = self._due.pop()
            seen.append(request)
            if request.path not in (CREATE, UPDATE, DELETE):
                self._send(request)
            elif request.is_done:
                self._do(request)
        return seen

    def _do(self, request: Request) -> None:
        asked = request.body.get("requestObject", request.body)
        activation = asked.get("activationId")
        if request.path == DELETE:
            self.node.delete(asked["appId"], asked["token"])
            return
        life = self.served.registry.lives[activation]
        status = asked.get("activationStatus") or str(life.status_at(request.at))
        if request.path == UPDATE:
            self.node.update_status(activation, status)
            return
        about = {"platform": asked["platform"], "environment": asked.get("environment")}
        user = life.device.user_id
        self.node.register(
            asked["appId"], asked["token"], activation, user, at=request.at, status=status, **about
        )

    def _send(self, request: Request) -> None:
        asked = request.body["requestObject"]
        message, its = asked["message"], self._truth[request.request_id]
        node, attributes = self.node, message.get("attributes", {})
        node.answer = lambda device: _answer(its[device.activation or ""])
        node.breaks = lambda device: its[device.activation or ""].fate is Fate.ROLLED_BACK
        node.stores = not any(each.fate is Fate.OFF for each in its.values())
        try:
            made: list[Any] = node.send(
                asked["appId"],
                message["userId"],
                message["body"],
                at=request.at,
                activation=message.get("activationId"),
                silent=attributes["silent"],
                personal=attributes["personal"],
            )
        except VendorError as error:
            made = error.args[1]
        for each in made:
            if each.number is not None:
                self.rows[request.request_id, each.device.activation] = each.number


def _answer(attempt: Attempt) -> Answer:
    if attempt.outcome is Outcome.PENDING:
        return Answer.NOTHING
    if attempt.outcome is Outcome.ACCEPTED:
        return Answer.ACCEPTED
    return Answer.DEAD if attempt.is_dead else Answer.FAILED
