"""Exports as streams: the same as the lists, in every format, for those who may."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import OperationalError
from rest_framework.test import APIClient

from notifications.api.throttling import AccountThrottle
from notifications.exports import streams
from notifications.exports.days import GapRows
from notifications.models import AccessRecord, Account, Export, Recipient, Source
from notifications.models.patience import TooMuch
from notifications.models.pseudonyms import pseudonym_of
from tests.conftest import DEVICE, FINISHED, INIT, OPERATION, SOURCE
from tests.exports.reading import answer_all

from .exporting import DAY, EXPORTS, body_of, client_of, export_named_in, rows_in, tell

NOTIFICATIONS = f"{EXPORTS}notifications/"
FORMATS = (("csv", False), ("csv", True), ("ndjson", False), ("ndjson", True), ("parquet", False))
DATASETS = ("notifications", "operations", "deliveries", "gaps", "stats")
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8; header=present",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
TOLD = (
    {
        "emitted_at": "2026-03-14T09:00:00.250Z",
        "message_id": "=1+1",
        "activation_id": DEVICE,
        "user_id": "jana",
        "app_id": "retail",
        "extras": INIT,
    },
    {
        "emitted_at": "2026-03-14T09:01:00Z",
        "message_id": "m-2",
        "activation_id": DEVICE,
        "user_id": "jana",
        "app_id": "retail",
        "extras": FINISHED,
    },
    {
        "emitted_at": "2026-03-14T10:00:00Z",
        "message_id": "m-3",
        "user_id": "karel",
        "app_id": "business",
        "extras": INIT | {"operationId": "5f3c1a77-2d55-4c1e-a3c4-9b1f6e0d7c21"},
    },
)


@pytest.fixture(autouse=True)
def recorded(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = dict.fromkeys(("read", "ingest", "export"))
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", unlimited)
    Source.objects.create(slug=SOURCE)
    tell(*TOLD)
    answer_all("200")


@pytest.fixture
def analyst() -> APIClient:
    """Reads pseudonyms."""
    return client_of("Analysts")


@pytest.fixture
def operator() -> APIClient:
    """Reads user ids."""
    return client_of("Operators")


def rows(client: APIClient, dataset: str = "notifications", **asked: Any) -> list[dict[str, Any]]:
    response = client.get(f"{EXPORTS}{dataset}/", asked)
    assert response.status_code == 200, response.content
    gzipped = asked.get("gzip") == "true"
    return rows_in(body_of(response), asked.get("format", "csv"), gzipped=gzipped)


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(("file_format", "gzipped"), FORMATS)
def test_every_data_set_is_read_back_in_every_format(
    analyst: APIClient, dataset: str, file_format: str, gzipped: bool
) -> None:
    asked = {**DAY, "format": file_format, "gzip": str(gzipped).lower()}
    response = analyst.get(f"{EXPORTS}{dataset}/", asked)
    body = body_of(response)
    found = rows_in(body, file_format, gzipped=gzipped)
    assert found
    wanted = "application/gzip" if gzipped else MEDIA_TYPES[file_format]
    assert response.headers["Content-Type"] == wanted
    ending = f"{file_format}.gz" if gzipped else file_format
    name = rf'attachment; filename="{dataset}-\d{{8}}T\d{{6}}Z\.{re.escape(ending)}"'
    assert re.fullmatch(name, response.headers["Content-Disposition"])
    assert response.headers["Cache-Control"] == "no-store"
    document = analyst.get(export_named_in(response)).json()
    assert (document["state"], document["delivery"]) == ("finished", "stream")
    assert (document["rows"], document["bytes"]) == (len(found), len(body))
    assert [part["rows"] for part in document["parts"]] == [len(found)]
    assert document["links"]["download"] is None
    manifest = analyst.get(document["links"]["manifest"]).json()
    assert manifest["parts"] == document["parts"]
    assert manifest["filters"] == {name: [value] for name, value in DAY.items()}


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(("file_format", "gzipped"), FORMATS)
def test_an_export_of_nothing_is_a_file_of_its_format(
    analyst: APIClient, dataset: str, file_format: str, gzipped: bool
) -> None:
    response = analyst.get(
        f"{EXPORTS}{dataset}/",
        {"since": "2020-01-01T00:00:00Z", "until": "2020-01-02T00:00:00Z"}
        | {"format": file_format, "gzip": str(gzipped).lower()},
    )
    body = body_of(response)
    assert rows_in(body, file_format, gzipped=gzipped) == []
    assert (body == b"") == (file_format == "ndjson" and not gzipped)
    document = analyst.get(export_named_in(response)).json()
    assert (document["state"], document["rows"]) == ("finished", 0)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"message_type": "mtoken.operationFinished"},
        {"app_id": ["retail", "business"], "result": "authentication.success"},
        {"operation": OPERATION},
        {"extras.operationName": "login"},
        {"user_id": "jana"},
        {"finding": "none"},
    ],
)
def test_the_same_filters_are_of_the_same_notifications_as_the_list(
    operator: APIClient, asked: dict[str, Any]
) -> None:
    listed = operator.get("/api/v1/notifications/", {**DAY, **asked, "order": "asc"}).json()
    exported = rows(operator, format="ndjson", **DAY, **asked)
    assert [each["id"] for each in exported] == [each["id"] for each in listed["results"]]
    assert [each["extras"] for each in exported] == [each["extras"] for each in listed["results"]]


def test_an_identifier_needs_no_window(analyst: APIClient) -> None:
    assert len(rows(analyst, operation=OPERATION)) == 2


def test_what_a_spreadsheet_would_calculate_is_defused_unless_it_is_kept(
    analyst: APIClient,
) -> None:
    assert rows(analyst, **DAY)[0]["message_id"] == "'=1+1"
    assert rows(analyst, formulas="kept", **DAY)[0]["message_id"] == "=1+1"


def test_user_ids_are_told_or_stood_for(operator: APIClient, analyst: APIClient) -> None:
    assert [each["user_id"] for each in rows(operator, **DAY)] == ["jana", "jana", "karel"]
    jana = pseudonym_of(Recipient.objects.get(user_id="jana").pk)
    assert [each["user_id"] for each in rows(analyst, **DAY)][:2] == [jana, jana]


@pytest.mark.parametrize("parameter", ["user_id", "recipient"])
def test_who_reads_pseudonyms_cannot_ask_for_a_user(analyst: APIClient, parameter: str) -> None:
    response = analyst.get(NOTIFICATIONS, {parameter: "1", **DAY})
    assert (response.status_code, response.json()["code"]) == (403, "permission_denied")
    assert response.json()["errors"][0]["pointer"] == parameter
    assert not Export.objects.exists()


def test_an_account_of_some_apps_exports_of_theirs() -> None:
    client = client_of("Analysts", name="limited", apps=("retail",))
    assert {each["app_id"] for each in rows(client, **DAY)} == {"retail"}
    assert [each["operation"] for each in rows(client, "operations", **DAY)] == [OPERATION]
    assert sum(int(each["count"]) for each in rows(client, "stats", **DAY)) == 2
    assert {each["operation"] for each in rows(client, "gaps", **DAY)} <= {OPERATION}
    theirs = {each["id"] for each in rows(client, **DAY)}
    assert len(theirs) == 2
    assert {each["notification"] for each in rows(client, "deliveries", **DAY)} == theirs
    assert Export.objects.first().apps == ["retail"]  # type: ignore[union-attr]


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize(
    ("asked", "code", "pointer", "told"),
    [
        ({}, "invalid_parameter", "since", "is missing"),
        ({"until": "1h"}, "invalid_parameter", "since", "is missing"),
        ({"since": "yesterday"}, "invalid_parameter", "since", "must be a moment"),
        ({"format": "xls", **DAY}, "invalid_parameter", "format", "csv, ndjson, parquet"),
        ({"gzip": "yes", **DAY}, "invalid_parameter", "gzip", "true, false"),
        ({"formulas": "no", **DAY}, "invalid_parameter", "formulas", "defused, kept"),
        ({"gzip": "true", "format": "parquet", **DAY}, "invalid_parameter", "gzip", "Parquet"),
        ({"format": ["csv", "ndjson"], **DAY}, "invalid_parameter", "format", "once"),
        ({"case": "\x07", **DAY}, "invalid_parameter", "case", "printable"),
        ({"form": "csv", **DAY}, "unknown_parameter", "form", "did you mean"),
        ({"cursor": "x", **DAY}, "unknown_parameter", "cursor", "it takes"),
        ({"order": "asc", **DAY}, "unknown_parameter", "order", "no parameter"),
    ],
)
def test_a_bad_parameter_is_named_and_nothing_exported(
    analyst: APIClient, dataset: str, asked: dict[str, Any], code: str, pointer: str, told: str
) -> None:
    response = analyst.get(f"{EXPORTS}{dataset}/", asked)
    assert response.status_code == 400
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    fault = problem["errors"][0]
    assert (problem["code"], fault["in"], fault["pointer"]) == (code, "query", pointer)
    assert told in fault["detail"]
    assert not Export.objects.exists()
    assert not AccessRecord.objects.exists()


@pytest.mark.parametrize(
    ("groups", "lacking"),
    [
        ((), ("add_export", "view_notification")),
        (("Support",), ("add_export",)),
        (("Auditors",), ("add_export",)),
        (("Emitters",), ("add_export", "view_notification")),
    ],
)
def test_who_may_not_export_is_told_all_that_is_lacking(
    groups: tuple[str, ...], lacking: tuple[str, ...]
) -> None:
    response = client_of(*groups).get(NOTIFICATIONS, DAY)
    assert response.status_code == 403
    named = re.findall(r"notifications\.(\w+)", response.json()["detail"])
    assert tuple(named) == lacking
    assert not Export.objects.exists()


def test_the_right_to_the_data_set_is_needed_too() -> None:
    client = client_of("Analysts")
    Account.objects.get(username="analysts").groups.get().permissions.filter(
        codename="view_operation"
    )[0].group_set.clear()
    for dataset, status in (("notifications", 200), ("operations", 403), ("gaps", 403)):
        response = client.get(f"{EXPORTS}{dataset}/", DAY)
        assert response.status_code == status
        if status == 200:
            body_of(response)
        else:
            assert "notifications.view_operation" in response.json()["detail"]


def test_each_export_is_recorded_with_its_case(analyst: APIClient) -> None:
    response = analyst.get(NOTIFICATIONS, {"case": "C-17", **DAY})
    noted = AccessRecord.objects.get()  # before anything is sent
    assert (noted.who, noted.via, noted.action) == ("analysts", "api", "export")
    assert noted.case_number == "C-17"
    assert noted.since is not None
    assert noted.since.isoformat() == "2026-03-14T00:00:00+00:00"
    assert export_named_in(response).endswith(f"/exports/{noted.subject}/")
    body_of(response)


@pytest.mark.parametrize("dataset", DATASETS)
def test_head_exports_nothing(analyst: APIClient, dataset: str) -> None:
    response = analyst.head(f"{EXPORTS}{dataset}/", DAY)
    assert response.status_code == 405
    assert "HEAD" not in response.headers["Allow"]
    assert not Export.objects.exists()


def test_a_file_can_be_asked_for_by_its_media_type(analyst: APIClient) -> None:
    for accept in ("text/csv", "text/csv, */*;q=0.1", "application/json"):
        response = analyst.get(NOTIFICATIONS, DAY, headers={"Accept": accept})
        assert response.status_code == 200
        body_of(response)
    refused = analyst.get(NOTIFICATIONS, headers={"Accept": "text/csv"})
    assert refused.headers["Content-Type"] == "application/problem+json"
    assert refused.json()["code"] == "invalid_parameter"


@pytest.mark.parametrize(("file_format", "gzipped"), FORMATS)
def test_what_is_too_much_at_once_is_told_before_anything_is_sent(
    analyst: APIClient, monkeypatch: pytest.MonkeyPatch, file_format: str, gzipped: bool
) -> None:
    def too_much(*about: Any) -> Any:
        raise TooMuch("what anybody can read")

    monkeypatch.setattr(GapRows, "_found", too_much)
    asked = {"format": file_format, "gzip": str(gzipped).lower(), **DAY}
    response = analyst.get(f"{EXPORTS}gaps/", asked)
    assert (response.status_code, response.json()["code"]) == (400, "too_much")
    export = Export.objects.get()
    assert (export.state, export.reason[:6]) == ("failed", "The an")


def test_what_fails_midway_breaks_off_and_is_noted(
    analyst: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(rows: Any, *about: Any) -> Iterator[bytes]:
        yield b"some"
        raise OperationalError("gone")

    monkeypatch.setattr(streams, "blocks", failing)
    response = analyst.get(NOTIFICATIONS, DAY)
    assert response.status_code == 200
    sent = iter(response.streaming_content)  # type: ignore[attr-defined]
    assert next(sent) == b"some"
    with pytest.raises(OperationalError):
        next(sent)
    response.close()
    document = analyst.get(export_named_in(response)).json()
    assert (document["state"], document["reason"][:12]) == ("failed", "The database")
    assert document["links"]["manifest"] is None
    assert analyst.get(f"{export_named_in(response)}manifest/").status_code == 410


@pytest.mark.parametrize("blocks", [0, 1])
def test_a_client_that_goes_away_cancels_it(analyst: APIClient, blocks: int) -> None:
    tell(*(TOLD[0] | {"message_id": f"m-{number}"} for number in range(1_000)))
    response = analyst.get(NOTIFICATIONS, DAY)
    sent = iter(response.streaming_content)  # type: ignore[attr-defined]
    for _ in range(blocks):
        next(sent)
    response.close()
    document = analyst.get(export_named_in(response)).json()
    assert (document["state"], document["reason"]) == ("cancelled", "The client went away.")


def test_it_counts_to_the_bucket_of_exports(
    analyst: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    rates = {"read": None, "ingest": None, "export": "1/min"}
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", rates)
    first = analyst.get(NOTIFICATIONS, DAY)
    assert first.headers["RateLimit-Policy"] == '"export";q=1;w=60'
    body_of(first)
    assert analyst.get(NOTIFICATIONS, DAY).status_code == 429


@pytest.mark.parametrize("dataset", DATASETS)
def test_all_is_from_the_first_on(dataset: str) -> None:
    analyst = client_of("Analysts")

    def rows(since: str) -> list[dict[str, Any]]:
        answer = analyst.get(f"{EXPORTS}{dataset}/?format=ndjson&since={since}")
        return rows_in(body_of(answer), "ndjson")

    assert rows("all") == rows("2026-03-01T00:00:00Z") != []
