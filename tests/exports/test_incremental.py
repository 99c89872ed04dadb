"""Increments give each notification exactly once, wherever a run is killed and whatever is being
recorded meanwhile."""

import json
import random
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from notifications.exports import parts
from notifications.exports.directory import NotFree
from notifications.exports.incremental import BadState, Increments
from notifications.exports.manifest import verify
from notifications.models import AccessRecord, DeliveryReport, Export, Notification
from tests.conftest import SOURCE
from tests.exports.making import VIEWER, tell, told_meanwhile
from tests.exports.reading import answer_all

pytestmark = pytest.mark.usefixtures("committed_db")
ASKED = {
    "dataset": "notifications",
    "file_format": "ndjson",
    "filters": {},
    "tells_users": False,
    "gzip": False,
    "keep_formulas": False,
}


class Killed(BaseException):
    """In place of kill -9: nothing of ours goes on behind it."""


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


def run(out: Path, **asked: Any) -> int:
    with Increments(out.parent / "state", out, VIEWER) as increments:
        return sum(part.rows for part in increments.run(tell=lambda rows: None, **(ASKED | asked)))


def seen(out: Path) -> list[str]:
    """The message ids in all parts that are to be seen, in their order."""
    return [
        json.loads(line)["message_id"]
        for path in sorted(out.glob("*.ndjson"))
        for line in path.read_text().splitlines()
    ]


def test_each_run_gives_what_was_recorded_since_the_last(out: Path) -> None:
    assert run(out) == 0
    tell("a", "b", hours=5)
    assert run(out) == 2
    assert run(out) == 0
    tell("earlier", hours=-500)
    assert run(out) == 1
    assert seen(out) == ["a", "b", "earlier"]
    found = verify(out)
    assert (found.rows, found.problems) == (3, ())
    export = Export.objects.get()
    assert (export.rows, export.delivery) == (3, "increments")
    # One for the beginning, one for each part.
    assert AccessRecord.objects.filter(action="export", subject=str(export.pk)).count() == 3


