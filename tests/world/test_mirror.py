"""The requests of emitters, as a mirror sees them."""

from datetime import timedelta
from itertools import pairwise

from notifications.protocol.extras import MessageType, check
from notifications.world import Faults, Kind
from notifications.world.chance import stream
from notifications.world.mirror import POST, SEND, post, send
from notifications.world.outages import contacts, covered, outages

from .worlds import UNTIL, emissions, truth

SINCE = UNTIL - timedelta(days=1)


def test_every_message_is_sent_in_the_form_of_the_push_server() -> None:
    rng = stream("test")
    for emitted in emissions():
        request = send(emitted, rng=rng)
        assert request is not None
        assert (request.path, request.at) == (SEND, emitted.at)
        asked = request.body["requestObject"]
        fact, message = emitted.fact, asked["message"]
        assert (asked["appId"], message["userId"]) == (fact.user.app_id, fact.user.user_id)
        assert message.get("activationId") == (fact.device and fact.device.activation_id)
        extras = message["body"]["extras"]
        assert check(extras) == ()
        assert ("activationId" in extras) == (fact.owes is MessageType.STATUS_CHANGE)
        assert message["attributes"] == {
            "personal": fact.operation is not None,
            "silent": fact.owes is MessageType.OPERATION_FINISHED,
        }
        assert ("title" in message["body"]) != message["attributes"]["silent"]


def test_a_dropped_message_is_no_request_and_a_misdirected_one_names_who_got_it() -> None:
    troubled = Faults(drop=0.2, misdirect=0.3)
    for emitted in emissions(troubled):
        request = send(emitted, rng=stream("test"))
        assert (request is None) == (emitted.envelope is None)
        if request is not None and emitted.envelope and "activation_id" in emitted.envelope:
            message = request.body["requestObject"]["message"]
            assert message["activationId"] == emitted.envelope["activation_id"]
            assert message["userId"] == emitted.envelope["user_id"]


def test_an_inbox_message_is_posted_and_says_when_no_push_is_wanted() -> None:
    silent = {True: 0, False: 0}
    for fact in truth():
        request = post(fact, rng=stream("test"))
        assert (request is not None) == (fact.kind is Kind.POSTED)
        if request is not None:
            assert request.path == POST
            silent[request.body["silent"]] += 1
            assert not (request.body["silent"] and fact.owes)
    assert 0 < silent[True] < silent[False]


def test_outages_and_what_is_covered_share_the_window() -> None:
    missed = outages(3, since=SINCE, until=UNTIL, rng=stream("test"))
    kept = list(covered(since=SINCE, until=UNTIL, missed=missed))
    assert len(missed) == 3
    parts = sorted([(each.since, each.until) for each in missed] + kept)
    assert [part[0] for part in parts] == [SINCE, *(part[1] for part in parts[:-1])]
    assert parts[-1][1] == UNTIL
    assert all(since < until for since, until in parts)


def test_contacts_come_at_intervals_and_leave_outages_open() -> None:
    missed = outages(2, since=SINCE, until=UNTIL, rng=stream("test"))
    minute = timedelta(minutes=1)
    came = list(contacts(minute, since=SINCE, until=UNTIL, missed=missed))
    apart = [(one, other) for one, other in pairwise(came) if other - one > minute]
    assert apart == [(each.since, each.until) for each in missed]
    assert (came[0], came[-1]) == (SINCE, UNTIL)
    assert came == sorted(came)


def test_a_window_without_room_has_no_outage() -> None:
    assert outages(5, since=UNTIL - timedelta(minutes=5), until=UNTIL, rng=stream("test")) == ()
