"""The words of the gateways are read as their documentation has them."""

import pytest

from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Outcome
from notifications.protocol.gateways import ANSWERS, Answer, answer_of


@pytest.mark.parametrize(
    ("gateway", "code", "outcome", "is_final"),
    [
        (Platform.APNS, "200", Outcome.ACCEPTED, True),
        (Platform.APNS, "Unregistered", Outcome.FAILED, True),
        (Platform.APNS, "TooManyRequests", Outcome.FAILED, False),
        (Platform.APNS, "InternalServerError", Outcome.PENDING, False),
        (Platform.FCM, "UNREGISTERED", Outcome.FAILED, True),
        (Platform.FCM, "UNAVAILABLE", Outcome.FAILED, False),
        (Platform.HMS, "80000000", Outcome.ACCEPTED, True),
        (Platform.HMS, "80300007", Outcome.FAILED, True),
    ],
)
def test_a_word_is_read(gateway: Platform, code: str, outcome: Outcome, is_final: bool) -> None:
    assert answer_of(gateway, code) == Answer(outcome, is_final)


@pytest.mark.parametrize(
    ("gateway", "code"),
    [
        (Platform.FCM, "Unregistered"),  # of another gateway
        (Platform.APNS, "unregistered"),  # in another case
        (Platform.HMS, "80100000"),  # of several tokens
        (Platform.FCM, "UNSPECIFIED_ERROR"),
        (Platform.APNS, ""),
    ],
)
def test_what_says_nothing_of_one_message_is_not_known(gateway: Platform, code: str) -> None:
    assert answer_of(gateway, code) is None


def test_every_gateway_has_one_word_for_what_it_took() -> None:
    for gateway in Platform:
        taken = [each for each in ANSWERS[gateway].values() if each.outcome is Outcome.ACCEPTED]
        assert taken == [Answer(Outcome.ACCEPTED, is_final=True)]
