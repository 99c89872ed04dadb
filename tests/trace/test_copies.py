"""A mirror saw the request, the Push Server's database has a row for each device: one entry with
both as evidence, and how far it came by what the gateway answered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.emission import judged
from notifications.ingest.recorder import record
from notifications.models import Recipient
from notifications.models.patience import TooMuch
from notifications.models.querysets import Extent
from notifications.protocol.audience import Basis, Certainty, Grade
from notifications.protocol.deliveries import Cause, Outcome
from notifications.protocol.events import ActivationEventKind
from notifications.protocol.expectations import Mark
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.trace import deliveries
from notifications.trace.device import trace_device
from notifications.trace.documents import of_trace, of_user_trace
from notifications.trace.entries import Entry, Trace, UserTrace
from notifications.trace.gaps import find_gaps
from notifications.trace.operation import trace_operation
from notifications.trace.recipient import trace_user
from tests.conftest import DEVICE as PHONE
from tests.conftest import FINISHED, INBOX_NEW, INIT, NOW, OPERATION

from .happening import APP, DAY, REGISTERED, UNREGISTERED, USER, at, happened, only, push, traced
from .happening import OTHER as TABLET

pytestmark = pytest.mark.usefixtures("bank")

MIRROR, SERVER = "push-mirror", "push-server"
ACCEPTED, FAILED, PENDING = Outcome.ACCEPTED, Outcome.FAILED, Outcome.PENDING


def told(source: str, extras: dict[str, Any], seconds: float, **more: Any) -> UUID:
    emission = judged(
        extras=extras,
        emitted_at=_moment(seconds),
        now=NOW,
        **{"app_id": APP, "user_id": USER, "addressed_to": "user", "personal": True} | more,
    )
    (key,) = record([emission], source=source).ids
    return key


def _moment(seconds: float) -> datetime:
    return at(0) + timedelta(seconds=seconds)


def asked(extras: dict[str, Any] = INIT, seconds: float = 0, **more: Any) -> UUID:
    return told(MIRROR, extras, seconds, **more)


def made(
    device: str | None = PHONE,
    outcome: Outcome | None = None,
    extras: dict[str, Any] = INIT,
    seconds: float = 0.2,
    **answer: Any,
) -> UUID:
    """A row of the Push Server for ``device`` (None: it is not known for which), and its status."""
    row = {"activation_id": device, "per_device": True, "platform": "apns"}
    key = told(SERVER, extras, seconds, **row)
    if outcome is not None:
        answered(key, outcome, **answer)
    return key


def answered(key: UUID, outcome: Outcome, source: str = SERVER, **answer: Any) -> None:
    report = DeliveryTold(notification=key, key=None, outcome=outcome, observed_at=at(1), **answer)
    record_deliveries([report], source=source)


def ended(outcome: Outcome = ACCEPTED, *devices: str, seconds: float = 30) -> None:
    asked(FINISHED, seconds)
    for device in devices or (PHONE,):
        made(device, outcome, FINISHED, seconds + 0.2)


def user_trace() -> UserTrace:
    return trace_user(Recipient.objects.get(user_id=USER).pk, DAY, now=NOW)


def first(trace: Trace) -> Entry:
    return trace.entries[0]


# --- What customers tell


def test_two_phones_and_one_was_refused() -> None:
    """The story "Two phones, one was refused"."""
    request = asked()
    phone = made(PHONE, FAILED, code="BadDeviceToken", is_final=True)
    tablet = made(TABLET, ACCEPTED, is_final=True)
    ended(ACCEPTED, PHONE, TABLET)

    trace = traced()
    assert trace.verdict == "2 expected, 2 emitted, 1 failed."
    assert (trace.counts.emitted, trace.counts.failed, trace.counts.missing) == (2, 1, 0)
    entry = first(trace)
    assert (entry.key, entry.evidence) == (str(phone), (phone, request))
    assert entry.sources == (SERVER, MIRROR)
    assert (entry.basis, entry.certainty) == (Basis.ADDRESSED, Certainty.KNOWN)
    assert (entry.grade, entry.activation, entry.at) == (Grade.FAILED, PHONE, _moment(0.2))
    assert entry.sentence == (
        "The operation “login” was announced. APNs did not take it: BadDeviceToken."
        " Reported by push-mirror and push-server."
    )

    other = first(traced(TABLET))
    assert (other.key, other.grade) == (str(tablet), Grade.ACCEPTED)
    assert "APNs took it." in other.sentence

    user = user_trace()
    assert [set(row.devices) for row in user.rows] == [{PHONE, TABLET}, {PHONE, TABLET}]
    assert {key: each.grade for key, each in user.rows[0].devices.items()} == {
        PHONE: Grade.FAILED,
        TABLET: Grade.ACCEPTED,
    }
    assert (user.counts.emitted, user.counts.failed) == (2, 0)  # one phone did get it

    timeline = trace_operation(OPERATION, now=NOW)
    assert timeline.lanes == (PHONE, TABLET) or timeline.lanes == (TABLET, PHONE)
    assert [(each.sent, each.owed) for each in timeline.episodes] == [(4, 4)]
    assert {len(each.evidence) for each in timeline.entries} == {2}
    assert timeline.verdict == "4 expected, 4 emitted, 1 failed."


def test_personal_to_a_blocked_phone_stays_pending() -> None:
    """The story "It was blocked, and the message personal"."""
    asked()
    made(PHONE, PENDING, code="0")
    assert first(traced()).grade is Grade.ELIGIBLE
    made(TABLET, ACCEPTED)
    ended(ACCEPTED, TABLET)
    stays = {"code": "0", "is_final": True, "cause": Cause.INACTIVE_PERSONAL}
    answered(UUID(first(traced()).key), PENDING, **stays)
    made(PHONE, PENDING, FINISHED, 30.2, **stays)

    entry = first(traced())
    assert (entry.grade, entry.reason) == (Grade.NOT_ATTEMPTED, Reason.INACTIVE_PERSONAL)
    assert (entry.counts_as, entry.is_sent) == (CountsAs.EXPLAINED, False)
    assert entry.sentence == (
        "The operation “login” was announced. operationInit is personal, and this device was not"
        " push-active. It stays pending for ever. Reported by push-mirror and push-server."
    )
    assert traced().verdict == (
        "2 expected, 0 emitted, 2 explained (personal message, device not push-active)."
    )


def test_a_reload_is_two_announcements_each_with_its_copies() -> None:
    """The story "The page was reloaded"."""
    for seconds in (0, 5):
        asked(INIT, seconds)
        for device in (PHONE, TABLET):
            made(device, ACCEPTED, INIT, seconds + 0.2)
    ended(ACCEPTED, PHONE, TABLET)
    for device in (PHONE, TABLET):
        trace = traced(device)
        assert trace.verdict == "2 expected, 3 emitted, 1 repeated."
        assert [each.marks for each in trace.entries] == [(), (Mark.DUPLICATE,), ()]
    (episode,) = trace_operation(OPERATION, now=NOW).episodes
    assert (episode.sent, episode.owed) == (4, 4)


def test_a_copy_told_by_a_clock_that_is_astray_is_still_its_own() -> None:
    """The story "The clocks disagree": the copies come after the finish was asked for."""
    asked()
    made(PHONE, ACCEPTED, seconds=45)
    asked(FINISHED, 20)
    made(PHONE, ACCEPTED, FINISHED, 65)
    trace = traced()
    assert trace.verdict == "2 expected, 2 emitted."
    assert len(trace_operation(OPERATION, now=NOW).episodes) == 1


def test_a_copy_that_is_further_off_is_another_report() -> None:
    request = asked()
    copy = made(PHONE, ACCEPTED, seconds=61)
    found = [(each.key, each.basis) for each in traced().entries[:2]]
    assert found == [(str(request), Basis.USER_WIDE), (str(copy), Basis.ADDRESSED)]


# --- One entry


def test_a_request_whose_copies_are_for_others_stays_as_it_was() -> None:
    request = asked()
    made(TABLET, ACCEPTED)
    made(PHONE, ACCEPTED, INIT | {"operationId": "another"}, 1)
    entry = first(traced())
    assert (entry.key, entry.basis) == (str(request), Basis.USER_WIDE)
    assert (entry.certainty, entry.deliveries) == (Certainty.ASSUMED, ())
    assert entry.sources == (MIRROR,)
    assert "Reported by" not in entry.sentence


def test_an_inbox_message_and_a_request_that_names_its_device_merge_as_well() -> None:
    wide, named = asked(INBOX_NEW), asked(INIT, 1, activation_id=PHONE, addressed_to="activation")
    copies = (
        made(PHONE, ACCEPTED, INBOX_NEW),
        told(SERVER, INIT, 1.2, activation_id=PHONE, addressed_to="activation", per_device=True),
    )
    told_once = [each.evidence for each in traced().entries if each.is_emitted]
    assert told_once == [(copies[0], wide), (copies[1], named)]
    assert all(not each.marks for each in traced().entries)


def test_a_window_has_the_copy_where_the_copy_is() -> None:
    request, copy = asked(INBOX_NEW), made(PHONE, ACCEPTED, INBOX_NEW, 10)
    middle = _moment(5)
    before = trace_device(PHONE, type(DAY)(DAY.since, middle), now=NOW)
    after = trace_device(PHONE, type(DAY)(middle, DAY.until), now=NOW)
    assert before.entries == ()
    assert [each.evidence for each in after.entries] == [(copy, request)]


def test_the_copy_that_two_sources_report_is_one() -> None:
    """Nothing that is on record is left out of the user's trace: both are its evidence."""
    request = asked()
    one = made(PHONE, PENDING)
    other = told("another-server", INIT, 0.3, activation_id=PHONE, per_device=True)
    answered(other, ACCEPTED)
    (row,) = [each for each in user_trace().rows if each.entry.is_emitted]
    (cell,) = row.devices.values()
    assert cell.evidence == (one, other, request)
    assert cell.sources == (SERVER, "another-server", MIRROR)
    assert cell.grade is Grade.ACCEPTED


