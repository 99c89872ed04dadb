"""The files of jobs: stores in trouble, cancelling, and what becomes of them in the end."""

import errno
import os
import signal
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import InMemoryStorage, storages
from django.utils import timezone

from notifications.exports import jobs
from notifications.exports.jobs import cancel, expire, work
from notifications.exports.storage import WholeFiles
from notifications.models import Export
from tests.exports.making import asked, due, job, names, now, tell

pytestmark = pytest.mark.usefixtures("committed_db", "store", "account")
State = Export.State


def full(*_: Any, **__: Any) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def unreachable(*_: Any, **__: Any) -> None:
    raise ConnectionError("secret-host:9000 user-1")  # no strerror, as other makers' have


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (full, "A file could not be written: No space left on device."),
        (unreachable, "The file store failed: ConnectionError."),
    ],
)
def test_trouble_with_the_store_is_told_tried_again_and_given_up(
    trouble: Callable[..., None],
    reason: str,
    store: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    tell("a")
    export = job()
    with monkeypatch.context() as patched:
        patched.setattr(WholeFiles, "_save", trouble)
        work()
        assert now(export).state == State.RUNNING
        assert export.reason == f"{reason} It is tried again."
        assert export.due_at > timezone.now()
        assert not work()
        due()
        work()
        assert now(export).failures == 2
        due()
        work()
    assert now(export).state == State.FAILED
    assert export.reason == f"Given up after 3 failures in a row. {reason}"
    assert "user-1" not in caplog.text
    assert [path for path in store.rglob("*") if path.is_file()] == []


def test_when_the_trouble_ends_it_is_made_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell("a")
    export = job()
    with monkeypatch.context() as patched:
        patched.setattr(WholeFiles, "_save", full)
        work()
    due()
    work()
    assert (now(export).state, export.reason, export.failures) == (State.FINISHED, "", 0)


def test_a_disk_that_fills_up_in_the_midst_leaves_nothing(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a real limit of the system's, met while rows are being written."""
    import resource

    tell(*names(300))
    export = job()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))
    try:
        work()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, ignored)
    assert now(export).reason == "A file could not be written: File too large. It is tried again."
    assert [path for path in store.rglob("*") if path.is_file()] == []
    due()
    work()
    assert now(export).state == State.FINISHED


@pytest.mark.usefixtures("small_parts")
def test_cancelled_half_way_nothing_is_left(store: Path) -> None:
    tell(*names(35))
    export = job()
    work()
    assert list(store.rglob("*.ndjson"))
    assert cancel(export)
    assert not cancel(export)
    assert now(export).state == State.CANCELLED
    assert not work()
    expire()
    assert list(store.glob(f"{export.pk}*")) == []
    assert now(export).state == State.CANCELLED


def test_cancelled_in_the_midst_of_a_part_it_ends(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(jobs, "BEAT", 0.0)
    tell(*names(30))
    export = job()
    make = jobs.Parts.make

    def cancelled_meanwhile(*args: Any) -> Any:
        cancel(export)
        return make(*args)

    monkeypatch.setattr(jobs.Parts, "make", cancelled_meanwhile)
    assert work()
    assert now(export).state == State.CANCELLED
    expire()
    assert [path for path in store.rglob("*") if path.is_file()] == []


def test_cancelled_while_a_part_is_stored_the_part_is_removed(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("a")
    export = job()
    put = WholeFiles._put

    def cancelled_meanwhile(*args: Any) -> None:
        cancel(export)
        expire()
        put(*args)

    monkeypatch.setattr(WholeFiles, "_put", cancelled_meanwhile)
    work()
    assert list(store.rglob("*.ndjson"))
    expire()
    assert list(store.glob(f"{export.pk}*")) == []


def test_cancelled_while_it_fails_for_the_last_time_the_worker_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell("a")
    export = job()
    Export.objects.update(failures=2)

    def cancelled_meanwhile(*_: Any, **__: Any) -> None:
        cancel(export)
        full()

    monkeypatch.setattr(WholeFiles, "_save", cancelled_meanwhile)
    assert work()
    assert now(export).state == State.CANCELLED


@pytest.mark.parametrize(
    "store_of_ours",
    [
        {"BACKEND": "no.such.Class"},
        {
            "BACKEND": "notifications.exports.storage.WholeFiles",
            "OPTIONS": {"location": "/dev/null/exports"},
        },
    ],
)
def test_a_store_that_cannot_be_made_stops_no_worker(
    settings: Any, store_of_ours: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    settings.STORAGES = settings.STORAGES | {"exports": store_of_ours}
    tell("a")
    export = job()
    assert work()
    expire()
    assert now(export).failures == 1
    assert "the store of exports" in caplog.text


def test_files_expire_and_what_was_exported_stays_on_record(store: Path) -> None:
    tell("a")
    export = job()
    work()
    expire()
    assert now(export).state == State.FINISHED
    assert export.expires_at is not None
    assert timedelta(days=6) < export.expires_at - timezone.now() <= timedelta(days=7)
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire()
    assert now(export).state == State.EXPIRED
    assert (export.expires_at, export.parts.get().rows) == (None, 1)
    assert list(store.glob(f"{export.pk}*")) == []


def test_files_that_cannot_be_removed_are_tried_again(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("a")
    export = job()
    work()
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with monkeypatch.context() as patched:
        patched.setattr(WholeFiles, "delete", unreachable)
        expire()
    assert now(export).state == State.EXPIRED  # so that it is not offered
    assert export.expires_at is not None
    assert export.expires_at > timezone.now()
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire()
    assert list(store.glob(f"{export.pk}*")) == []


def test_what_killed_workers_left_is_swept_a_day_later(store: Path) -> None:
    old, new = (WholeFiles(store).scratch / name for name in ("old", "new"))
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 25 * 3600,) * 2)
    expire()
    assert (old.exists(), new.exists()) == (False, True)


def test_a_stream_whose_process_was_killed_is_told_to_have_failed() -> None:
    kept = asked(Export.Delivery.INCREMENTS)
    streams = [asked(Export.Delivery.STREAM) for _ in range(2)]
    Export.objects.exclude(pk=streams[0].pk).update(asked_at=timezone.now() - timedelta(days=2))
    expire()
    assert [now(each).state for each in (kept, *streams)] == ["running", "running", "failed"]


def test_a_store_that_does_not_overwrite_is_told(settings: Any) -> None:
    class Renaming(InMemoryStorage):
        def get_available_name(self, name: str, max_length: int | None = None) -> str:
            return f"{name}.1"

    tell("a")
    export = job()
    storages._storages["exports"] = Renaming()
    work()
    assert "it must be set to overwrite" in now(export).reason
    assert storages["exports"].listdir("")[1] == []


def test_other_stores_are_written_and_cleared_as_well(settings: Any) -> None:
    tell("a")
    export = job()
    storages._storages["exports"] = InMemoryStorage()
    work()
    assert now(export).state == State.FINISHED
    _, files = storages["exports"].listdir(str(export.pk))
    assert sorted(files) == ["_manifest.json", "notifications-00001.ndjson"]
    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    expire()
    assert storages["exports"].listdir(str(export.pk)) == ([], [])
