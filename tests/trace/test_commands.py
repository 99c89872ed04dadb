"""The same answers in a terminal."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError

from notifications.models import AccessRecord, GapNote
from notifications.protocol.window import Window
from notifications.trace import gaps
from notifications.trace.access import Viewer
from notifications.trace.gap_notes import record_notes
from notifications.trace.gaps import find_gaps
from tests.trace.stories import NOON, PAYMENT, PHONE, STORIES, TABLET, USER, init, to

DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
ELSEWHERE = "finish sent to other devices only"
Tell = Callable[..., None]


def printed(*arguments: Any, **options: Any) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def recorded(tell: Tell) -> None:
    tell(STORIES[0])


@pytest.mark.usefixtures("recorded")
def test_trace_prints_the_verdict_and_a_line_for_each_entry() -> None:
    lines = printed("trace", PHONE.upper(), **DAY).splitlines()
    assert lines[0].startswith("2 expected, 1 emitted, 1 missing")
    assert lines[1] == (
        "No source that could tell was measured (bank): what is not on record may have been sent."
    )
    assert [line.split()[2:4] for line in lines[4:]] == [
        ["+", "operationInit"],
        ["✗", "operationFinished"],
    ]


@pytest.mark.usefixtures("recorded")
def test_trace_prints_all_devices_of_a_user() -> None:
    told = printed("trace", USER, user=True, **DAY)
    assert f"  {PHONE}: 2 expected, 1 emitted, 1 missing" in told
    assert f"  {TABLET}: 2 expected, 2 emitted." in told
    record = AccessRecord.objects.get()
    assert (record.action, record.via) == ("user_trace", "command")
    assert record.who


@pytest.mark.usefixtures("recorded")
def test_timeline_prints_rounds_and_lanes() -> None:
    told = printed("timeline", PAYMENT, case="17")
    assert told.splitlines()[1].startswith("No source that could tell was measured (bank)")
    assert "round 1: 3 of 4 sent, authentication.success" in told
    assert told.count(PHONE) == 2
    assert AccessRecord.objects.get().case_number == "17"


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("arguments", "key"),
    [
        (("trace", PHONE), "entries"),
        (("trace", USER, "--user"), "devices"),
        (("gaps",), "results"),
    ],
)
def test_json_is_the_object_of_the_api(arguments: tuple[str, ...], key: str) -> None:
    document = json.loads(printed(*arguments, json=True, **DAY))
    assert document[key]
    assert document["since"] == "2026-03-14T00:00:00.000Z"


@pytest.mark.usefixtures("recorded")
def test_the_timeline_as_json() -> None:
    document = json.loads(printed("timeline", PAYMENT, json=True))
    assert [lane["activation"] for lane in document["lanes"]] == [PHONE, TABLET]
    assert document["entries"][0]["clients"]


def monitored(capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[int, str]:
    """The exit code, and what was printed."""
    with pytest.raises(SystemExit) as ended:
        call_command("gaps", **{**DAY, **options})
    return int(str(ended.value.code)), capsys.readouterr().out


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("options", "code", "line"),
    [
        ({"fail_over": 0}, 1, "WARNING - 1 missing (at most 0) | missing=1;0;;0 explained=0"),
        ({"fail_over": 1}, 0, "OK - 1 missing (at most 1) | missing=1;1;;0"),
        ({"fail_over": 0, "source": ["other"]}, 0, "OK - 0 missing (at most 0) | missing=0;0;;0"),
        ({"fail_over": 0, "source": ["bank"]}, 1, "WARNING - 1 missing"),
        ({"fail_over": 0, "counts_as": ["undecided"]}, 0, "OK - 0 undecided"),
        ({"fail_over": 0, "counting": "undecided"}, 0, "OK - 0 undecided (at most 0) | undec"),
        ({"fail_over": 0, "open": True}, 1, "WARNING - 1 missing and open"),
        ({"fail_over": 0, "acknowledged": True}, 0, "OK - 0 missing"),
        ({"fail_over": 0, "since": "nonsense"}, 3, "UNKNOWN - --since must be a moment"),
        ({"fail_over": 0, "since": "32d", "until": None}, 3, "UNKNOWN - --since the window has"),
    ],
)
def test_gaps_end_for_monitoring(
    capsys: pytest.CaptureFixture[str], options: dict[str, Any], code: int, line: str
) -> None:
    ended, told = monitored(capsys, line=True, **options)
    assert ended == code
    assert told.startswith(f"GAPS {line}")
    assert told.count("\n") == 1


@pytest.mark.usefixtures("recorded")
def test_what_is_acknowledged_raises_no_alarm(capsys: pytest.CaptureFixture[str]) -> None:
    window = Window(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
    viewer = Viewer("jana", AccessRecord.Via.ADMIN)
    found = find_gaps(window, now=NOON + timedelta(days=1)).entries
    record_notes(found, GapNote.Kind.ACKNOWLEDGED, "Known.", viewer)
    assert monitored(capsys, fail_over=0, open=True)[0] == 0
    assert monitored(capsys, fail_over=0)[0] == 1


@pytest.mark.usefixtures("recorded")
def test_what_cannot_be_told_is_not_well(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MOST_MESSAGES", 0)
    code, line = monitored(capsys, fail_over=0, line=True)
    assert (code, "1 operations not judged" in line) == (3, True)
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    assert monitored(capsys, fail_over=0)[0] == 3

    def broken(*_: object, **__: object) -> None:
        raise OperationalError("secret")

    monkeypatch.setattr("notifications.management.commands.gaps.gaps_of", broken)
    assert monitored(capsys, fail_over=0) == (3, "GAPS UNKNOWN - OperationalError\n")


@pytest.mark.usefixtures("recorded")
def test_gaps_are_narrowed() -> None:
    told = printed("gaps", rule=["E2"], **DAY).splitlines()
    assert told[0] == "Nothing that was owed is missing."
    assert told[1].startswith("No source that could tell was measured (bank)")
    assert len(told) == 2
    assert printed("gaps", reason=["finished_elsewhere"], **DAY).startswith(
        "1 missing (finish sent to other devices only)."
    )


@pytest.mark.parametrize(
    ("arguments", "options", "told"),
    [
        (("trace", "nobody"), {}, "No notification ever named this device"),
        (("trace", "nobody", "--user"), {}, "No notification was ever sent to this user"),
        (("timeline", "none"), {}, "No notification is about this operation"),
        (("trace", PHONE), {"since": "x"}, "--since must be a moment"),
        (("trace", PHONE), {"case": "x" * 65}, "--case must be at most 64"),
        (("gaps",), {"since": "32d"}, "--since the window has over 31 days"),
    ],
)
@pytest.mark.usefixtures("recorded")
def test_what_makes_no_sense_is_told(
    arguments: tuple[str, ...], options: dict[str, Any], told: str
) -> None:
    with pytest.raises(CommandError, match=told):
        printed(*arguments, **options)
    assert not AccessRecord.objects.exists()


def test_a_terminal_is_not_written_to_by_what_was_recorded(tell: Tell) -> None:
    hostile = init() | {"operationId": "\x1b[2Jgone\u202e", "operationName": "\x07"}
    tell([{**to(PHONE, hostile), "emitted_at": NOON.isoformat()}])
    told = printed("trace", PHONE, **DAY)
    assert not {"\x1b", "\u202e", "\x07"} & set(told)
    assert "⟨U+001B⟩[2Jgone" in told


@pytest.mark.usefixtures("recorded")
def test_all_can_be_asked_as_of_a_moment() -> None:
    """Before anything was recorded; and as of now, with what it is by now."""
    earlier = {"as_of": "2026-03-20T00:00:00Z"}
    told = printed("trace", PHONE, **DAY, **earlier)
    assert told.splitlines() == [
        "As known at 2026-03-20 00:00:00 UTC: nothing expected, nothing emitted: no notification"
        " named this device in the window, nor at any other time.",
        "2 reports that it rests on now were recorded later: expected 0 then and 2 now, emitted 0"
        " then and 1 now, missing 0 then and 1 now.",
        "No source that could tell was recorded by then: what is not on record may have been sent.",
    ]
    assert "nothing expected" in printed("timeline", PAYMENT, **earlier)
    assert "nothing that was owed is missing" in printed("gaps", **DAY, **earlier)
    assert "1 missing" in printed("gaps", **DAY, as_of="0m")
    assert "its counts are the same now" in printed("trace", USER, user=True, **DAY, as_of="0m")
    with pytest.raises(CommandError, match="--as-of lies ahead: write a moment up to now"):
        printed("trace", PHONE, as_of="2150-01-01T00:00:00Z")
