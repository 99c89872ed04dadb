"""Jobs: claimed by one worker at a time, resumed where one was killed, given up in the end."""

import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import F

from notifications.exports import jobs
from notifications.exports.asking import BadExport, TooManyExports
from notifications.exports.jobs import cancel, directory_of, work
from notifications.exports.manifest import verify
from notifications.models import Account, Export, Notification
from tests.exports.making import job, message_ids, names, now, tell

pytestmark = pytest.mark.usefixtures("committed_db", "store", "account")
State = Export.State


def test_a_job_is_queued_and_made_by_whoever_works(store: Path) -> None:
    tell(*names(3))
    export = job()
    assert (export.state, export.started_at) == (State.QUEUED, None)
    tell("later")
    assert work()
    assert now(export).state == State.FINISHED
    assert (export.rows, export.failures, export.reason) == (3, 0, "")
    assert export.estimate is not None
    assert not work()
    directory = store / str(export.pk)
    assert message_ids(directory) == names(3)
    found = verify(directory)
    assert (found.rows, found.files, found.problems) == (3, 1, ())
    assert {path.stat().st_mode & 0o077 for path in (store, *store.rglob("*"))} == {0}


@pytest.mark.usefixtures("small_parts")
def test_parts_are_made_in_turns_and_each_export_has_its_turn(store: Path) -> None:
    tell(*names(35))
    large = job()
    small = job(filters={"since": ["all"], "message_id": ["n0001"]})
    turns = []
    while work():
        turns.append((now(large).rows, now(small).state))
    assert turns[1] == (10, State.FINISHED)  # before the large one was made whole
    assert now(large).state == State.FINISHED
    assert message_ids(store / str(large.pk)) == names(35)
    assert list(large.parts.order_by("number").values_list("rows", flat=True)) == [10, 10, 10, 5]


@pytest.mark.usefixtures("small_parts")
def test_several_workers_make_each_part_once(store: Path) -> None:
    tell(*names(60))
    exports = [job() for _ in range(4)]

    def go_on(_: int) -> None:
        try:
            while Export.objects.filter(state__in=(State.QUEUED, State.RUNNING)).exists():
                work()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(go_on, range(3)))
    for export in exports:
        assert now(export).state == State.FINISHED
        assert message_ids(store / str(export.pk)) == names(60)
        assert export.parts.count() == 6


@pytest.mark.usefixtures("small_parts")
def test_killed_it_goes_on_behind_the_last_finished_part(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    tell(*names(35))
    export = job()
    work()
    work()
    made = {path: path.stat().st_mtime_ns for path in store.rglob("*.ndjson")}
    assert len(made) == 2
    for step in ("_note", "_held"):  # the file is there and nothing says so; nothing is there
        with monkeypatch.context() as patched:
            patched.setattr(jobs, step, killed)
            with pytest.raises(Killed):
                work()
        assert not work()  # its claim holds until it has been silent for long
        Export.objects.update(alive_at=F("alive_at") - jobs.SILENT_FOR - timedelta(seconds=1))
    tell("later")
    while work():
        pass
    assert now(export).state == State.FINISHED
    assert message_ids(store / str(export.pk)) == names(35)
    assert {path: path.stat().st_mtime_ns for path in made} == made  # not made again
    assert verify(store / str(export.pk)).problems == ()


def test_one_that_kills_its_workers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: Any) -> None:
        raise Killed

    tell("a")
    export = job()
    monkeypatch.setattr(jobs, "_estimate", killed)
    for _ in range(3):
        with pytest.raises(Killed):
            work()
        Export.objects.update(alive_at=F("alive_at") - timedelta(minutes=1))
    work()
    assert now(export).state == State.FAILED
    assert export.reason == (
        "Given up after 3 failures in a row. The worker that made it ended in the midst of it."
    )
    assert export.ended_at is not None
    assert not work()


