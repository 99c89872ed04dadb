"""Titles and bodies are forgotten by a plan that is told first, and no evidence goes with them."""

from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from uuid import UUID

import pytest
from django.core.management import CommandError, call_command

from notifications.integrity import contents
from notifications.integrity.contents import apply, plan_forgetting
from notifications.models import Content, Notification
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def kept(record_one: Callable[..., UUID]) -> list[UUID]:
    """Of three messages, one a day."""
    keys = [record_one(emitted_at=(NOW + timedelta(days=n)).isoformat()) for n in range(3)]
    for key in keys:
        Content.objects.create(notification_id=key, title="A title", body="A body")
    return keys


def forget(*words: str) -> str:
    printed = StringIO()
    call_command("forget_content", *words, stdout=printed)
    return printed.getvalue()


def test_the_plan_says_how_many_and_from_when() -> None:
    plan = plan_forgetting(NOW + timedelta(days=1))
    assert (plan.count, plan.first, plan.last) == (1, NOW, NOW)
    assert plan_forgetting(NOW).count == 0


def test_what_was_emitted_before_is_forgotten_and_its_notification_stays(
    kept: list[UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "CHUNK", 1)
    assert apply(plan_forgetting(NOW + timedelta(days=2))) == 2
    assert list(Content.objects.values_list("pk", flat=True)) == kept[2:]
    assert Notification.objects.count() == 3


def test_nothing_is_deleted_without_apply() -> None:
    told = forget("--before", "2026-03-16")
    assert "2 titles and bodies of messages emitted before 2026-03-16T00:00:00.000Z" in told
    assert "2026-03-14T09:26:53.589Z to 2026-03-15T09:26:53.589Z" in told
    assert "nothing is deleted without --apply" in told
    assert Content.objects.count() == 3
    assert "A title" not in told


@pytest.mark.parametrize(
    ("before", "left"),
    [("2026-03-16", 1), ("2026-03-15T09:26:53.589+00:00", 2), ("1m", 0), ("1970-01-01", 3)],
)
def test_before_is_a_day_a_moment_or_a_length_of_time(before: str, left: int) -> None:
    told = forget("--before", before, "--apply")
    assert told.splitlines()[-1] == f"{3 - left} deleted"
    assert Content.objects.count() == left


@pytest.mark.parametrize("before", ["", "yesterday", "2026-03-15T09:00:00", "2026-02-30", "30"])
def test_what_is_no_moment_is_refused(before: str) -> None:
    with pytest.raises(CommandError, match="--before"):
        forget("--before", before, "--apply")
    assert Content.objects.count() == 3