# --- How far it came


@pytest.mark.parametrize(
    ("answer", "grade", "failed", "words"),
    [
        ({"outcome": ACCEPTED}, Grade.ACCEPTED, 0, "APNs took it."),
        ({"outcome": FAILED}, Grade.FAILED, 1, "APNs did not take it."),
        ({"outcome": FAILED, "code": "410"}, Grade.FAILED, 1, "APNs did not take it: 410."),
        (
            {"outcome": FAILED, "code": "-1"},
            Grade.FAILED,
            1,
            "APNs did not take it; the Push Server keeps no reason.",
        ),
        ({"outcome": PENDING}, Grade.ELIGIBLE, 0, "What APNs answered is not known yet."),
        (
            {"cause": Cause.GATEWAY_NOT_CONFIGURED},
            Grade.NOT_ATTEMPTED,
            1,
            "It stays pending for ever: most likely the gateway is not configured for the app.",
        ),
        ({"cause": Cause.NO_FLAG}, Grade.NOT_ATTEMPTED, 1, "most likely the Push Server broke off"),
        (
            {"cause": Cause.TRANSPORT_ERROR},
            Grade.ATTEMPTED,
            1,
            "most likely the gateway did not answer",
        ),
        (
            {"cause": Cause.UNKNOWN},
            Grade.ELIGIBLE,
            1,
            "It stays pending for ever: nothing suggests why.",
        ),
        ({"cause": None}, Grade.ELIGIBLE, 1, "It stays pending for ever: nothing suggests why."),
    ],
    ids=str,
)
def test_how_far_it_came_is_what_its_gateway_answered(
    answer: dict[str, Any], grade: Grade, failed: int, words: str
) -> None:
    stays = {"outcome": PENDING, "is_final": True} if "cause" in answer else {}
    made(PHONE, **stays | answer, extras=INBOX_NEW)
    trace = traced()
    entry = only(trace)
    assert (entry.grade, entry.reason, entry.is_sent) == (grade, None, True)
    assert (trace.counts.emitted, trace.counts.failed) == (1, failed)
    assert words in entry.sentence
    assert "delivered" not in entry.sentence


