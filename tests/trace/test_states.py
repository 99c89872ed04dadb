"""The events of devices as they are read, and what is known of a device by them."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import ANY

import pytest

from notifications.ingest.events import ActivationReport, record_events
from notifications.models import ActivationEvent, PushComparing, PushServerReading, Recipient
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent, horizon
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEvent as Told
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.state import Standing
from notifications.trace import states
from notifications.trace.states import events_of, life_of, state_of, tokens_of
from tests.conftest import NOW
from tests.trace.stories import PHONE, STRANGER, TABLET

pytestmark = pytest.mark.django_db
Kind = ActivationEventKind
TOKEN, OTHER_TOKEN = "a" * 64, "b" * 64


def tell(minutes: int, kind: Kind = Kind.STATUS, device: str | None = PHONE, **told: Any) -> None:
    at = NOW + timedelta(minutes=minutes)
    report = ActivationReport(key=None, observed_at=at, kind=kind, activation_id=device, **told)
    record_events([report], source="powerauth")


@pytest.fixture
def lives() -> None:
    """A phone whose token went to a tablet, and somebody else's."""
    tell(0, status="ACTIVE", apps=("retail",), user_id="u1")
    tell(1, Kind.REGISTERED, token=TOKEN, platform=Platform.APNS, apps=("retail",))
    tell(2, Kind.REGISTERED, TABLET, token=TOKEN, apps=("retail",), is_request=True)
    tell(3, Kind.UNREGISTERED, None, token=TOKEN)
    tell(4, Kind.REGISTERED, STRANGER, token=OTHER_TOKEN, apps=("business",))
    tell(5, Kind.PUSH_STATUS, status="BLOCKED", reason="TOO_MANY", push_active=False)


def minutes(events: list[Told]) -> list[int]:
    return [(each.observed_at - NOW) // timedelta(minutes=1) for each in events]


@pytest.mark.usefixtures("lives")
def test_the_events_of_a_device_are_those_that_name_it_and_those_about_its_tokens(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    with django_assert_num_queries(1):
        found = events_of({PHONE, TABLET, STRANGER, "unheard-of"})
    assert {device: minutes(events) for device, events in found.items()} == {
        PHONE: [0, 1, 2, 3, 5],
        TABLET: [1, 2, 3],
        STRANGER: [4],
        "unheard-of": [],
    }


@pytest.mark.usefixtures("lives")
def test_they_are_read_as_they_were_told() -> None:
    first, registered, *_, last = events_of({PHONE})[PHONE]
    assert first == Told(
        id=ANY,
        source="powerauth",
        observed_at=NOW,
        recorded_at=ActivationEvent.objects.order_by("id")[0].recorded_at,
        recipient=Recipient.objects.get().pk,
        kind=Kind.STATUS,
        activation=PHONE,
        status="ACTIVE",
        app="retail",
    )
    assert (registered.token, registered.platform) == (TOKEN, "apns")
    assert (last.status, last.reason, last.push_active) == ("BLOCKED", "TOO_MANY", False)


@pytest.mark.usefixtures("lives")
def test_only_what_the_extent_has_counts() -> None:
    assert minutes(events_of({PHONE}, extent=Extent(["retail"]))[PHONE]) == [0, 1, 2]
    assert events_of({PHONE}, extent=Extent(["business"]))[PHONE] == []
    assert minutes(events_of({PHONE}, extent=Extent(below=horizon()))[PHONE]) == []
    assert minutes(events_of({PHONE}, until=NOW + timedelta(minutes=3))[PHONE]) == [0, 1, 2]
    assert tokens_of(PHONE) == [TOKEN]
    assert tokens_of(PHONE, Extent(["business"])) == []


@pytest.mark.usefixtures("lives")
def test_what_was_known_then_is_what_was_on_record_then() -> None:
    at = NOW + timedelta(minutes=10)
    first, *_, last = ActivationEvent.objects.order_by("id").values_list("recorded_at", flat=True)
    nothing = state_of(PHONE, at, extent=Extent(as_of=first - timedelta(microseconds=1)))
    assert nothing.status.sense == (None, Standing.UNKNOWN)
    then = state_of(PHONE, at, extent=Extent(as_of=first))
    assert then.status.sense == ("ACTIVE", Standing.ASSUMED)
    assert then.registered.sense == (None, Standing.UNKNOWN)
    assert state_of(PHONE, at, extent=Extent(as_of=last)) == state_of(PHONE, at)


@pytest.mark.usefixtures("lives")
def test_a_life_is_the_state_with_the_registrations() -> None:
    life = life_of(PHONE, NOW + timedelta(minutes=10))
    assert life.state.registered.sense == (False, Standing.ASSUMED)
    assert [(each.token, str(each.ended_by)) for each in life.registrations] == [
        (TOKEN, "re_bound")
    ]
    assert life.recipients == {Recipient.objects.get().pk}


@pytest.mark.usefixtures("lives")
def test_what_would_rest_on_too_many_events_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(states, "MOST", 2)
    with pytest.raises(TooMuch, match="2 events"):
        state_of(PHONE, NOW)


def test_what_a_table_has_is_known_until_it_was_last_compared(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    tell(0, Kind.REGISTERED, token=TOKEN, push_active=True, apps=("retail",))
    recorded_at = ActivationEvent.objects.get().recorded_at
    compared_at = NOW + timedelta(minutes=30)
    PushServerReading.objects.create(
        source_id="powerauth", zone="UTC", registrations_at=compared_at
    )

    def standing(minutes: int, as_of: datetime | None = None) -> Standing:
        at, extent = NOW + timedelta(minutes=minutes), Extent(as_of=as_of)
        return state_of(PHONE, at, extent=extent).registered.standing

    with django_assert_num_queries(1):
        assert (standing(29)) is Standing.KNOWN
    assert standing(30) is Standing.ASSUMED
    # Of a while ago those comparings count that were on record by then.
    assert standing(29, recorded_at) is Standing.ASSUMED
    PushComparing.objects.create(source_id="powerauth", compared_at=compared_at)
    noted_at = PushComparing.objects.get().recorded_at
    with django_assert_num_queries(1):
        assert standing(29, noted_at) is Standing.KNOWN
    assert standing(30, noted_at) is Standing.ASSUMED
    assert standing(29, noted_at - timedelta(microseconds=1)) is Standing.ASSUMED
