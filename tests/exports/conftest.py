"""A store of files, and who exports."""

from pathlib import Path
from typing import Any

import pytest

from notifications.exports import jobs, parts
from notifications.models import Account
from tests.exports.making import analyst


@pytest.fixture
def store(settings: Any, tmp_path: Path) -> Path:
    settings.STORAGES = settings.STORAGES | {
        "exports": {
            "BACKEND": "notifications.exports.storage.WholeFiles",
            "OPTIONS": {"location": str(tmp_path / "store")},
        }
    }
    return tmp_path / "store"


@pytest.fixture
def account(committed_db: str) -> Account:
    return analyst()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_ROWS", 10)
    monkeypatch.setattr(jobs, "AT_ONCE", 0.0)  # one part in a turn