def test_an_answer_beats_what_is_assumed_of_the_device() -> None:
    happened(push(REGISTERED, -60), push(UNREGISTERED, -30))
    key = made(PHONE, None, INBOX_NEW)
    assert only(traced()).reason is Reason.NOT_REGISTERED
    answered(key, PENDING)
    assert only(traced()).grade is Grade.ELIGIBLE  # its row proves that it was registered
    answered(key, ACCEPTED)
    entry = only(traced())
    assert (entry.grade, entry.reason, traced().counts.emitted) == (Grade.ACCEPTED, None, 1)


def test_what_is_pending_is_kept_by_what_is_known_of_the_device() -> None:
    """The likely cause is not told yet, or none is; the device was not push-active."""
    status = ActivationEventKind.PUSH_STATUS
    happened(push(REGISTERED, -60), push(status, -30, push_active=False, token=None))
    key = made(PHONE, PENDING, INBOX_NEW)
    assert only(traced()).reason is Reason.INACTIVE_PERSONAL
    answered(key, PENDING, is_final=True, cause=Cause.UNKNOWN)
    assert only(traced()).reason is Reason.INACTIVE_PERSONAL
    answered(key, PENDING, is_final=True, cause=Cause.TRANSPORT_ERROR, happened_at=at(2))
    entry = only(traced())
    assert (entry.grade, entry.reason) == (Grade.ATTEMPTED, None)


