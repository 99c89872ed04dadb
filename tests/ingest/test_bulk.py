"""What is recorded in bulk is what the recorder would have, or it is left to the recorder."""

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from notifications.ingest import bulk
from notifications.ingest.emission import Emission
from notifications.ingest.recorder import record
from notifications.models import Notification, Recipient
from notifications.models.partitions import month_of
from tests.conftest import DEVICE, FINISHED, INBOX_NEW, INIT, NOW, SOURCE
from tests.ingest.test_order import EMISSIONS, tables
from tests.ingest.test_recorder import emission

ODD = ("a\tb\\c\nd\re \\N", "\\.", "č😀\u202e", "u1", "\\N", "x" * 256)
pytestmark = pytest.mark.usefixtures("db")


@st.composite
def emissions(draw: st.DrawFn) -> list[Emission]:
    """Each of its own name, of few subjects."""
    odd, maybe = st.sampled_from(ODD), st.sampled_from([None, True, False])
    return [
        emission(
            after=draw(st.integers(0, 5)),
            message_id=f"{number} {draw(odd)}"[:256],
            user_id=draw(st.none() | odd),
            app_id=draw(st.none() | odd),
            activation_id=draw(st.sampled_from([None, DEVICE, *ODD])),
            platform=draw(st.sampled_from([None, "apns", "android"])),
            silent=draw(maybe),
            personal=draw(maybe),
            extras=draw(st.sampled_from([INIT, FINISHED, INBOX_NEW, {}]))
            | draw(st.sampled_from([{}, {"operationName": draw(odd)}, {draw(odd): [1.5, "\n"]}])),
        )
        for number in range(draw(st.integers(1, 8)))
    ]


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(first=emissions(), second=emissions())
def test_it_records_what_the_recorder_does(first: list[Emission], second: list[Emission]) -> None:
    results = []
    for way in (in_bulk, lambda batch: record(batch, source=SOURCE).recorded):
        with transaction.atomic():
            record(EMISSIONS, source="another")  # so that subjects stand already
            way(first)
            way([each for each in second if each.message_id not in {e.message_id for e in first}])
            results.append(tables())
            transaction.set_rollback(True)
    assert results[0] == results[1]


def test_nothing_is_recorded_where_anything_stands() -> None:
    record(EMISSIONS[:1], source=SOURCE)
    before = tables()
    assert not in_bulk(EMISSIONS)
    assert tables() == before


def test_a_month_that_is_missing_is_left_to_the_recorder() -> None:
    old = emission(after=-86_400_000 * 4000, message_id="old", user_id="u-old")
    prepared = bulk.prepare({each.id_at(SOURCE): each for each in (old, EMISSIONS[0])}, source="s")
    assert {*map(month_of, prepared.moments)} == {month_of(old.emitted_at), month_of(NOW)}
    assert not bulk.record_new(prepared)
    assert not Notification.objects.exists()
    assert not Recipient.objects.exists()


def in_bulk(batch: list[Emission]) -> bool:
    return bulk.record_new(
        bulk.prepare({each.id_at(SOURCE): each for each in batch}, source=SOURCE)
    )
