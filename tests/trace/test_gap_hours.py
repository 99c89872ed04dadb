"""What is kept of each hour is what would be found, of all hours on record, whatever comes late."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from notifications.ingest.events import ActivationReport, InboxReport, record_events
from notifications.models import (
    AccessRecord,
    ClockDay,
    GapHour,
    GapLook,
    GapMark,
    GapNote,
    RuleSetting,
)
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.reasons import Reason
from notifications.protocol.window import DAY, HOUR, Window
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


def test_what_a_batch_touches_is_looked_up_and_not_looked_for_in_all_that_is_on_record(
    tell: Tell,
) -> None:
    tell(
        {**announced(NOON, number), "activation_id": f"phone-{number}", "user_id": f"u{number}"}
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE notifications_notification")
    gap_touches.touch_hours()  # makes the mark
    gap_touches.touch_hours()
    tell(finished(NOON, number) for number in range(500))
    with CaptureQueriesContext(connection) as queries:
        gap_touches.touch_hours()
    (touched,) = [each["sql"] for each in queries if "notifications_gaplook" in each["sql"]]
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {touched}")
        plan = [line for (line,) in cursor.fetchall()]
    assert not [
        line for line in plan if "Seq Scan on notifications_notification_y2026m03" in line
    ], plan


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


def test_it_goes_on_where_it_was_in_small_batches(
    tell: Tell, monkeypatch: pytest.MonkeyPatch
) -> None:
    for day in range(6):
        tell([announced(NOON - timedelta(days=day), day)])
    small = gap_touches._LAST_OF_BATCH.replace(f"OFFSET {gap_touches.BATCH - 1}", "OFFSET 0")
    monkeypatch.setattr(gap_touches, "_LAST_OF_BATCH", small)
    assert keep() > 6
    assert kept() == found(ALL)
    assert keep() == 1


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


def test_an_earlier_first_message_of_a_type_touches_the_hours_since(tell: Tell) -> None:
    tell([announced(NOON - timedelta(days=9), 1), finished(NOON - timedelta(days=9), 1)])
    tell([announced(NOON, 2), finished(NOON, 2)])
    owner = {"kind": ActivationEventKind.STATUS, "activation_id": "tablet", "apps": ("mobile",)}
    for key, name, at in (("1", "ACTIVE", NOON - timedelta(days=1)), ("2", "BLOCKED", NOON)):
        told = ActivationReport(key=key, status=name, observed_at=at, happened_at=at, **owner)
        record_events([told], source="callbacks")
    keep()
    assert kept() == found(ALL) == Counter()  # nobody is known to tell of changes
    changed = {"messageType": "mtoken.statusChange", "activationId": "phone"}
    tell([{**announced(NOON - timedelta(days=5), 3), "extras": changed}])
    keep()
    assert kept() == found(ALL) != Counter()


def test_a_rule_that_is_set_has_every_hour_looked_at_anew(tell: Tell) -> None:
    tell([announced(NOON, 1), finished(NOON + timedelta(days=1), 2), announced(NOON, 2)])
    keep()
    before = kept()
    set_rule(RuleSetting(source_id="bank", rule="E1", says="applies_not", who="jana", note="off"))
    keep()
    assert kept() == found(ALL) != before
    assert {reason for _, _, reason, *_ in kept()} >= {Reason.RULE_OFF}


def activation(at: datetime, key: str, **told: Any) -> None:
    """Something that PowerAuth or the Push Server tells of a device."""
    given = {"kind": ActivationEventKind.STATUS, "status": "ACTIVE", "apps": ("mobile",)} | told
    report = ActivationReport(key=key, observed_at=at, happened_at=at, **given)
    record_events([report], source="callbacks")


def posted(at: datetime, user: str) -> None:
    report = InboxReport(
        key=f"{user} {at}", observed_at=at, happened_at=at, user_id=user, apps=("mobile",)
    )
    record_events([report], source="mirror")


def touched() -> set[datetime]:
    """By what was told since all was kept."""
    hours = gap_touches.hours_left(str(GapMark.objects.get().below))
    assert hours is not None
    return hours


REGISTERED = {"kind": ActivationEventKind.REGISTERED, "status": None, "token": "t" * 64}


def test_what_is_told_of_a_device_touches_what_it_and_its_users_are_told(tell: Tell) -> None:
    early, before, later = NOON - 20 * DAY, NOON - 2 * DAY, NOON + 9 * DAY
    to_user = {"user_id": "eva", "activation_id": None, "app_id": "mobile"}
    tell({**announced(each, number), **to_user} for number, each in enumerate((early, before)))
    tell([{**announced(later, 5), **to_user}, announced(later + DAY, 6)])
    activation(early - DAY, "1", activation_id="phone")
    keep()
    assert touched() == set()
    # Whose it is, is so for life.
    activation(NOON, "2", activation_id="phone", user_id="eva")
    assert touched() >= {early, before, NOON, later, later + DAY}
    keep()
    # Told again, it confirms what was shortly before, and holds from then on.
    activation(NOON, "3", activation_id="phone", user_id="eva")
    assert touched() >= {before, NOON, later, later + DAY}
    assert early not in touched()
    keep()
    # So does what names none of them, and a push token that the phone had.
    activation(NOON, "4", activation_id="phone", user_id="eva", **REGISTERED)
    keep()
    activation(NOON, "5", activation_id="tablet", **REGISTERED)
    assert touched() >= {NOON, later, later + DAY}


def test_what_is_told_of_a_device_touches_what_its_users_are_owed(tell: Tell) -> None:
    posted(NOON + 4 * DAY, "eva")
    tell([announced(NOON - DAY, 1)])
    keep()
    activation(NOON, "1", activation_id="phone", user_id="eva")
    assert NOON + 4 * DAY in touched()
    keep()
    assert touched() == set()
    # A message tells whose a device is, too.
    tell([{**announced(NOON + DAY, 2), "activation_id": "tablet", "user_id": "eva"}])
    assert NOON + 4 * DAY in touched()


def test_an_estimate_of_clocks_touches_the_hours_in_which_it_holds(tell: Tell) -> None:
    days = [NOON + timedelta(days=each) for each in (-1, 0, 2, 4)]
    tell(announced(each, number) for number, each in enumerate(days))
    keep()
    ClockDay.objects.create(day=NOON.date(), looked_at=LATER)
    gap_touches.touch_hours()
    touched = GapLook.objects.filter(touched_at__isnull=False, looked_at__isnull=False)
    found_again = set(touched.values_list("hour", flat=True))
    assert {each for each in days if hour_of(each) in found_again} == set(days[1:3])


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
