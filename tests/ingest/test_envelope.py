"""The contract with clients: what an envelope may say, and how it is told what is wrong."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from notifications.ingest.decoder import decode
from notifications.ingest.emission import Emission
from notifications.ingest.envelope import Rejected, emission_from
from notifications.protocol.payload import MalformedJSON
from tests.conftest import DEVICE, INIT, NOW

OTHER = "11111111-2222-4333-8444-555555555555"


def emission(**envelope: Any) -> Emission:
    return emission_from({"extras": INIT, **envelope}, now=NOW)


def faults(**envelope: Any) -> dict[str, str]:
    with pytest.raises(Rejected) as rejection:
        emission_from(envelope, now=NOW)
    return {fault.pointer: fault.code for fault in rejection.value.faults}


@pytest.mark.parametrize("field", ["message_id", "app_id", "user_id", "activation_id"])
@pytest.mark.parametrize(
    ("value", "code"),
    [
        (5, "wrong_type"), (True, "wrong_type"), ([], "wrong_type"), ({}, "wrong_type"),
        ("", "wrong_length"), ("x" * 257, "wrong_length"),
        ("a\0", "invalid_character"), ("\ud800", "invalid_character"),
    ],
)  # fmt: skip
def test_an_identifier_is_a_short_string(field: str, value: Any, code: str) -> None:
    assert faults(extras=INIT, emitted_at=NOW.isoformat(), **{field: value}) == {f"#/{field}": code}


@pytest.mark.parametrize("field", ["per_device", "silent", "personal"])
@pytest.mark.parametrize("value", [0, 1, "true", [], {}])
def test_a_flag_is_a_boolean(field: str, value: Any) -> None:
    assert faults(extras=INIT, **{field: value})[f"#/{field}"] == "wrong_type"


@pytest.mark.parametrize("value", [None, [], "x", 1, True])
def test_extras_are_an_object(value: Any) -> None:
    assert faults(extras=value) == {"#/extras": "wrong_type"}


def test_unknown_fields_are_named_by_a_valid_pointer() -> None:
    assert faults(**{"a/b~c": 1, "with space": 2}) == {
        "#/extras": "required",
        "#/a~1b~0c": "unknown_field",
        "#/with%20space": "unknown_field",
    }


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00-00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+20:29", datetime(2026, 1, 30, 15, 31, tzinfo=UTC)),
        ("2026-01-31T12:00:59.9999999Z", datetime(2026, 1, 31, 12, 0, 59, 999000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500000, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("9999-12-31T23:59:59.999Z", datetime(9999, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)),
    ],
)
def test_a_time_is_kept_to_the_millisecond_cut(text: str, moment: datetime) -> None:
    assert emission(emitted_at=text).emitted_at == moment


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (1700000000, "wrong_type"),
        *((text, "invalid_time") for text in (
            "", "now", "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z",
            "2016-12-31T23:59:60Z", "2026-01-31T24:00:00Z", "2026-02-30T12:00:00Z",
            "0000-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00",
            "2026-01-31T12:00:00+24:00", "\uff12026-01-31T12:00:00Z", "2026-01-31T12:00:00.Z",
        )),
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_refused(value: Any, code: str) -> None:
    assert faults(extras=INIT, emitted_at=value) == {"#/emitted_at": code}


@pytest.mark.parametrize(
    ("envelope", "expected"),
    [
        ({"message_id": "m"}, {"#/emitted_at": "emitted_at_required"}),
        ({"per_device": True}, {"#/activation_id": "activation_id_required"}),
        ({"addressed_to": "activation"}, {"#/activation_id": "activation_id_required"}),
        ({"addressed_to": "user", "activation_id": "x"}, {"#/addressed_to": "contradiction"}),
        ({"addressed_to": "everybody"}, {"#/addressed_to": "unknown_value"}),
        ({"platform": "APNS"}, {"#/platform": "unknown_value"}),
        ({"platform": []}, {"#/platform": "unknown_value"}),
    ],
)
def test_what_fits_nowhere_is_refused(envelope: dict[str, Any], expected: dict[str, str]) -> None:
    assert faults(extras=INIT, **envelope) == expected


@pytest.mark.parametrize(
    ("envelope", "addressed_to"),
    [
        ({}, "unknown"),
        ({"activation_id": "x"}, "activation"),
        ({"activation_id": "x", "per_device": True}, "unknown"),
        ({"activation_id": "x", "per_device": True, "addressed_to": "user"}, "user"),
        ({"activation_id": "x", "addressed_to": "unknown"}, "unknown"),
        ({"addressed_to": "user"}, "user"),
    ],
)
def test_whom_it_is_addressed_to(envelope: dict[str, Any], addressed_to: str) -> None:
    assert emission(**envelope).addressed_to == addressed_to


def test_null_is_not_told() -> None:
    nothing = dict.fromkeys(
        ("emitted_at", "message_id", "app_id", "user_id", "activation_id", "addressed_to",
         "per_device", "platform", "silent", "personal")
    )  # fmt: skip
    told = emission(**nothing)
    assert (told.user_id, told.platform, told.silent, told.per_device) == (None, None, None, False)


@pytest.mark.parametrize(
    ("named", "mentioned", "activation", "codes"),
    [
        (DEVICE, None, DEVICE, []),
        (None, DEVICE, DEVICE, []),
        (DEVICE.upper(), DEVICE, DEVICE, []),
        (DEVICE, OTHER, DEVICE, ["activation_mismatch"]),
        (DEVICE, "x" * 257, DEVICE, ["identifier_too_long"]),
        (None, "x" * 257, None, ["identifier_too_long"]),
        (None, "", None, ["empty_value"]),
    ],
)
def test_which_activation_it_relates_to(
    named: str | None, mentioned: str | None, activation: str | None, codes: list[str]
) -> None:
    extras = INIT if mentioned is None else INIT | {"activationId": mentioned}
    told = emission(activation_id=named, extras=extras)
    assert told.activation_id == activation
    assert [finding.code for finding in told.findings] == codes
    if "activation_mismatch" in codes:
        assert DEVICE in told.findings[-1].detail
        assert OTHER in told.findings[-1].detail


def test_without_a_time_every_item_is_one_of_its_own() -> None:
    assert emission().id_at("bank") != emission().id_at("bank")
    timed = {"emitted_at": NOW.isoformat()}
    assert emission(**timed).id_at("bank") == emission(**timed).id_at("bank")


def test_a_result_is_told_by_finishes_only() -> None:
    assert emission(extras=INIT | {"mtokenOperationResult": "operation.timeout"}).result is None


def test_an_envelope_that_repeats_a_field_is_refused() -> None:
    with pytest.raises(Rejected, match="given twice"):
        decode(b'{"extras": {"a": 1}, "extras": {}}', now=NOW)


def test_a_number_that_no_double_holds_is_no_identifier() -> None:
    with pytest.raises(Rejected, match="user_id must be a string"):
        decode(b'{"extras": {}, "user_id": 1e5000}', now=NOW)


@pytest.mark.parametrize("body", [b"", b"nonsense", b"{", b'{"extras": NaN}', b"\xff", b"[" * 9999])
def test_what_is_not_json_is_malformed(body: bytes) -> None:
    with pytest.raises(MalformedJSON):
        decode(body, now=NOW)


def test_repairs_come_first_among_the_findings() -> None:
    told = decode(json.dumps({"extras": {"messageType": "a\0"}}).encode(), now=NOW)
    assert [finding.code for finding in told.findings] == ["repaired_value", "unknown_message_type"]
    assert told.message_type == "a\ufffd"
