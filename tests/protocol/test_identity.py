"""Ids and digests: the published vectors, the layout, and that order of ids is order of time."""

import hashlib
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import RFC_4122, UUID

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from notifications.ingest.envelope import emission_from
from notifications.models import Notification
from notifications.protocol.identity import (
    digest,
    first_id_at,
    id_from_digest,
    id_from_message,
    milliseconds,
    time_of,
    to_millisecond,
)
from tests.conftest import DEVICE, FINISHED, INIT, NOW

PAGE = Path(__file__).parents[2] / "docs" / "identity.md"
(BLOCK,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(), re.DOTALL)
VECTORS: list[dict[str, Any]] = json.loads(BLOCK)
MOMENTS = st.datetimes(timezones=st.just(UTC))


def id_as_the_page_says(vector: dict[str, Any], content: bytes) -> UUID:
    """The page's recipe, written from the page."""
    message_id = vector["envelope"].get("message_id")
    source = vector["source"].encode()
    seed = (
        b"digest\0" + source + b"\0" + content
        if message_id is None
        else b"message\0" + source + b"\0" + message_id.encode()
    )
    bits = f"{int(hashlib.sha256(seed).hexdigest(), 16):0256b}"
    emitted_at = datetime.fromisoformat(json.loads(vector["canonical"])["emitted_at"])
    unix = max(0, (emitted_at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1))
    return UUID(int=int(f"{unix:048b}" + "1000" + bits[:12] + "10" + bits[12:74], 2))


def test_there_are_vectors() -> None:
    assert len(VECTORS) >= 5


@pytest.mark.parametrize("vector", VECTORS, ids=range(len(VECTORS)))
def test_a_published_vector_holds_by_the_page_and_by_the_code(vector: dict[str, Any]) -> None:
    canonical = vector["canonical"].encode()
    assert rfc8785.dumps(json.loads(canonical)) == canonical
    assert hashlib.sha256(canonical).hexdigest() == vector["digest"]
    assert str(id_as_the_page_says(vector, bytes.fromhex(vector["digest"]))) == vector["id"]
    emission = emission_from(vector["envelope"], now=NOW)
    assert emission.digest.hex() == vector["digest"]
    assert str(emission.id_at(vector["source"])) == vector["id"]


@given(moment=MOMENTS, name=st.text(), content=st.binary())
def test_an_id_is_a_uuid_of_version_8_that_carries_its_time(
    moment: datetime, name: str, content: bytes
) -> None:
    for made in (id_from_message("bank", name, moment), id_from_digest("bank", content, moment)):
        assert (made.version, made.variant) == (8, RFC_4122)
        assert milliseconds(time_of(made)) == milliseconds(moment)
        assert made >= first_id_at(moment)


@given(earlier=MOMENTS, later=MOMENTS)
def test_ids_sort_as_times_do(earlier: datetime, later: datetime) -> None:
    earlier, later = sorted((earlier, later))
    if milliseconds(earlier) < milliseconds(later):
        assert id_from_message("a", "m", earlier) < first_id_at(later)
        assert first_id_at(later) <= id_from_message("b", "n", later)


@pytest.mark.parametrize(
    ("moment", "clamped"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), 0),
        (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 0),
        (datetime(1970, 1, 1, 0, 0, 0, 1999, tzinfo=UTC), 1),
        (datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), 253402300799999),
    ],
)
def test_time_is_cut_and_clamped(moment: datetime, clamped: int) -> None:
    assert milliseconds(moment) == clamped


def test_an_id_past_the_last_year_still_has_a_time() -> None:
    assert time_of(UUID(int=2**128 - 1)).year == 9999


def test_another_source_name_or_time_is_another_id() -> None:
    base = id_from_message("bank", "m-1", NOW)
    assert base == id_from_message("bank", "m-1", NOW)
    others = {
        id_from_message("other", "m-1", NOW),
        id_from_message("bank", "m-2", NOW),
        id_from_message("bank", "m-1", NOW + timedelta(milliseconds=1)),
        id_from_digest("bank", b"m-1", NOW),
    }
    assert len(others | {base}) == 5


def test_the_order_of_keys_does_not_matter() -> None:
    told = {"extras": {"a": 1, "b": {"c": 2, "d": 3}}, "app_id": "x"}
    turned = {"app_id": "x", "extras": {"b": {"d": 3, "c": 2}, "a": 1}}
    assert digest(told, NOW) == digest(turned, NOW)


@given(moment=MOMENTS)
def test_precision_is_the_millisecond_rounded_down(moment: datetime) -> None:
    kept = to_millisecond(moment)
    assert timedelta(0) <= moment - kept < timedelta(milliseconds=1)
    assert kept.microsecond % 1000 == 0


@pytest.mark.parametrize(
    "envelope",
    [
        {"extras": INIT},
        {"extras": {"n": 1e22, "one": 1.0, "zero": -0.0, "tiny": 5e-324, "big": 1e308, "c": 0.1}},
        {"extras": {"číslo": [None, True, {"z": "\u2028\x7f\n", "a": {}}]}},
        {
            "extras": FINISHED | {"activationId": DEVICE},
            "user_id": "user-1",
            "app_id": "mobile",
            "activation_id": DEVICE.upper(),
            "per_device": True,
            "addressed_to": "user",
            "platform": "huawei",
            "silent": True,
            "personal": False,
        },
        {"extras": {"activationId": DEVICE.upper()}, "emitted_at": "0001-01-01T00:00:00.001Z"},
        {"extras": {}, "emitted_at": "9999-12-31T23:59:59.999Z"},
    ],
)
def test_the_digest_can_be_computed_again_from_the_stored_row(
    record_one: Callable[..., UUID], envelope: dict[str, Any]
) -> None:
    notification_id = record_one(**envelope)
    row = Notification.objects.select_related("recipient").get(id=notification_id)
    told = {
        "app_id": row.app_id,
        "user_id": row.recipient.user_id if row.recipient else None,
        "activation_id": row.activation_id,
        "addressed_to": row.addressed_to,
        "per_device": row.per_device,
        "platform": row.platform,
        "silent": row.silent,
        "personal": row.personal,
        "extras": row.extras,
    }
    assert digest(told, row.emitted_at) == bytes(row.digest)
