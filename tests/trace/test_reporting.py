"""What is noted of first reports is what the record tells, as of any moment."""

from random import Random
from typing import Any

import pytest
from django.db import connection

from notifications.ingest.bulk import prepare, record_new
from notifications.ingest.envelope import emission_from
from notifications.ingest.events import (
    ActivationReport,
    InboxReport,
    OperationReport,
    record_events,
)
from notifications.models.querysets import Apps, Extent
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.extras import MessageType
from notifications.trace.reporting import Reports, reporting_of

from .conftest import UNTIL
from .happening import at
from .test_limits import NOW, envelopes_of_all_apps, record_each
from .test_stats import horizon

pytestmark = pytest.mark.usefixtures("committed_db")

# All of the record is looked through.
_TOLD = """
    SELECT source_id, message_type AS told, app_id AS app, per_device, id, recorded_xid
    FROM notifications_notification WHERE message_type = ANY(%(types)s)
    UNION ALL SELECT source_id, 'registrations', app, false, id, recorded_xid
    FROM notifications_activationevent LEFT JOIN unnest(apps) AS named (app) ON TRUE
    UNION ALL SELECT source_id, 'operations', app, false, id, recorded_xid
    FROM notifications_operationevent LEFT JOIN unnest(apps) AS named (app) ON TRUE
    UNION ALL SELECT source_id, 'inbox', app, false, id, recorded_xid
    FROM notifications_inboxevent LEFT JOIN unnest(apps) AS named (app) ON TRUE
"""


def on_record(apps: Apps, below: int) -> dict[Any, str]:
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
                SELECT source_id, told, app, per_device, min(id::text) FROM ({_TOLD}) AS report
                WHERE (%(apps)s::text[] IS NULL OR app = ANY(%(apps)s))
                    AND recorded_xid < %(below)s::xid8
                GROUP BY 1, 2, 3, 4
            """,  # noqa: S608 - of constants
            {"apps": apps, "below": str(below), "types": list(MessageType)},
        )
        return {tuple(key): first for *key, first in cursor.fetchall()}


def as_noted(found: tuple[Reports, ...]) -> dict[Any, str]:
    return {(each.source, each.told, each.app, each.per_device): str(each.first) for each in found}


def record_events_of(chance: Random) -> None:
    apps = chance.choice(((), ("mobile",), ("mobile", "business")))
    minutes = chance.uniform(-60, 0)
    told: dict[str, Any] = {"apps": apps, "observed_at": at(minutes), "user_id": "jane"}
    key = str(chance.random())
    status = {"kind": ActivationEventKind.STATUS, "status": "ACTIVE", "activation_id": "a"}
    for report in (
        ActivationReport(key=key, **status, **told),
        OperationReport(key=key, operation_id="o", status="PENDING", **told),
        InboxReport(key=key, inbox_message_id="i", **told),
    ):
        record_events([report], source=chance.choice(("bank", "callbacks")))


def _perhaps_a_copy(envelope: dict[str, Any], chance: Random) -> dict[str, Any]:
    told = {name: value for name, value in envelope.items() if name != "source"}
    is_copy = "activation_id" in told and chance.random() < 0.5
    return {**told, "per_device": True} if is_copy else told


@pytest.mark.parametrize("seed", [1, 2])
def test_first_reports_are_those_of_the_record_as_of_any_transaction(seed: int) -> None:
    chance = Random(seed)  # noqa: S311
    envelopes = envelopes_of_all_apps(seed)
    chance.shuffle(envelopes)
    bounds = [horizon()]
    for place in range(0, len(envelopes), 25):
        batch = envelopes[place : place + 25]
        if chance.random() < 0.5:
            record_each(batch)
        else:
            told = [emission_from(_perhaps_a_copy(each, chance), now=NOW) for each in batch]
            assert record_new(prepare({e.id_at("bulk"): e for e in told}, source="bulk"))
        record_events_of(chance)
        bounds.append(horizon())
    assert len(reporting_of(UNTIL, Extent()).reports) > 20
    for below in bounds:
        for apps in (None, ["mobile"], ["business", "mobile"], []):
            found = reporting_of(UNTIL, Extent(apps, below)).reports
            assert as_noted(found) == on_record(apps, below)


def test_what_is_dated_later_than_now_tells_nothing_yet() -> None:
    envelopes = envelopes_of_all_apps(1)
    record_each(envelopes)
    before = {str(each.first) for each in reporting_of(UNTIL, Extent()).reports}
    moment = min(each.since for each in reporting_of(UNTIL, Extent()).reports)
    found = reporting_of(moment, Extent()).reports
    assert found
    assert {str(each.first) for each in found} < before
    assert all(each.last <= moment for each in found)
