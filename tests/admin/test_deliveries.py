"""What gateways answered, on the page of a notification."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from notifications.admin import deliveries
from notifications.admin.addresses import page_address
from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.emission import judged
from notifications.ingest.recorder import record
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome
from tests.conftest import DEVICE, INIT, NOW

from .pages import happened, reader

Record = Callable[..., UUID]
HOSTILE = "<img src=x onerror=alert(8)>\u202eDead"
LATER = NOW + timedelta(seconds=2)
SAID = "No finish of it is recorded since."


def answered(notification: UUID, outcome: Outcome, **more: Any) -> None:
    told = DeliveryTold(
        notification=notification, key=None, outcome=outcome, observed_at=LATER, **more
    )
    record_deliveries([told], source="push-server")


def text(client: Client, notification: UUID) -> str:
    return client.get(page_address("notification", notification)).content.decode()


@pytest.fixture
def copy(record_one: Record) -> UUID:
    return record_one(
        extras=INIT, activation_id=DEVICE, per_device=True, platform="apns",
        emitted_at=NOW.isoformat(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("told", "badge", "words"),
    [
        ({"outcome": Outcome.ACCEPTED, "code": "1"}, "accepted", "APNs took it."),
        (
            {"outcome": Outcome.FAILED, "code": "BadDeviceToken"},
            "failed",
            "APNs did not take it: BadDeviceToken.",
        ),
        ({"outcome": Outcome.FAILED}, "failed", "APNs did not take it."),
        ({"outcome": Outcome.PENDING}, "pending", "What APNs answered is not known yet."),
        (
            {"outcome": Outcome.PENDING, "is_final": True, "cause": Cause.INACTIVE_PERSONAL},
            "stays pending for ever",
            "It stays pending for ever: most likely it was never sent, being personal while the"
            " device was not push-active.",
        ),
        (
            {"outcome": Outcome.PENDING, "is_final": True, "cause": Cause.UNKNOWN},
            "stays pending for ever",
            "It stays pending for ever: nothing suggests why.",
        ),
    ],
)
def test_the_outcome_is_told_in_a_sentence_and_by_a_badge(
    operator_client: Client, copy: UUID, told: dict[str, Any], badge: str, words: str
) -> None:
    answered(copy, **told)
    sentence = happened(operator_client, "notification", copy)
    assert sentence.endswith(f" UTC. {words} {SAID}")
    assert f"<bdi>{badge}</bdi>" in text(operator_client, copy)


def test_every_cause_and_every_way_to_know_the_device_has_its_words() -> None:
    assert set(deliveries.CAUSES) == set(Cause)
    assert set(deliveries.DEVICES) == set(DeviceBy)
    assert set(deliveries.OUTCOMES) == set(Outcome)


def test_the_last_word_counts_whatever_came_first(operator_client: Client, copy: UUID) -> None:
    answered(copy, Outcome.ACCEPTED, happened_at=NOW)
    answered(copy, Outcome.PENDING)
    assert "APNs took it." in happened(operator_client, "notification", copy)
    page = text(operator_client, copy)
    assert page.index("<bdi>pending</bdi>") < page.index("<bdi>accepted</bdi>")


def test_the_time_is_told_as_it_was_written_with_the_zone_that_was_assumed(
    operator_client: Client, copy: UUID
) -> None:
    answered(
        copy, Outcome.ACCEPTED, told_at="2026-10-25 02:30:00.123", zone="Europe/Prague",
        registration="4711", device_by=DeviceBy.REGISTRATION,
    )  # fmt: skip
    page = text(operator_client, copy)
    assert "<bdi>2026-10-25 02:30:00.123</bdi></code>, taken to be Europe/Prague" in page
    assert "its registration was of this device all the while" in page
    assert ">4711</bdi>" in page


@pytest.fixture
def unknown(db: None) -> UUID:
    """A copy for a device that is not known: only what a Push Server's database tells has any."""
    emission = judged(
        extras=INIT, emitted_at=NOW, now=NOW, message_id="7", user_id="u", addressed_to="user",
        per_device=True, platform="fcm",
    )  # fmt: skip
    return record([emission], source="push-server").ids[0]


def test_a_copy_for_a_device_that_is_not_known_says_so(
    operator_client: Client, unknown: UUID
) -> None:
    answered(unknown, Outcome.FAILED, code="-1", device_by=DeviceBy.NOBODY)
    assert happened(operator_client, "notification", unknown) == (
        "The operation “login” was announced to a device that is not known, as the copy made for"
        f" it, at 2026-03-14 09:26:53.589 UTC. FCM did not take it; the Push Server keeps no"
        f" reason. {SAID}"
    )
    page = text(operator_client, unknown)
    assert "yes, for a device that is not known" in page
    assert "which device the registration was then was not observed" in page
    rows = operator_client.get("/admin/notifications/notification/?when=all").content.decode()
    assert 'title="A copy for a device that is not known">not known</span>' in rows


def test_words_of_others_are_shown_and_do_nothing(operator_client: Client, copy: UUID) -> None:
    given = {"code": HOSTILE, "registration": HOSTILE, "told_at": HOSTILE[:64], "zone": "<b>"}
    answered(copy, Outcome.FAILED, **given)
    page = text(operator_client, copy)
    assert "<img src=x" not in page
    assert page.count("&lt;img src=x onerror=alert(8)&gt;⟨U+202E⟩Dead") >= 3
    assert "taken to be &lt;b&gt;" in page


def test_who_may_not_see_them_is_told_nothing_of_them(operator_client: Client, copy: UUID) -> None:
    answered(copy, Outcome.ACCEPTED)
    assert "Deliveries" in text(operator_client, copy)
    client = reader("notification")
    assert "Deliveries" not in text(client, copy)
    assert "took it" not in happened(client, "notification", copy)


def test_without_any_nothing_is_said_of_them(operator_client: Client, copy: UUID) -> None:
    assert "Deliveries" not in text(operator_client, copy)


def test_of_many_the_latest_are_shown(
    operator_client: Client, copy: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(deliveries, "MAX_SHOWN", 2)
    for code in ("a", "b", "c"):
        answered(copy, Outcome.FAILED, code=code, happened_at=NOW + timedelta(seconds=ord(code)))
    page = text(operator_client, copy)
    assert "There are more before these." in page
    assert "<bdi>c</bdi>" in page
    assert "<bdi>a</bdi>" not in page


def test_who_else_reports_the_same_emission_is_told_and_linked(
    operator_client: Client, record_one: Record
) -> None:
    common = {"user_id": "u", "app_id": "mobile-bank", "personal": True}
    at = [(NOW + timedelta(milliseconds=each)).isoformat() for each in (0, 300, 90_000)]
    asked = record_one(
        source="push-mirror", addressed_to="user", emitted_at=at[0], message_id="1", **common
    )
    made = record_one(
        source="push-server", activation_id=DEVICE, addressed_to="user", per_device=True,
        emitted_at=at[1], message_id="1", **common,
    )  # fmt: skip
    alone = record_one(
        source="push-mirror", addressed_to="user", emitted_at=at[2], message_id="2", **common
    )
    for one, other, words in (
        (asked, made, "a copy for one device, 300 ms later"),
        (made, asked, "the request, 300 ms before"),
    ):
        page = text(operator_client, one)
        under = page.split("Also reported by", 1)[1].split("</p>", 1)[0]
        assert page_address("notification", other) in under
        assert words in under
    assert "Also reported by" not in text(operator_client, alone)
    assert "Also reported by" not in text(reader("notification"), asked)
