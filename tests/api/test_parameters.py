"""What is said of parameters that are wrong: always 400, by name, with what to do."""

from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest
from rest_framework.test import APIClient

from notifications.api.urls import router
from notifications.filters.base import Filters
from notifications.filters.parameters import MOST_VALUES
from tests.conftest import DEVICE, INIT, OPERATION

API = "/api/v1"
URL = f"{API}/notifications/"


@pytest.fixture
def told(record_one: Callable[..., UUID]) -> None:
    record_one(activation_id=DEVICE, extras=INIT)


def lists() -> Iterator[tuple[str, type[Filters]]]:
    for prefix, viewset, _ in router.registry:
        for of in (viewset.question_class, viewset.paging_class):
            if of is not None:
                yield prefix, of


PARAMETERS = [
    pytest.param(prefix, name, parameter, id=f"{prefix}-{name}")
    for prefix, of in lists()
    for name, parameter in of.parameters().items()
]
WRONG = {
    "over-long": "x" * 257,
    "U+0000": "a\0b",
    "a surrogate": "\ud800",
    "negative": "-1",
    "huge": "9" * 400,
    "of another zone": "2026-03-14T00:00:00+16:00",
    "of no zone there is": "2026-03-14T00:00:00+25:00",
    "at the end of time": "9999-12-31T23:59:59-16:00",
    "before time": "0001-01-01T00:00:00+16:00",
    "injected": "' OR 1=1 --",
    "a percent": "%s %(x)s %",
    "right-to-left": "\u202e\u2066",
    "digits that are none": "٣",
    "an array": "[1,2]",
    "infinite": "NaN",
}


@pytest.mark.parametrize(("prefix", "name", "parameter"), PARAMETERS)
def test_a_value_is_found_or_told_of_and_never_a_crash(
    auditor: APIClient, prefix: str, name: str, parameter: Any
) -> None:
    for kind, value in WRONG.items():
        given = quote(value, safe="", errors="surrogatepass")
        response = auditor.get(f"{API}/{prefix}/?{name}={given}")
        if response.status_code != 200:
            assert response.status_code == 400, kind
            problem = response.json()
            assert {each["in"] for each in problem["errors"]} == {"query"}
            assert name in {each["pointer"] for each in problem["errors"]}
        else:  # any text can be looked for, and nothing else is taken for a choice
            assert "enum" not in parameter.schema, kind
            assert parameter.schema["type"] == "string", kind


@pytest.mark.parametrize(("prefix", "name", "parameter"), PARAMETERS)
def test_a_parameter_without_a_value_is_400(
    auditor: APIClient, prefix: str, name: str, parameter: Any
) -> None:
    """A script whose variable is empty must not be answered with everything."""
    response = auditor.get(f"{API}/{prefix}/?{name}=")
    if name == "cursor":  # the first page
        assert response.status_code == 200
        return
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert (fault["in"], fault["pointer"]) == ("query", name)
    assert "empty" in fault["detail"]


@pytest.mark.parametrize(("prefix", "name", "parameter"), PARAMETERS)
def test_a_parameter_is_repeated_as_often_as_it_may(
    auditor: APIClient, prefix: str, name: str, parameter: Any
) -> None:
    assert parameter.most in (1, 6, MOST_VALUES)
    values = "&".join(f"{name}={number}" for number in range(1, parameter.most + 2))
    response = auditor.get(f"{API}/{prefix}/?{values}")
    assert response.status_code == 400
    (fault,) = response.json()["errors"]
    assert fault["pointer"] == name
    assert ("once" if parameter.most == 1 else f"{parameter.most} times") in fault["detail"]


@pytest.mark.parametrize(
    ("address", "given", "meant"),
    [
        ("notifications/", "operatoin", "operation"),
        ("notifications/", "type", "message_type"),
        ("notifications/", "messageType", "message_type"),
        ("notifications/", "user", "user_id"),
        ("notifications/", "limit", "page_size"),
        ("notifications/", "from", "since"),
        ("notifications/", "Since", "since"),
        ("notifications/", "extra.amount", ""),
        ("notifications/", "format", ""),
        ("notifications/", "extras.a\0b", ""),
        ("operations/", "extras.amount", ""),
        ("operations/", "status", ""),
        ("gaps/", "reasons", "reason"),
        ("gaps/", "order", ""),
        ("stats/", "cursor", ""),
        ("stats/", "group_by", "by"),
        ("stats/", "extras.amount", ""),
        ("notifications/feed/", "since", ""),
        ("notifications/feed/", "cursors", "cursor"),
        (f"operations/{OPERATION}/timeline/", "since", ""),
        (f"activations/{DEVICE}/trace/", "sinc", "since"),
        (f"activations/{DEVICE}/", "since", ""),
        ("recipients/", "since", ""),
    ],
)
@pytest.mark.usefixtures("told")
def test_an_unknown_parameter_is_refused_with_what_was_meant(
    auditor: APIClient, address: str, given: str, meant: str
) -> None:
    response = auditor.get(f"{API}/{address}?{quote(given)}=x&{quote(given)}=y")
    assert response.status_code == 400
    problem = response.json()
    assert problem["code"] == "unknown_parameter"
    (fault,) = problem["errors"]
    assert (fault["in"], fault["pointer"]) == ("query", given)
    assert (f"did you mean {meant}?" in fault["detail"]) == bool(meant)


def test_every_unknown_parameter_is_named(support: APIClient) -> None:
    problem = support.get(URL, {"a": 1, "operation": "x", f"b{'x' * 500}": 2}).json()
    assert [each["pointer"][:1] for each in problem["errors"]] == ["a", "b"]
    assert all(len(each["pointer"]) <= 80 for each in problem["errors"])


def test_every_wrong_value_is_named(support: APIClient) -> None:
    wrong = {"silent": "yes", "finding": "x", "page_size": "0", "since": "yesterday"}
    problem = support.get(URL, wrong).json()
    assert {each["pointer"] for each in problem["errors"]} == wrong.keys()


@pytest.mark.parametrize("size", ["0", "-1", "1001", "1000000000", "1e3", "٣", " 1", "1.0"])
@pytest.mark.parametrize("prefix", ["notifications", "operations", "gaps", "notifications/feed"])
def test_a_page_has_1_to_1000(support: APIClient, prefix: str, size: str) -> None:
    response = support.get(f"{API}/{prefix}/", {"page_size": size})
    assert response.status_code == 400
    assert response.json()["errors"][0]["pointer"] == "page_size"


def test_a_post_is_not_refused_for_a_parameter(emitter: APIClient) -> None:
    """A refused post is lost evidence."""
    response = emitter.post(f"{URL}?anything=1", {"extras": INIT}, format="json")
    assert response.status_code == 201


def test_a_parameter_over_a_thousand_times_is_400(support: APIClient) -> None:
    response = support.get(URL + "?" + "&".join(f"extras.k{n}=v" for n in range(1_100)))
    assert response.status_code == 400
