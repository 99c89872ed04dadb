"""`manage.py record`: a file once or twice, a pipe, and what is wrong with either."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from notifications.ingest import ndjson
from notifications.models import DeliveryReport, Notification
from tests.conftest import FINISHED, INIT

pytestmark = pytest.mark.usefixtures("db")

Write = Callable[..., Path]


def line(number: int, **envelope: Any) -> str:
    told = {"emitted_at": f"2026-03-14T09:{number // 60:02}:{number % 60:02}Z", "extras": INIT}
    return json.dumps({**told, "message_id": f"m-{number}", **envelope})


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(*lines: str, zipped: bool = False) -> Path:
        path = tmp_path / "lines.ndjson"
        data = "\n".join(lines).encode()
        path.write_bytes(gzip.compress(data) if zipped else data)
        return path

    return file


def run(path: Path | str, **options: Any) -> str:
    out = StringIO()
    call_command("record", str(path), source="bank", stdout=out, stderr=out, **options)
    return out.getvalue()


@pytest.mark.parametrize("zipped", [False, True])
def test_a_file_is_recorded_once_however_often_it_is_run(write: Write, zipped: bool) -> None:
    path = write(*map(line, range(30)), zipped=zipped)
    assert "30 recorded, 0 duplicates, 0 conflicts, 0 rejected" in run(path)
    assert "0 recorded, 30 duplicates, 0 conflicts, 0 rejected" in run(path)
    assert Notification.objects.filter(source="bank").count() == 30


def test_a_run_that_was_interrupted_is_completed_by_the_next(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(*map(line, range(30)))
    monkeypatch.setattr(ndjson, "MAX_BATCH", 10)
    genuine = ndjson.record

    def interrupted(*args: Any, **kwargs: Any) -> Any:
        if Notification.objects.count() == 20:
            raise KeyboardInterrupt
        return genuine(*args, **kwargs)

    monkeypatch.setattr(ndjson, "record", interrupted)
    with pytest.raises(CommandError, match="Committed through line 20; start it again") as ending:
        run(path)
    assert ending.value.returncode == 130
    monkeypatch.setattr(ndjson, "record", genuine)
    assert "10 recorded, 20 duplicates" in run(path)


@pytest.mark.parametrize("zipped", [False, True])
def test_the_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch, zipped: bool) -> None:
    data = "\n".join(map(line, range(5))).encode()
    data = gzip.compress(data) if zipped else data
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
    assert "5 recorded" in run("-")


def test_bad_lines_and_conflicts_are_named_and_end_it_with_1(write: Write) -> None:
    path = write(line(1), line(1, extras=FINISHED), "{}", "x", line(2))
    out = StringIO()
    with pytest.raises(SystemExit) as ending:
        call_command("record", str(path), source="bank", stdout=out, stderr=out)
    assert ending.value.code == 1
    told = out.getvalue()
    assert "2 recorded, 0 duplicates, 1 conflicts, 2 rejected" in told
    assert "line 2: conflict: " in told
    assert "line 3: required: #/extras: extras is required" in told
    assert "line 4: malformed_json: " in told


def test_the_report_is_printed_as_json(write: Write) -> None:
    report = json.loads(run(write(line(1), line(1)), json=True))
    assert (report["recorded"], report["duplicates"]) == (1, 1)
    assert report["committed_through_line"] == 2


def test_lines_without_a_time_are_taken_only_when_told(write: Write) -> None:
    path = write('{"extras": {}}')
    with pytest.raises(SystemExit):
        run(path)
    assert not Notification.objects.exists()
    assert "1 recorded" in run(path, stamp=True)


def test_delivery_reports_are_recorded_once_however_often_they_are_run(write: Write) -> None:
    run(write(line(1), line(2)))
    path = write(
        '{"message_id": "m-1", "outcome": "accepted", "report_id": "r-1"}',
        '{"message_id": "m-2", "outcome": "failed", "at": "2026-03-14T09:00:05Z"}',
    )
    assert "2 recorded, 0 duplicates" in run(path, deliveries=True)
    assert "0 recorded, 2 duplicates" in run(path, deliveries=True)
    path = write('{"message_id": "m-1", "outcome": "pending"}')
    with pytest.raises(SystemExit):
        run(path, deliveries=True)
    assert "1 recorded" in run(path, deliveries=True, stamp=True)
    assert DeliveryReport.objects.filter(source="bank").count() == 3


def test_a_damaged_file_is_an_error_that_says_how_far_it_goes(write: Write) -> None:
    path = write(*map(line, range(9)), zipped=True)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CommandError, match=r"ends before its end\. Committed through line 8"):
        run(path)


@pytest.mark.parametrize(
    ("file", "source", "words"),
    [
        ("/nowhere/lines", "bank", "/nowhere/lines cannot be read: No such file"),
        ("/", "bank", "/ cannot be read: Is a directory"),
        ("-", "The Bank", "--source 'The Bank' is no slug"),
    ],
)
def test_what_cannot_be_is_said(file: str, source: str, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("record", file, source=source)
