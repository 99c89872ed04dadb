"""The specification, line by line, and what departs from it."""

from typing import Any

import pytest

from notifications.protocol.extras import (
    SPECIFICATION,
    Code,
    MessageType,
    OperationResult,
    activation_mismatch,
    check,
    identifier,
)
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, OPERATION, STATUS_CHANGE


def found(extras: dict[str, Any]) -> list[tuple[str, str]]:
    return [(finding.code, finding.key) for finding in check(extras)]


def without(extras: dict[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in extras.items() if name != key}


def test_the_vocabulary_is_the_specifications() -> None:
    assert set(SPECIFICATION) == set(MessageType)
    assert set(MessageType) == {
        "mtoken.operationInit",
        "mtoken.operationFinished",
        "mtoken.statusChange",
        "mtoken.inboxMessage.new",
    }
    assert set(OperationResult) == {
        "authentication.success",
        "authentication.fail",
        "operation.timeout",
        "operation.canceled",
        "operation.methodNotAvailable",
    }


@pytest.mark.parametrize("extras", [INIT, FINISHED, STATUS_CHANGE, INBOX_NEW])
def test_the_specifications_own_payloads_conform(extras: dict[str, Any]) -> None:
    assert found(extras) == []


@pytest.mark.parametrize("result", OperationResult)
def test_every_result_of_the_specification_conforms(result: OperationResult) -> None:
    assert found(FINISHED | {"mtokenOperationResult": result.value}) == []


@pytest.mark.parametrize("extras", [INIT, FINISHED])
def test_the_activation_is_optional_in_the_operation_lifecycle(extras: dict[str, Any]) -> None:
    assert found(extras | {"activationId": DEVICE}) == []


@pytest.mark.parametrize("value", ["nonsense", "", 5, None])
@pytest.mark.parametrize("extras", [INIT, STATUS_CHANGE, INBOX_NEW])
def test_a_result_outside_a_finish_is_ignored(extras: dict[str, Any], value: Any) -> None:
    assert found(extras | {"mtokenOperationResult": value}) == []


@pytest.mark.parametrize(
    ("extras", "key"),
    [
        (INIT, "operationId"),
        (INIT, "operationName"),
        (FINISHED, "operationId"),
        (FINISHED, "operationName"),
        (FINISHED, "mtokenOperationResult"),
        (STATUS_CHANGE, "activationId"),
        (INBOX_NEW, "inboxId"),
        (INIT, "messageType"),
    ],
)
def test_a_required_key_is_missing_empty_or_no_string(extras: dict[str, Any], key: str) -> None:
    assert found(without(extras, key)) == [("missing_key", key)]
    assert found(extras | {key: ""}) == [("empty_value", key)]
    for value in (7, 1.5, True, None, [], {}):
        assert found(extras | {key: value}) == [("wrong_type", key)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"operationId": "42"}, [("not_uuid", "operationId")]),
        ({"operationId": OPERATION.upper()}, []),
        ({"operationId": OPERATION + "\n"}, [("not_uuid", "operationId")]),
        ({"operationId": "x" * 257}, [("identifier_too_long", "operationId")]),
        ({"operationName": "x" * 257}, [("identifier_too_long", "operationName")]),
        ({"operationName": "x" * 256}, []),
        ({"activationId": "no uuid, and none is asked for"}, []),
        ({"activationId": "x" * 257}, [("identifier_too_long", "activationId")]),
        ({"activationId": 5}, [("wrong_type", "activationId")]),
        ({"inboxId": "1"}, [("unexpected_key", "inboxId")]),
        ({"b": 1, "a": 2}, [("unexpected_key", "a"), ("unexpected_key", "b")]),
        ({"messageType": "mtoken.OPERATIONINIT"}, [("unknown_message_type", "messageType")]),
        ({"messageType": "x", "more": 1}, [("unknown_message_type", "messageType")]),
    ],
)
def test_departures_of_an_init(change: dict[str, Any], expected: list[tuple[str, str]]) -> None:
    assert found(INIT | change) == expected


@pytest.mark.parametrize("result", ["operation.alreadyFailed", "error.unknown", "SUCCESS"])
def test_results_that_real_emitters_send_beyond_the_specification(result: str) -> None:
    assert found(FINISHED | {"mtokenOperationResult": result}) == [
        ("unknown_result", "mtokenOperationResult")
    ]


def test_keys_of_another_lifecycle_are_unexpected() -> None:
    assert found(INBOX_NEW | {"activationId": DEVICE}) == [("unexpected_key", "activationId")]
    assert found(STATUS_CHANGE | {"operationId": OPERATION}) == [("unexpected_key", "operationId")]


def test_every_finding_is_a_sentence() -> None:
    for finding in check({"messageType": "mtoken.operationFinished", "x": 1, "operationId": ""}):
        assert finding.detail.endswith(".")
        assert finding.key in finding.detail


@pytest.mark.parametrize(
    ("value", "subject"),
    [
        (OPERATION.upper(), OPERATION),
        ("Payment-1", "Payment-1"),
        ("x" * 256, "x" * 256),
        ("x" * 257, None),
        ("", None),
        (None, None),
        (5, None),
        ({}, None),
    ],
)
def test_what_an_identifier_relates_to(value: Any, subject: str | None) -> None:
    assert identifier(value) == subject


def test_a_mismatch_names_everybody_who_disagrees() -> None:
    (finding,) = activation_mismatch({"the envelope": "a", "the extras": "b", "the copy": None})
    assert (finding.code, finding.key) == ("activation_mismatch", "activationId")
    assert "the envelope names a; the extras names b" in finding.detail
    assert activation_mismatch({"the envelope": "a", "the extras": "a"}) == ()
    assert activation_mismatch({"the envelope": None, "the extras": "a"}) == ()


def test_unexpected_keys_beyond_the_first_are_counted() -> None:
    extras = INIT | {f"k{number:04}": "x" for number in range(1000)}
    findings = check(extras)
    assert [finding.code for finding in findings] == [Code.UNEXPECTED_KEY] * 21
    assert [finding.key for finding in findings[:2]] == ["k0000", "k0001"]
    assert (findings[-1].key, findings[-1].detail[:9]) == ("", "980 more ")
