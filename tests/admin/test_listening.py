"""The section of who was listening: a strip for each source, and a table of the same numbers."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from notifications.admin import listening
from notifications.admin.addresses import page_address, trace_address
from notifications.admin.listening import Listening, listening_of
from notifications.models import Coverage
from notifications.protocol.coverage import Covered, SourceCoverage, Tells, in_window
from notifications.protocol.window import Window
from tests.conftest import DEVICE, FINISHED, INIT, OPERATION

NOON = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
LATER, ANOTHER = INIT | {"operationId": str(UUID(int=1))}, {"operationId": str(UUID(int=2))}
DAY = Window(NOON - timedelta(days=1), NOON)


def source(name: str, *hours: tuple[float, float], window: Window = DAY) -> SourceCoverage:
    """Covered from so many to so many hours before noon."""
    covered = Covered(
        tuple((NOON - timedelta(hours=a), NOON - timedelta(hours=b)) for a, b in hours)
    )
    return SourceCoverage(
        source=name, tells=(Tells.NOTIFICATIONS, Tells.INBOX), kinds=("probe", "report"),
        shown=in_window(covered, window, now=NOON, silence=timedelta(minutes=5)),
    )  # fmt: skip


def drawn(*coverage: SourceCoverage, may: bool = True) -> Listening:
    told = listening_of(coverage, lambda right: may)
    assert told is not None
    return told


def test_each_source_has_a_strip_within_the_frame_and_a_line_of_the_same() -> None:
    told = drawn(source("mirror", (30, 18), (17, 0)), source("bank"))
    first, second = told.lanes
    assert [each.look for each in first.parts] == ["covered", "hole"]
    assert [each.look for each in second.parts] == ["unmeasured"]
    for lane in told.lanes:
        assert all(each.x >= listening.LEFT for each in lane.parts)
        assert all(each.x + each.width <= 948.01 for each in lane.parts)
        assert lane.y < told.foot < told.height
    mirror, bank = told.lines
    assert (mirror.tells, mirror.kinds) == (
        "messages, inbox messages", "probe through the proxy, report",
    )  # fmt: skip
    assert (mirror.share, mirror.uncovered) == ("95.8", "1 h")
    assert mirror.holes == ((NOON - timedelta(hours=18), NOON - timedelta(hours=17)),)
    assert (bank.kinds, bank.share, bank.holes) == ("not measured", "", ())
    assert told.looks == {"covered", "hole", "unmeasured"}


def test_what_has_no_room_is_counted() -> None:
    told = drawn(*(source(f"s{each}", (30, 0)) for each in range(60)))
    assert (len(told.lanes), len(told.lines), told.more) == (12, 50, 10)
    holed = drawn(source("mirror", *((each, each - 0.5) for each in range(30, 0, -1))))
    (line,) = holed.lines
    assert (len(line.holes), line.more_holes) == (3, len(line.told.shown.holes) - 3)
    long = drawn(source("n" * 64, (30, 0))).lanes[0]
    assert (len(long.name), long.name[-1], len(long.whole)) == (listening.LONGEST_NAME, "…", 64)


@pytest.mark.parametrize("days", [0.001, 1, 31, 366, 80_000])
def test_the_page_of_a_source_is_asked_for_as_much_of_the_window_as_it_shows(
    operator_client: Client, db: None, days: float
) -> None:
    Coverage.objects.create(source_id="mirror", began_at=NOON, ended_at=NOON)
    window = Window(NOON, NOON + timedelta(days=days))
    (line,) = drawn(source("mirror", (30, 0), window=window)).lines
    assert line.address.startswith(page_address("source", "mirror") + "?since=")
    assert drawn(source("mirror"), may=False).lines[0].address == ""


def test_nothing_is_drawn_where_nobody_could_have_told() -> None:
    assert listening_of((), lambda right: True) is None


@pytest.fixture
def pages(record_one: Callable[..., Any]) -> list[str]:
    told = record_one(extras=INIT, user_id="u", activation_id=DEVICE, app_id="retail")
    assert told
    return [
        trace_address("activation", DEVICE),
        trace_address("operation", OPERATION),
        "/admin/gaps/",
    ]


def test_every_answer_has_the_section_and_gaps_lead_to_it(
    operator_client: Client, pages: list[str]
) -> None:
    for address in pages:
        html = operator_client.get(address).content.decode()
        assert 'id="listening"' in html, address
        assert 'class="strip-unmeasured"' in html
        assert "No source that could tell was measured (" in html
        assert html.count('href="#listening"') >= 1


def test_what_is_missing_leads_to_who_was_listening(
    operator_client: Client, record_one: Callable[..., Any]
) -> None:
    now = datetime.now(UTC)
    for minutes, extras in ((-180, INIT), (-179, FINISHED), (-120, LATER), (-60, INIT | ANOTHER)):
        at = now + timedelta(minutes=minutes)
        told = {"user_id": "u", "activation_id": DEVICE, "emitted_at": at.isoformat()}
        record_one(extras=extras, now=now, **told)
    page = operator_client.get(trace_address("activation", DEVICE))
    resting = [each for each in page.context["entries"] if each.rests_on_silence]
    assert resting
    html = page.content.decode()
    assert html.count('<a href="#listening">') == 1 + len(resting)