def test_a_worker_that_waits_for_its_first_row_is_not_taken_for_dead(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tell("a")
    export = job()
    monkeypatch.setattr(jobs, "SILENT_FOR", timedelta(seconds=1))
    make = jobs.Parts.make

    def slowly(*args: Any) -> Any:
        before = now(export).alive_at
        time.sleep(1.5)  # as a statement that finds nothing for long
        assert before is not None
        assert now(export).alive_at > before + timedelta(seconds=1)
        assert not work()  # nobody else takes it
        return make(*args)

    monkeypatch.setattr(jobs.Parts, "make", slowly)
    assert work()
    assert (now(export).state, export.failures) == (State.FINISHED, 0)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda account: account.groups.clear(), "lacks notifications.add_export"),
        (lambda account: Account.objects.update(is_active=False), "no longer active"),
        (lambda account: Account.objects.update(apps=["x"]), "limited to other apps"),
    ],
)
def test_rights_lost_meanwhile_end_it(
    account: Account, change: Callable[[Account], None], reason: str, store: Path
) -> None:
    tell("a")
    export = job()
    change(account)
    work()
    assert now(export).state == State.FAILED
    assert reason in export.reason
    assert not store.exists()


def test_user_ids_are_given_up_when_the_right_to_them_is_lost(account: Account) -> None:
    tell("a")
    export = job(tells_users=True)
    work()
    assert "view_recipient" in now(export).reason


def test_one_that_holds_too_much_fails_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from notifications.trace import gaps

    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    tell("a")
    export = job(dataset="gaps", filters={"since": ["2026-03-14T00:00:00Z"]})
    work()
    assert now(export).state == State.FAILED
    assert "not plainly in order" in export.reason


def test_an_account_has_twenty_at_a_time() -> None:
    for _ in range(20):
        job()
    with pytest.raises(TooManyExports, match="20 exports"):
        job()
    cancel(Export.objects.first())
    job()


def test_two_exports_of_the_same_have_files_of_their_own(store: Path) -> None:
    tell("a", "b")
    first, second = job(), job()
    while work():
        pass
    assert now(first).state == now(second).state == State.FINISHED
    digests = [export.parts.get().sha256 for export in (first, second)]
    assert digests[0] == digests[1]
    assert directory_of(first) != directory_of(second)


def test_what_is_asked_wrongly_is_not_queued() -> None:
    for filters, name in (
        ({}, "since"),
        ({"since": ["all"], "typ": ["x"]}, "typ"),
        ({"since": ["all"], "user_id": ["u"]}, "user_id"),
        ({"since": ["all"], "order": ["asc"]}, "order"),
        ({"since": ["yesterday"]}, "since"),
        ({"since": ["1h"], "until": ["2h"]}, "since"),
    ):
        with pytest.raises(BadExport) as raised:
            job(filters=filters)
        assert list(raised.value.problems) == [name]
    with pytest.raises(BadExport, match="Parquet is compressed"):
        job(file_format="parquet", gzip=True)
    assert not Export.objects.exists()


def test_the_worker_makes_them_and_survives_kill_9(store: Path, committed_db: str) -> None:
    tell(*names(2_000))
    export = job()
    command = [sys.executable, "-m", "tests.exports.worker", committed_db, str(store)]
    for _ in range(3):
        before = export.parts.count()
        process = subprocess.Popen(command)  # noqa: S603
        try:
            while export.parts.count() < before + 3:
                assert process.poll() is None
                time.sleep(0.01)
        finally:
            process.kill()
            process.wait()
        # As if time had passed.
        Export.objects.filter(claim__isnull=False).update(
            alive_at=F("alive_at") - timedelta(minutes=1)
        )
    assert now(export).state == State.RUNNING
    call_command("work", once=True, stdout=StringIO())
    assert now(export).state == State.FINISHED
    directory = store / str(export.pk)
    assert verify(directory).problems == ()
    assert sorted(message_ids(directory)) == names(2_000)
    assert export.rows == Notification.objects.count() == 2_000
