"""The commands ``export`` and ``verify_export``, and what they say when something is amiss."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection

from notifications.exports import directory
from notifications.exports.directory import held
from notifications.exports.manifest import verify
from notifications.exports.storage import WholeFiles
from notifications.models import AccessRecord, Export, Notification
from tests.exports.making import tell, told_meanwhile

pytestmark = pytest.mark.usefixtures("committed_db")


def export(*words: str, out: Path, **options: Any) -> str:
    said = StringIO()
    options = {"since": "all", "verbosity": 0, "stdout": said} | options
    call_command("export", *words, out=str(out), **options)
    return said.getvalue()


def test_it_writes_files_and_what_proves_them(tmp_path: Path) -> None:
    tell("a", "b", "c")
    out = tmp_path / "out"
    said = export("notifications", out=out, case="C-7")
    assert said.startswith("3 rows in 1 files of ")
    assert sorted(path.name for path in out.iterdir()) == [
        "_manifest.json",
        "notifications-00001.csv",
    ]
    told = json.loads((out / "_manifest.json").read_text())
    row = Export.objects.get()
    assert (told["export"], told["rows"], told["case"]) == (str(row.pk), 3, "C-7")
    assert (row.state, row.rows, row.via) == ("finished", 3, "command")
    seen = AccessRecord.objects.get()
    assert (seen.action, seen.subject, seen.case_number) == ("export", str(row.pk), "C-7")
    checked = StringIO()
    call_command("verify_export", str(out), stdout=checked)
    assert checked.getvalue() == "As it was exported: 3 rows in 1 files.\n"


def test_the_bar_is_shown_with_an_estimate(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tell("a", "b", "c")
    export("notifications", out=tmp_path / "out", verbosity=1)
    assert "3.00/3.00" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"since": None}, "--since is missing: say where the export begins"),
        ({"since": "1x"}, "--since must be a moment"),
        ({"filter": ["typ=x"]}, "--filter typ: it is no parameter of this data set"),
        ({"filter": ["x"]}, "--filter x: write it as name=value."),
        ({"filter": ["platform=vms"]}, "--filter platform: it “vms” is none of"),
        ({"filter": ["user_id=u"]}, "--filter user_id: it needs the right"),
        ({"format": "parquet", "gzip": True}, "--gzip is for CSV and NDJSON"),
        ({"case": "x\n"}, "--case must be"),
    ],
)
def test_what_is_asked_wrongly_is_told_with_its_place(
    options: dict[str, Any], told: str, tmp_path: Path
) -> None:
    with pytest.raises(CommandError, match=told[:20]) as raised:
        export("notifications", out=tmp_path / "out", **options)
    assert told in str(raised.value)
    assert not Export.objects.exists()


def test_a_directory_that_is_not_free_is_refused_and_kept(tmp_path: Path) -> None:
    tell("a")
    out = tmp_path / "out"
    export("notifications", out=out)
    before = (out / "_manifest.json").read_bytes()
    with pytest.raises(CommandError, match="holds an export already"):
        export("notifications", out=out)
    assert (out / "_manifest.json").read_bytes() == before
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "mine.txt").write_text("mine")
    with pytest.raises(CommandError, match="is not empty"):
        export("notifications", out=tmp_path / "other")
    with pytest.raises(CommandError, match=r"Not a directory|File exists"):
        export("notifications", out=tmp_path / "other" / "mine.txt")


def test_what_a_killed_export_left_out_of_sight_is_in_nobodys_way(tmp_path: Path) -> None:
    tell("a")
    (WholeFiles(tmp_path / "out").scratch / "half").write_bytes(b"half")
    assert export("notifications", out=tmp_path / "out").startswith("1 rows")
    assert verify(tmp_path / "out").problems == ()
    assert Export.objects.get().state == "finished"


def test_two_exports_into_one_directory_are_one_too_many(tmp_path: Path) -> None:
    with held(tmp_path), pytest.raises(CommandError, match="is being written by another export"):
        export("notifications", out=tmp_path)


def test_a_full_disk_leaves_nothing_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, os.strerror(28), "somewhere")

    tell("a")
    monkeypatch.setattr(WholeFiles, "_put", full)
    with pytest.raises(CommandError, match="somewhere: No space left on device"):
        export("notifications", out=tmp_path / "out")
    assert list((tmp_path / "out").rglob("*")) == []
    row = Export.objects.get()
    assert (row.state, row.reason) == (
        "failed",
        "A file could not be written: No space left on device.",
    )


def test_interrupted_in_the_midst_it_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    tell("a")
    monkeypatch.setattr(directory.manifest, "as_text", interrupted)
    with pytest.raises(CommandError, match="Interrupted"):
        export("notifications", format="parquet", out=tmp_path / "out")
    assert list((tmp_path / "out").rglob("*")) == []
    assert Export.objects.get().reason == "It was interrupted."


@pytest.mark.parametrize("file_format", ["csv", "ndjson", "parquet"])
def test_while_others_record_it_has_just_what_was_complete_at_its_bound(
    file_format: str, tmp_path: Path
) -> None:
    with told_meanwhile(writers=4) as committed:
        for run in range(4):
            while len(committed()) < 300 * (run + 1):
                time.sleep(0.01)
            export("notifications", format=file_format, out=tmp_path / str(run))
    for run in range(4):
        told = json.loads((tmp_path / str(run) / "_manifest.json").read_text())
        bound = int(told["recorded_below"])
        assert told["rows"] == Notification.objects.filter(recorded_xid__lt=bound).count()
        assert told["rows"] > 0
        assert verify(tmp_path / str(run)).problems == ()


def test_incremental_is_for_what_never_changes(tmp_path: Path) -> None:
    tell("a")
    state = str(tmp_path / "state")
    with pytest.raises(CommandError, match="operations do, so export them whole"):
        export("operations", incremental=state, out=tmp_path / "out")
    said = export("notifications", incremental=state, out=tmp_path / "out", since=None)
    assert said.startswith("1 rows in 1 files")
    (tmp_path / "state").write_text("{}")
    with pytest.raises(CommandError, match="is no state of an export"):
        export("notifications", incremental=state, out=tmp_path / "out", since=None)


def test_killed_again_and_again_while_others_record_increments_lose_nothing(
    tmp_path: Path, committed_db: str
) -> None:
    """With kill -9 of the command itself."""
    state, out = str(tmp_path / "state"), tmp_path / "out"
    command = [
        *(sys.executable, "-m", "tests.exports.incremental", committed_db),
        *(state, str(out)),
    ]
    with told_meanwhile() as committed:
        for wait in (0.05, 0.2, 0.4, 0.1, 0.3):
            process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: S603
            assert process.stdout is not None
            process.stdout.readline()  # it goes on and on from here
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
            process.wait()
            process.stdout.close()
        assert len(committed()) > 100
    export("notifications", format="ndjson", incremental=state, out=out, since=None)
    given = [
        json.loads(line)["message_id"]
        for path in sorted(out.glob("*.ndjson"))
        for line in path.read_text().splitlines()
    ]
    assert sorted(given) == sorted(committed())
    assert len(list(out.glob("*.ndjson"))) > 5
    assert verify(out).problems == ()


def test_verify_needs_a_directory_and_says_what_is_amiss(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(CommandError, match="is no directory"):
        call_command("verify_export", str(tmp_path / "none"))
    tell("a")
    export("notifications", out=tmp_path / "out")
    (tmp_path / "out" / "notifications-00001.csv").unlink()
    (tmp_path / "out" / "other.csv").write_text("")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_export", str(tmp_path / "out"))
    assert ended.value.code == 1
    assert capsys.readouterr().err.splitlines() == [
        "notifications-00001.csv is missing.",
        "other.csv is in no manifest.",
    ]


def test_no_thread_and_no_connection_is_left(tmp_path: Path) -> None:
    tell("a")
    before = threading.active_count()
    export("notifications", out=tmp_path / "out", format="parquet")
    assert threading.active_count() == before
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        assert cursor.fetchone() == (0,)
