"""The page of what was owed and not sent."""

from collections.abc import Callable
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from notifications.models import AccessRecord, Account
from notifications.trace import gaps
from tests.trace.stories import PAYMENT, PHONE, STORIES

GAPS = "/admin/gaps/"
DAY = {"since": "2026-03-14T00:00:00", "until": "2026-03-15T00:00:00"}
Tell = Callable[..., None]


@pytest.fixture
def told(tell: Tell) -> None:
    tell(STORIES[0])


@pytest.mark.usefixtures("told")
def test_it_shows_each_gap_with_its_operation_and_device(operator_client: Client) -> None:
    page = operator_client.get(GAPS, DAY)
    assert page.context["gaps"].verdict == "1 missing (finish sent to other devices only)."
    text = page.content.decode()
    assert f"/operation/{PAYMENT}/timeline/" in text
    assert f"/activation/{PHONE}/trace/" in text
    assert "not sent" in text
    assert not AccessRecord.objects.exists()


@pytest.mark.usefixtures("told")
@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        ({"rule": "E1"}, 1),
        ({"rule": "E2"}, 0),
        ({"reason": "finished_elsewhere"}, 1),
        ({"reason": "never_finished"}, 0),
        ({"counts_as": "missing"}, 1),
        ({"counts_as": "undecided"}, 0),
        ({"app_id": "mobile"}, 1),
        ({"app_id": "other"}, 0),
        ({"source": "bank"}, 1),
        ({"source": "other"}, 0),
        ({"acknowledged": "false"}, 1),
        ({"acknowledged": "true"}, 0),
        (
            {
                "rule": "E9",
                "reason": "x",
                "app_id": "\0",
                "counts_as": "x",
                "acknowledged": "x",
                "source": "",
            },
            1,
        ),
    ],
)
def test_it_is_narrowed_and_links_keep_that(
    operator_client: Client, chosen: dict[str, str], shown: int
) -> None:
    page = operator_client.get(GAPS, {**DAY, **chosen})
    assert len(page.context["entries"]) == shown
    kept = page.context["question"].chosen
    assert urlencode(kept) in page.context["question"].lengths[0].query
    assert kept == ({} if "E9" in chosen.values() else chosen)


@pytest.mark.usefixtures("told")
def test_nothing_missing_is_said(operator_client: Client) -> None:
    page = operator_client.get(GAPS, {"since": "1h"})
    assert page.context["standing"].text == "Nothing is missing"


@pytest.mark.parametrize(
    "name",
    ["since", "until", "cursor", "counts_as", "rule", "reason", "app_id", "source", "acknowledged"],
)
@pytest.mark.parametrize("given", ["\x00", "\ud800", "x" * 10_000, "400d", "W10", "\u202e"])
@pytest.mark.usefixtures("told")
def test_nothing_in_an_address_is_an_error(operator_client: Client, name: str, given: str) -> None:
    query = urlencode({name: given}, errors="surrogatepass")
    assert operator_client.get(f"{GAPS}?{query}").status_code == 200


@pytest.mark.usefixtures("told")
def test_too_much_is_a_word_and_shorter_windows(
    operator_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gaps, "MOST_SUSPECTS", 0)
    page = operator_client.get(GAPS, {**DAY, "rule": "E1"})
    assert "choose a shorter window" in page.content.decode()
    assert all("rule=E1" in each.query for each in page.context["shorter"])


@pytest.mark.parametrize(
    ("group", "status"),
    [("Support", 200), ("Operators", 200), ("Analysts", 200), ("Auditors", 200), ("Emitters", 403)],
)
def test_rights(browser_of: Callable[[str], Client], group: str, status: int) -> None:
    assert browser_of(group).get(GAPS).status_code == status


@pytest.mark.django_db
def test_whoever_may_not_sees_no_link() -> None:
    account = Account.objects.create_user("stranger", is_staff=True)
    account.groups.add(Group.objects.get(name="Emitters"))
    client = Client()
    client.force_login(account)
    assert GAPS not in client.get("/admin/").content.decode()


def test_it_is_one_step_from_everywhere(operator_client: Client) -> None:
    assert GAPS in operator_client.get("/admin/").content.decode()


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_it_is_only_looked_at(operator_client: Client, method: str) -> None:
    assert getattr(operator_client, method)(GAPS).status_code == 405
