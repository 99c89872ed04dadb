"""No question that a list can be asked has the database read the whole record. `bench.reading` asks
the same of a million notifications."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from rest_framework.test import APIClient

from bench._plans import Plans, Question, questions, values
from notifications.api.lists import ListViewSet
from notifications.api.throttling import AccountThrottle
from notifications.api.urls import router
from notifications.models import Account, Export, SettingChange
from notifications.models.export import new_id
from notifications.models.partitions import ensure_partition

SINCE = datetime(2025, 3, 1, tzinfo=UTC)
DAY = datetime(2025, 9, 14, tzinfo=UTC)
COUNT = 40_000  # over a year: enough for the planner to have a choice
LISTS = [prefix for prefix, viewset, _ in router.registry if issubclass(viewset, ListViewSet)]
# A year of messages at even distances; the first of 4,999 devices and users has a hundredth of all.
RECORD = """
CREATE TEMPORARY TABLE told ON COMMIT DROP AS
SELECT
    n, at,
    (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0')
        || '8' || substr(md5(n::text), 1, 3) || '8' || substr(md5(n::text), 4, 15))::uuid AS id,
    CASE WHEN n % 4 < 2 THEN 'operation-' || n END AS operation,
    CASE WHEN n % 4 = 3 THEN 'inbox-' || n END AS inbox,
    'device-' || CASE WHEN n % 100 = 0 THEN 0 ELSE n % 4999 END AS device,
    1 + CASE WHEN n % 100 = 0 THEN 0 ELSE n % 4999 END AS person
FROM (
    SELECT n, %(since)s::timestamptz + n * interval '365 days' / %(count)s AS at
    FROM generate_series(0, %(count)s - 1) AS n
) AS moments;

INSERT INTO notifications_source (slug) VALUES ('bank'), ('former-bank');
INSERT INTO notifications_recipient (id, user_id) OVERRIDING SYSTEM VALUE
SELECT n, 'user-' || n FROM generate_series(1, 4999) AS n;
INSERT INTO notifications_notification (
    id, source_id, message_id, digest, message_type, result, operation_id, activation_id,
    inbox_message_id, recipient_id, addressed_to, per_device, app_id, platform, silent, personal,
    extras, findings, rules, emitted_at
)
SELECT
    id, CASE WHEN n < 1000 THEN 'former-bank' ELSE 'bank' END, 'm-' || n,
    decode(md5(n::text) || md5(id::text), 'hex'),
    (ARRAY['mtoken.operationInit', 'mtoken.operationFinished', 'mtoken.statusChange',
        'mtoken.inboxMessage.new'])[1 + n % 4],
    CASE WHEN n % 4 = 1 THEN 'authentication.success' END,
    operation, device, inbox, person, 'activation', false,
    CASE WHEN n % 3 = 0 THEN 'business' ELSE 'mobile' END,
    (ARRAY['apns', 'fcm', 'hms', NULL])[1 + n % 7 % 4], n % 9 = 0, n % 2 = 0,
    jsonb_build_object('operationName', 'login', 'n', n),
    CASE WHEN n % 50 = 0 THEN '[{"code": "not_uuid", "key": "n", "detail": ""}]'::jsonb
        ELSE '[]' END,
    1, at
FROM told;
INSERT INTO notifications_operation (id, first_notification_id, name, result, last_finish_id)
SELECT operation, min(id::text)::uuid, CASE WHEN min(n) % 3 = 0 THEN 'login' ELSE 'payment' END,
    'authentication.success', max(id::text)::uuid
FROM told WHERE operation IS NOT NULL GROUP BY operation;
INSERT INTO notifications_activation (id, first_notification_id)
SELECT device, min(id::text)::uuid FROM told GROUP BY device;
INSERT INTO notifications_inboxmessage (id, first_notification_id)
SELECT inbox, id FROM told WHERE inbox IS NOT NULL;
INSERT INTO notifications_activationevent (
    id, source_id, digest, recipient_id, apps, findings, happened_at, observed_at, kind,
    activation_id, status, token, is_request
)
SELECT
    id, 'bank', decode(md5(n::text) || md5(id::text), 'hex'), person, '{mobile}', '[]', at, at,
    CASE n % 3 WHEN 0 THEN 'registered' ELSE 'status' END, device, 'ACTIVE',
    CASE n % 3 WHEN 0 THEN 'token-' || device END, false
FROM told;
INSERT INTO notifications_operationevent (
    id, source_id, digest, recipient_id, apps, findings, observed_at, operation_id, external_id
)
SELECT
    id, 'bank', decode(md5(n::text) || md5(id::text), 'hex'), person, '{mobile}', '[]', at,
    operation, 'external-' || operation
