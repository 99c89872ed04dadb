"""What did you know when you told the customer on Tuesday? Asked by support on the page that today
has nothing missing."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import pytest
from django.db import connection
from playwright.sync_api import Page, expect

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import AccessRecord
from tests.trace import stories
from tests.trace.stories import finish, init, to

from .aside import aside
from .conftest import OUTPUT, Site
from .steps import follow, heading, trace_by_search

PHONE, STRANGER, PAYMENT, OTHER = (
    str(uuid5(UUID(each), "on Tuesday"))
    for each in (stories.PHONE, stories.STRANGER, stories.PAYMENT, stories.BACKGROUND)
)
USER, SOURCE = "tuesday.caller", "queue"


def _now() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment


def _tell(*told: tuple[float, dict[str, Any]]) -> None:
    """Each so many minutes ago, all at once."""
    now = _now()
    envelopes = [
        {**each, "emitted_at": (now - timedelta(minutes=minutes)).isoformat()}
        for minutes, each in told
    ]
    record([emission_from(each, now=now) for each in envelopes], source=SOURCE)


@pytest.fixture(scope="module")
def tuesday(site: Site) -> datetime:
    """The moment at which the customer was told; the finish was recorded after it."""

    def tell() -> datetime:
        _tell(
            (90, to(STRANGER, init(OTHER), "somebody.else")),
            (89, to(STRANGER, finish(operation=OTHER), "somebody.else")),
            (60, to(PHONE, init(PAYMENT), USER)),
            (1, to(STRANGER, init(f"{OTHER[:-4]}0000"), "somebody.else")),
        )
        asked = _now().replace(microsecond=0) + timedelta(seconds=1)
        while _now() <= asked:
            time.sleep(0.05)
        _tell((59, to(PHONE, finish(operation=PAYMENT), USER)))
        return asked

    return aside(tell)


def test_support_sees_what_could_have_been_said_on_tuesday(
    tuesday: datetime, signed_in: Callable[..., Page]
) -> None:
    page = signed_in("operator")
    trace_by_search(page, USER, PHONE)
    main = page.get_by_role("main")
    expect(main).to_contain_text("All as expected")
    page.get_by_label("As known at").fill(f"{tuesday.astimezone(UTC):%Y-%m-%dT%H:%M:%S}")
    page.get_by_label("Case number").fill("C-2")
    page.get_by_role("button", name="Show").click()
    told = f"As known at {tuesday.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC: 2 expected, 1 emitted,"
    expect(main.get_by_role("heading", name=told)).to_be_visible()
    expect(main).to_contain_text("Something is missing")
    then = main.get_by_role("region", name="As it was known at")
    expect(then).to_contain_text(
        "1 report that it rests on now was recorded later: emitted 1 then and 2 now,"
        " missing 1 then and 0 now."
    )
    page.screenshot(path=OUTPUT / "as-of.png", full_page=True)
    # The timeline, and the way from there to the device, are of the same moment.
    main.get_by_role("link", name=PAYMENT).first.click()
    expect(heading(page)).to_contain_text("Timeline of operation")
    expect(main).to_contain_text("Something is missing")
    page.go_back()
    page.get_by_role("link", name="Earlier").click()
    expect(then).to_be_visible()
    page.go_back()
    follow(page, "As it is known now")
    expect(main).to_contain_text("All as expected")
    expect(main).not_to_contain_text("As it was known at")
    noted = aside(lambda: list(AccessRecord.objects.filter(case_number="C-2").values_list("as_of")))
    assert noted.count((tuesday,)) >= 2
