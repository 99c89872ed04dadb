"""What is wrong with a Push Server's database is told with its remedy; what is odd is kept."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError

from notifications.models import DeliveryReport, Notification, PushServerReading, SourceError
from tests.ingest.push_server import VendorServer
from tests.ingest.push_server_schema import NEWER, OLD, Layout
from tests.ingest.push_server_tables import PushServerDatabase, made
from tests.ingest.reading import INIT, READ_AS, imported, read_on

pytestmark = pytest.mark.usefixtures("db")
AT = datetime(2026, 3, 14, 9, 26, 53, 589000, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "sources.md"
A = "49414e31-f3df-4cea-87e6-f214ca3b8412"
ROW = """
    INSERT INTO push_message VALUES (%s, 1, 'user-1', NULL, false, false, %s, %s, %s)
"""


@pytest.fixture
def node(push_server: PushServerDatabase) -> VendorServer:
    made = VendorServer(push_server)
    made.add_app("mobile")
    return made


def put(
    database: PushServerDatabase,
    number: int,
    body: str = '{"extras": {}}',
    at: str = "2026-03-14 09:26:53.589",
    status: int = 1,
) -> None:
    database.execute(ROW, number, body, at, status)


def fails(database: PushServerDatabase, **options: Any) -> str:
    with pytest.raises(CommandError) as error:
        imported(database, **options)
    return str(error.value)


@pytest.mark.parametrize(
    ("dsn", "words"),
    [
        ("host=db password=hunter2-secret", "is no address of a database"),
        ("postgresql://pa:hunter2@secret@db/push", "special characters"),
        (
            "postgresql://pa:hunter2-secret@127.0.0.1:1/push",
            "The Push Server's database: .*refused",
        ),
        ("postgresql://pa@/push?host=/nowhere/hunter2&password=hunter2", "Push Server's database"),
    ],
)
def test_a_wrong_address_is_told_without_its_password(
    push_server: PushServerDatabase, dsn: str, words: str
) -> None:
    told = fails(push_server, dsn=dsn)
    assert re.search(words, told)
    assert not re.search("hunter2|secret", told)
    (problem,) = PushServerReading.objects.values_list("problem", flat=True)
    assert problem.rstrip(".") in told


def test_a_missing_table_column_or_right_is_named_with_its_remedy(
    push_server: PushServerDatabase,
) -> None:
    revoke = f'REVOKE SELECT (status) ON push_message FROM "{push_server.role}"'  # noqa: S608
    push_server.execute(revoke)
    told = fails(push_server)
    assert re.search(
        r"push_message may not be read: GRANT SELECT \(id, device_registration_id, .*, status\) ON"
        rf" push_message TO {push_server.role};",
        told,
    )
    assert "private" not in told
    push_server.execute("ALTER TABLE push_message RENAME status TO state")
    assert "push_message has no column status" in fails(push_server)
    push_server.execute("ALTER TABLE push_message RENAME TO message")
    assert "There is no table push_message" in fails(push_server)
    push_server.execute("CREATE SCHEMA elsewhere")
    for table in ("push_device_registration", "push_app_credentials", "push_inbox"):
        push_server.execute(f"ALTER TABLE {table} SET SCHEMA elsewhere")
    push_server.execute("DROP TABLE push_inbox_app")
    assert "search_path%3DSCHEMA" in fails(push_server)
    assert not Notification.objects.exists()


def test_a_right_to_the_secrets_is_not_needed(push_server: PushServerDatabase) -> None:
    secret = push_server.execute(
        "SELECT has_column_privilege(%s, 'push_app_credentials', 'fcm_private_key', 'SELECT')",
        push_server.role,
    )
    assert secret == [(False,)]
    assert "0 recorded" in imported(push_server)


def test_without_the_inbox_the_rest_is_read_and_that_is_told_once(
    node: VendorServer, push_server: PushServerDatabase
) -> None:
    put(push_server, 1)
    push_server.execute("DROP TABLE push_inbox_app")
    told = imported(push_server)
    assert told.count("Posts to the inbox are not read. There is no table push_inbox_app") == 1
    assert "GRANT SELECT (id, inbox_id, user_id, timestamp_created) ON push_inbox" in told
    assert "1 recorded" in told


@pytest.mark.parametrize("layout", [OLD, NEWER], ids=lambda each: each.name)
def test_other_versions_are_read_alike(django_db_setup: None, layout: Layout) -> None:
    with made(layout) as database:
        database.grant()
        node = VendorServer(database)
        node.add_app("mobile")
        node.register("mobile", "t", A, "user-1", at=AT, platform=layout.platform("hms"))
        node.send("mobile", "user-1", INIT, at=datetime.now(UTC))
        assert "1 recorded" in imported(database)
        assert Notification.objects.get().platform == "hms"


@pytest.mark.parametrize(
    ("body", "extras", "words"),
    [
        ("hello user-1", {}, r"#/message_body is no JSON, so its extras are empty: "),
        ("[1]", {}, "#/message_body is no object, so its extras are empty."),
        ("{}", {}, "#/message_body/extras is missing"),
        ('{"extras": {"a": 1, "a": 2}}', {"a": 2}, "The key a is repeated"),
        ('{"extras": {"a": 1e999}}', {"a": "1e999"}, "does not survive a double"),
        ('{"badge": 1, "sound": [], "extras": {}}', {}, "#/message_body/sound is not used"),
    ],
)
def test_an_odd_body_is_kept_with_a_finding(
    push_server: PushServerDatabase, body: str, extras: dict[str, Any], words: str
) -> None:
    put(push_server, 1, body)
    imported(push_server)
    notification = Notification.objects.get()
    assert notification.extras == extras
    details = [each["detail"] for each in notification.findings]
    assert any(re.search(words, each) for each in details)
    assert not any("hello" in each for each in details)
    counted = dict(SourceError.objects.values_list("pointer", "count"))
    assert counted == (
        {} if "key a" in words or "double" in words else {words.split()[0].replace("r#", "#"): 1}
    )


def test_a_body_may_have_2048_characters(push_server: PushServerDatabase) -> None:
    frame = '{"extras": {"messageType": "x", "k": "%s"}}'
    put(push_server, 1, frame % ("ž" * (2048 - len(frame) + 2)))
    imported(push_server)
    assert len(Notification.objects.get().extras["k"]) > 2000


def test_a_status_that_is_not_known_has_failed(push_server: PushServerDatabase) -> None:
    for number, status in enumerate((0, 1, -1, 7), 1):
        put(push_server, number, status=status, at="2026-03-14 09:00")
    imported(push_server)
    reports = DeliveryReport.objects.order_by("key").values_list("key", "outcome", "code")
    assert list(reports) == [
        ("row/1/2026-03-14 09:00:00/0", "pending", "0"),
        ("row/1/2026-03-14 09:00:00/given-up", "pending", "0"),
        ("row/2/2026-03-14 09:00:00/1", "accepted", "1"),
        ("row/3/2026-03-14 09:00:00/-1", "failed", "-1"),
        ("row/4/2026-03-14 09:00:00/7", "failed", "7"),
    ]


def test_a_time_of_no_calendar_is_told_and_the_rest_goes_on(
    push_server: PushServerDatabase,
) -> None:
    put(push_server, 1, at="infinity")
    put(push_server, 2, at="0044-03-15 BC")
    put(push_server, 3)
    assert "1 recorded, 0 known, 0 pending, 0 pending for ever, 2 could not be read" in imported(
        push_server
    )
    assert SourceError.objects.get().pointer == "#/timestamp_created"


def test_another_zone_is_refused(push_server: PushServerDatabase) -> None:
    put(push_server, 1)
    imported(push_server, timezone="Europe/Prague")
    told = fails(push_server, timezone="UTC")
    assert "was read with --timezone Europe/Prague so far" in told
    assert "0 recorded" in imported(push_server, timezone="Europe/Prague")
    assert PushServerReading.objects.get().problem == ""


@pytest.mark.parametrize("wrong", [{"timezone": "Mars"}, {"source": "No Slug"}, {"every": 0.0}])
def test_wrong_options_are_told(push_server: PushServerDatabase, wrong: dict[str, Any]) -> None:
    assert re.search("is no zone|is no slug|at least 0.1", fails(push_server, **wrong))


def test_a_sequence_that_begins_anew_is_noticed_and_nothing_is_touched(
    push_server: PushServerDatabase,
) -> None:
    for number in (1, 2, 50):
        put(push_server, number)
    imported(push_server)
    push_server.execute("TRUNCATE push_message")
    put(push_server, 1, at="2026-03-15 10:00")
    told = imported(push_server)
    assert "begin anew" in told
    assert "1 recorded, 0 known" in told
    assert Notification.objects.filter(source=READ_AS).count() == 4
    push_server.execute("UPDATE push_message SET timestamp_created = '2026-03-16' WHERE id = 1")
    assert read_on(push_server).was_reset
    assert Notification.objects.filter(message_id="1").count() == 3


def test_a_connection_that_is_lost_is_told_and_the_next_run_completes_it(
    push_server: PushServerDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    from notifications.ingest.push_server import follow

    push_server.execute(
        "INSERT INTO push_message SELECT n, 1, 'u', NULL, false, false, '{}', '2026-01-01', 1"
        " FROM generate_series(1, 50) AS n"
    )
    genuine = follow.rows_after

    def lost(*args: Any) -> Any:
        if args[1] >= 20:
            push_server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'pushaudit import_push_server'"
            )
        return genuine(*args)

    monkeypatch.setattr(follow, "BATCH", 10)
    monkeypatch.setattr(follow, "rows_after", lost)
    told = fails(push_server)
    assert re.search(r"connection to the Push Server's database broke off.*So far: 20 rec", told)
    monkeypatch.setattr(follow, "rows_after", genuine)
    assert "30 recorded, 0 known" in imported(push_server)


def test_the_rights_of_the_page_are_enough(django_db_setup: None) -> None:
    text = PAGE.read_text().split("## A Push Server's database")[1]
    (grants,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    with made() as database:
        for line in grants.replace("pushaudit_reader", f'"{database.role}"').splitlines():
            if line.startswith("GRANT"):
                database.execute(line)
        put(database, 1)
        told = imported(database)
    assert "1 recorded" in told
    assert "inbox are not read" not in told
