"""The specification of push message extras as one table, and the check of a payload against it.

Source: "Used Push Message Extras". A finding says how a payload departs from it; it never prevents
storing. Raise ``RULES_VERSION`` whenever the judgement of any payload changes.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

RULES_VERSION = 2  # 2: unexpected keys beyond the first are counted, not listed
MAX_IDENTIFIER = 256  # characters; a longer one stays in the extras and relates to nothing
MAX_UNEXPECTED = 20  # told one by one: findings must not outgrow the payload they are about

_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class MessageType(StrEnum):
    OPERATION_INIT = "mtoken.operationInit"
    OPERATION_FINISHED = "mtoken.operationFinished"
    STATUS_CHANGE = "mtoken.statusChange"
    INBOX_MESSAGE_NEW = "mtoken.inboxMessage.new"


class OperationResult(StrEnum):
    SUCCESS = "authentication.success"
    FAIL = "authentication.fail"
    TIMEOUT = "operation.timeout"
    CANCELED = "operation.canceled"
    METHOD_NOT_AVAILABLE = "operation.methodNotAvailable"


class Code(StrEnum):
    """Every finding there is, in the words the documentation explains."""

    MISSING_KEY = "missing_key"
    EMPTY_VALUE = "empty_value"
    WRONG_TYPE = "wrong_type"
    NOT_UUID = "not_uuid"
    UNKNOWN_RESULT = "unknown_result"
    UNKNOWN_MESSAGE_TYPE = "unknown_message_type"
    UNEXPECTED_KEY = "unexpected_key"
    DUPLICATE_KEY = "duplicate_key"
    REPAIRED_VALUE = "repaired_value"
    IDENTIFIER_TOO_LONG = "identifier_too_long"
    ACTIVATION_MISMATCH = "activation_mismatch"
    UNUSABLE_FIELD = "unusable_field"


@dataclass(frozen=True, slots=True)
class Finding:
    """How a payload departs from the specification: a stable ``code``, the ``key`` of the extras
    it concerns ("" for the payload as a whole) and one plain sentence."""

    code: Code
    key: str
    detail: str


@dataclass(frozen=True, slots=True)
class Rule:
    """The keys of one message type, beside ``messageType`` itself."""

    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()


# "mtokenOperationResult: required only in case of a finished operation, otherwise ignored."
SPECIFICATION: Mapping[MessageType, Rule] = {
    # Operation Lifecycle
    MessageType.OPERATION_INIT: Rule(
        required=("operationId", "operationName"),
        optional=("activationId",),
        ignored=("mtokenOperationResult",),
    ),
    MessageType.OPERATION_FINISHED: Rule(
        required=("operationId", "operationName", "mtokenOperationResult"),
        optional=("activationId",),
    ),
    # Registration Lifecycle
    MessageType.STATUS_CHANGE: Rule(
        required=("activationId",),
        ignored=("mtokenOperationResult",),
    ),
    # Message Inbox
    MessageType.INBOX_MESSAGE_NEW: Rule(
        required=("inboxId",),
        ignored=("mtokenOperationResult",),
    ),
}
_KNOWN_KEYS = {
    message_type: frozenset({"messageType", *rule.required, *rule.optional, *rule.ignored})
    for message_type, rule in SPECIFICATION.items()
}
_RESULTS = frozenset(OperationResult)
UUID_KEYS = frozenset({"operationId"})  # the only key the specification gives a format


def check(extras: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings of one payload, in the order of the table and then of the remaining keys."""
    if "messageType" not in extras:
        return (Finding(Code.MISSING_KEY, "messageType", "messageType is required and absent."),)
    message_type = extras["messageType"]
    if not isinstance(message_type, str) or not message_type:
        return (_text_problem("messageType", message_type),)
    if message_type not in SPECIFICATION:
        detail = f"messageType {_shown(message_type)} is none of the specification's four types."
        return (Finding(Code.UNKNOWN_MESSAGE_TYPE, "messageType", detail),)
    return tuple(_check_keys(MessageType(message_type), extras))


