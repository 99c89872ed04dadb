"""What is read of PowerAuth's callbacks, and what is not."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from notifications.ingest.callbacks import UnknownType, read_callback
from notifications.ingest.envelope import Rejected
from notifications.ingest.events import ActivationReport, OperationReport
from notifications.protocol.clients import Platform
from notifications.protocol.payload import MalformedJSON
from tests.conftest import DEVICE, NOW, OPERATION

KEY = "2f0c7b0c-0a5b-4e84-8c3a-5f3f2f6b0f9a"
CREATED = datetime(2026, 3, 14, 9, 0, 0, 123000, tzinfo=UTC)
BLOCKED = {
    "type": "ACTIVATION",
    "activationId": DEVICE,
    "userId": "user-1",
    "activationName": "Jana's phone",
    "deviceInfo": "iPhone12,1",
    "platform": "ios",
    "protocol": "powerauth",
    "activationFlags": ["VERIFICATION_PENDING"],
    "activationStatus": "BLOCKED",
    "blockedReason": "NOT_SPECIFIED",
    "applicationId": "mobile-app",
}
APPROVED = {
    "type": "OPERATION",
    "operationId": OPERATION,
    "userId": "user-1",
    "applications": ["mobile-app", "tablet-app"],
    "operationType": "authorize_payment",
    "parameters": {"amount": "secret-amount"},
    "additionalData": {"device": "secret-device"},
    "status": "APPROVED",
    "data": "A1*A100CZK*secret-account",
    "failureCount": 0,
    "maxFailureCount": 5,
    "signatureType": ["1FA", "2FA"],
    "externalId": "EXT-1",
    "timestampCreated": "2026-03-14T09:00:00.123+00:00",
    "timestampExpires": "2026-03-14T09:05:00.123+00:00",
    "timestampFinalized": "2026-03-14T09:00:00.123+00:00",
}


def read(told: Any, key: str | None = KEY) -> Any:
    data = told if isinstance(told, bytes) else json.dumps(told).encode()
    return read_callback(data, key=key, now=NOW)


def told_of(report: Any) -> list[tuple[str, str]]:
    return [(each.code, each.key) for each in report.findings]


def test_of_an_activation() -> None:
    assert read(BLOCKED) == ActivationReport(
        key=KEY,
        kind="status",
        activation_id=DEVICE,
        status="BLOCKED",
        reason="NOT_SPECIFIED",
        platform=Platform.APNS,
        user_id="user-1",
        apps=("mobile-app",),
        observed_at=NOW,
    )


def test_of_an_operation() -> None:
    assert read(APPROVED) == OperationReport(
        key=KEY,
        operation_id=OPERATION,
        status="APPROVED",
        name="authorize_payment",
        external_id="EXT-1",
        user_id="user-1",
        apps=("mobile-app", "tablet-app"),
        created_at=CREATED,
        expires_at=CREATED.replace(minute=5),
        happened_at=CREATED,
        observed_at=NOW,
    )


@pytest.mark.parametrize("told", [BLOCKED, APPROVED])
def test_nothing_of_a_person_or_a_payment_is_kept(told: dict[str, Any]) -> None:
    kept = repr(read(told))
    assert not [word for word in ("secret", "Jana", "iPhone") if word in kept]


@pytest.mark.parametrize(
    "kind", ["ACTIVATION", "ACTIVATION_STATUS_CHANGE", "REGISTRATION", "REGISTRATION_STATUS_CHANGE"]
)
def test_the_type_and_the_identifier_are_enough_of_a_device(kind: str) -> None:
    report = read({"type": kind, "activationId": DEVICE.upper()}, key=None)
    assert (report.activation_id, report.status, report.findings) == (DEVICE, None, ())


@pytest.mark.parametrize("kind", ["OPERATION", "OPERATION_STATUS_CHANGE"])
def test_the_type_and_the_identifier_are_enough_of_an_operation(kind: str) -> None:
    report = read({"type": kind, "operationId": "any-1"}, key=None)
    assert (report.operation_id, report.key, report.happened_at) == ("any-1", None, None)


def test_the_app_of_an_operation_is_read_as_older_clouds_tell_it() -> None:
    told = {"type": "OPERATION", "operationId": OPERATION, "applicationId": "mobile-app"}
    assert read(told).apps == ("mobile-app",)


def test_what_is_not_final_did_not_happen_at_a_time_that_was_told() -> None:
    assert read({**APPROVED, "status": "PENDING"}).happened_at is None
    assert read({**APPROVED, "status": "SETTLED"}).status == "SETTLED"


@pytest.mark.parametrize(
    ("told", "read_as"),
    [
        (1773478800123, "09:00:00.123"),
        ("2026-03-14T09:00:00.123+0000", "09:00:00.123"),
        ("2026-03-14T09:00:00.123Z", "09:00:00.123"),
        ("2026-03-14T10:00:00.123+01:00", "09:00:00.123"),
        ("2026-03-14T09:00:00.123", "09:00:00.123"),
        ("2026-03-14 10:00:00.1239999+01", "09:00:00.123999"),
        ("2026-03-14T09:00:00.123456789Z", "09:00:00.123456"),
        ("2026-03-14T09:00Z", "09:00:00"),
    ],
)
def test_times_are_read_in_every_form_that_java_writes(told: Any, read_as: str) -> None:
    report = read({**APPROVED, "timestampCreated": told})
    assert report.created_at == datetime.fromisoformat(f"2026-03-14T{read_as}+00:00")
    assert report.findings == ()


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ({"platform": "symbian"}, "unusable_field"),
        ({"platform": 5}, "wrong_type"),
        ({"userId": ""}, "unusable_field"),
        ({"userId": {"id": 1}}, "wrong_type"),
        ({"blockedReason": "x" * 257}, "unusable_field"),
        ({"activationStatus": "A\0"}, "unusable_field"),
        ({"applicationId": ["a", 5]}, "wrong_type"),
    ],
)
def test_a_bad_attribute_is_left_out_with_a_finding(bad: dict[str, Any], code: str) -> None:
    report = read({**BLOCKED, **bad})
    (name,) = bad
    assert told_of(report) == [(code, name)]
    assert report.activation_id == DEVICE


@pytest.mark.parametrize(
    "bad",
    [True, 1.5, [2026, 3, 14], "yesterday", "2026-02-30T00:00:00Z", 10**17, "1000", "", -(10**17)],
)
def test_a_bad_time_is_left_out_with_a_finding(bad: Any) -> None:
    report = read({**APPROVED, "timestampFinalized": bad})
    assert report.happened_at is None
    assert [key for _, key in told_of(report)] == ["timestampFinalized"]


@pytest.mark.parametrize("platform", ["unknown", "hw", None])
def test_a_device_without_a_gateway_is_no_fault(platform: str | None) -> None:
    report = read({**BLOCKED, "platform": platform})
    assert (report.platform, report.findings) == (None, ())


@pytest.mark.parametrize(("key", "kept"), [(" k ", "k"), ("", None), ("x" * 257, None)])
def test_a_key_is_taken_when_it_is_usable(key: str, kept: str | None) -> None:
    report = read(BLOCKED, key)
    assert report.key == kept
    assert [each for _, each in told_of(report)] == ([] if kept else ["Idempotency-Key"])


def test_of_an_attribute_that_is_given_twice_the_last_counts() -> None:
    data = json.dumps(BLOCKED)[:-1] + ', "userId": "user-2", "data": 1, "data": 2}'
    report = read(data.encode())
    assert (report.user_id, told_of(report)) == ("user-2", [("duplicate_key", "userId")])


@pytest.mark.parametrize(
    ("told", "pointer", "code"),
    [
        ([BLOCKED], "#", "wrong_type"),
        ({}, "#/type", "required"),
        ({"type": None}, "#/type", "required"),
        ({"type": 1}, "#/type", "wrong_type"),
        ({"type": "ACTIVATION"}, "#/activationId", "required"),
        ({"type": "ACTIVATION", "operationId": "x"}, "#/activationId", "required"),
        ({"type": "OPERATION", "operationId": 5}, "#/operationId", "wrong_type"),
        ({"type": "OPERATION", "operationId": ""}, "#/operationId", "unusable_identifier"),
        ({"type": "OPERATION", "operationId": "x" * 257}, "#/operationId", "unusable_identifier"),
        ({"type": "OPERATION", "operationId": "\ud800"}, "#/operationId", "unusable_identifier"),
    ],
)
def test_what_tells_nothing_is_refused_with_its_place(told: Any, pointer: str, code: str) -> None:
    with pytest.raises(Rejected) as refusal:
        read(told)
    (fault,) = refusal.value.faults
    assert (fault.pointer, fault.code) == (pointer, code)


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b'{"type": NaN}', b"[" * 10_000])
def test_what_is_no_json_is_refused(data: bytes) -> None:
    with pytest.raises(MalformedJSON):
        read(data)


def test_an_unknown_type_is_told_from_what_is_wrong() -> None:
    with pytest.raises(UnknownType):
        read({"type": "ONBOARDING", "processId": 5})
