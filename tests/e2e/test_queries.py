"""What each page asks the database: few questions, and none that grows with the record."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from notifications.models import Account

from .aside import aside
from .conftest import Site
from .places import KEEPER, NOBODY, PLACES

MOST = 25
# Beside what others ask: copies, gateways, clocks, settings, notes, and who was listening.
MOST_OF_TRACES, MOST_OF_TIMELINES = 27, 25
MOST_OF_GAPS = 60  # each rule is looked for by itself, in portions; E7 asks a dozen for its own


def asked(site: Site, name: str) -> list[str]:
    place = PLACES[name]

    def look() -> list[str]:
        client = Client()
        if place.who != NOBODY:
            client.force_login(Account.objects.get(username=place.who))
        with place.under(), CaptureQueriesContext(connection) as queries:
            client.get(place.at(site), follow=True)
        return [query["sql"] for query in queries]

    return aside(look)


@pytest.mark.parametrize("name", PLACES)
def test_a_page_asks_little(site: Site, name: str) -> None:
    queries = asked(site, name)
    bounds = {"gaps": MOST_OF_GAPS, "trace": MOST_OF_TRACES, "timeline": MOST_OF_TIMELINES}
    kind, _, rest = name.partition("-")
    most = bounds.get(kind, MOST)
    if "as-of" in rest and kind != "gaps":
        most *= 2  # it is asked as of then, and of now, for what has become of it since
    assert len(queries) <= most, "\n".join(queries)
    if PLACES[name].who != KEEPER:  # accounts are few, and their lists are Django's
        for query in queries:
            assert "COUNT(" not in query
            assert not re.search("OFFSET (?!0)", query)  # OFFSET 0 skips nothing: it is a fence
