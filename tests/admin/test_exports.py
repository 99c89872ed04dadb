"""The list of exports, and the page of one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from notifications.admin.addresses import page_address
from notifications.models import Account, ExportPart
from tests.admin.exporting import EXPORTS, State, signed_in, told
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("store")


def test_everybody_sees_their_own_and_auditors_see_all(
    browser_of: Callable[[str], Client],
) -> None:
    theirs, others = told(), told(who="analyst")
    views = {"Operators": [theirs], "Analysts": [others], "Auditors": [others, theirs]}
    for group, seen in views.items():
        client = browser_of(group)
        assert EXPORTS in client.get("/admin/").content.decode()
        assert list(client.get(EXPORTS).context["cl"].result_list) == seen
        for export in (theirs, others):
            page = client.get(page_address("export", export.pk))
            assert page.status_code == (200 if export in seen else 302)
            progress = client.get(reverse("admin:notifications_export_progress", args=[export.pk]))
            assert progress.status_code == (200 if export in seen else 404)
    support = browser_of("Support")
    assert EXPORTS not in support.get("/admin/").content.decode()
    addresses = [EXPORTS, page_address("export", theirs.pk)]
    for name in ("progress", "files"):
        addresses.append(reverse(f"admin:notifications_export_{name}", args=[theirs.pk]))
    for address in addresses:
        assert support.get(address).status_code == 403


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({}, "Waiting for a worker."),
        (
            {"asked_at": timezone.now() - timedelta(minutes=2)},
            "None has come for over a minute: is “manage.py work” running?",
        ),
        (
            {"state": State.RUNNING, "rows": 412_000, "estimate": 1_000_000},
            "About 41 %: 412,000 of about 1,000,000 rows.",
        ),
        ({"state": State.RUNNING, "rows": 1_200, "estimate": 1_000}, "1,200 rows so far."),
        ({"state": State.RUNNING, "rows": 1_200}, "1,200 rows so far."),
        ({"state": State.RUNNING, "reason": "A file failed. <b>"}, "A file failed. &lt;b&gt;"),
        (
            {"state": State.FINISHED, "rows": 1, "bytes": 2048, "expires_at": NOW},
            "Finished: 1 row, 2.0\xa0KB. Kept until 2026-03-14 09:26:53 UTC.",
        ),
        ({"state": State.FINISHED, "delivery": "stream"}, "sent as one answer"),
        ({"state": State.FINISHED, "delivery": "directory"}, "a directory of its own"),
        ({"state": State.FINISHED, "delivery": "increments"}, "more each time"),
        ({"state": State.FAILED, "rows": 7, "reason": "Full."}, "Failed after 7 rows. Full."),
        ({"state": State.CANCELLED}, "Cancelled after 0 rows."),
        ({"state": State.EXPIRED}, "kept for their time and removed"),
    ],
)
def test_the_page_says_how_things_stand(
    operator_client: Client, columns: dict[str, Any], words: str
) -> None:
    export = told(**columns)
    page = operator_client.get(page_address("export", export.pk))
    text = page.content.decode()
    assert words in text
    is_live = export.state in (State.QUEUED, State.RUNNING)
    assert ("data-live=" in text) == ("<progress" in text) == ("http-equiv" in text) == is_live
    fragment = operator_client.get(reverse("admin:notifications_export_progress", args=[export.pk]))
    assert words in fragment.content.decode()
    assert "<html" not in fragment.content.decode()
    assert EXPORTS in operator_client.get("/admin/").content.decode()
    assert operator_client.get(EXPORTS).status_code == 200


def test_whoever_may_not_see_people_reads_no_user_id_in_what_was_asked(db: None) -> None:
    export = told(filters={"user_id": ["martin"], "operation": ["op-1"]}, state=State.FINISHED)
    account = Account.objects.create_user("watcher", is_staff=True)
    account.user_permissions.add(Permission.objects.get(codename="view_export"))
    client = Client()
    client.force_login(account)
    for address in (
        page_address("export", export.pk),
        reverse("admin:notifications_export_progress", args=[export.pk]),
    ):
        text = client.get(address).content.decode()
        assert "martin" not in text
        assert "op-1" in text
    assert "martin" in signed_in("Auditors").get(page_address("export", export.pk)).content.decode()


def test_a_page_with_many_files_costs_the_same_and_shows_some(operator_client: Client) -> None:
    costs = []
    for size in (2, 230):
        export = told(state=State.FINISHED)
        ExportPart.objects.bulk_create(
            ExportPart(export=export, number=n, name=f"n-{n}", rows=1, bytes=1, sha256="0" * 64)
            for n in range(size)
        )
        with CaptureQueriesContext(connection) as queries:
            page = operator_client.get(page_address("export", export.pk))
        costs.append(len(queries))
    assert costs[0] == costs[1] <= 12
    assert "And 30 more" in page.content.decode()


def test_an_export_is_cancelled_by_whoever_asked_and_once(
    browser_of: Callable[[str], Client],
) -> None:
    export = told()
    address = reverse("admin:notifications_export_cancel", args=[export.pk])
    assert browser_of("Auditors").post(address).status_code == 403
    client = browser_of("Operators")
    for words in ("Nothing is kept of it", "It had ended already"):
        assert words in client.post(address, follow=True).content.decode()
    export.refresh_from_db()
    assert export.state == State.CANCELLED