def test_the_deliveries_of_a_request_that_names_one_device_count_as_well() -> None:
    key = asked(INBOX_NEW, activation_id=PHONE, addressed_to="activation")
    answered(key, FAILED, "gateway-log", code="Unregistered")
    assert only(traced()).grade is Grade.FAILED
    made_one = told(
        SERVER, INBOX_NEW, 1, activation_id=PHONE, addressed_to="activation", per_device=True
    )
    answered(made_one, PENDING)
    entry = only(traced())
    assert (entry.grade, len(entry.deliveries)) == (Grade.FAILED, 2)


def test_what_was_answered_to_a_user_wide_request_is_of_no_device() -> None:
    answered(asked(INBOX_NEW), ACCEPTED)
    made(PHONE, PENDING, INIT, 40)
    entry = first(traced())
    assert (entry.basis, entry.grade, entry.deliveries) == (Basis.USER_WIDE, Grade.UNKNOWN, ())


def test_deliveries_are_in_the_documents() -> None:
    key = made(PHONE, FAILED, INBOX_NEW, code="BadDeviceToken", is_final=True, happened_at=at(0.5))
    (delivery,) = of_trace(traced(), traced().entries)["entries"][0]["deliveries"]
    del delivery["id"]
    assert delivery == {
        "source": SERVER,
        "outcome": "failed",
        "code": "BadDeviceToken",
        "is_final": True,
        "cause": None,
        "at": delivery["at"],
        "observed_at": delivery["observed_at"],
    }
    assert delivery["at"] < delivery["observed_at"]
    assert UUID(only(traced()).key) == key


def test_more_answers_than_one_answer_may_rest_on_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    key = made(PHONE, ACCEPTED, INBOX_NEW)
    answered(key, ACCEPTED)
    monkeypatch.setattr(deliveries, "MOST", 1)
    with pytest.raises(TooMuch, match="over 1 delivery reports"):
        traced()
    assert deliveries.deliveries_of([], extent=Extent()) == {}


# --- A device that is not known


def test_a_copy_for_a_device_that_is_not_known_is_shown_to_the_user_alone() -> None:
    request = asked()
    made(PHONE, ACCEPTED)
    unknown = made(None, FAILED, code="-1")
    ended()
    assert [each.key for each in traced().entries if str(unknown) == each.key] == []
    row = user_trace().rows[0]
    (copy,) = row.unknown
    assert (copy.key, copy.grade, copy.activation) == (str(unknown), Grade.FAILED, None)
    assert copy.evidence == (unknown, request)
    assert "It is the copy for a device that is not known." in copy.sentence
    devices = of_user_trace(user_trace(), user_trace().rows)["entries"][0]["devices"]
    assert [(each["activation"], each["grade"]) for each in devices] == [
        (PHONE, "accepted"),
        (None, "failed"),
    ]
    assert user_trace().counts.emitted == 2
    timeline = trace_operation(OPERATION, now=NOW)
    assert set(timeline.lanes) == {PHONE, None}


def test_copies_for_devices_that_are_not_known_alone_stand_for_their_request() -> None:
    asked(INBOX_NEW)
    copies = {made(None, ACCEPTED, INBOX_NEW), made(None, ACCEPTED, INBOX_NEW, 0.3)}
    rows = user_trace().rows
    assert {UUID(row.entry.key) for row in rows} == copies
    assert all((row.entry.basis, row.devices) == (Basis.USER_WIDE, {}) for row in rows)
    assert user_trace().counts.duplicate == 0


# --- Gaps


def test_what_was_announced_and_never_finished_is_owed_after_its_announcement() -> None:
    asked()
    made(PHONE, ACCEPTED)
    assert [each.rule for each in traced().entries] == [None, Rule.E1]


def test_the_gaps_are_the_same_in_the_list_and_in_the_traces(tell: Callable[..., None]) -> None:
    asked()
    for device in (PHONE, TABLET):
        made(device, ACCEPTED)
    made(PHONE, ACCEPTED, FINISHED | {"operationId": "finished"}, 40)
    asked(FINISHED | {"operationId": "finished"}, 39)
    listed = {each.key for each in find_gaps(DAY, now=NOW).entries if each.activation}
    shown = {each.key for device in (PHONE, TABLET) for each in traced(device).entries if each.rule}
    assert listed == shown
    assert {each.rule for each in find_gaps(DAY, now=NOW).entries} == {Rule.E1, Rule.E2}