def identifier(value: object) -> str | None:
    """The subject that ``value`` names, or None when it can name none (absent, empty, not a string,
    over 256 characters). A UUID in upper case names the same subject as in lower case."""
    if not isinstance(value, str) or not 0 < len(value) <= MAX_IDENTIFIER:
        return None
    return value.lower() if not value.islower() and is_uuid(value) else value


def is_uuid(value: str) -> bool:
    return _UUID.fullmatch(value) is not None


def activation_mismatch(named: Mapping[str, str | None]) -> tuple[Finding, ...]:
    """A finding that names them all when those who name an activation disagree.

    ``named`` maps who names it ("the envelope", "the extras") to the identifier, None for nobody.
    """
    told = {who: value for who, value in named.items() if value is not None}
    if len(set(told.values())) < 2:
        return ()
    detail = "; ".join(f"{who} names {value}" for who, value in told.items())
    detail = f"The activation is not agreed on: {detail}."
    return (Finding(Code.ACTIVATION_MISMATCH, "activationId", detail),)


def _check_keys(message_type: MessageType, extras: Mapping[str, Any]) -> Iterator[Finding]:
    rule = SPECIFICATION[message_type]
    for key in rule.required:
        if key not in extras:
            detail = f"{key} is required for {message_type} and absent."
            yield Finding(Code.MISSING_KEY, key, detail)
        elif not _conforms(key, extras[key]):
            yield _value_problem(key, extras[key])
    for key in rule.optional:
        if key in extras and not _conforms(key, extras[key]):
            yield _value_problem(key, extras[key])
    if unexpected := sorted(extras.keys() - _KNOWN_KEYS[message_type]):
        for key in unexpected[:MAX_UNEXPECTED]:
            detail = f"{_shown(key)} is not a key of {message_type}."
            yield Finding(Code.UNEXPECTED_KEY, key, detail)
        if (more := len(unexpected) - MAX_UNEXPECTED) > 0:
            detail = f"{more} more keys are none of {message_type}."
            yield Finding(Code.UNEXPECTED_KEY, "", detail)


def _conforms(key: str, value: object) -> bool:
    if type(value) is not str or not value:
        return False
    if key == "mtokenOperationResult":
        return value in _RESULTS
    return len(value) <= MAX_IDENTIFIER and (key not in UUID_KEYS or is_uuid(value))


def _value_problem(key: str, value: object) -> Finding:
    """What is wrong with a value that does not conform."""
    if not isinstance(value, str) or not value:
        return _text_problem(key, value)
    if key == "mtokenOperationResult":
        detail = f"{_shown(value)} is none of the specification's five results."
        return Finding(Code.UNKNOWN_RESULT, key, detail)
    if len(value) > MAX_IDENTIFIER:
        detail = (
            f"{key} has {len(value)} characters, over {MAX_IDENTIFIER}: it stays in the extras"
            " and relates to nothing."
        )
        return Finding(Code.IDENTIFIER_TOO_LONG, key, detail)
    return Finding(Code.NOT_UUID, key, f"{key} {_shown(value)} is not in UUID format.")


def _text_problem(key: str, value: object) -> Finding:
    """Of a value that is no string or says nothing."""
    if isinstance(value, str):
        return Finding(Code.EMPTY_VALUE, key, f"{key} is empty.")
    kind = "null" if value is None else type(value).__name__
    kind = {"dict": "an object", "list": "an array", "bool": "a boolean"}.get(kind, kind)
    kind = "a number" if kind in ("int", "float") else kind
    return Finding(Code.WRONG_TYPE, key, f"{key} is {kind}; the specification has a string.")


def _shown(value: str) -> str:
    return f"“{value}”" if len(value) <= 80 else f"“{value[:80]}…”"
