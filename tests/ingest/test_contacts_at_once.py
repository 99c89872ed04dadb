"""Contacts of several processes at once make no two intervals of one."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from notifications.ingest.contacts import note_contact
from notifications.models import ContactKind, Coverage


@pytest.mark.usefixtures("committed_db")
def test_first_contacts_at_once_make_one_interval() -> None:
    def contact(number: int) -> None:
        try:
            note_contact("bank", ContactKind.HEARTBEAT)
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(contact, range(12)))
    assert Coverage.objects.count() == 1
