import re

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from notifications.models import Notification, Source

UNTIL = "2026-01-31T12:00:00Z"


def demo(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("demo", *options)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_the_demo_records_about_as_much_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    line = demo(capsys, "--size", "1200", "--until", UNTIL)
    recorded = Notification.objects.count()
    assert recorded == pytest.approx(1200, rel=0.05)
    assert line.startswith(f"{recorded:,} recorded, 0 duplicates: 240 users, ")
    assert line.endswith(" devices, 2026-01-30T12:00Z to 2026-01-31T12:00Z\n")
    assert [source.pk for source in Source.objects.all()] == ["demo-bank"]
    assert not Notification.objects.filter(message_id=None).exists()


@pytest.mark.django_db
def test_a_repeat_records_only_duplicates(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--size", "200", "--seed", "7", "--until", UNTIL)
    demo(capsys, *options)
    recorded = Notification.objects.count()
    assert demo(capsys, *options).startswith(f"0 recorded, {recorded} duplicates: ")
    assert Notification.objects.count() == recorded


@pytest.mark.django_db
def test_another_seed_or_end_records_anew(capsys: pytest.CaptureFixture[str]) -> None:
    for options in (["--until", UNTIL], ["--until", UNTIL, "--seed", "2"], []):
        assert ", 0 duplicates: " in demo(capsys, "--size", "100", *options)


@pytest.mark.django_db
def test_the_day_ends_now_unless_said_otherwise(capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys, "--size", "100")
    newest = Notification.objects.order_by("-id")[0].emitted_at
    assert newest < timezone.now()
    assert (timezone.now() - newest).days == 0


@pytest.mark.django_db
def test_progress_goes_to_stderr_and_can_be_silenced(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("demo", "--size", "50")
    assert re.search(r"100%.*notifications/s", capsys.readouterr().err)
    call_command("demo", "--size", "50", "--verbosity", "0")
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("options", "remedy"),
    [
        (("--size", "0"), "whole number from 1"),
        (("--size", "-5"), "whole number from 1"),
        (("--size", "many"), "invalid int"),
        (("--until", "2026-01-31T12:00:00"), "has no zone; write 2026-01-31T12:00:00Z"),
        (("--until", "yesterday"), "no ISO date and time; write"),
        (("--until", "1999-01-31T12:00:00Z"), "outside 2016 to 2099"),
    ],
)
def test_bad_options_are_refused_with_the_remedy(options: tuple[str, ...], remedy: str) -> None:
    with pytest.raises(CommandError, match=remedy):
        call_command("demo", *options)
