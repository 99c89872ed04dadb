"""A user whose devices were not told all, to look at: told in the last hours of a source of its
own, so that what other tests count stays as it is."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record

SOURCE = "second-bank"
USER = "jana.dvorakova"
PHONE, TABLET, WATCH, SPARE, OLD = (
    str(uuid5(UUID(int=0), name)) for name in ("phone", "tablet", "watch", "spare", "old")
)
BUSY = str(uuid5(UUID(int=0), "busy"))
HOSTILE_DEVICE = "<b>\u202egnp.exe</b>/../" + "W" * 200
PAYMENT, LOGIN, TWICE, CROSSED = (
    str(uuid5(UUID(int=1), name)) for name in ("payment", "login", "twice", "crossed")
)
INBOX = str(uuid5(UUID(int=2), "inbox"))
HOSTILE_OPERATION = "<script>alert(3)</script>\u202e"
# A device and an operation are both called so.
AMBIGUOUS = str(uuid5(UUID(int=4), "ambiguous"))
HOSTILE_AMBIGUOUS = "<img src=x onerror=alert(5)>\u202e" + "W" * 200
Told = tuple[float, dict[str, Any]]  # so many minutes before now


def tell(now: datetime) -> None:
    emissions = [
        emission_from(
            {**envelope, "emitted_at": (now - timedelta(minutes=ago)).isoformat()}, now=now
        )
        for ago, envelope in (*_troubles(), *_busy())
    ]
    record(emissions, source=SOURCE)


def _to(device: str | None, kind: str, operation: str = "", **more: Any) -> dict[str, Any]:
    about = {"operationId": operation, "operationName": "authorize_payment"} if operation else {}
    extras = {"messageType": f"mtoken.{kind}", **about, **more}
    to = {"activation_id": device, "per_device": True} if device else {"addressed_to": "user"}
    return {"user_id": USER, "app_id": "mobile-bank", "platform": "fcm", "extras": extras, **to}


def _troubles() -> Iterator[Told]:
    done = {"mtokenOperationResult": "authentication.success"}
    for device in (PHONE, TABLET, WATCH, SPARE, OLD):
        yield 1300, _to(device, "statusChange", activationId=device)
    for device in (PHONE, TABLET, WATCH):  # two are told how it ended
        yield 400, _to(device, "operationInit", PAYMENT)
    for device in (TABLET, WATCH):
        yield 399, _to(device, "operationFinished", PAYMENT, **done)
    yield 300, _to(PHONE, "operationInit", LOGIN)  # and no finish
    yield 240, _to(PHONE, "operationInit", TWICE)
    yield 239.8, _to(PHONE, "operationInit", TWICE) | {"message_id": "again"}
    yield 239, _to(PHONE, "operationFinished", TWICE, **done)
    failed = {"mtokenOperationResult": "authentication.fail"}
    yield 238.5, _to(PHONE, "operationFinished", TWICE, **failed)
    yield 230, _to(PHONE, "operationInit", TWICE)
    yield 215, _to(PHONE, "operationFinished", TWICE, mtokenOperationResult="operation.timeout")
    yield 120, _to(PHONE, "operationInit", CROSSED)
    yield 119, _to(TABLET, "operationFinished", CROSSED, **done)
    yield 60, _to(None, "inboxMessage.new", inboxId=INBOX)
    yield 30, _to(PHONE, "marketing", note="x" * 9000)
    yield 3, _to(PHONE, "operationInit", str(uuid5(UUID(int=1), "now")))
    yield (
        20,
        _to(HOSTILE_DEVICE, "operationInit", HOSTILE_OPERATION) | {"user_id": "somebody.else"},
    )
    for name in (AMBIGUOUS, HOSTILE_AMBIGUOUS):
        yield 25, _to(name, "operationInit", name) | {"user_id": "somebody.else"}


def _busy() -> Iterator[Told]:
    for number in range(130):
        operation = str(uuid5(UUID(int=3), str(number)))
        more = {"user_id": "very.busy"}
        yield 1200 - number * 9, _to(BUSY, "operationInit", operation) | more
        if number % 9:
            done = {"mtokenOperationResult": "authentication.success"}
            yield 1199.5 - number * 9, _to(BUSY, "operationFinished", operation, **done) | more
