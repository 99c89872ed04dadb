"""Every operation of the OpenAPI document, asked with requests made from it, good and bad: what is
answered is what the document says. `make fuzz` asks more, and anew each time."""

import json
import os
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import UTC
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
import schemathesis
from django.contrib.auth.models import Group
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from knox.models import AuthToken
from pytest_django.fixtures import Settings
from schemathesis import Case, Response
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import (
    negative_data_rejection,
    positive_data_acceptance,
)

from notifications.api.schema import document
from notifications.api.throttling import AccountThrottle
from notifications.exports import jobs
from notifications.exports.asking import ask
from notifications.ingest.events import ActivationReport, OperationReport, record_events
from notifications.models import (
    AccessRecord,
    Account,
    Export,
    Notification,
    SettingChange,
    note_change,
)
from notifications.protocol.clients import Platform
from notifications.protocol.events import ActivationEventKind
from notifications.trace.access import Viewer, record_access
from tests.trace.stories import INBOX, NOON, PAYMENT, PHONE, STORIES, USER

FUZZ_EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
BULK = {"/api/v1/notifications/bulk/": "Envelope", "/api/v1/deliveries/bulk/": "DeliveryLine"}
# What a schema cannot say of a parameter: a cursor is opaque, a window has to be one (and an export
# to have one), the characters of a case number have to be printable, an export of Parquet is not
# gzipped, and has the parts that it has.
BEYOND_SCHEMAS = {"cursor", "start", "since", "until", "at", "as_of", "case", "gzip", "part"} | {
    *("#/filters/since", "#/filters/until", "#/case", "#/gzip", "#/since", "#/until", "#/note")
}
OF_GAPS = "#/keys/"  # which there are only when they are found
TOLERANT = {
    # Any bytes are lines, and bad ones are told in the report.
    **{f"POST {path}": [negative_data_rejection] for path in BULK},
    # OpenAPI knows no body of a DELETE, and this one needs one.
    **{
        f"DELETE /api/v1/mirror/push/device/{name}": [positive_data_acceptance]
        for name in ("delete", "remove")
    },
}
WINDOW = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}  # of the stories

WHO = "all-rights"

Told = dict[str, Any]


def read_strictly() -> Told:
    """The document, with every answer complete: a member that it does not name is a fault. And
    streams of lines as what they consist of, so that good and bad lines are sent."""
    told = deepcopy(document())
    for name, schema in told["components"]["schemas"].items():
        if "properties" in schema and name != "Problem":  # which may have more
            schema.setdefault("additionalProperties", False)
    for path, name in BULK.items():
        line = {"anyOf": [{"$ref": f"#/components/schemas/{name}"}, {"type": "string"}]}
        content = told["paths"][path]["post"]["requestBody"]["content"]
        content["application/x-ndjson"]["schema"] = {"type": "array", "items": line}
    return told


CONFIG = schemathesis.Config.from_dict(
    {
        "seed": 0,
        "generation": {
            "max-examples": FUZZ_EXAMPLES or 20,
            "deterministic": not FUZZ_EXAMPLES,
            "database": "none",
            "with-security-parameters": False,
        },
    }
)
schema = schemathesis.openapi.from_dict(read_strictly(), config=CONFIG)
schema.app = get_wsgi_application()
# Of years that are years in every zone: RFC 3339 has a year 0, and ours are those of a calendar.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(timezones=st.just(UTC))
    .filter(lambda at: 1 < at.year < 9999)
    .map(lambda at: at.isoformat()),
)


@schemathesis.serializer("application/x-ndjson")
def as_lines(context: Any, value: Any) -> bytes:
    lines = value if isinstance(value, list) else [value]
    texts = [each if isinstance(each, str) else json.dumps(each) for each in lines]
    return "\n".join(texts).encode("utf-8", "replace")


