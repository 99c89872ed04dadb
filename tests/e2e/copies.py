"""A user whose messages a mirror and a Push Server tell of, to look at: taken, refused, pending for
ever, and for a device that is not known."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.emission import judged
from notifications.ingest.recorder import record
from notifications.protocol.deliveries import Cause, Outcome

MIRROR, SERVER, USER = "copies-mirror", "copies-server", "petr.svoboda"
PHONE, TABLET = (str(uuid5(UUID(int=8), name)) for name in ("phone", "tablet"))
PAYMENT, LOGIN, LOANED = (str(uuid5(UUID(int=9), name)) for name in ("payment", "login", "loaned"))
HOSTILE = "<img src=x onerror=alert(11)>\u202e" + "W" * 200
Copy = tuple[str | None, dict[str, Any]]  # a device, and what became of it there

TAKEN = {"outcome": Outcome.ACCEPTED, "code": "200", "is_final": True}
REFUSED = {"outcome": Outcome.FAILED, "code": "BadDeviceToken", "is_final": True}
ODD = {"outcome": Outcome.FAILED, "code": HOSTILE, "is_final": True}
WAITING = {"outcome": Outcome.PENDING, "code": "0"}


def _staying(cause: Cause) -> dict[str, Any]:
    return WAITING | {"is_final": True, "cause": cause}


def tell(now: datetime) -> None:
    for ago, content, copies in _told():
        at = now - timedelta(minutes=ago)
        common = {
            "extras": content, "now": now, "user_id": USER, "app_id": "mobile-bank",
            "addressed_to": "user", "personal": True, "silent": False,
        }  # fmt: skip
        record([judged(emitted_at=at, **common)], source=MIRROR)
        for place, (device, answer) in enumerate(copies):
            later = at + timedelta(milliseconds=120 + 40 * place)
            copy = {"activation_id": device, "per_device": True, "platform": "apns"}
            (key,) = record([judged(emitted_at=later, **common, **copy)], source=SERVER).ids
            seen = [WAITING, answer] if answer["outcome"] is not Outcome.PENDING else [answer]
            reports = [
                DeliveryTold(
                    notification=key, key=f"{key}/{n}",
                    observed_at=later + timedelta(seconds=1 + n), **each,
                )
                for n, each in enumerate(seen)
            ]  # fmt: skip
            record_deliveries(reports, source=SERVER)


def _told() -> Iterator[tuple[float, dict[str, Any], list[Copy]]]:
    done = {"mtokenOperationResult": "authentication.success"}
    init, end = "operationInit", "operationFinished"
    yield 200, _extras(init, PAYMENT), [(PHONE, REFUSED), (TABLET, TAKEN), (None, ODD)]
    yield 199, _extras(end, PAYMENT, **done), [(PHONE, TAKEN), (TABLET, TAKEN), (None, TAKEN)]
    blocked = _staying(Cause.INACTIVE_PERSONAL)
    yield 150, _extras(init, LOGIN), [(PHONE, TAKEN), (TABLET, blocked)]
    yield 149.9, _extras(init, LOGIN), [(PHONE, TAKEN), (TABLET, blocked)]
    yield 149, _extras(end, LOGIN, **done), [(PHONE, TAKEN), (TABLET, blocked)]
    nothing, nowhere = _staying(Cause.TRANSPORT_ERROR), _staying(Cause.GATEWAY_NOT_CONFIGURED)
    yield 100, _extras(init, LOANED), [(PHONE, nothing), (TABLET, nowhere)]
    unknown = _staying(Cause.UNKNOWN)
    yield 99, _extras(end, LOANED, **done), [(PHONE, WAITING), (TABLET, unknown)]


def _extras(kind: str, operation: str, **more: Any) -> dict[str, Any]:
    about = {"operationId": operation, "operationName": "authorize_payment"}
    return {"messageType": f"mtoken.{kind}", **about, **more}