def test_delivery_reports_come_once_too(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_ROWS", 3)
    tell("a", "b", "c", "d")
    answer_all(source="first")
    deliveries = {"dataset": "deliveries"}
    first = run(out, **deliveries)
    tell("earlier", hours=-500)
    answer_all(source="second")
    assert first + run(out, **deliveries) == DeliveryReport.objects.count()
    assert run(out, **deliveries) == 0
    told = [
        json.loads(line)["id"]
        for path in sorted(out.glob("deliveries-*.ndjson"))
        for line in path.read_text().splitlines()
    ]
    in_order = DeliveryReport.objects.in_recording_order().values_list("id", flat=True)
    assert told == [str(key) for key in in_order]


def test_a_run_gives_more_than_fits_one_part(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_ROWS", 4)
    names = [f"n{number:02}" for number in range(11)]
    tell(*names)
    assert run(out) == 11
    assert sorted(path.name for path in out.glob("*.ndjson")) == [
        f"notifications-00000000{number}.ndjson" for number in (1, 2, 3)
    ]
    assert sorted(seen(out)) == names


def test_filters_are_those_of_the_list_and_are_kept(out: Path) -> None:
    tell("a", app_id="x")
    tell("b", app_id="y")
    only = {"filters": {"app_id": ["x"]}}
    assert run(out, **only) == 1
    tell("c", app_id="x")
    assert run(out, **only) == 1
    assert seen(out) == ["a", "c"]
    with pytest.raises(BadState, match="has another filters"):
        run(out, filters={"app_id": ["y"]})


def steps(monkeypatch: pytest.MonkeyPatch, at: int) -> Callable[[], bool]:
    """Kills before the step ``at`` of all that change something outside of this process, and says
    whether that came."""
    from notifications.exports import incremental, storage

    count = iter(range(10_000))
    reached = False

    def stepping(call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*args: Any, **kwargs: Any) -> Any:
            nonlocal reached
            if reached or next(count) == at:
                reached = True
                raise Killed
            return call(*args, **kwargs)

        return step

    for name in ("rename", "replace", "unlink", "mkdir"):
        monkeypatch.setattr(Path, name, stepping(getattr(Path, name)))
    monkeypatch.setattr(incremental, "record", stepping(incremental.record))
    monkeypatch.setattr(incremental.os, "fsync", stepping(incremental.os.fsync))
    monkeypatch.setattr(
        incremental.Export.objects, "filter", stepping(incremental.Export.objects.filter)
    )
    assert storage.os.fsync is incremental.os.fsync
    return lambda: reached


def test_killed_at_any_step_nothing_is_lost_and_nothing_comes_twice(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever reads the parts takes them away at once, so nothing can be taken back."""
    taken: list[str] = []

    def take() -> None:
        for path in sorted(out.glob("*.ndjson")):
            taken.extend(json.loads(line)["message_id"] for line in path.read_text().splitlines())
            path.unlink()

    told = ["first"]
    tell("first")
    assert run(out) == 1
    take()
    for at in range(200):
        names = [f"{at}-{number}" for number in range(3)]
        tell(*names)
        told += names
        with monkeypatch.context() as patched:
            was_killed = steps(patched, at)
            with suppress(Killed):
                run(out)
            is_over = not was_killed()
        take()
        if is_over:
            break
    else:
        pytest.fail("a run has no end")
    assert at > 8
    run(out)
    take()
    assert sorted(taken) == sorted(told)


def test_while_others_record_each_is_given_once(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chance = random.Random(5)  # noqa: S311 - not for secrets
    with told_meanwhile() as committed:
        while len(committed()) < 1_500:
            with monkeypatch.context() as patched:
                steps(patched, chance.randrange(30))
                with suppress(Killed):
                    run(out)
    run(out)
    given = seen(out)
    assert sorted(given) == sorted(committed())
    assert len(given) == Notification.objects.count() == len(set(given))
    assert verify(out).problems == ()


def test_they_are_in_the_order_of_recording(out: Path) -> None:
    with told_meanwhile() as committed:
        while len(committed()) < 600:
            run(out)
    run(out)
    order = Notification.objects.order_by("recorded_xid", "id")
    assert seen(out) == list(order.values_list("message_id", flat=True))


def test_a_state_goes_on_in_its_own_directory_alone(out: Path) -> None:
    tell("a")
    run(out)
    with (
        pytest.raises(BadState, match="has another out"),
        Increments(out.parent / "state", out.parent / "other", VIEWER) as increments,
    ):
        increments.run(tell=lambda rows: None, **ASKED)


def test_two_runs_at_once_are_one_too_many(out: Path) -> None:
    run(out)
    with Increments(out.parent / "state", out, VIEWER), pytest.raises(NotFree, match="another"):
        run(out)


def test_a_state_that_cannot_be_gone_on_with_is_told(out: Path) -> None:
    tell("a")
    run(out)
    path = out.parent / "state"
    state = json.loads(path.read_text())
    for text, why in (
        ("nonsense", "is no state"),
        (json.dumps(state | {"state": 2}), "another version"),
        (json.dumps(state | {"export": "0" * 32}), "no such export"),
        (json.dumps(state | {"place": f"{10**12}:{'f' * 32}"}), "another database"),
    ):
        path.write_text(text)
        with pytest.raises(BadState, match=why):
            run(out)
    path.unlink()  # with the parts still there, a new beginning would put others in their place
    with pytest.raises(NotFree, match="not empty"):
        run(out)


def test_long_transactions_hold_back_what_came_after_them_and_lose_nothing(out: Path) -> None:
    from django.db import connection

    tell("a", source=SOURCE)
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN; SELECT pg_current_xact_id()")
            tell("b")
            run(out)
            assert seen(out) == ["a"]
            cursor.execute("COMMIT")
    finally:
        other.close()
    run(out)
    assert seen(out) == ["a", "b"]
