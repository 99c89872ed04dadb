"""No list of the console has the database read the whole record, whatever it is narrowed by, and
none takes longer for there being more."""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client

from bench._plans import Plans, Question
from notifications.admin.addresses import list_address
from notifications.models import Account, Export
from notifications.models.partitions import ensure_partition
from tests.api.test_plans import COUNT, DAY, RECORD, SINCE, exports

WINDOW = {"since": DAY.isoformat(), "until": (DAY + timedelta(days=1)).isoformat()}
NARROWED: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("notification", {}),
    ("notification", {"message_type": "mtoken.statusChange"}),
    ("notification", {"message_type": "other"}),
    ("notification", {"result": "authentication.success", "source": "bank"}),
    ("notification", {"result": "other"}),
    ("notification", {"finding": "not_uuid"}),
    ("notification", {"finding": "any"}),
    ("notification", {"activation": "device-0"}),
    ("notification", {"recipient": "1", "finding": "none"}),
    ("operation", {}),
    ("operation", {"result": "authentication.success"}),
    ("operation", {"result": "operation.timeout", "finished": "true"}),
    ("operation", {"result": "other"}),
    ("operation", {"finished": "false"}),
    ("activation", {}),
    ("inboxmessage", {}),
    ("accessrecord", {}),
    ("accessrecord", {"action": "device_trace"}),
    ("accessrecord", {"action": "user_trace", "via": "admin"}),
    ("export", {}),
    ("export", {"state": "finished"}),
    ("export", {"state": "expired", "dataset": "gaps"}),
)


@pytest.fixture(scope="module")
def plans(cloned_db: Callable[[], AbstractContextManager[str]]) -> Iterator[Plans]:
    with cloned_db():
        for week in range(54):
            ensure_partition(SINCE + week * timedelta(weeks=1))
        with connection.cursor() as cursor:
            record = RECORD.replace("%(since)s", f"'{SINCE.isoformat()}'")
            cursor.execute(record.replace("%(count)s", str(COUNT)))
            Export.objects.bulk_create(exports())
            cursor.execute("SET default_statistics_target = 1000")
            cursor.execute("VACUUM (ANALYZE)")
        client = Client()
        client.force_login(
            Account.objects.create(username="planner", is_superuser=True, is_staff=True)
        )
        yield Plans(client)  # type: ignore[arg-type]  # which asks it for pages just the same


@pytest.mark.parametrize(("kind", "chosen"), NARROWED)
def test_no_filter_reads_more_than_its_window(
    plans: Plans, kind: str, chosen: Mapping[str, str]
) -> None:
    question = Question(list_address(kind), {**WINDOW, **chosen}, DAY)
    assert [str(scan) for scan in plans.offences(question)] == []


@pytest.mark.parametrize("kind", ["activation", "inboxmessage", "recipient"])
def test_the_last_notification_of_each_row_is_one_probe(plans: Plans, kind: str) -> None:
    answer = plans.client.get(list_address(kind))
    rows = answer.context["cl"]
    with connection.cursor() as cursor:
        page = rows.model_admin.for_list(rows.queryset)[:101]
        statement, given = page.query.sql_with_params()
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", given)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert set(re.findall(r"Seq Scan on (\w+)", plan)) <= plans.small
    assert "Sort" not in plan
    assert "Index" in plan
