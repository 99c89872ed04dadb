"""Hostile copies: whatever is sent, all of it is recorded or nothing, and it is never a 500."""

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rest_framework.test import APIClient

from notifications.models import ActivationEvent, InboxEvent, Notification, Presentation

from .mirroring import (
    BATCH,
    CLOUD,
    CLOUD_INBOX,
    CLOUD_MESSAGE,
    CREATE,
    CREATE_MULTI,
    DELETE,
    DEVICE_OF,
    DEVICES_OF,
    INBOX,
    INBOX_MESSAGE,
    MESSAGE,
    SEND,
    STATUS,
    STATUS_OF,
    batch,
    mirror,
    sending,
    wrapped,
)

CALLS: list[tuple[str, Any]] = [
    (SEND, sending()),
    (BATCH, batch(MESSAGE, MESSAGE)),
    (CLOUD, CLOUD_MESSAGE),
    (INBOX, wrapped(INBOX_MESSAGE)),
    (CLOUD_INBOX, INBOX_MESSAGE),
    (CREATE, wrapped(DEVICE_OF)),
    (CREATE_MULTI, wrapped(DEVICES_OF)),
    (DELETE, wrapped(DEVICE_OF)),
    (STATUS, STATUS_OF),
]
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=3),
    st.sampled_from(
        ["", "\0", "\ud800", "x" * 300, "2026-03-14T09:00:00Z", "0001-01-01T00:00:00+14:00", "ios"]
    ),
    st.recursive(
        st.none() | st.text(max_size=2),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=5,
    ),
)
EVERYTHING = (Notification, Presentation, ActivationEvent, InboxEvent)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of every value within."""
    items: Any = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    return [path, *(place for key, item in items for place in places(item, (*path, key)))]


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    if not path:
        return value
    body = deepcopy(body)
    place = body
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return body


@st.composite
def hostile(draw: st.DrawFn) -> tuple[str, str]:
    """A call, and its body with odd values at some places, or cut short."""
    address, body = draw(st.sampled_from(CALLS))
    for _ in range(draw(st.integers(1, 3))):
        body = put(body, draw(st.sampled_from(places(body))), draw(ODD))
    text = json.dumps(body)
    return address, text[: draw(st.integers(0, len(text)))] if draw(st.booleans()) else text


@pytest.mark.usefixtures("db")
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(call=hostile())
def test_a_hostile_copy_is_recorded_whole_or_refused(
    emitter: APIClient, call: tuple[str, str]
) -> None:
    address, body = call
    before = [model.objects.count() for model in EVERYTHING]  # type: ignore[attr-defined]
    answer = mirror(emitter, address, body)
    notifications, shown, *events = (
        model.objects.count() - known  # type: ignore[attr-defined]
        for model, known in zip(EVERYTHING, before, strict=True)
    )
    assert answer.status_code in (200, 400, 422), answer.content
    recorded = answer.json()["recorded"] if answer.status_code == 200 else 0
    assert notifications + sum(events) == recorded
    assert notifications == shown
    if answer.status_code == 200:
        assert recorded > 0
        if address == BATCH:
            assert recorded == len(json.loads(body)["requestObject"]["batch"])
