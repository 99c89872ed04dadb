"""Which hours are looked at anew: those of whose gaps something is recorded since."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ingest.events import ActivationReport, InboxReport, record_events
from notifications.models import ClockDay, GapLook, GapMark
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.window import DAY
from notifications.trace import gap_touches
from notifications.trace.gap_hours import hour_of
from tests.trace.stories import NOON
from tests.trace.test_gap_hours import ALL, LATER, announced, finished, found, keep, kept
from tests.trace.test_gap_hours import tell as tell

Tell = Callable[..., None]


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
