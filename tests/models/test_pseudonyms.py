"""Pseudonyms are the same in Python and in plain PostgreSQL, and need the key."""

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import hypothesis
import pytest
from django.db.models import Model
from hypothesis import given
from hypothesis import strategies as st

from notifications.models import Notification, Recipient
from notifications.models.pseudonyms import pseudonym_in_sql, pseudonym_of

pytestmark = pytest.mark.django_db


def in_sql(model: type[Model], *, column: str = "pk", **of: Any) -> list[Any]:
    found = model._default_manager.filter(**of).annotate(told=pseudonym_in_sql(column))
    return list(found.values_list("pk", "told"))


def test_it_is_recognised_and_tells_nothing_of_the_person() -> None:
    person = Recipient.objects.create(user_id="user-1")
    told = pseudonym_of(person.pk)
    assert re.fullmatch("p-[0-9a-f]{32}", told)
    Recipient.objects.update(user_id=None)
    assert pseudonym_of(person.pk) == told


def test_it_is_the_hmac_of_rfc_2104(settings: Any) -> None:
    """Computed with `printf 42 | openssl dgst -sha256 -hmac KEY`."""
    settings.PSEUDONYM_KEY = "x" * 50
    assert pseudonym_of(42) == "p-28c0efa5e123ed3e2f957da424cb2b80"


@pytest.mark.parametrize("key", ["k" * 50, "é" * 32, "k" * 64, "k" * 65, "long" * 100])
def test_sql_and_python_agree_whatever_the_length_of_the_key(settings: Any, key: str) -> None:
    settings.PSEUDONYM_KEY = key
    person = Recipient.objects.create(user_id="user-1")
    assert in_sql(Recipient, pk=person.pk) == [(person.pk, pseudonym_of(person.pk))]


@hypothesis.settings(deadline=None)
@given(keys=st.lists(st.integers(1, 2**63 - 1), min_size=1, max_size=50, unique=True))
def test_sql_and_python_agree_of_any_recipient(keys: list[int]) -> None:
    Recipient.objects.bulk_create([Recipient(pk=key) for key in keys], ignore_conflicts=True)
    assert dict(in_sql(Recipient, pk__in=keys)) == {key: pseudonym_of(key) for key in keys}


def test_another_key_breaks_the_link(settings: Any) -> None:
    before = pseudonym_of(1)
    settings.PSEUDONYM_KEY = "another key" * 5
    assert pseudonym_of(1) != before


def test_a_notification_that_names_nobody_has_none(record_one: Callable[..., UUID]) -> None:
    keys = [record_one(user_id="user-1"), record_one()]
    told = dict(in_sql(Notification, column="recipient_id", pk__in=keys))
    assert told == {keys[0]: pseudonym_of(Recipient.objects.get().pk), keys[1]: None}
