"""`manage.py import_powerauth_history FILE`: every form of file, once or twice, or damaged."""

import gzip
import io
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.ingest import history, history_file
from notifications.ingest.foreign_database import BrokenOff
from notifications.ingest.history_file import rows_of_file
from notifications.models import ActivationEvent, Source
from tests.conftest import DEVICE

pytestmark = pytest.mark.usefixtures("db")

Write = Callable[..., Path]
AT = datetime(2024, 5, 1, 8, 0, 0, 250000, tzinfo=UTC)


def item(number: int = 1, **told: Any) -> dict[str, Any]:
    """As the REST service answers it."""
    return {
        "id": number,
        "activationId": DEVICE,
        "activationStatus": "ACTIVE",
        "eventReason": None,
        "externalUserId": "secret-operator",
        "activationName": "secret-name",
        "timestampCreated": f"2024-05-01T08:00:{number % 60:02}.250+00:00",
        "version": 3,
        **told,
    }


def answer(*items: dict[str, Any]) -> dict[str, Any]:
    return {"status": "OK", "responseObject": {"items": list(items)}}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def file(data: bytes | str, *, zipped: bool = False) -> Path:
        path = tmp_path / "history.json"
        data = data.encode() if isinstance(data, str) else data
        path.write_bytes(gzip.compress(data) if zipped else data)
        return path

    return file


def run(path: Path | str | None = None, **options: Any) -> str:
    out = StringIO()
    given = [] if path is None else [str(path)]
    options.setdefault("source", "powerauth")
    call_command("import_powerauth_history", *given, stdout=out, stderr=out, **options)
    return out.getvalue()


def fails(*arguments: Any, **options: Any) -> str:
    """What it tells when some rows could not be read."""
    out = StringIO()
    with pytest.raises(SystemExit) as ending:
        call_command(
            "import_powerauth_history",
            *map(str, arguments),
            **{"source": "powerauth", **options},
            stdout=out,
            stderr=out,
        )
    assert ending.value.code == 1
    return out.getvalue()


def test_a_row_is_an_event_at_the_time_it_happened(write: Write) -> None:
    told = item(250, activationStatus="BLOCKED", eventReason="MAX_FAILED_ATTEMPTS")
    run(write(json.dumps(answer({**told, "timestampCreated": "2024-05-01T08:00:00.250Z"}))))
    event = ActivationEvent.objects.get()
    assert (event.activation_id, event.status, event.reason) == (
        DEVICE,
        "BLOCKED",
        "MAX_FAILED_ATTEMPTS",
    )
    assert event.happened_at == AT < event.observed_at
    assert event.source == Source.objects.get(slug="powerauth")
    assert event.key == f"history/250/2024-05-01T08:00:00.250Z/{DEVICE}"
    assert "secret" not in repr(ActivationEvent.objects.values().get())


TWO = [item(1), item(2)]
FORMS = {
    "an answer": json.dumps(answer(*TWO)),
    "an answer over lines": json.dumps(answer(*TWO), indent=2),
    "only its object": json.dumps({"items": TWO}),
    "a list of answers": json.dumps([answer(item(1)), answer(item(2))]),
    "a list of answers over lines": json.dumps([answer(item(1)), answer(item(2))], indent=1),
    "a list of one item a line": "[\n" + json.dumps(item(1)) + ",\n" + json.dumps(item(2)) + "\n]",
    "a list of items": json.dumps(TWO),
    "lines of items": "\n".join(map(json.dumps, TWO)) + "\n\n",
    "lines of answers": "\r\n".join(json.dumps(answer(each)) for each in TWO),
    "lines behind blank ones and a mark": "\ufeff" + "\n".join(map(json.dumps, TWO)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("zipped", [False, True])
def test_every_form_is_read_and_each_row_recorded_once(
    write: Write, form: str, zipped: bool
) -> None:
    path = write(FORMS[form], zipped=zipped)
    assert "2 recorded, 0 known, 0 could not be read" in run(path)
    assert "0 recorded, 2 known, 0 could not be read" in run(path)
    assert ActivationEvent.objects.count() == 2


def test_the_standard_input_is_a_file_too(monkeypatch: pytest.MonkeyPatch) -> None:
    data = gzip.compress(FORMS["lines of items"].encode())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(io.BytesIO(data))))
    assert "2 recorded" in run("-")


def test_a_sequence_that_began_anew_collides_with_nothing(write: Write) -> None:
    later = item(1, timestampCreated="2025-01-01T00:00:00Z")
    other = item(1, activationId="another")
    assert "3 recorded" in run(write(json.dumps([item(1), later, other])))


def test_a_row_with_its_owner_is_another_fact_than_without(write: Write) -> None:
    run(write(json.dumps(item(1))))
    run(write(json.dumps(item(1, userId="user-1", applicationId="mobile-app"))))
    users = ActivationEvent.objects.values_list("recipient__user_id", "apps")
    assert sorted(users, key=str) == [("user-1", ["mobile-app"]), (None, [])]


@pytest.mark.parametrize(
    ("told", "zone", "hour"),
    [
        ("2024-05-01T08:00:00.250", None, 8),
        ("2024-05-01T08:00:00.250", "Europe/Prague", 6),
        ("2024-05-01T08:00:00.250+0000", "Europe/Prague", 8),
        (1714550400250, "Europe/Prague", 8),
    ],
)
def test_times_without_a_zone_are_of_the_zone_that_is_given(
    write: Write, told: Any, zone: str | None, hour: int
) -> None:
    run(write(json.dumps(item(timestampCreated=told))), timezone=zone)
    assert ActivationEvent.objects.get().happened_at == AT.replace(hour=hour)