FROM told WHERE operation IS NOT NULL;
INSERT INTO notifications_accessrecord (who, via, action, subject, case_number, at)
SELECT 'agent-' || n % 9, 'api', 'device_trace', device, 'C-' || n % 99, at
FROM told WHERE n % 7 = 0;
"""


def exports() -> Iterator[Export]:
    """Some in each hour of the year, nearly all of them finished jobs."""
    for n in range(COUNT // 4):
        at = SINCE + n * timedelta(days=365) / (COUNT // 4)
        yield Export(
            id=new_id(at),
            asked_at=at,
            who=f"agent-{n % 9}",
            via="api",
            dataset="notifications",
            format="csv",
            filters={},
            tells_users=False,
            delivery="job" if n % 9 else "stream",
            state="finished",
        )


def changes() -> Iterator[SettingChange]:
    """Of settings, more than are read as a whole, all through the year."""
    for n in range(COUNT // 20):
        at = SINCE + n * timedelta(days=365) / (COUNT // 20)
        name, about = f"rule E{n % 7}", f"bank-{n % 5}"
        yield SettingChange(name=name, about=about, after="applies", who=f"agent-{n % 9}", at=at)


@pytest.fixture(scope="module")
def plans(cloned_db: Callable[[], AbstractContextManager[str]]) -> Iterator[Plans]:
    with cloned_db():
        for week in range(54):
            ensure_partition(SINCE + week * timedelta(weeks=1))
        with connection.cursor() as cursor:
            cursor.execute(
                RECORD.replace("%(since)s", f"'{SINCE.isoformat()}'").replace(
                    "%(count)s", str(COUNT)
                )
            )
            Export.objects.bulk_create(exports())
            SettingChange.objects.bulk_create(changes())
            # Of all rows and not of some, so that the plans are the same each time.
            cursor.execute("SET default_statistics_target = 1000")
            cursor.execute("VACUUM (ANALYZE)")
        client = APIClient()
        client.force_authenticate(Account.objects.create(username="planner", is_superuser=True))
        yield Plans(client)


@pytest.fixture(scope="module")
def asked(plans: Plans) -> list[Question]:
    return list(questions(DAY, values()))


@pytest.fixture(autouse=True)
def unlimited(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = dict.fromkeys(("read", "ingest", "export"))
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", unlimited)


@pytest.mark.parametrize("prefix", LISTS)
def test_no_question_reads_the_whole_record(
    plans: Plans, asked: list[Question], prefix: str
) -> None:
    of_list = [each for each in asked if f"/{prefix}/" in each.address]
    offending = {str(each): scans for each in of_list if (scans := plans.offences(each))}
    told = {question: [str(scan) for scan in scans] for question, scans in offending.items()}
    assert told == {}


@pytest.mark.parametrize("prefix", LISTS)
def test_every_filter_is_asked_with(asked: list[Question], prefix: str) -> None:
    viewset = next(
        of for name, of, _ in router.registry if name == prefix and issubclass(of, ListViewSet)
    )
    used = {name for each in asked if f"/{prefix}/" in each.address for name in each.parameters}
    assert used >= set(viewset.question_class.parameters()) - {"since", "until"}


@pytest.mark.parametrize("order", ["desc", "asc"])
@pytest.mark.parametrize(
    "address",
    ["activations/device-0/events", "activations/device-1/events", "operations/operation-4/events"],
)
def test_the_events_of_one_are_read_by_an_index(plans: Plans, address: str, order: str) -> None:
    for window in ({}, {"since": ["2025-09-14T00:00:00Z"]}):
        question = Question(f"/api/v1/{address}/", {"order": [order], **window}, None)
        assert [str(each) for each in plans.offences(question)] == []


@pytest.mark.parametrize("device", ["device-0", "device-1"])
def test_the_state_of_a_device_is_read_by_an_index(plans: Plans, device: str) -> None:
    for asked in ({}, {"at": ["2025-09-14T00:00:00Z"], "as_of": ["2025-09-14T00:00:00Z"]}):
        question = Question(f"/api/v1/activations/{device}/state/", asked, None)
        assert [str(each) for each in plans.offences(question)] == []


@pytest.mark.parametrize(
    ("parameters", "window"),
    [
        ({"since": ["2025-01-01T00:00:00Z"], "result": ["no-such-result"]}, None),
        ({"since": ["2025-01-01T00:00:00Z"], "source": ["bank"]}, None),
        ({"since": ["2025-01-01T00:00:00Z"], "finding": ["not_uuid"]}, None),
        ({"since": [(DAY - timedelta(days=60)).isoformat()], "order": ["asc"]}, DAY),
        ({"activation": ["device-0"]}, DAY),
    ],
)
def test_it_would_be_noticed(plans: Plans, parameters: dict, window: datetime | None) -> None:
    assert plans.offences(Question("/api/v1/notifications/", parameters, window))
