"""Registrations as they are compared, reading by reading, with a table that has no history."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.ingest.push_server import registrations
from notifications.ingest.push_server.registration_events import readings_of
from notifications.ingest.push_server.registrations import bindings_of
from notifications.models import (
    Activation,
    ActivationEvent,
    PushComparing,
    PushRegistration,
    PushServerReading,
    SourceError,
)
from notifications.protocol.bindings import device_at
from notifications.protocol.events import fingerprint
from notifications.protocol.state import Standing
from notifications.trace.states import state_of

from .registering import SOURCE, ZONE, Vendor, intervals, told, vendor_database

pytestmark = pytest.mark.django_db
REGISTERED, UNREGISTERED, PUSH_STATUS = "registered", "unregistered", "push_status"


@pytest.fixture
def vendor(db: None) -> Iterator[Vendor]:
    with vendor_database() as found:
        yield found


def last_event() -> ActivationEvent:
    return ActivationEvent.objects.latest("observed_at", "key")


def test_what_is_new_begins_an_interval_and_is_told_as_registered(vendor: Vendor) -> None:
    vendor.has(3, "a", token="žluťoučký-kůň", platform="android", is_active=False)
    found = vendor.compared()
    assert (found.read, found.begun, found.ended, found.events) == (1, 1, 0, 1)
    row, event = PushRegistration.objects.get(), ActivationEvent.objects.get()
    assert (row.number, row.activation_id, row.app_id, row.platform) == (3, "a", "retail", "fcm")
    assert row.token == event.token == fingerprint("žluťoučký-kůň")
    assert row.is_active is event.push_active is False
    assert row.recipient is not None
    assert row.recipient.user_id == "u1"
    assert (row.not_before, row.seen_at, row.gone_at) == (None, found.moment, None)
    assert row.registered_at is not None
    assert found.begun_at - row.registered_at < timedelta(seconds=5)
    assert (event.kind, event.is_request, event.not_before) == (REGISTERED, False, None)
    assert event.observed_at == found.moment
    assert event.happened_at is not None
    assert Activation.objects.filter(pk="a").exists()


def test_what_is_as_it_was_is_read_and_nothing_is_written(vendor: Vendor) -> None:
    vendor.has(1)
    vendor.has(2, None, user=None)
    first = vendor.compared()
    with CaptureQueriesContext(connection) as queries:
        again = vendor.compared()
    assert (again.read, again.begun, again.ended, again.events) == (2, 0, 0, 0)
    assert again.begun_at > first.begun_at
    assert PushServerReading.objects.get(source=SOURCE).registrations_at == again.begun_at
    written = [each["sql"] for each in queries if "notifications_pushreg" in each["sql"]]
    assert not [each for each in written if each.lstrip().startswith(("INSERT", "UPDATE"))]


def test_a_registration_that_is_bound_anew_is_lost_to_the_device_before(vendor: Vendor) -> None:
    vendor.has(1, "a", token="t")
    before = vendor.compared()
    vendor.has(1, "b", token="t", user="u2")
    after = vendor.compared()
    assert intervals(1) == [("a", False), ("b", True)]
    old, new = PushRegistration.objects.order_by("id")
    assert (old.last_seen_at, old.gone_at) == (before.moment, after.moment)
    assert (new.not_before, new.seen_at) == (before.moment, after.moment)
    lost, bound = ActivationEvent.objects.exclude(not_before=None).order_by("-kind")
    assert (lost.kind, lost.activation_id) == (UNREGISTERED, "a")
    assert (bound.kind, bound.activation_id) == (REGISTERED, "b")
    assert lost.happened_at == bound.happened_at
    assert lost.happened_at is not None
    assert lost.not_before == bound.not_before == before.moment
    assert lost.token == bound.token == fingerprint("t")


def test_a_status_that_flips_is_told_as_that_and_no_more(vendor: Vendor) -> None:
    vendor.has(1)
    before = vendor.compared()
    for flag in (False, None, True):
        vendor.says(1, flag)
        vendor.compared()
        event = last_event()
        assert (event.kind, event.push_active) == (PUSH_STATUS, flag)
        assert (event.happened_at, event.activation_id) == (None, "a")
    assert [active for _, active in intervals(1)] == [False, False, False, True]
    registered = set(PushRegistration.objects.values_list("registered_at", flat=True))
    assert len(registered) == 1
    (bindings,) = bindings_of(SOURCE, {1}).values()
    within = {"since": before.moment, "until": vendor.now()}
    assert device_at(bindings, recipient=bindings[0].recipient, **within) == bindings[-1]


def test_what_is_deleted_is_no_longer_registered(vendor: Vendor) -> None:
    vendor.has(1, "a")
    vendor.has(2, "b")
    vendor.compared()
    vendor.drops(1)
    assert vendor.compared().ended == 1
    assert intervals(1) == [("a", False)]
    assert (last_event().kind, last_event().activation_id) == (UNREGISTERED, "a")
    assert last_event().happened_at is None
    vendor.has(1, "c")  # a sequence that was reset
    vendor.compared()
    assert intervals(1) == [("a", False), ("c", True)]


def test_a_device_that_has_another_row_by_now_is_not_lost(vendor: Vendor) -> None:
    vendor.has(1, "a", token="t")
    vendor.compared()
    vendor.has(1, "b", token="t")
    vendor.has(2, "a", token="t-2")
    vendor.compared({1})
    assert told() == [(REGISTERED, "a"), (REGISTERED, "b")]
    assert intervals(2) == []
    vendor.compared()
    assert told()[2:] == [(REGISTERED, "a")]


def test_single_registrations_are_compared_by_themselves(vendor: Vendor) -> None:
    vendor.has(1, "a")
    vendor.has(2, "b")
    everything = vendor.compared()
    vendor.has(1, "c", token="new")
    vendor.drops(2)
    one = vendor.compared({1, 5})
    assert (one.begun, one.ended) == (1, 1)
    assert intervals(2) == [("b", True)]
    vendor.has(1, "d", token="newer")
    vendor.compared({1})
    first, second, third = PushRegistration.objects.filter(number=1).order_by("id")
    assert second.not_before == first.last_seen_at == everything.moment
    assert third.not_before == second.last_seen_at == second.seen_at == one.moment
    vendor.compared({2})
    assert intervals(2) == [("b", False)]
    assert PushServerReading.objects.get(source=SOURCE).registrations_at == everything.begun_at
    # Of any moment it stays known how far they had been compared by then.
    noted = PushComparing.objects.values_list("source", "compared_at")
    assert list(noted) == [(SOURCE, everything.begun_at)]


def test_rows_that_tell_little_are_kept_and_counted(vendor: Vendor) -> None:
    upper = "49414E31-F3DF-4CEA-87E6-F214CA3B8412"
    vendor.has(1, None, user=None, token=None, at=None, is_active=None, platform=None)
    vendor.has(2, "b", app=99, platform="symbian")
    vendor.has(3, upper, user="u" * 255, token="x" * 255, at="infinity")
    vendor.has(4, "d", token="shared")
    vendor.has(5, "e", token="shared")
    found = vendor.compared()
    assert (found.begun, found.events, found.unusable) == (5, 4, 3)
    assert intervals(1) == [(None, True)]
    assert intervals(3) == [(upper.lower(), True)]
    counted = SourceError.objects.values_list("pointer", "count")
    place = "push_device_registration."
    assert dict(counted) == {
        f"{place}activation_id": 1,
        f"{place}app_id": 1,
        f"{place}platform": 1,
    }
    assert vendor.compared().begun == 0
    assert SourceError.objects.filter(count__gt=1).count() == 0


def test_a_long_comparing_is_recorded_in_chunks(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registrations, "_CHUNK", 2)
    for number in range(-2, 3):
        vendor.has(number, f"a{number}")
    assert vendor.compared().begun == 5
    assert vendor.compared().begun == 0


def test_an_empty_table_ends_all_and_is_no_error(vendor: Vendor) -> None:
    assert vendor.compared().read == 0
    vendor.has(1)
    vendor.compared()
    vendor.drops(1)
    assert (vendor.compared().ended, vendor.compared().ended) == (1, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-06-01 12:00:00.25", [datetime(2026, 6, 1, 10, 0, 0, 250_000, tzinfo=UTC)]),
        ("2026-03-29 02:30:00", []),
        (
            "2026-10-25 02:30:00",
            [datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)],
        ),
        ("infinity", []),
        ("2026-02-30 00:00:00", []),
        ("0001-01-01 00:00:00", []),
        (None, []),
    ],
)
def test_what_a_time_without_a_zone_may_mean(text: str | None, expected: list[datetime]) -> None:
    assert list(readings_of(text, ZONE)) == expected


def test_a_time_that_does_not_fit_what_was_seen_is_not_taken(vendor: Vendor) -> None:
    hour = timedelta(hours=1)
    vendor.has(1, "a", at=vendor.now().astimezone(ZONE).replace(tzinfo=None) + hour)
    vendor.compared()
    assert last_event().happened_at is None  # in the future
    vendor.has(1, "a", at=vendor.now().astimezone(ZONE).replace(tzinfo=None) - hour)
    vendor.compared()
    event = last_event()
    assert event.happened_at is None  # before it was last seen as it was
    row = PushRegistration.objects.get(gone_at=None)
    assert row.registered_at is not None
    assert event.not_before is not None
    assert row.registered_at < event.not_before


@pytest.mark.parametrize("seed", range(3))
def test_after_two_readings_what_is_known_is_what_the_table_had_at_the_first(
    vendor: Vendor, seed: int
) -> None:
    rng = Random(seed)  # noqa: S311
    table: dict[int, tuple[str, bool]] = {}
    seen: set[str] = set()
    for step in range(25):
        _happen(vendor, table, rng)
        if rng.random() < 0.4:
            vendor.compared(set(rng.sample(range(1, 6), 2)))
            continue
        first, second = vendor.compared(), vendor.compared()
        assert (second.begun, second.ended, second.events) == (0, 0, 0), step
        now = PushRegistration.objects.filter(gone_at=None)
        assert {each.number: (each.activation_id, each.is_active) for each in now} == table
        had = dict(table.values())
        seen |= had.keys()
        for activation in seen:
            state = state_of(activation, first.moment)
            assert state.registered.sense == (activation in had, Standing.KNOWN), (step, activation)
            assert state.push_active.sense == (had.get(activation, False), Standing.KNOWN)
    assert len(seen) > 2


def _happen(vendor: Vendor, table: dict[int, tuple[str, bool]], rng: Random) -> None:
    """As the Push Server does: one row a device, found by it, or by its token (which is that of the
    number here), or else a new one."""
    number, activation, is_active = rng.randint(1, 5), rng.choice("abcd"), rng.random() < 0.6
    own = next((key for key, (name, _) in table.items() if name == activation), number)
    match rng.choice(["register", "register", "tell", "delete"]):
        case "register":
            vendor.has(own, activation, token=f"token-{own}", is_active=is_active)
            table[own] = activation, is_active
        case "tell" if number in table:
            vendor.says(number, is_active)
            table[number] = table[number][0], is_active
        case "delete" if number in table:
            vendor.drops(number)
            del table[number]