@pytest.fixture
def known(
    token: str, tell: Any, monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path
) -> Mapping[str, str]:
    """Identifiers on record, by the resource they are of."""
    for number, story in enumerate(STORIES):
        tell(story, source=f"bank-{number}")
    unlimited = dict.fromkeys(("read", "ingest", "export"))
    monkeypatch.setattr(AccountThrottle, "THROTTLE_RATES", unlimited)
    record_access(
        Viewer("a", AccessRecord.Via.API, ""),
        action=AccessRecord.Action.DEVICE_TRACE,
        subject=PHONE,
    )
    record_events(
        [
            OperationReport(key=None, observed_at=NOON, operation_id=PAYMENT, status="PENDING"),
            *(
                ActivationReport(
                    key=None, observed_at=NOON, kind=kind, activation_id=PHONE, user_id=USER,
                    apps=("mobile",), platform=Platform.APNS, status="ACTIVE", token="t" * 64,
                )
                for kind in (ActivationEventKind.STATUS, ActivationEventKind.REGISTERED)
            ),
        ],
        source="powerauth",
    )  # fmt: skip
    latest = Notification.objects.select_related("recipient").newest_first()
    return {
        "notifications": str(latest[0].pk),
        "operations": PAYMENT,
        "activations": PHONE,
        "inbox-messages": INBOX,
        "sources": "bank-0",
        "access-records": str(AccessRecord.objects.get().pk),
        "setting-changes": str(setting_change()),
        "exports": finished_export(settings, tmp_path),
        "recipients": str(latest.filter(recipient__user_id=USER)[0].recipient_id),
    }


def setting_change() -> int:
    note_change("following", about="bank-0", before="off", after="on", who=WHO)
    return SettingChange.objects.get().pk


def finished_export(settings: Settings, store: Path) -> str:
    where = {
        "BACKEND": "notifications.exports.storage.WholeFiles",
        "OPTIONS": {"location": store},
    }
    settings.STORAGES = {**settings.STORAGES, "exports": where}
    export = ask(
        Viewer(WHO, AccessRecord.Via.API),
        dataset=Export.DataSet.STATS,
        file_format=Export.Format.CSV,
        filters={name: [value] for name, value in WINDOW.items()},
        tells_users=True,
        delivery=Export.Delivery.JOB,
    )
    while jobs.work():
        pass
    return str(export.pk)


@pytest.fixture(autouse=True)
def kept_connection() -> Iterator[None]:
    """Served requests close a connection that is in a transaction, and tests are in one."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def token(db: None) -> str:
    """Of an account with all rights."""
    account = Account.objects.create(username=WHO)
    account.groups.set(Group.objects.all())
    return f"Token {AuthToken.objects.create(account)[1]}"


# What is posted stays until the operation's last request: so repeats and conflicts occur as well.
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@schema.parametrize()
def test_an_operation_answers_as_documented(
    case: Case, known: Mapping[str, str], token: str
) -> None:
    ask_of_what_is_on_record(case, known)
    headers = {"Authorization": token}
    response = case.call(headers=headers)
    case.validate_response(response, headers=headers, excluded_checks=pointless(case, response))


def ask_of_what_is_on_record(case: Case, known: Mapping[str, str]) -> None:
    """Two requests of three: identifiers and windows that are made up find nothing. What is bad on
    purpose stays."""
    meta = case.meta
    if meta is None or crc32(repr((case.path_parameters, case.query)).encode()) % 3 == 0:
        return
    told = document()["paths"][case.path].get(case.method.lower(), {}).get("parameters", ())
    names = {each["name"] for each in told}
    if case.path_parameters and not meta.is_negative_at(ParameterLocation.PATH):
        (name,) = case.path_parameters
        case.path_parameters[name] = known[case.path.split("/")[3]]
    if "since" in names and not meta.is_negative_at(ParameterLocation.QUERY):
        case.query |= WINDOW
        case.query.pop("cursor", None)


def pointless(case: Case, response: Response) -> list[Any]:
    """Checks that would find fault with what is right."""
    checks = [*TOLERANT.get(case.operation.label, ())]
    if response.status_code in (400, 422):
        places = {each["pointer"] for each in response.json()["errors"]}
        places -= {each for each in places if each.startswith(OF_GAPS)}
        if places <= BEYOND_SCHEMAS:
            checks.append(positive_data_acceptance)
    return checks
