"""Which request to post to an inbox, and which row of the inbox, are one post."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.protocol.events import InboxEvent
from notifications.protocol.merging import WITHIN
from notifications.protocol.posts import posts_of
from tests.protocol.messages import moment

SECONDS = int(WITHIN / timedelta(seconds=1))


def asked(second: float, silent: bool | None = False, **told: Any) -> InboxEvent:
    return _event(second, 1, silent=silent, **({"source": "mirror"} | told))


def row(second: float, name: str = "m-1", **told: Any) -> InboxEvent:
    return _event(second, 2, inbox_message=name, **({"source": "push-db"} | told))


def _event(second: float, kind: int, **told: Any) -> InboxEvent:
    at: datetime = moment(second)
    told = {"recipient": 7, "apps": ("retail",), "happened_at": at} | told
    key = UUID(int=int(second * 1000 + 10**9) << 32 | kind)
    return InboxEvent(id=key, observed_at=at, recorded_at=at, **told)


@pytest.mark.parametrize("silent", [True, False, None])
def test_a_request_and_the_row_that_came_of_it_are_one_post(silent: bool | None) -> None:
    request, found = asked(0, silent), row(SECONDS)
    (post,) = posts_of([request, found])
    assert post.told == replace(found, silent=silent)
    assert post.events == (found, request)


@pytest.mark.parametrize(
    "other",
    [
        row(SECONDS + 1),
        row(0, recipient=8),
        row(0, apps=("business",)),
        row(0, source="mirror"),
        asked(0.5),
    ],
)
def test_what_differs_is_another_post(other: InboxEvent) -> None:
    request = asked(0)
    assert [post.events for post in posts_of([request, other])] == [(request,), (other,)]


def test_apps_that_one_of_them_does_not_tell_are_the_others() -> None:
    (post,) = posts_of([asked(0), row(1, apps=())])
    assert post.told.apps == ("retail",)


def test_the_nearest_are_one_and_each_is_so_once() -> None:
    first, second = asked(0), asked(30)
    near, far = row(31, "m-2"), row(5, "m-1")
    found = {post.told.inbox_message: post.events for post in posts_of([first, near, second, far])}
    assert found == {"m-1": (far, first), "m-2": (near, second)}


@given(
    st.lists(st.builds(asked, st.integers(0, 200)), unique_by=lambda each: each.id),
    st.lists(st.builds(row, st.integers(0, 200)), unique_by=lambda each: each.id),
    st.randoms(use_true_random=False),
)
def test_no_event_is_lost_or_told_twice_in_whatever_order(
    requests: list[InboxEvent], rows: list[InboxEvent], random: Any
) -> None:
    events = [*requests, *rows]
    found = posts_of(events)
    assert posts_of(random.sample(events, len(events))) == found
    told = [each for post in found for each in post.events]
    assert sorted(told, key=lambda each: each.id) == sorted(events, key=lambda each: each.id)
    assert max(len(requests), len(rows)) <= len(found) <= len(events)
