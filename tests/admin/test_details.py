"""What the page of one thing has beside its sentence: where it belongs, what is next to it and what
can be copied."""

import re
from collections.abc import Callable
from html import unescape
from uuid import UUID

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications.admin import related, telling
from notifications.admin.addresses import page_address, trace_address
from notifications.exports.asking import ask
from notifications.models import AccessRecord, Export, Notification, Recipient
from notifications.trace.access import Viewer, record_access
from tests.conftest import DEVICE, INBOX, INBOX_NEW, INIT, OPERATION

from .pages import happened, reader, trail

Record = Callable[..., UUID]


def test_breadcrumbs_follow_the_relations(
    operator_client: Client, one_day: dict[str, UUID]
) -> None:
    person = f"Recipient {Recipient.objects.get().pk}"
    device, operation = f"Device {DEVICE}", f"Operation {OPERATION}"
    expected = {
        page_address("notification", one_day["init"]): [
            "Notifications", person, device, operation, "Notification 12:00:00.000",
        ],
        page_address("notification", one_day["stranger"]): [
            "Notifications", "Device x", "Notification 12:00:46.000",
        ],
        page_address("operation", OPERATION): ["Operations", person, operation],
        page_address("activation", DEVICE): ["Activations", person, device],
        page_address("inboxmessage", INBOX): [
            "Inbox messages", person, device, f"Inbox message {INBOX}",
        ],
        trace_address("activation", DEVICE): ["Activations", person, device, "Trace"],
        trace_address("operation", OPERATION): ["Operations", operation, "Timeline"],
        trace_address("recipient", person.split()[1]): ["Recipients", person, "Trace"],
    }  # fmt: skip
    for address, crumbs in expected.items():
        assert trail(operator_client, address) == ["Home", *crumbs]


def test_steps_lead_along_the_device_and_along_the_operation(
    operator_client: Client, one_day: dict[str, UUID]
) -> None:
    page = operator_client.get(page_address("notification", one_day["init"]))
    device, operation = page.context["walks"]
    assert device.previous.address == page_address("notification", one_day["earlier"])
    assert device.previous.text.replace("\xa0", " ") == "statusChange, 1 hour before"
    assert device.following.text == "inboxMessage.new, 20 s later"
    assert operation.previous is None
    assert operation.following.address == page_address("notification", one_day["elsewhere"])
    shown = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split()).replace("\xa0", " ")
    assert "Previous of this device: statusChange, 1 hour before" in shown
    assert 'rel="prev"' in page.content.decode()


def test_without_a_device_steps_lead_along_the_recipient_if_that_may_be_seen(
    operator_client: Client, emitted: Callable[..., UUID]
) -> None:
    first = emitted(0, {}, user_id="user-1")
    between = emitted(1, {})
    last = emitted(2, {}, user_id="user-1")
    page = page_address("notification", first)
    (walk,) = operator_client.get(page).context["walks"]
    assert walk.following.address == page_address("notification", last)
    (walk,) = reader("notification").get(page).context["walks"]
    assert walk.following.address == page_address("notification", between)


@pytest.mark.parametrize("kind", ["operation", "activation", "inboxmessage", "recipient"])
def test_subjects_follow_each_other_in_the_order_of_their_list(
    operator_client: Client, emitted: Callable[..., UUID], kind: str
) -> None:
    for n in range(3):
        extras = INIT | {"operationId": f"{n}", "inboxId": f"{n}"}
        emitted(n, extras, activation_id=f"{n}", user_id=f"{n}")
    keys = ["0", "1", "2"]
    if kind == "recipient":
        keys = [str(each.pk) for each in Recipient.objects.order_by("pk")]
    addresses = [page_address(kind, key) for key in keys]
    walks = [operator_client.get(each).context["walks"][0] for each in addresses]
    assert [each.previous and each.previous.address for each in walks] == [None, *addresses[:2]]
    assert [each.following and each.following.address for each in walks] == [*addresses[1:], None]


def test_access_records_follow_each_other(auditor_client: Client) -> None:
    viewer = Viewer("support", AccessRecord.Via.API)
    for n in range(3):
        record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject=f"device-{n}")
    first, middle, last = AccessRecord.objects.order_by("pk")
    (walk,) = auditor_client.get(page_address("accessrecord", middle.pk)).context["walks"]
    assert walk.previous.address == page_address("accessrecord", first.pk)
    assert walk.following.address == page_address("accessrecord", last.pk)


def test_steps_pass_over_the_exports_of_others(operator_client: Client) -> None:
    first, _, last = (
        ask(
            Viewer(who, AccessRecord.Via.API),
            dataset=Export.DataSet.NOTIFICATIONS,
            file_format=Export.Format.CSV,
            filters={"since": ["all"]},
            tells_users=False,
            delivery=Export.Delivery.STREAM,
        )
        for who in ("operator", "analyst", "operator")
    )
    (walk,) = operator_client.get(page_address("export", first.pk)).context["walks"]
    assert walk.following.address == page_address("export", last.pk)
    sentence = happened(operator_client, "export", first.pk)
    assert sentence.startswith("operator asked for an export of notifications at ")


