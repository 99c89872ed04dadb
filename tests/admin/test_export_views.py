"""What is exported is what the view shows."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from notifications.admin.addresses import page_address
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import Recipient
from tests.admin.exporting import ASK, GAPS, LISTS, ask, listed, make, rows_in, signed_in
from tests.conftest import DEVICE, FINISHED, INIT, NOW, OPERATION, STATUS_CHANGE
from tests.trace.stories import STORIES

pytestmark = pytest.mark.usefixtures("store")


def tell_much() -> None:
    """Of all kinds, on more than one page, just now, long ago, and ahead of the clock."""
    now = timezone.now()

    def at(seconds: float, **envelope: Any) -> dict[str, Any]:
        moment = (now - timedelta(seconds=seconds)).isoformat()
        return {"emitted_at": moment, "app_id": "mobile", "user_id": "user-1", **envelope}

    # None nearly an hour old, nor a day, which a window would lose from one look to the next.
    ages = [n * 30 if n < 116 else n * 30 + 150 for n in range(150)]
    told = [
        *(
            at(age, extras=INIT | {"operationId": f"of-{n}"}, activation_id=f"device-{n % 7}")
            for n, age in enumerate(ages)
        ),
        *(at(n * 40, extras=FINISHED | {"operationId": f"of-{n}"}) for n in range(40)),
        *(at(3600 * 24 * n + 120, extras=STATUS_CHANGE, message_id=f"m-{n}") for n in range(60)),
        at(5, extras=INIT, activation_id=DEVICE, user_id="=user, two"),
        at(-3600, extras=FINISHED, activation_id=DEVICE),
        at(7, extras={"messageType": "=odd", "operationId": "a&b=c +%"}),
    ]
    emissions = [emission_from(each, now=now + timedelta(hours=2)) for each in told]
    record(emissions[:100], source="bank")
    record(emissions[100:], source="other")


VIEWS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("notifications", {}),
    ("notifications", {"when": "1h"}),
    ("notifications", {"when": "24h", "message_type": "mtoken.operationInit"}),
    ("notifications", {"when": "all", "result": "authentication.success", "source": "other"}),
    ("notifications", {"finding": "any", "when": "all"}),
    ("notifications", {"finding": "none", "message_type": "no such choice"}),
    ("notifications", {"activation": DEVICE.upper(), "when": "all"}),
    ("notifications", {"operation": "a&b=c +%"}),
    ("notifications", {"recipient": "=user, two"}),
    ("notifications", {"q": OPERATION.upper()}),
    ("notifications", {"q": " m-55 "}),
    ("notifications", {"q": "user-1", "when": "7d", "message_type": "mtoken.operationInit"}),
    ("notifications", {"q": DEVICE}),
    ("notifications", {"operation": OPERATION, "q": f"{OPERATION}"}),
    ("operations", {}),
    ("operations", {"finished": "true"}),
    ("operations", {"finished": "false", "when": "1h"}),
    ("operations", {"q": OPERATION.upper()}),
    ("operations", {"q": "a&b=c +%"}),
    ("operations", {"q": "nobody"}),
)


@pytest.mark.usefixtures("committed_db")
def test_the_rows_exported_are_those_that_the_view_shows_on_all_its_pages(store: Path) -> None:
    tell_much()
    client = signed_in("Operators")
    now = timezone.now()
    bounds = {"since": now - timedelta(hours=3), "until": now - timedelta(minutes=20)}
    exact = {name: at.isoformat() for name, at in bounds.items()}
    of_exact = (
        ("notifications", exact),
        ("notifications", {"until": exact["until"], "source": "other"}),
        ("operations", exact),
        ("operations", {**exact, "result": "authentication.success"}),
    )
    sizes = []
    for dataset, query in VIEWS + of_exact:
        if "recipient" in query:
            query = {"recipient": Recipient.objects.get(user_id=query["recipient"]).pk}
        shown = listed(client, LISTS[dataset], query)
        export = make(ask(client, LISTS[dataset], query))
        key = "id" if dataset == "notifications" else "operation"
        rows = [row[key] for row in rows_in(store, export)]
        assert rows[::-1] == shown, query
        sizes.append(len(rows))
    assert max(sizes) > 200  # several pages
    assert sizes.count(0) == 1


@pytest.mark.usefixtures("committed_db")
def test_a_later_page_is_exported_whole(store: Path) -> None:
    tell_much()
    client = signed_in("Operators")
    older = client.get(LISTS["notifications"]).context["cl"].older
    export = make(ask(client, LISTS["notifications"] + older))
    assert len(rows_in(store, export)) == len(listed(client, LISTS["notifications"], {}))


@pytest.mark.usefixtures("committed_db")
def test_gaps_are_exported_as_the_page_has_them(store: Path) -> None:
    record([emission_from(each, now=NOW) for each in STORIES[0].envelopes()], source="bank")
    client = signed_in("Operators")
    day = {"since": "2026-03-14T00:00:00", "until": "2026-03-15T00:00:00"}
    for chosen, size in (
        ({}, 1),
        ({"rule": "E1", "app_id": "mobile"}, 1),
        ({"rule": "E2"}, 0),
        ({"counts_as": "missing"}, 1),
        ({"counts_as": "pending"}, 0),
    ):
        page = client.get(GAPS, {**day, **chosen})
        rows = rows_in(store, make(ask(client, GAPS, {**day, **chosen})))
        assert [row["key"] for row in rows] == [each.key for each in page.context["gaps"].entries]
        assert len(rows) == size


@pytest.mark.usefixtures("committed_db")
def test_notifications_are_counted_by_whole_hours_with_the_same_filters(store: Path) -> None:
    tell_much()
    client = signed_in("Operators")
    query = {"when": "24h", "message_type": "mtoken.operationInit"}
    export = make(ask(client, LISTS["notifications"], query, dataset="stats"))
    rows = rows_in(store, export)
    assert {row["message_type"] for row in rows} == {"mtoken.operationInit"}
    assert sum(row["count"] for row in rows) == 151
    narrowed = client.get(LISTS["notifications"], {"operation": OPERATION}).context["exporting"]
    assert [dataset for dataset, _ in narrowed.datasets] == ["notifications"]


@pytest.mark.parametrize(
    ("list_of", "query", "words"),
    [
        ("notifications", {"message_type": "other"}, "“Type: other or none”"),
        ("notifications", {"result": "other"}, "“Result: other”"),
        ("notifications", {"operation": "x" * 257}, "No operation can have this identifier"),
        ("notifications", {"recipient": "martin"}, "No recipient can have this identifier"),
        ("notifications", {"q": "nobody"}, "Nothing is found"),
        ("notifications", {"q": "twice"}, "found as operation and as activation"),
        ("notifications", {"q": "one"}, "whose page has all of it"),
        ("notifications", {"q": "alone", "operation": OPERATION}, "searched for another"),
        ("operations", {"result": "other"}, "“Result: other”"),
        ("operations", {"q": "x" * 257}, "No operation can have this identifier"),
    ],
)
def test_what_no_parameter_asks_for_is_not_exported_as_something_else(
    operator_client: Client, record_one: Any, list_of: str, query: dict[str, str], words: str
) -> None:
    key = record_one(extras=INIT | {"operationId": "twice"}, activation_id="twice")
    record_one(extras=INIT | {"operationId": "alone"})
    if query.get("q") == "one":
        query = {"q": str(key)}
    page = operator_client.get(LISTS[list_of], query)
    assert words in page.context["exporting"].why_not
    text = page.content.decode()
    assert "This view cannot be exported" in text
    assert ASK not in text


def test_a_view_of_one_person_is_not_for_accounts_that_read_pseudonyms(
    browser_of: Callable[[str], Client], record_one: Any
) -> None:
    record_one(extras=INIT, user_id="martin")
    query = {"recipient": Recipient.objects.get().pk, "when": "all"}
    page = browser_of("Analysts").get(LISTS["notifications"], query)
    assert "reads pseudonyms" in page.context["exporting"].why_not
    assert (
        not browser_of("Operators").get(LISTS["notifications"], query).context["exporting"].why_not
    )


def test_values_of_a_view_are_text(operator_client: Client, record_one: Any) -> None:
    hostile = '<script>alert(1)</script>"\u202e'
    record_one(extras=INIT | {"operationId": hostile})
    query = {"operation": hostile, "when": "all"}
    page = operator_client.get(LISTS["notifications"], query).content.decode()
    export = ask(operator_client, LISTS["notifications"], query, case="<b>7</b>")
    assert export.filters["operation"] == [hostile]
    for text in (page, operator_client.get(page_address("export", export.pk)).content.decode()):
        assert "<script>alert" not in text
        assert "&lt;script&gt;alert(1)&lt;/script&gt;&quot;⟨U+202E⟩" in text
    assert "<b>7" not in text


def test_offering_costs_a_list_the_same_however_much_there_is(
    operator_client: Client, record_one: Any
) -> None:
    costs = []
    for size in (3, 40):
        for number in range(size):
            record_one(extras=INIT | {"operationId": f"{size}-{number}"})
        for kind in LISTS.values():
            with CaptureQueriesContext(connection) as queries:
                page = operator_client.get(kind, {"when": "all"} if "notification/" in kind else {})
            assert page.context["exporting"].filters
            assert not [each for each in queries if "COUNT(" in each["sql"]]
            costs.append(len(queries))
    assert costs[:2] == costs[2:]
    assert max(costs) <= 10
