"""Gaps are exported as they were known, too."""

import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from notifications.exports.asking import BadExport
from notifications.models import AccessRecord
from notifications.protocol.window import written
from tests.conftest import FINISHED, INIT, NOW

from .making import asked, exported, tell

pytestmark = pytest.mark.usefixtures("committed_db")
SINCE = {"since": ["2026-03-01T00:00:00Z"]}


def rows(directory: Path) -> list[str]:
    (path,) = directory.glob("*.ndjson")
    return [json.loads(line)["operation"] for line in path.read_text().splitlines()]


def test_gaps_as_of_a_moment_are_those_of_then(tmp_path: Path) -> None:
    about = {"operationId": "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10"}
    tell("begun", extras=INIT | about)
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (then,) = cursor.fetchone()
    ended_at = (NOW + timedelta(minutes=1)).isoformat()
    tell("ended", extras=FINISHED | about, emitted_at=ended_at)
    of_then = {**SINCE, "as_of": [written(then)]}
    exported(tmp_path / "now", dataset="gaps", filters=SINCE)
    exported(tmp_path / "then", dataset="gaps", filters=of_then)
    assert rows(tmp_path / "now") == []
    assert rows(tmp_path / "then") == ["7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10"]
    assert list(AccessRecord.objects.order_by("pk").values_list("as_of", flat=True)) == [None, then]


def test_a_moment_that_lies_ahead_is_refused() -> None:
    with pytest.raises(BadExport, match="as_of lies ahead"):
        asked(dataset="gaps", filters={**SINCE, "as_of": ["2150-01-01T00:00:00Z"]})
