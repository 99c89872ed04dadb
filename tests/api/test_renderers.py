"""JSON as it goes out."""

import json
from typing import Any
from uuid import UUID

import pytest
from django.utils.translation import gettext_lazy
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer as DRFRenderer

from notifications.api.renderers import JSONRenderer
from notifications.protocol.clients import Generation


@pytest.mark.parametrize(
    "document",
    [
        {"extras": {"ключ": "žluťoučký kůň 🐎", "line": "\u2028", "quote": '"\\\n\x01'}},
        {"extras": {"deep": [[{"a": [None, True, False]}]], "": {}}},
        {"number": [0, -1, 2**53, 10**300, 1.5, -0.0, 1e300, 5e-324]},
        {"id": UUID("019c13ec-9e00-8001-9939-afc33055eedf"), Generation.IOS_3: Generation.ANDROID},
        {"detail": ErrorDetail("wrong", "invalid"), "told": gettext_lazy("wrong"), "keys": {1: 2}},
        [],
        "text",
    ],
)
def test_it_says_what_the_stock_renderer_says(document: Any) -> None:
    ours, stock = JSONRenderer().render(document), DRFRenderer().render(document)
    assert json.loads(ours) == json.loads(stock)


def test_an_answer_without_content_is_empty() -> None:
    assert JSONRenderer().render(None) == b""


def test_not_a_number_is_null() -> None:
    assert JSONRenderer().render([float("nan"), float("inf")]) == b"[null,null]"


def test_it_is_indented_on_request() -> None:
    rendered = JSONRenderer().render({"a": 1}, "application/json; indent=4")
    assert rendered == b'{\n    "a": 1\n}'


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(TypeError):
        JSONRenderer().render({"a": object()})
