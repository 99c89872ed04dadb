"""Which Push Servers may be followed: a wrong value is told by what is wrong and never quoted."""

import json
from typing import Any

import pytest

from notifications.ingest import foreign_database
from notifications.models.source import SLUG_PATTERN
from pushaudit.push_servers import (
    ADDRESS,
    EXAMPLE,
    MOST,
    SLUG,
    PushServer,
    Unusable,
    push_servers_in,
)

DSN = "postgresql://reader@db.bank.example:5432/push?sslmode=verify-full"
GIVEN = {"dsn": DSN, "timezone": "Europe/Prague"}
SECRET = "pa[ss"


def test_each_source_has_its_address_and_its_zone() -> None:
    assert push_servers_in("") == {}
    told = push_servers_in(json.dumps({"push-server": GIVEN, "push-2": GIVEN | {"dsn": DSN}}))
    assert list(told) == ["push-server", "push-2"]
    assert told["push-server"] == PushServer(DSN, "Europe/Prague")


def test_the_example_is_one_that_can_be_used() -> None:
    assert list(push_servers_in(EXAMPLE)) == ["push-server"]


def test_no_address_is_told_when_it_is_printed() -> None:
    told = push_servers_in(json.dumps({"push-server": GIVEN | {"dsn": f"postgres://u:{SECRET}@h"}}))
    assert SECRET not in repr(told)
    assert "Europe/Prague" in repr(told)


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (f'{{"push-server": "{SECRET}', "must be a JSON object"),
        (f'["{SECRET}"]', "must be a JSON object"),
        ("[" * 100_000, "must be a JSON object"),
        (f'{{"a": "{SECRET}", "a": "{SECRET}"}}', "names each source once"),
        ({f"postgres://u:{SECRET}@h": GIVEN}, "by a slug"),
        ({"Push": GIVEN}, "by a slug"),
        ({"x" * 65: GIVEN}, "by a slug"),
        ({f"p{number}": GIVEN for number in range(MOST + 1)}, "at most 20 sources"),
        ({"push": f"postgres://u:{SECRET}@h"}, "must give push a dsn and a timezone"),
        ({"push": {"dsn": DSN}}, "must give push a dsn and a timezone"),
        ({"push": GIVEN | {"password": SECRET}}, "must give push a dsn and a timezone"),
        ({"push": GIVEN | {"dsn": 7}}, "PGPASSFILE"),
        ({"push": GIVEN | {"dsn": f"host=db password={SECRET}"}}, "PGPASSFILE"),
        ({"push": GIVEN | {"dsn": f"postgres://u:{SECRET}@x@h/push"}}, "PGPASSFILE"),
        ({"push": GIVEN | {"dsn": f"postgres://u:{SECRET}%zz@h/push"}}, "PGPASSFILE"),
        ({"push": GIVEN | {"dsn": f"postgres://u:{SECRET}@h/push?nothing=1"}}, "PGPASSFILE"),
        ({"push": GIVEN | {"dsn": f"postgres://u:{SECRET}\ud800@h/push"}}, "PGPASSFILE"),
        ({"push": GIVEN | {"dsn": f"postgres://u:{SECRET}\0@h/push"}}, "PGPASSFILE"),
        ({"push": GIVEN | {"timezone": "Prague"}}, "push a timezone such as Europe/Prague"),
        ({"push": GIVEN | {"timezone": "Europe"}}, "push a timezone such as Europe/Prague"),
        ({"push": GIVEN | {"timezone": "../etc/passwd"}}, "push a timezone such as"),
        ({"push": GIVEN | {"timezone": ""}}, "push a timezone such as Europe/Prague"),
        ({"push": GIVEN | {"timezone": None}}, "push a timezone such as Europe/Prague"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_quoted(told: Any, words: str) -> None:
    text = told if isinstance(told, str) else json.dumps(told)
    with pytest.raises(Unusable, match=words) as raised:
        push_servers_in(text)
    assert SECRET not in str(raised.value)
    assert raised.value.__cause__ is None


def test_addresses_and_slugs_are_those_of_where_they_are_used() -> None:
    """Settings cannot import what rests on models."""
    assert ADDRESS.pattern == foreign_database._ADDRESS.pattern
    assert SLUG.pattern == SLUG_PATTERN
