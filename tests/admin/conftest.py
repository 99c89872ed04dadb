"""What the pages of traces are tested on."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone
from knox.models import AuthToken

from notifications.admin.addresses import trace_address
from notifications.models import Account, Recipient
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, OPERATION, STATUS_CHANGE

Record = Callable[..., UUID]
NOON = datetime.fromisoformat("2026-03-14T12:00:00Z")
TABLET = "0e2b4c9a-6a3e-4a0e-9a52-1f7a3c5d9b11"
FAILED = FINISHED | {"mtokenOperationResult": "authentication.fail"}


@pytest.fixture
def told(record_one: Record) -> dict[str, str]:
    """Something of each kind, just now; the addresses of its traces."""
    now = timezone.now()
    for seconds, extras in ((90, INIT), (60, FINISHED)):
        at = (now - timedelta(seconds=seconds)).isoformat()
        record_one(extras=extras, activation_id=DEVICE, user_id="user-1", emitted_at=at, now=now)
    return {
        "activation": trace_address("activation", DEVICE),
        "recipient": trace_address("recipient", Recipient.objects.get().pk),
        "operation": trace_address("operation", OPERATION),
    }


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> Path:
    """Where exports are kept."""
    settings.STORAGES = settings.STORAGES | {
        "exports": {
            "BACKEND": "notifications.exports.storage.WholeFiles",
            "OPTIONS": {"location": str(tmp_path)},
        }
    }
    return tmp_path


@pytest.fixture
def keeper(db: None) -> Client:
    """The browser of a superuser."""
    client = Client()
    client.force_login(Account.objects.create_superuser("keeper"))
    return client


@pytest.fixture
def token(db: None) -> AuthToken:
    """Of the service account "demo-bank"."""
    account = Account(username="demo-bank")
    account.set_unusable_password()
    account.save()
    return AuthToken.objects.create(account)[0]


@pytest.fixture
def emitted(record_one: Record) -> Callable[..., UUID]:
    """Records one that was emitted that many seconds after noon."""

    def make(seconds: float, extras: dict[str, Any], **envelope: Any) -> UUID:
        at = (NOON + timedelta(seconds=seconds)).isoformat(timespec="milliseconds")
        return record_one(extras=extras, emitted_at=at, **envelope)

    return make


@pytest.fixture
def one_day(emitted: Callable[..., UUID]) -> dict[str, UUID]:
    """An operation on two devices of one user, among others of these."""
    phone = {"activation_id": DEVICE, "addressed_to": "activation", "user_id": "user-1"}
    tablet = phone | {"activation_id": TABLET}
    return {
        "earlier": emitted(-3600, STATUS_CHANGE, **phone),
        "init": emitted(0, INIT, **phone),
        "elsewhere": emitted(0.5, INIT, **tablet),
        "inbox": emitted(20, INBOX_NEW, **phone),
        "finish": emitted(45, FINISHED, **phone),
        "disagrees": emitted(46, FAILED, **tablet),
        "stranger": emitted(46, STATUS_CHANGE | {"activationId": "x"}),
    }
