"""The OpenAPI document: committed, free of doubts, and of every address there is."""

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from jsonschema import Draft202012Validator
from rest_framework.test import APIClient

from notifications.api.mirror import MIRRORED
from notifications.api.schema import HEADERS, STATUS_OF, document
from notifications.api.streaming import INTERRUPTIONS

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "docs/openapi.yaml"
UPDATE = "python manage.py spectacular --file docs/openapi.yaml"
PREFIX = "/api/v1/"


def generated(*options: str) -> str:
    out = StringIO()
    call_command("spectacular", *options, stdout=out)
    return out.getvalue()


def test_it_is_valid_and_made_without_a_warning() -> None:
    assert generated("--validate", "--fail-on-warn").startswith("openapi: 3.1")


def test_the_committed_document_is_the_current_one() -> None:
    assert yaml.safe_load(COMMITTED.read_text()) == yaml.safe_load(generated()), (
        f"the API has changed; look at the difference that this makes: {UPDATE}"
    )


def test_every_schema_is_json_schema() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere() -> None:
    told = document()
    targets = set(references(told))
    assert targets
    for target in targets:
        found = told
        for part in target.removeprefix("#/").split("/"):
            found = found[part]


def references(told: Any) -> Iterator[str]:
    if isinstance(told, dict):
        if isinstance(told.get("$ref"), str):
            yield told["$ref"]
        told = list(told.values())
    if isinstance(told, list):
        for each in told:
            yield from references(each)


def routes(resolver: URLResolver, before: str = "/") -> Iterator[str]:
    for each in resolver.url_patterns:
        here = before + str(each.pattern)
        if isinstance(each, URLPattern):
            yield here
        else:
            yield from routes(each, here)


def test_every_address_is_in_it_and_the_reverse() -> None:
    addresses = {each for each in routes(get_resolver()) if each.startswith(PREFIX)}
    # Mirrored calls have two, and the document the original's.
    slashed = {f"{each}/" for each in addresses if not each.endswith("/")}
    assert slashed == {f"{PREFIX}mirror/{call}/" for call in MIRRORED}
    assert slashed <= addresses
    assert {re.sub("<.+?>", "{}", each) for each in addresses - slashed} == {
        re.sub("{.+?}", "{}", each) for each in document()["paths"]
    }


def test_every_operation_says_what_it_is_and_how_it_can_fail() -> None:
    for path, methods in document()["paths"].items():
        for method, operation in methods.items():
            where = f"{method} {path}"
            answers = operation["responses"]
            assert operation["summary"], where
            assert {"400", "406"} <= answers.keys(), where
            assert ("404" in answers) == ("{" in path), where
            is_public = {} in operation["security"]
            assert ({"401", "403", "429", "503"} <= answers.keys()) != is_public, where
            for status, answer in answers.items():
                problem = "application/problem+json" in answer["content"]
                assert problem == (int(status) >= 400), where
                assert set(answer["headers"]) <= set(HEADERS), where


def test_every_described_problem_has_its_status() -> None:
    rows = re.findall(r"^\| (\d{3}) \| (`[^|]+`) \|", (ROOT / "docs/api.md").read_text(), re.M)
    described = {code: int(status) for status, codes in rows for code in codes.split("`")[1::2]}
    assert described.pop("server_error") == 500  # promised by no operation
    assert described.pop("method_not_allowed") == 405  # of no operation
    assert dict(STATUS_OF) == described
    assert INTERRUPTIONS.items() <= STATUS_OF.items()


@pytest.mark.usefixtures("db")
def test_it_is_served_to_everybody_without_the_database(
    client: Client, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        response = client.get(f"{PREFIX}schema/", headers={"Authorization": "Token nobody's"})
    assert response.status_code == 200
    assert response.json() == document()


def test_the_page_tells_of_every_operation_and_schema(client: Client) -> None:
    response = client.get(f"{PREFIX}docs/")
    page = response.content.decode()
    assert "<script" not in page
    assert "style=" not in page
    for path, methods in document()["paths"].items():
        assert path in page
        for operation in methods.values():
            assert f'id="{operation["operationId"]}"' in page
    for name in document()["components"]["schemas"]:
        assert f'id="schema-{name}"' in page


@pytest.mark.parametrize("method", ["post", "options", "delete"])
def test_the_page_refuses_other_methods_with_a_problem(method: str) -> None:
    response = getattr(APIClient(), method)(f"{PREFIX}docs/")
    assert response.status_code == 405
    assert response.headers["Content-Type"] == "application/problem+json"
    assert response.json()["code"] == "method_not_allowed"
