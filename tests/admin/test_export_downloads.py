"""The files of exports, taken in the console."""

import io
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.urls import reverse

from notifications.admin.addresses import page_address
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import AccessRecord, Account, Export
from tests.admin.exporting import (
    LISTS,
    State,
    ask,
    make,
    signed_in,
    told,
)
from tests.conftest import INIT, NOW

pytestmark = pytest.mark.usefixtures("store")


@pytest.fixture
def finished(committed_db: str, store: Path) -> Export:
    record([emission_from({"extras": INIT}, now=NOW)], source="bank")
    client = signed_in("Operators")
    return make(ask(client, LISTS["notifications"], {"when": "all"}, case="C-9"))


def again(name: str) -> Client:
    client = Client()
    client.force_login(Account.objects.get(username=name))
    return client


def files_of(export: Export, number: int | None = None) -> str:
    if number is None:
        return reverse("admin:notifications_export_files", args=[export.pk])
    return reverse("admin:notifications_export_file", args=[export.pk, number])


def content(answer: Any) -> bytes:
    blocks: Iterable[bytes] = answer.streaming_content
    return b"".join(blocks)


def test_a_download_is_recorded_before_it_begins(finished: Export, store: Path) -> None:
    client = again("operator")
    page = client.get(page_address("export", finished.pk)).content.decode()
    part = finished.parts.get()
    for words in (files_of(finished), files_of(finished, 1), part.sha256, "Manifest"):
        assert words in page
    assert AccessRecord.objects.filter(action="export_download").count() == 0
    whole = client.get(files_of(finished))
    looked = AccessRecord.objects.get(action="export_download")  # nothing is read of it yet
    assert (looked.who, looked.via, looked.case_number) == ("operator", "admin", "C-9")
    assert looked.subject == str(finished.pk)
    sent = content(whole)
    assert len(sent) == int(whole.headers["Content-Length"])
    with zipfile.ZipFile(io.BytesIO(sent)) as archive:
        assert set(archive.namelist()) == {"_manifest.json", part.name}
        told = archive.read(part.name)
    one = client.get(files_of(finished, 1))
    assert content(one) == told == (store / str(finished.pk) / part.name).read_bytes()
    assert part.name in one.headers["Content-Disposition"]
    assert AccessRecord.objects.filter(action="export_download").count() == 2


def test_only_whoever_asked_takes_it_and_only_with_the_rights_it_took(finished: Export) -> None:
    auditor = signed_in("Auditors")
    page = auditor.get(page_address("export", finished.pk)).content.decode()
    assert "Only the account that asked for it can download it." in page
    assert files_of(finished) not in page
    assert files_of(finished, 1) not in page
    operator = Account.objects.get(username="operator")
    operator.groups.set(Group.objects.filter(name="Analysts"))  # who read pseudonyms
    for client in (auditor, again("operator")):
        for address in (files_of(finished), files_of(finished, 1)):
            answer = client.get(address, follow=True)
            assert answer.redirect_chain == [(page_address("export", finished.pk), 302)]
    assert "lacks notifications.view_recipient" in answer.content.decode()
    assert not AccessRecord.objects.filter(action="export_download").exists()


def test_what_is_not_there_is_said_and_not_recorded(finished: Export, store: Path) -> None:
    client = again("operator")
    assert client.get(files_of(finished, 2)).status_code == 404
    assert client.head(files_of(finished)).status_code == 405
    for file in (store / str(finished.pk)).glob("*.ndjson"):
        file.unlink()
    states = (
        (finished, "The file store does not give"),
        (told(), "It is not finished yet."),
        (told(state=State.EXPIRED), "It has no files here."),
        (told(state=State.FINISHED, delivery="stream"), "It has no files here."),
    )
    for export, words in states:
        answer = client.get(files_of(export), follow=True)
        assert answer.redirect_chain == [(page_address("export", export.pk), 302)]
        assert words in answer.content.decode()
    assert client.get(files_of(Export(pk=uuid4()))).status_code == 404
    assert not AccessRecord.objects.filter(action="export_download").exists()


def test_access_records_lead_to_the_export(finished: Export) -> None:
    content(again("operator").get(files_of(finished)))
    text = signed_in("Auditors").get("/admin/notifications/accessrecord/").content.decode()
    assert text.count(f'href="{page_address("export", finished.pk)}"') == 2
    assert "Download of an export" in text
    assert "C-9" in text
