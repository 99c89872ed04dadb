"""What is kept of each hour is what would be found, of all hours on record, whatever comes late."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from notifications.models import (
    AccessRecord,
    GapHour,
    GapLook,
    GapMark,
    GapNote,
    RuleSetting,
)
from notifications.protocol.reasons import Reason
from notifications.protocol.window import HOUR, Window
from notifications.trace import gap_hours, gap_touches, gaps
from notifications.trace.access import Viewer
from notifications.trace.gap_hours import hour_of, keep_gap_hours
from notifications.trace.gap_notes import record_notes
from notifications.trace.gaps import find_gaps
from notifications.trace.overview import keep_overview
from notifications.trace.rules import set_rule
from tests.conftest import FINISHED, INIT, NOW
from tests.trace.stories import NOON, STORIES, Story

Tell = Callable[..., None]
LATER = NOON + timedelta(days=40)
VIEWER = Viewer("jana", AccessRecord.Via.ADMIN)


@pytest.fixture
def tell(committed_db: str) -> Tell:
    """Records envelopes, each time in a transaction of its own."""
    from notifications.ingest.envelope import emission_from
    from notifications.ingest.recorder import record

    def make(told: Any, source: str = "bank") -> None:
        envelopes = told.envelopes() if isinstance(told, Story) else told
        record([emission_from(each, now=LATER) for each in envelopes], source=source)

    return make


def announced(at: datetime, number: int) -> dict[str, Any]:
    return {
        "emitted_at": at.isoformat(),
        "extras": INIT | {"operationId": f"00000000-0000-4000-8000-{number:012}"},
        "activation_id": "phone",
        "app_id": "mobile",
    }


def finished(at: datetime, number: int) -> dict[str, Any]:
    told = announced(at, number)
    return {**told, "extras": {**FINISHED, "operationId": told["extras"]["operationId"]}}


def keep(now: datetime = LATER) -> int:
    """All that is to do; in how many turns."""
    turns = 1
    while keep_gap_hours(now):
        turns += 1
    return turns


def kept() -> Counter[tuple[Any, ...]]:
    return Counter(
        {
            (
                each.hour,
                each.rule,
                each.reason,
                each.counts_as,
                each.app_id,
                each.source,
            ): each.count
            for each in GapHour.objects.all()
        }
    )


def found(window: Window, now: datetime = LATER) -> Counter[tuple[Any, ...]]:
    return Counter(
        (hour_of(each.at), each.rule, each.reason, each.counts_as, each.app, each.source)
        for each in find_gaps(window, now=now).entries
    )


ALL = Window(NOON - timedelta(days=15), NOON + timedelta(days=15))


def test_all_hours_on_record_are_counted_and_as_they_would_be_found(tell: Tell) -> None:
    for story in STORIES:
        tell(story)
    tell(announced(NOON + timedelta(days=days), days) for days in range(-12, 12, 5))
    keep()
    assert len(kept()) > 5
    assert kept() == found(ALL)
    assert not GapLook.objects.filter(touched_at__isnull=False).exists()


def test_what_comes_late_changes_its_hour_and_that_of_its_operation(tell: Tell) -> None:
    began, ended = NOON - timedelta(days=9), NOON - timedelta(days=2)
    tell([announced(began, 1), announced(ended, 2), finished(ended, 2)])
    keep()
    ((_, _, reason, *_),) = kept()
    assert reason == Reason.NEVER_FINISHED
    tell([finished(began + timedelta(minutes=1), 1)])
    keep()
    assert kept() == Counter() == found(ALL)
    # Announced again days later, so that another round of the operation is owed its finish.
    tell([announced(NOON - timedelta(days=4), 1), finished(NOON, 3), announced(NOON, 3)])
    keep()
    assert kept() == found(ALL) != Counter()


def test_with_nothing_new_it_writes_nothing(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON + HOUR, 2)])
    keep()
    with CaptureQueriesContext(connection) as queries:
        assert not keep_gap_hours(LATER)
    written = [each["sql"] for each in queries if re_writes(each["sql"])]
    assert written == [], written
    assert len(queries) < 21


def re_writes(statement: str) -> bool:
    return statement.lstrip().split(" ", 1)[0] in ("INSERT", "DELETE", "WITH")


def test_time_alone_makes_another_of_what_is_pending(tell: Tell, settings: Any) -> None:
    settings.OPERATION_LIFE = timedelta(days=2)
    tell([finished(NOON - HOUR, 2), announced(NOON - HOUR, 2), announced(NOON, 1)])
    tell([announced(NOON + 60 * HOUR, 3)])
    keep(NOON + 30 * HOUR)
    assert {each.counts_as for each in GapHour.objects.filter(hour=NOON)} == {"pending"}
    keep(NOON + 40 * HOUR)
    assert {each.counts_as for each in GapHour.objects.filter(hour=NOON)} == {"pending"}
    keep(LATER)
    assert kept() == found(ALL)
    assert {each.counts_as for each in GapHour.objects.filter(hour=NOON)} == {"missing"}


def test_a_source_that_is_heard_again_has_its_hours_looked_at_anew(tell: Tell) -> None:
    tell([announced(NOON - HOUR, 2), finished(NOON - HOUR, 2), announced(NOON, 1)])
    keep()
    ((_, _, reason, *_),) = kept()
    assert reason == Reason.SOURCE_SILENT
    tell([announced(NOON + timedelta(days=9), 3), finished(NOON + timedelta(days=9), 3)])
    keep()
    ((_, _, reason, *_),) = kept()
    assert reason == Reason.NEVER_FINISHED
    assert kept() == found(ALL)


def test_an_hour_is_looked_at_again_once_nothing_can_come_that_is_about_it(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON, 1)])
    keep(NOON + HOUR)
    look = GapLook.objects.get(hour=NOON)
    assert (look.found, look.rests_on) == (None, "")
    again = look.again_at
    assert again is not None
    assert again > NOON + 2 * HOUR
    keep(again + 2 * gap_hours.AROUND)
    look = GapLook.objects.get(hour=NOON)
    assert (look.found, look.again_at, look.rests_until) == ("[]", None, again)


def test_an_acknowledgement_closes_and_does_not_uncount(tell: Tell) -> None:
    tell([announced(NOON, 1), announced(NOON + HOUR, 2), finished(NOON + HOUR, 2)])
    keep()
    assert [(each.count, each.open) for each in GapHour.objects.all()] == [(1, 1)]
    (gap,) = find_gaps(ALL, now=LATER).entries
    record_notes([gap], GapNote.Kind.ACKNOWLEDGED, "Known outage.", VIEWER)
    keep()
    assert [(each.count, each.open) for each in GapHour.objects.all()] == [(1, 0)]
    record_notes([gap], GapNote.Kind.REOPENED, "It was not.", VIEWER)
    keep()
    assert [(each.count, each.open) for each in GapHour.objects.all()] == [(1, 1)]


def test_an_hour_that_is_too_much_is_said_and_the_others_are_counted(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell(announced(NOON + timedelta(minutes=n), n) for n in range(3))
    tell([announced(NOON - timedelta(days=3), 9), finished(NOON + timedelta(days=3), 10)])
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 2)
    keep()
    assert NOON in set(GapLook.objects.filter(too_much=True).values_list("hour", flat=True))
    assert {each.hour for each in GapHour.objects.all()} == {NOON - timedelta(days=3)} | {
        hour_of(NOON + timedelta(days=3))
    }


def test_changed_terms_have_every_hour_looked_at_anew(tell: Tell, settings: Any) -> None:
    tell([announced(NOON, 1), finished(NOON + timedelta(minutes=20), 1), announced(NOON, 2)])
    keep()
    before = kept()
    settings.OPERATION_LIFE = timedelta(hours=3)
    keep()
    assert kept() == found(ALL)
    assert set(GapMark.objects.values_list("terms", flat=True)) == {gap_touches.fingerprint()}
    assert before


def test_a_rule_that_is_set_has_every_hour_looked_at_anew(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON + timedelta(days=1), 2), announced(NOON, 2)])
    keep()
    before = kept()
    set_rule(RuleSetting(source_id="bank", rule="E1", says="applies_not", who="jana", note="off"))
    keep()
    assert kept() == found(ALL) != before
    assert {reason for _, _, reason, *_ in kept()} >= {Reason.RULE_OFF}


def test_another_cluster_has_all_gone_through_again(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON + HOUR, 2)])
    keep()
    told = kept()
    GapMark.objects.update(below=2**40)
    GapHour.objects.all().delete()
    keep()
    assert kept() == told


def test_the_overview_keeps_the_hours_around_now(tell: Tell) -> None:
    tell([announced(NOON, 1), announced(NOON + HOUR, 2), finished(NOON + HOUR, 2)])
    now = NOON + 3 * HOUR
    assert keep_overview(now)
    assert kept() == found(ALL, now)
    rows = list(GapHour.objects.values_list("pk", flat=True))
    assert keep_overview(now + HOUR)
    assert list(GapHour.objects.values_list("pk", flat=True)) == rows  # none is written anew


@contextmanager
def another_worker(statement: str) -> Iterator[None]:
    """Has the lock meanwhile."""
    other = connections.create_connection("default")
    other.settings_dict["NAME"] = connection.settings_dict["NAME"]
    try:
        with other.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(statement)
            yield
            cursor.execute("ROLLBACK")  # a server may notice later that its client is gone
    finally:
        other.close()


def test_one_worker_at_a_time_does_each_part(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON + HOUR, 2)])
    keep_gap_hours(LATER)  # makes the mark
    with another_worker(gap_touches.LOCK):
        keep_gap_hours(LATER)
        assert not GapLook.objects.exists()
    with another_worker(gap_hours._LOCK):
        keep_gap_hours(LATER)
        assert GapLook.objects.exists()
        assert not GapHour.objects.exists()
    keep()
    assert GapHour.objects.exists()


def test_a_look_that_began_earlier_does_not_undo_a_later_one(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON + HOUR, 2)])
    since = gap_hours.begin(LATER)
    window = Window(NOON - HOUR, NOON + HOUR)
    keep()
    told = kept()
    gap_hours.write_hours(window, (), now=LATER, since=since)
    assert kept() == told


def test_while_it_looks_the_record_goes_on_to_be_complete(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else neither tallies nor the feed would get beyond this worker's transaction."""
    tell([announced(NOON, 1)])
    numbers: list[Any] = []

    def look(*given: Any, **more: Any) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_xact_id_if_assigned()")
            numbers.extend(cursor.fetchone())
        return find_gaps(*given, **more)

    monkeypatch.setattr(gap_hours, "find_gaps", look)
    keep()
    assert set(numbers) == {None}


@pytest.mark.django_db
def test_a_transaction_of_this_test_is_not_complete() -> None:
    """What is still being written is not gone through, and is not passed over either."""
    with transaction.atomic():
        assert NOW
        keep_gap_hours(LATER)
    assert GapMark.objects.get().below >= 0