def test_the_operation_s_notifications_stand_around_the_one(
    operator_client: Client, one_day: dict[str, UUID]
) -> None:
    page = operator_client.get(page_address("notification", one_day["finish"]))
    names = ("init", "elsewhere", "finish", "disagrees")
    assert [row.pk for row in page.context["related"].rows] == [one_day[each] for each in names]
    assert page.content.decode().count('<tr aria-current="true">') == 1
    assert [row.pk for row in page.context["near"]] == [one_day["inbox"]]
    assert f"?operation={OPERATION}&amp;when=all" in page.content.decode()


def test_so_do_those_of_an_inbox_message(
    operator_client: Client, emitted: Callable[..., UUID]
) -> None:
    keys = [emitted(n, INBOX_NEW, activation_id=f"device-{n}") for n in range(3)]
    page = operator_client.get(page_address("notification", keys[1]))
    assert [row.pk for row in page.context["related"].rows] == keys
    assert "Notifications of its inbox message" in page.text
    assert f"?inbox_message={INBOX}&amp;when=all" in page.text


def test_only_the_nearest_of_many_stand_around_it(
    operator_client: Client, emitted: Callable[..., UUID]
) -> None:
    keys = [emitted(n, INIT, activation_id=DEVICE) for n in range(40)]
    page = operator_client.get(page_address("notification", keys[20]))
    around = page.context["related"]
    assert [row.pk for row in around.rows] == keys[10:31]
    assert (around.more_before, around.more_after) == (True, True)
    assert page.context["near"] == ()  # they are about the same operation
    assert "These are the nearest." in page.content.decode()


@pytest.mark.parametrize("relation", ["activation", "operation", "inbox_message", "recipient"])
def test_every_step_is_a_probe_of_an_index(emitted: Callable[..., UUID], relation: str) -> None:
    extras = INIT | {"inboxId": INBOX}
    keys = [emitted(n, extras, activation_id=DEVICE, user_id="u") for n in range(300)]
    shown = Notification.objects.get(pk=keys[150])
    with CaptureQueriesContext(connection) as queries:
        related.around(shown, relation, 1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        cursor.execute("SET LOCAL enable_seqscan = off")
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Sort" not in plan
            assert "Index" in plan


HOSTILE = '<script>alert(1)</script>\u202e\x01"\r\n' + "W" * 200


def test_a_hostile_identifier_breaks_no_detail_page(
    operator_client: Client, record_one: Record
) -> None:
    extras = INIT | {
        "messageType": HOSTILE, "operationId": HOSTILE, "operationName": HOSTILE,
        "inboxId": HOSTILE, HOSTILE: HOSTILE, "long": HOSTILE * 300, "k" * 65_536: "v",
    }  # fmt: skip
    key = record_one(extras=extras, activation_id=HOSTILE, user_id=HOSTILE, app_id=HOSTILE)
    for kind, one in (
        ("notification", key), ("operation", HOSTILE), ("activation", HOSTILE),
        ("inboxmessage", HOSTILE), ("recipient", Recipient.objects.get().pk),
    ):  # fmt: skip
        page = operator_client.get(page_address(kind, one))
        assert page.status_code == 200
        assert "<script>alert" not in page.text
        assert not re.search("[\u202e\x01]", page.text)


def test_a_long_value_is_folded_and_whole(operator_client: Client, record_one: Record) -> None:
    key = record_one(extras=INIT | {"note": "x" * 65_536})
    page = operator_client.get(page_address("notification", key)).text
    assert "show all 65,536 characters" in page
    assert page.count("x" * 65_536) == 2  # as a value and as JSON; a copy is taken from these
    assert '<details class="long on-paper">' in page


def test_what_does_not_show_as_it_is_has_its_own_copy(
    operator_client: Client, record_one: Record
) -> None:
    key = record_one(extras=INIT | {"note": "a\u202eb", "plain": "ab"})
    page = operator_client.get(page_address("notification", key)).text
    assert 'data-copy-text="a&#8238;b"' in page
    assert "a⟨U+202E⟩b" in page
    assert page.count('data-copy="#value-') == len(INIT) + 1


def test_a_page_can_be_copied_printed_and_linked_to(
    operator_client: Client, one_day: dict[str, UUID]
) -> None:
    address = page_address("notification", one_day["init"])
    page = operator_client.get(address).text
    assert f'href="http://testserver{address}" id="permalink"' in page
    for button in re.findall(r"<button[^>]*data-(?:copy|print)[^>]*>", page):
        assert " hidden" in button  # until the script shows it
    assert telling.plain(operator_client.get(address).context["happened"]) in unescape(page)
