"""Whatever an address or the record holds, the pages of traces stay pages."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlencode
from uuid import UUID

import pytest
from django.test import Client
from django.utils import timezone

from notifications.admin.addresses import trace_address
from notifications.models import AccessRecord, Recipient
from tests.conftest import DEVICE, FINISHED, INIT, OPERATION

Record = Callable[..., UUID]


@pytest.mark.parametrize("name", ["since", "until", "case", "cursor"])
@pytest.mark.parametrize(
    "given",
    ["\x00", "\ud800", "x" * 10_000, "0001-01-01T00:00", "9999-12-31T23:59:59Z", "2026-03-14T25:00",
     "2026-03-14T10:00:00", "99999999999d", "-1h", "W10", "\u202e", "W10=", "[]", "٢٠٢٦"],
)  # fmt: skip
def test_nothing_in_an_address_is_an_error(
    operator_client: Client, told: dict[str, str], name: str, given: str
) -> None:
    query = urlencode({name: given}, errors="surrogatepass")
    for address in told.values():
        assert operator_client.get(f"{address}?{query}").status_code == 200
    assert AccessRecord.objects.count() == 3
    for noted in AccessRecord.objects.all():
        assert noted.case_number in ("", given)


@pytest.mark.parametrize(
    ("question", "word"),
    [
        ({"since": "yesterday"}, "These are the last 24 hours."),
        ({"since": "2026-03-14T10:00", "until": "2026-03-14T09:00"}, "must be before until"),
        ({"since": "99999d"}, "must lie between"),
        ({"since": "500d"}, "choose a shorter one"),
        ({"case": "x" * 65}, "at most 64 characters"),
        ({"case": "a\nb"}, "characters that show"),
        ({"cursor": "W10"}, "That page does not exist"),
    ],
)
def test_what_cannot_be_read_is_said(
    operator_client: Client, told: dict[str, str], question: dict[str, str], word: str
) -> None:
    page = operator_client.get(told["activation"], question)
    assert word in page.content.decode()
    assert page.context["trace"].counts.emitted == 2


@pytest.mark.parametrize("key", ["\x00", "no-such", "9" * 300, "\ud800"])
@pytest.mark.parametrize("kind", ["activation", "recipient", "operation"])
def test_an_unknown_one_leads_home_with_a_word(
    operator_client: Client, kind: str, key: str
) -> None:
    if key == "\ud800":
        address = trace_address(kind, "x").replace("/x/", "/%ED%A0%80/")
    else:
        address = trace_address(kind, key)
    page = operator_client.get(address, follow=True)
    assert page.redirect_chain == [("/admin/", 302)]
    assert "There is no such" in page.content.decode()
    assert not AccessRecord.objects.exists()


HOSTILE = "<script>alert(1)</script>\u202e/../' \"&?#%"


def test_hostile_text_stays_text(operator_client: Client, record_one: Record) -> None:
    now = timezone.now()
    extras = {
        "messageType": HOSTILE, "operationId": HOSTILE, "operationName": HOSTILE,
        "inboxId": HOSTILE, "mtokenOperationResult": HOSTILE, "note": "x" * 60_000,
        "deep": [[{}]] * 50,
    }  # fmt: skip
    at = (now - timedelta(minutes=2)).isoformat()
    record_one(extras=extras, activation_id=HOSTILE, user_id=HOSTILE, emitted_at=at, now=now)
    for kind, key in (
        ("activation", HOSTILE),
        ("operation", HOSTILE),
        ("recipient", Recipient.objects.get().pk),
    ):
        page = operator_client.get(trace_address(kind, key)).content.decode()
        assert "<script>alert" not in page
        assert [line for line in page.splitlines() if "\u202e" in line] == []
        assert "⟨U+202E⟩" in page
        assert len(page) < 60_000


@pytest.mark.parametrize("year", ["0001", "1969", "2201", "9999"])
def test_stray_clocks_are_shown(operator_client: Client, record_one: Record, year: str) -> None:
    at = f"{year}-12-31T23:59:59.999Z"
    for extras in (INIT, FINISHED | {"operationId": "another"}):
        record_one(extras=extras, activation_id=DEVICE, user_id="user", emitted_at=at)
    for kind, key in (
        ("activation", DEVICE), ("operation", OPERATION), ("operation", "another"),
        ("recipient", Recipient.objects.get().pk),
    ):  # fmt: skip
        page = operator_client.get(trace_address(kind, key))
        assert page.status_code == 200
        assert f"{year}-12" in page.content.decode()


def test_too_much_is_a_word_and_shorter_windows(
    operator_client: Client, told: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("notifications.trace.told.MOST", 1)
    for kind, address in told.items():
        page = operator_client.get(address, {"case": "C-1"})
        assert "notifications; choose a shorter window" in page.content.decode()
        shorter = page.context["shorter"]
        assert len(shorter) == (0 if kind == "operation" else 3)
        assert all("case=C-1" in each.query for each in shorter)
    assert not AccessRecord.objects.exists()
