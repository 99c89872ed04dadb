"""The same answers in a terminal."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from notifications.models import AccessRecord
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
    assert [line.split()[2:4] for line in lines[3:]] == [
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


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(("limit", "fails"), [(0, True), (1, False), (2, False)])
def test_gaps_fail_for_monitoring(limit: int, fails: bool) -> None:
    if not fails:
        assert printed("gaps", fail_over=limit, **DAY).startswith(
            "1 missing (finish sent to other devices only)."
        )
        return
    with pytest.raises(SystemExit, match="1"):
        printed("gaps", fail_over=limit, **DAY)


@pytest.mark.usefixtures("recorded")
def test_gaps_are_narrowed() -> None:
    assert printed("gaps", rule=["E2"], **DAY) == "Nothing that was owed is missing.\n"
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
