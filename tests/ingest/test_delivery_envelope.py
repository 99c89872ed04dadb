"""A delivery report as a client tells it: taken, or refused with every fault and its place."""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.ingest import delivery_lines
from notifications.ingest.delivery_envelope import FIELDS, read_told
from notifications.ingest.delivery_lines import LINE_FIELDS, DeliveryLines
from notifications.ingest.envelope import Rejected
from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Outcome
from notifications.protocol.gateways import Answer
from notifications.protocol.payload import MalformedJSON
from tests.conftest import NOW


def read(told: Any) -> Any:
    return read_told(told if isinstance(told, bytes) else msgspec.json.encode(told), now=NOW)


def test_all_of_it_is_read() -> None:
    told = read(
        {
            "outcome": "failed",
            "gateway": "apns",
            "code": "Unregistered",
            "is_final": False,
            "at": "2026-03-14T10:26:53.5899+01:00",
            "report_id": "r-1",
        }
    )
    assert (told.outcome, told.is_final) == (Outcome.FAILED, False)
    assert (told.gateway, told.code) == (Platform.APNS, "Unregistered")
    assert told.at == datetime(2026, 3, 14, 9, 26, 53, 589900, tzinfo=UTC)
    assert (told.report_id, told.observed_at, told.is_repeatable) == ("r-1", NOW, True)


@pytest.mark.parametrize(
    ("told", "answer"),
    [
        ({"outcome": "accepted"}, Answer(Outcome.ACCEPTED, is_final=False)),
        ({"outcome": "pending", "is_final": True}, Answer(Outcome.PENDING, is_final=True)),
        ({"gateway": "fcm", "code": "UNREGISTERED"}, Answer(Outcome.FAILED, is_final=True)),
        (
            {"gateway": "fcm", "code": "UNREGISTERED", "is_final": False, "outcome": None},
            Answer(Outcome.FAILED, is_final=False),
        ),
        # What is told counts, and what the word says of another outcome does not.
        (
            {"outcome": "pending", "gateway": "fcm", "code": "UNREGISTERED"},
            Answer(Outcome.PENDING, is_final=False),
        ),
        (
            {"outcome": "failed", "gateway": "fcm", "code": "UNREGISTERED"},
            Answer(Outcome.FAILED, is_final=True),
        ),
        (
            {"outcome": "failed", "gateway": "fcm", "code": "NEW_WORD"},
            Answer(Outcome.FAILED, is_final=False),
        ),
        ({"outcome": "failed", "code": "-1"}, Answer(Outcome.FAILED, is_final=False)),
    ],
)
def test_the_outcome_is_told_or_read_from_the_word(told: Any, answer: Answer) -> None:
    assert (read(told).outcome, read(told).is_final) == (answer.outcome, answer.is_final)


@pytest.mark.parametrize(
    ("told", "faults"),
    [
        ({}, [("#/outcome", "required")]),
        ({"code": "Unregistered"}, [("#/outcome", "required")]),
        ({"gateway": "apns"}, [("#/code", "required")]),
        ({"gateway": "fcm", "code": "Unregistered"}, [("#/code", "unknown_code")]),
        ({"outcome": "delivered"}, [("#/outcome", "unknown_value")]),
        ({"outcome": "failed", "gateway": "ios"}, [("#/gateway", "unknown_value")]),
        ({"outcome": "failed", "token": "t"}, [("#/token", "unknown_field")]),
        ({"outcome": "failed", "message_id": "m"}, [("#/message_id", "unknown_field")]),
        ({"outcome": 1, "code": 410}, [("#/outcome", "unknown_value"), ("#/code", "wrong_type")]),
        ({"outcome": "failed", "code": ""}, [("#/code", "wrong_length")]),
        ({"outcome": "failed", "report_id": "r" * 257}, [("#/report_id", "wrong_length")]),
        ({"outcome": "failed", "code": "a\0"}, [("#/code", "invalid_character")]),
        (b'{"outcome": "failed", "code": "\\ud800"}', [("#/code", "invalid_character")]),
        (b'{"outcome": "failed", "code": 1e400}', [("#/code", "wrong_type")]),
        ({"outcome": "failed", "is_final": 1}, [("#/is_final", "wrong_type")]),
        ({"outcome": "failed", "at": "2026-03-14T09:00:00"}, [("#/at", "invalid_time")]),
        ({"outcome": "failed", "at": "9999-12-31T23:59:59-01:00"}, [("#/at", "invalid_time")]),
        ({"outcome": "failed", "at": 5}, [("#/at", "wrong_type")]),
        (b'{"outcome": "failed", "outcome": "failed"}', [("#/outcome", "duplicate_key")]),
        ([], [("#", "wrong_type")]),
    ],
)
def test_every_fault_is_named_with_its_place(told: Any, faults: list[tuple[str, str]]) -> None:
    with pytest.raises(Rejected) as rejected:
        read(told)
    assert [(each.pointer, each.code) for each in rejected.value.faults] == faults


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"outcome": "failed"} x'])
def test_what_is_no_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedJSON):
        read(body)


values = st.none() | st.booleans() | st.integers() | st.text() | st.sampled_from([*Outcome, "fcm"])


@given(st.dictionaries(st.sampled_from([*FIELDS]) | st.text(), values | st.lists(values)))
def test_whatever_is_told_is_read_or_refused(told: dict[str, Any]) -> None:
    with suppress(Rejected):
        assert read(told).outcome in Outcome


line_values = values | st.sampled_from(["2026-03-14T09:00:00Z", "é", "x" * 256, "x" * 257, "a\0"])


@given(
    st.dictionaries(st.sampled_from([*LINE_FIELDS]), line_values, min_size=2)
    | st.fixed_dictionaries(
        {"outcome": st.sampled_from([*Outcome]), "message_id": st.text()},
        optional={"at": st.datetimes(timezones=st.just(UTC)).map(datetime.isoformat)},
    ),
    st.sampled_from([b"", b'{"code": "a", ', b'{"at" : null, ']),
)
def test_a_line_is_read_quickly_as_it_is_carefully(told: dict[str, Any], before: bytes) -> None:
    text = msgspec.json.encode(told)
    line = before + text[1:] if before else text
    outcomes = []
    for quick in (delivery_lines._ordinary, lambda _: None):
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(delivery_lines, "_ordinary", quick)
            try:
                outcomes.append(DeliveryLines("bank").read(line, now=NOW))
            except Rejected as rejected:
                outcomes.append(rejected.faults)
    assert outcomes[0] == outcomes[1]
