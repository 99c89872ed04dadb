import re
from datetime import datetime, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db.models import QuerySet
from django.utils import timezone

from notifications.management.commands._bank import APP, MIRROR, POWERAUTH, PUSH_SERVER
from notifications.management.commands.demo import SOURCE
from notifications.models import (
    ActivationEvent,
    Coverage,
    DeliveryReport,
    InboxEvent,
    MessageStorage,
    Notification,
    OperationEvent,
    Presentation,
    PushRegistration,
    PushServerReading,
    Source,
)
from notifications.protocol.reasons import Reason
from notifications.protocol.window import Window
from notifications.trace.coverage import coverage_of
from notifications.trace.gaps import Wanted, find_gaps
from notifications.trace.states import state_of

UNTIL = "2026-01-31T12:00:00Z"


def own() -> QuerySet[Notification]:
    """What the bank reports itself."""
    return Notification.objects.filter(source=SOURCE)


def everything() -> list[set[object]]:
    """The keys of all that is on record."""
    events = (ActivationEvent, OperationEvent, InboxEvent)
    of_push = (DeliveryReport, PushRegistration)
    kept = (Notification, *events, *of_push, Presentation, Coverage)
    return [set(model.objects.values_list("pk", flat=True)) for model in kept]


def demo(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    call_command("demo", *options)
    return capsys.readouterr().out


@pytest.mark.django_db
def test_the_demo_records_about_as_much_as_asked(capsys: pytest.CaptureFixture[str]) -> None:
    line = demo(capsys, "--size", "1200", "--until", UNTIL)
    recorded = own().count()
    assert recorded == pytest.approx(1200, rel=0.05)
    assert line.startswith(f"{recorded:,} recorded, 0 duplicates: 240 users, ")
    assert line.splitlines()[0].endswith(" devices, 2026-01-30T12:00Z to 2026-01-31T12:00Z")
    assert [source.pk for source in Source.objects.all()] == [
        SOURCE,
        POWERAUTH,
        MIRROR,
        PUSH_SERVER,
    ]
    assert not Notification.objects.filter(message_id=None).exists()


@pytest.mark.django_db
def test_a_second_app_is_mirrored_as_the_adapter_reads_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo(capsys, "--seed", "7", "--until", UNTIL)
    mirrored = Notification.objects.filter(source=MIRROR)
    assert mirrored.count() == pytest.approx(250, rel=0.1)
    assert set(mirrored.values_list("app_id", flat=True)) == {APP}
    assert not own().filter(app_id=APP).exists()
    assert Presentation.objects.filter(notification__source=MIRROR).count() == mirrored.count()
    told = ActivationEvent.objects.filter(source=MIRROR)
    assert set(told.values_list("kind", flat=True)) == {"registered", "unregistered", "push_status"}
    assert not told.exclude(findings=[]).exists()
    assert all(len(token) == 64 for token in told.values_list("token", flat=True) if token)
    posted = InboxEvent.objects.filter(source=MIRROR)
    assert set(posted.values_list("silent", flat=True)) == {True, False}
    assert not posted.exclude(findings=[]).exists()


@pytest.mark.django_db
def test_the_push_server_of_the_second_app_is_followed(capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys, "--seed", "5", "--until", UNTIL)
    until = datetime.fromisoformat(UNTIL)
    copies = Notification.objects.filter(source=PUSH_SERVER)
    assert copies.filter(per_device=True, app_id=APP).count() == copies.count() > 80
    assert copies.filter(activation=None).count() < copies.count() / 10
    reports = DeliveryReport.objects.filter(source=PUSH_SERVER)
    assert set(reports.values_list("outcome", flat=True)) == {"accepted", "failed", "pending"}
    for_ever = reports.filter(outcome="pending", is_final=True)
    assert {"gateway_not_configured", "transport_error"} <= {*for_ever.values_list("cause", flat=1)}
    reading = PushServerReading.objects.get()
    assert (reading.polled_at, reading.problem) == (until, "")
    assert reading.storage == MessageStorage.ON
    assert PushRegistration.objects.filter(gone_at=None).count() > 50
    day, later = Window(until - timedelta(days=1), until), until + timedelta(hours=1)
    covered = coverage_of([PUSH_SERVER], day.since, day.until)[PUSH_SERVER]
    assert len(covered.intervals) == 2
    assert find_gaps(day, now=later, wanted=Wanted(reasons=[Reason.NO_COPY])).entries


@pytest.mark.django_db
def test_the_lives_of_all_devices_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    demo(capsys, "--size", "400", "--until", UNTIL)
    told = ActivationEvent.objects.filter(source=POWERAUTH)
    named = set(told.values_list("activation_id", flat=True))
    assert set(own().exclude(platform=None).values_list("activation_id", flat=True)) <= named
    callbacks = told.filter(happened_at=None)
    assert 10 < callbacks.count() < told.count()
    assert callbacks.exclude(recipient=None).count() == callbacks.count()
    operations = OperationEvent.objects.filter(source=POWERAUTH)
    linked = Notification.objects.filter(
        source=MIRROR, operation__in=operations.values("external_id")
    )
    assert linked.count() > 20
    for events in (told, operations):
        assert not events.exclude(findings=[]).exists()
    assert state_of(named.pop(), datetime.fromisoformat(UNTIL)).status.value is not None


@pytest.mark.django_db
def test_the_new_sources_are_covered_but_for_their_outages(
    capsys: pytest.CaptureFixture[str],
) -> None:
    demo(capsys, "--size", "100", "--until", UNTIL)
    until = datetime.fromisoformat(UNTIL)
    found = coverage_of([MIRROR, POWERAUTH, SOURCE], until - timedelta(days=1), until)
    assert {source: len(covered.intervals) for source, covered in found.items()} == {
        MIRROR: 3,
        POWERAUTH: 2,
        SOURCE: 0,
    }
    for source in (MIRROR, POWERAUTH):
        for began, ended in found[source].holes(until - timedelta(days=1), until):
            missed = ActivationEvent.objects.filter(source=source, observed_at__gt=began)
            assert not missed.filter(observed_at__lt=ended).exists()


@pytest.mark.django_db
def test_a_repeat_records_only_duplicates(capsys: pytest.CaptureFixture[str]) -> None:
    options = ("--size", "200", "--seed", "7", "--until", UNTIL)
    demo(capsys, *options)
    recorded, told = own().count(), everything()
    lines = demo(capsys, *options).splitlines()
    assert lines[0].startswith(f"0 recorded, {recorded} duplicates: ")
    assert all(line.endswith("; 0 of them new") for line in lines[1:])
    assert everything() == told


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
