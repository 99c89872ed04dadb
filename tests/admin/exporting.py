"""Exports in the console: asked for as an operator does, made, and read."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.models import Group
from django.test import Client

from notifications.admin.addresses import page_address
from notifications.exports import jobs
from notifications.models import Account, Export

LISTS = {
    "notifications": "/admin/notifications/notification/",
    "operations": "/admin/notifications/operation/",
}
GAPS = "/admin/gaps/"
EXPORTS = "/admin/notifications/export/"
ASK = f"{EXPORTS}ask/"
State = Export.State


def signed_in(group: str, name: str = "") -> Client:
    account = Account.objects.create_user(name or group.lower().removesuffix("s"), is_staff=True)
    account.groups.add(Group.objects.get(name=group))
    client = Client()
    client.force_login(account)
    return client


def ask(client: Client, address: str, query: dict[str, Any] | None = None, **form: Any) -> Export:
    """Fills in the form of this view, as it is offered there."""
    offered = client.get(address, query or {}).context["exporting"]
    assert not offered.why_not
    form = {"dataset": offered.datasets[0][0], "format": "ndjson", **form}
    answer = client.post(ASK, {"filters": offered.filters, "back": offered.back, **form})
    export: Export = Export.objects.latest("id")
    assert answer.headers["Location"] == page_address("export", export.pk)
    return export


def make(export: Export) -> Export:
    while jobs.work():
        pass
    export.refresh_from_db()
    assert (export.state, export.reason) == (State.FINISHED, "")
    return export


def rows_in(store: Path, export: Export) -> list[dict[str, Any]]:
    files = (store / str(export.pk)).glob("*.ndjson")
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def listed(client: Client, address: str, query: dict[str, Any]) -> list[str]:
    """The keys on all pages."""
    keys: list[str] = []
    more: str | None = "?" + urlencode(query)
    while more:
        shown = client.get(address + more).context["cl"]
        keys += [str(row.pk) for row in shown.result_list]
        more = shown.older
    return keys


def told(**columns: Any) -> Export:
    """An export that nobody makes."""
    made: Export = Export.objects.create(
        **{
            "who": "operator", "via": "admin", "dataset": "notifications", "format": "csv",
            "filters": {"since": ["all"]}, "tells_users": True, "delivery": "job",
            "state": State.QUEUED,
        } | columns
    )  # fmt: skip
    return made
