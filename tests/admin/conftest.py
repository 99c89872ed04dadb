"""What the pages of traces are tested on."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone

from notifications.admin.addresses import trace_address
from notifications.models import Recipient
from tests.conftest import DEVICE, FINISHED, INIT, OPERATION

Record = Callable[..., UUID]


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
