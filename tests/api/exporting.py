"""What tests of exports over REST share. Exports read with a connection of their own, so what they
are of is committed."""

import csv
import gzip
import io
import json
from typing import Any

import pyarrow.parquet
from django.contrib.auth.models import Group
from knox.models import AuthToken
from rest_framework.test import APIClient

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import Account
from tests.conftest import NOW, SOURCE

EXPORTS = "/api/v1/exports/"
DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}


def client_of(*groups: str, name: str = "", apps: tuple[str, ...] = ()) -> APIClient:
    """Of a new account; of an old one of that name, which keeps its groups."""
    name = name or "-".join(groups).lower() or "nobody"
    account, is_new = Account.objects.get_or_create(username=name, defaults={"apps": list(apps)})
    if is_new:
        account.groups.set(Group.objects.filter(name__in=groups))
    _, token = AuthToken.objects.create(account)
    return APIClient(headers={"Authorization": f"Token {token}"})


def tell(*envelopes: dict[str, Any]) -> None:
    record([emission_from(each, now=NOW) for each in envelopes], source=SOURCE)


def body_of(response: Any) -> bytes:
    return b"".join(response.streaming_content)


def rows_in(body: bytes, file_format: str, *, gzipped: bool = False) -> list[dict[str, Any]]:
    if gzipped:
        body = gzip.decompress(body)
    if file_format == "parquet":
        table: list[dict[str, Any]] = pyarrow.parquet.read_table(io.BytesIO(body)).to_pylist()
        return table
    text = body.decode()
    if file_format == "ndjson":
        return [json.loads(line) for line in text.splitlines()]
    return list(csv.DictReader(io.StringIO(text, newline="")))


def export_named_in(response: Any) -> str:
    """The address of the document, as the answer's Link has it."""
    address, _, relation = response.headers["Link"].partition(">; ")
    assert relation == 'rel="describedby"'
    return str(address.removeprefix("<"))
