"""The life of an export as a job, over REST."""

import json
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZIP_STORED, ZipFile

import pytest
from django.core.files.storage import storages
from django.utils import timezone
from pytest_django.fixtures import Settings
from rest_framework.test import APIClient

from notifications.api.throttling import AccountThrottle
from notifications.exports import downloads, jobs, parts
from notifications.exports.manifest import verify
from notifications.models import AccessRecord, Account, Export, Source
from tests.conftest import DEVICE, INIT, SOURCE

from .exporting import DAY, EXPORTS, body_of, client_of, rows_in, tell

ASKED = {"dataset": "notifications", "filters": DAY}
STARTS = ("2026-03-14T09:00:00Z", "2026-03-14T23:00:00Z")
Ask = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def recorded(
    committed_db: str, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> None:
    unlimited = dict.fromkeys(("read", "ingest", "export"))
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", unlimited)
    where = {
        "BACKEND": "notifications.exports.storage.WholeFiles",
        "OPTIONS": {"location": tmp_path / "store"},
    }
    settings.STORAGES = {**settings.STORAGES, "exports": where}
    Source.objects.create(slug=SOURCE)
    tell(
        *(
            {
                "emitted_at": at,
                "message_id": f"m-{at}",
                "activation_id": DEVICE,
                "user_id": "jana",
                "app_id": "retail",
                "extras": INIT,
            }
            for at in STARTS
        )
    )


@pytest.fixture
def analyst() -> APIClient:
    return client_of("Analysts")


def ask(client: APIClient, **asked: Any) -> dict[str, Any]:
    response = client.post(EXPORTS, ASKED | asked, format="json")
    assert response.status_code == 202, response.content
    document: dict[str, Any] = response.json()
    assert response.headers["Location"].endswith(f"{EXPORTS}{document['id']}/")
    return document


def work() -> None:
    while jobs.work():
        pass


def at(document: dict[str, Any], what: str = "") -> str:
    return f"{EXPORTS}{document['id']}/{what}"


def test_it_is_asked_for_made_downloaded_proved_and_expires(
    analyst: APIClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts, "MOST_ROWS", 1)  # so that there are several files
    queued = ask(analyst, gzip=True, case="C-17")
    assert (queued["state"], queued["delivery"], queued["case"]) == ("queued", "job", "C-17")
    assert (queued["progress"], queued["parts"]) == (None, [])
    assert queued["filters"] == {name: [value] for name, value in DAY.items()}
    for what in ("download/", "manifest/"):
        early = analyst.get(at(queued, what))
        assert (early.status_code, early.json()["code"]) == (409, "export_unfinished")

    work()
    finished = analyst.get(at(queued)).json()
    assert (finished["state"], finished["progress"], finished["rows"]) == ("finished", 1.0, 2)
    assert [each["name"] for each in finished["parts"]] == [
        "notifications-00001.csv.gz",
        "notifications-00002.csv.gz",
    ]
    assert finished["links"]["cancel"] is None

    response = analyst.get(finished["links"]["download"])
    body = body_of(response)
    assert response.headers["Content-Type"] == "application/zip"
    assert response.headers["Content-Length"] == str(len(body))
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Content-Disposition"].endswith('Z.zip"')
    with ZipFile(BytesIO(body)) as archive:
        assert {each.compress_type for each in archive.infolist()} == {ZIP_STORED}
        assert archive.testzip() is None
        archive.extractall(tmp_path / "out")
    verified = verify(tmp_path / "out")
    assert (verified.files, verified.rows, verified.problems) == (2, 2, ())
    manifest = json.loads((tmp_path / "out/_manifest.json").read_bytes())
    assert analyst.get(finished["links"]["manifest"]).json() == manifest
    assert (tmp_path / "out/_manifest.json").read_bytes() == (
        tmp_path / f"store/{queued['id']}/_manifest.json"
    ).read_bytes()

    Export.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    jobs.expire()
    expired = analyst.get(at(queued)).json()
    assert (expired["state"], expired["links"]["download"]) == ("expired", None)
    gone = analyst.get(at(queued, "download/"))
    assert (gone.status_code, gone.json()["code"]) == (410, "export_gone")
    assert analyst.get(at(queued, "manifest/")).json() == manifest


@pytest.mark.parametrize("file_format", ["csv", "ndjson", "parquet"])
def test_one_file_is_downloaded_by_its_name(analyst: APIClient, file_format: str) -> None:
    document = ask(analyst, format=file_format)
    work()
    (part,) = analyst.get(at(document)).json()["parts"]
    response = analyst.get(at(document, "download/"), {"part": part["name"]})
    body = body_of(response)
    assert len(body) == part["bytes"] == int(response.headers["Content-Length"])
    assert len(rows_in(body, file_format)) == part["rows"] == 2
    saved_as = part["name"].rpartition("/")[2]
    assert response.headers["Content-Disposition"] == f'attachment; filename="{saved_as}"'
    for name in ("_manifest.json", "../secret", "", "x" * 300):
        refused = analyst.get(at(document, "download/"), {"part": name})
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["pointer"] == "part"


def test_each_download_is_recorded_before_its_first_byte(analyst: APIClient) -> None:
    document = ask(analyst, case="C-1")
    work()
    for case in ({}, {"case": "C-2"}):
        response = analyst.get(at(document, "download/"), case)
        noted = AccessRecord.objects.order_by("id").last()
        assert noted is not None
        assert (noted.action, noted.subject) == ("export_download", document["id"])
        assert (noted.who, noted.via) == ("analysts", "api")
        assert noted.case_number == (case or {"case": "C-1"})["case"]
        response.close()
    assert AccessRecord.objects.filter(action="export_download").count() == 2


def test_head_tells_the_size_and_downloads_nothing(analyst: APIClient) -> None:
    document = ask(analyst)
    work()
    head = analyst.head(at(document, "download/"))
    assert (head.status_code, head.content) == (200, b"")
    assert not AccessRecord.objects.filter(action="export_download").exists()
    whole = body_of(analyst.get(at(document, "download/")))
    assert head.headers["Content-Length"] == str(len(whole))


def test_an_export_of_others_is_not_there(analyst: APIClient) -> None:
    document = ask(analyst)
    work()
    other = client_of("Operators")
    for what in ("", "manifest/", "download/"):
        response = other.get(at(document, what))
        assert (response.status_code, response.json()["code"]) == (404, "not_found")
    assert other.post(at(document, "cancel/")).status_code == 404
    assert other.get(EXPORTS).json()["results"] == []
    assert [each["id"] for each in analyst.get(EXPORTS).json()["results"]] == [document["id"]]


def test_an_auditor_sees_it_and_can_neither_download_nor_cancel_it(analyst: APIClient) -> None:
    finished = ask(analyst)
    work()
    queued, auditor = ask(analyst), client_of("Auditors")
    listed = auditor.get(EXPORTS).json()["results"]
    assert [each["id"] for each in listed] == [queued["id"], finished["id"]]
    shown = auditor.get(at(finished)).json()
    assert shown["links"]["download"] is None
    assert auditor.get(shown["links"]["manifest"]).json()["rows"] == 2
    assert auditor.get(at(queued)).json()["links"]["cancel"] is None
    for response in (
        auditor.get(at(finished, "download/")),
        auditor.post(at(queued, "cancel/")),
    ):
        assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert not AccessRecord.objects.filter(action="export_download").exists()


def test_an_auditor_of_some_apps_sees_none_of_others(analyst: APIClient) -> None:
    document = ask(analyst)
    limited = client_of("Auditors", name="limited", apps=("retail",))
    assert limited.get(EXPORTS).json()["results"] == []
    assert limited.get(at(document)).status_code == 404


def test_who_has_lost_the_rights_downloads_nothing(analyst: APIClient) -> None:
    document = ask(analyst)
    work()
    account = Account.objects.get(username="analysts")
    account.apps = ["business"]
    account.save()
    limited = client_of(name="analysts").get(at(document, "download/"))
    assert (limited.status_code, limited.json()["code"]) == (403, "permission_denied")
    assert "limited to other apps" in limited.json()["detail"]
    account.apps = []
    account.save()
    account.groups.clear()
    account.user_permissions.add(
        *Account._meta.apps.get_model("auth", "Permission").objects.filter(codename="view_export")
    )
    lacking = client_of(name="analysts").get(at(document, "download/"))
    assert lacking.status_code == 403
    assert "notifications.add_export" in lacking.json()["detail"]


def test_filters_that_name_a_user_are_not_shown_to_who_reads_pseudonyms() -> None:
    document = ask(client_of("Operators"), filters={"user_id": "jana"})
    assert document["filters"] == {"user_id": ["jana"]}
    work()
    reader = client_of("Analysts", name="reader")
    Account.objects.get(username="reader").user_permissions.add(
        *Account._meta.apps.get_model("auth", "Permission").objects.filter(codename="view_export")
    )
    for what in ("", "manifest/"):
        response = reader.get(at(document, what))
        assert response.json()["filters"] == {"user_id": None}
        assert b"jana" not in response.content


def test_it_is_cancelled_until_it_has_ended(analyst: APIClient) -> None:
    document = ask(analyst)
    assert document["links"]["cancel"] is not None
    response = analyst.post(document["links"]["cancel"])
    assert (response.status_code, response.json()["state"]) == (200, "cancelled")
    work()
    assert analyst.get(at(document)).json()["state"] == "cancelled"
    again = analyst.post(at(document, "cancel/"))
    assert (again.status_code, again.json()["code"]) == (409, "not_cancellable")
    gone = analyst.get(at(document, "download/"))
    assert (gone.status_code, gone.json()["code"]) == (410, "export_gone")


def test_one_account_has_at_most_twenty_unfinished(analyst: APIClient) -> None:
    first = ask(analyst)
    for _ in range(19):
        ask(analyst)
    response = analyst.post(EXPORTS, ASKED, format="json")
    assert (response.status_code, response.json()["code"]) == (409, "too_many_exports")
    assert "20" in response.json()["detail"]
    ask(client_of("Operators"))
    analyst.post(at(first, "cancel/"))
    ask(analyst)


def test_a_store_that_gives_nothing_is_503_and_no_download(
    analyst: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = ask(analyst)
    work()

    def unreachable(*about: Any, **more: Any) -> Any:
        raise ConnectionError("secret host")

    monkeypatch.setattr(type(storages["exports"]), "open", unreachable)
    for asked in ({}, {"part": "notifications-00001.csv"}):
        response = analyst.get(at(document, "download/"), asked)
        assert (response.status_code, response.json()["code"]) == (503, "unavailable")
        assert "ConnectionError" in response.json()["detail"]
        assert "secret" not in response.json()["detail"]
        assert "Retry-After" in response.headers
    assert not AccessRecord.objects.filter(action="export_download").exists()


@pytest.mark.parametrize("asked", [{}, {"part": "notifications-00001.csv"}])
def test_a_file_that_was_changed_does_not_look_whole(
    analyst: APIClient, tmp_path: Path, asked: dict[str, str]
) -> None:
    document = ask(analyst)
    work()
    file = tmp_path / f"store/{document['id']}/notifications-00001.csv"
    file.write_bytes(file.read_bytes().replace(b"login", b"logon").replace(b"retail", b"retalE"))
    response = analyst.get(at(document, "download/"), asked)
    sent: list[bytes] = []
    with pytest.raises(downloads.Changed):
        sent.extend(response.streaming_content)  # type: ignore[attr-defined]
    assert len(b"".join(sent)) < int(response.headers["Content-Length"])


@pytest.mark.parametrize(
    ("body", "status", "code", "pointers"),
    [
        ("", 400, "empty_body", ["#"]),
        ("{", 400, "malformed_json", ["#"]),
        ("[]", 422, "invalid_export", ["#"]),
        ("{}", 422, "invalid_export", ["#/dataset"]),
        ({"dataset": "users"}, 422, "invalid_export", ["#/dataset"]),
        ({"dataset": None}, 422, "invalid_export", ["#/dataset"]),
        (ASKED | {"format": "xls"}, 422, "invalid_export", ["#/format"]),
        (ASKED | {"format": 1e400}, 400, "malformed_json", ["#"]),
        (ASKED | {"gzip": "true"}, 422, "invalid_export", ["#/gzip"]),
        (ASKED | {"gzip": 0}, 422, "invalid_export", ["#/gzip"]),
        (ASKED | {"gzip": True, "format": "parquet"}, 422, "invalid_export", ["#/gzip"]),
        (ASKED | {"formulas": False}, 422, "invalid_export", ["#/formulas"]),
        (ASKED | {"case": ""}, 422, "invalid_export", ["#/case"]),
        (ASKED | {"case": "x" * 65}, 422, "invalid_export", ["#/case"]),
        (ASKED | {"filters": []}, 422, "invalid_export", ["#/filters"]),
        (ASKED | {"filter": {}}, 422, "invalid_export", ["#/filter"]),
        (ASKED | {"a/b~c\ud800": 1}, 422, "invalid_export", ["#/a~1b~0c?"]),
        ({"dataset": "gaps", "filters": {}}, 422, "invalid_export", ["#/filters/since"]),
        ('{"dataset":"gaps","dataset":"gaps"}', 422, "invalid_export", ["#/dataset"]),
        ('{"dataset":"gaps","filters":{"since":"1h","since":"9d"}}', 422, "invalid_export",
         ["#/filters/since"]),
        *(
            (ASKED | {"filters": DAY | filters}, 422, "invalid_export", [pointer])
            for filters, pointer in (
                ({"finding": "ANY"}, "#/filters/finding"),
                ({"silent": True}, "#/filters/silent"),
                ({"result": None}, "#/filters/result"),
                ({"result": []}, "#/filters/result"),
                ({"result": ["a", 1]}, "#/filters/result"),
                ({"result": [["a"]]}, "#/filters/result"),
                ({"result": ""}, "#/filters/result"),
                ({"result": "\0"}, "#/filters/result"),
                ({"result": "\ud800"}, "#/filters/result"),
                ({"extras.\ud800": "x"}, "#/filters/extras.?"),
                ({"extras.a\0": "x"}, "#/filters/extras.a%00"),
                ({"since": ["1h", "2h"]}, "#/filters/since"),
                ({"since": "x"}, "#/filters/since"),
                ({"order": "asc"}, "#/filters/order"),
                ({"message_typ": "x"}, "#/filters/message_typ"),
                ({"recipient": "1.5"}, "#/filters/recipient"),
            )
        ),
    ],
)  # fmt: skip
def test_a_bad_body_is_told_by_its_place(
    body: Any, status: int, code: str, pointers: list[str]
) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    response = client_of("Operators").post(EXPORTS, text, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (status, code)
    faults = response.json()["errors"]
    assert [each["pointer"] for each in faults] == pointers
    assert {each["in"] for each in faults} == {"body"}
    assert not Export.objects.exists()


def test_what_may_have_been_meant_is_told(analyst: APIClient) -> None:
    asked = {"dataset": "gaps", "filter": {}}
    told = analyst.post(EXPORTS, asked, format="json").json()["errors"][0]["detail"]
    assert told.endswith("did you mean filters?")
    asked = ASKED | {"filters": DAY | {"type": "x"}}
    told = analyst.post(EXPORTS, asked, format="json").json()["errors"][0]["detail"]
    assert told.endswith("did you mean message_type?")


def test_a_value_alone_is_as_a_list_of_it(analyst: APIClient) -> None:
    one = ask(analyst, filters=DAY | {"app_id": "retail"})
    several = ask(analyst, filters=DAY | {"app_id": ["retail"]})
    assert one["filters"] == several["filters"]


def test_who_reads_pseudonyms_cannot_ask_for_a_user(analyst: APIClient) -> None:
    body = ASKED | {"filters": {"user_id": "jana"}}
    response = analyst.post(EXPORTS, body, format="json")
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    fault = response.json()["errors"][0]
    assert (fault["in"], fault["pointer"]) == ("body", "#/filters/user_id")


def test_the_right_to_the_data_set_is_needed_too(analyst: APIClient) -> None:
    group = Account.objects.get(username="analysts").groups.get()
    group.permissions.remove(*group.permissions.filter(codename="view_operation"))
    response = analyst.post(EXPORTS, ASKED | {"dataset": "gaps"}, format="json")
    assert response.status_code == 403
    assert "notifications.view_operation" in response.json()["detail"]


def test_a_limited_account_is_given_its_apps(analyst: APIClient) -> None:
    tell({"emitted_at": STARTS[0], "message_id": "b", "app_id": "business", "extras": INIT})
    client = client_of("Analysts", name="limited", apps=("retail",))
    document = ask(client)
    work()
    assert client.get(at(document)).json()["rows"] == 2
    assert client.get(at(document, "manifest/")).json()["apps"] == ["retail"]


def test_the_list_is_in_order_of_time_filtered_and_paged(analyst: APIClient) -> None:
    asked = [
        ask(analyst, format=each, dataset=dataset)
        for each in ("csv", "ndjson")
        for dataset in ("gaps", "stats", "notifications")
    ]
    ids = [each["id"] for each in asked]
    analyst.post(at(asked[0], "cancel/"))
    analyst.get(f"{EXPORTS}stats/", {"since": "1h"}).close()
    page = analyst.get(EXPORTS, {"page_size": 4, "order": "asc"}).json()
    rest = analyst.get(page["next"]).json()
    found = [each["id"] for each in (*page["results"], *rest["results"])]
    assert found[:6] == ids
    assert len(found) == 7
    assert page["window"]["is_default"]
    for parameters, wanted in (
        ({"state": "cancelled", "delivery": "job"}, ids[:1]),
        ({"dataset": ["gaps", "stats"], "format": "ndjson"}, [ids[4], ids[3]]),
        ({"delivery": "job", "who": "analysts"}, ids[::-1]),
        ({"who": "nobody"}, []),
        ({"since": asked[3]["asked_at"], "delivery": "job"}, ids[:2:-1]),
        ({"until": "2026-01-01T00:00:00Z"}, []),
    ):
        results = analyst.get(EXPORTS, parameters).json()["results"]
        assert [each["id"] for each in results] == wanted
    unknown = analyst.get(EXPORTS, {"status": "x"}).json()
    assert "state" in unknown["errors"][0]["detail"]