def test_since_passes_over_what_is_older(write: Write) -> None:
    told = run(write(json.dumps([item(1), item(2)])), since="2024-05-01T08:00:02Z")
    assert "1 recorded, 0 known, 1 older" in told


def test_rows_that_cannot_be_read_are_named_and_the_rest_goes_on(write: Write) -> None:
    lines = [
        '{"id": 1, "activ',
        json.dumps(item(2)),
        json.dumps({**item(), "id": True}),
        json.dumps(item(4, activationId="")),
        json.dumps(item(5, timestampCreated="yesterday")),
        json.dumps({"status": "ERROR", "responseObject": {"code": "ERR", "message": "x"}}),
        json.dumps(answer(item(7), 5)),  # type: ignore[arg-type]
        json.dumps(item(8, activationStatus=5)),
    ]
    told = fails(write("\n".join(lines)))
    assert "3 recorded, 0 known, 6 could not be read" in told
    for place in (
        "line 1: it is no JSON",
        "line 3: id is no number",
        "line 4: activationId names no activation",
        "line 5: timestampCreated is no time",
        "line 6: it is an answer without items",
        "line 7, item 2: it is no object",
    ):
        assert place in told
    event = ActivationEvent.objects.get(status=None)
    assert event.findings[0]["key"] == "activationStatus"


def test_more_rows_than_a_batch_are_recorded_in_several(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "MAX_EVENTS", 10)
    genuine, sizes = history.record_events, []

    def counted(batch: Any, **rest: Any) -> Any:
        sizes.append(len(batch))
        return genuine(batch, **rest)

    monkeypatch.setattr(history, "record_events", counted)
    assert "25 recorded" in run(write("\n".join(json.dumps(item(n)) for n in range(25))))
    assert sizes == [10, 10, 5]


@pytest.mark.parametrize(
    ("error", "words", "status"),
    [
        (KeyboardInterrupt, "Interrupted. So far: 10 recorded", 130),
        (OperationalError, "The database of pushaudit is not available. So far: 10 recorded", 1),
    ],
)
def test_what_ends_it_early_is_told_and_the_next_run_completes_it(
    write: Write, monkeypatch: pytest.MonkeyPatch, error: Any, words: str, status: int
) -> None:
    path = write("\n".join(json.dumps(item(n)) for n in range(25)))
    monkeypatch.setattr(history, "MAX_EVENTS", 10)
    genuine = history.record_events

    def interrupted(*args: Any, **rest: Any) -> Any:
        if ActivationEvent.objects.exists():
            raise error
        return genuine(*args, **rest)

    monkeypatch.setattr(history, "record_events", interrupted)
    with pytest.raises(CommandError, match=words) as ending:
        run(path)
    assert ending.value.returncode == status
    monkeypatch.setattr(history, "record_events", genuine)
    assert "15 recorded, 10 known" in run(path)


def test_what_stands_before_a_damage_is_committed(write: Write) -> None:
    path = write("\n".join(json.dumps(item(n)) for n in range(9)), zipped=True)
    path.write_bytes(path.read_bytes()[:-5])
    with pytest.raises(CommandError, match=r"cannot be read on: .* So far: \d+ recorded"):
        run(path)
    assert ActivationEvent.objects.exists()


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ("", "It is empty"),
        ("\n\n", "It is empty"),
        ("id,activation\n1,2", "neither one JSON text nor lines of JSON"),
        ('{"items": [', "neither one JSON text nor lines of JSON"),
        (b"\xff\xfe\x00", "neither one JSON text nor lines of JSON"),
    ],
)
def test_a_file_that_is_none_is_refused(write: Write, data: Any, words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(write(data))


def test_a_text_too_large_to_be_read_whole_is_refused(
    write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_file, "MAX_DOCUMENT", 1024**2)
    with pytest.raises(CommandError, match="one JSON text of over 1 MiB; write its items as lines"):
        run(write('{\n"a": "' + "x" * 1024**2 + '"}'))
    with pytest.raises(CommandError, match="a line of over 1 MiB"):
        run(write('{"a": "' + "x" * 1024**2 + '"}'))


@pytest.mark.parametrize(
    ("file", "options", "words"),
    [
        (None, {}, "name either a FILE or --dsn"),
        ("f", {"dsn": "postgresql://x/y", "timezone": "UTC"}, "name either a FILE or --dsn"),
        (None, {"dsn": "postgresql://x/y"}, "--timezone is required with --dsn"),
        ("f", {"source": "The Bank"}, "--source 'The Bank' is no slug"),
        ("f", {"timezone": "Prague"}, "--timezone 'Prague' is no zone"),
        ("f", {"timezone": "../etc"}, "is no zone"),
        ("f", {"since": "2024-05-01"}, "--since has no zone"),
        ("/nowhere/f", {}, "/nowhere/f cannot be read: No such file"),
        ("/", {}, "/ cannot be read: Is a directory"),
    ],
)
def test_what_cannot_be_is_said(file: str | None, options: dict[str, Any], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(file, **options)


@pytest.mark.parametrize("text", ["0", '{\n"responseObject": {\n"code": "ERROR_GENERIC"}}', "{\n}"])
def test_a_file_that_is_one_thing_is_the_place_of_what_is_wrong_with_it(text: str) -> None:
    (row,) = rows_of_file(io.BytesIO(text.encode()))
    assert row.place == "the file"


@example(b"0")
@given(st.binary() | st.text().map(str.encode) | st.lists(st.sampled_from(sorted(FORMS))))
def test_any_file_is_read_or_refused(data: Any) -> None:
    if isinstance(data, list):
        data = "\n".join(FORMS[each] for each in data).encode()
    try:
        rows = list(rows_of_file(io.BytesIO(data)))
    except BrokenOff:
        return
    assert all(row.place for row in rows)
