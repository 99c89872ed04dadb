"""What the gateways' own words for an answer mean: the one table of them.

Sources: Apple's "Handling notification responses from APNs" (the ``reason`` of each status, and the
status 200 of what was taken); Google's "ErrorCode" of the FCM HTTP v1 API (200 has no word of its
own); Huawei's "Common Response Codes" of Push Kit (the member ``code`` of an answer).

An answer is final when the same message to the same token can only be answered so again. Words that
say nothing of one message are in no table: FCM's UNSPECIFIED_ERROR, and HMS's 80100000, by which
some of several tokens were reached and some not.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from .clients import Platform
from .deliveries import Outcome


@dataclass(frozen=True, slots=True)
class Answer:
    outcome: Outcome
    is_final: bool


TAKEN = Answer(Outcome.ACCEPTED, is_final=True)
REFUSED = Answer(Outcome.FAILED, is_final=True)
NOT_NOW = Answer(Outcome.FAILED, is_final=False)  # it may be sent again
UNCERTAIN = Answer(Outcome.PENDING, is_final=False)  # it may have been taken, or not

ANSWERS: Mapping[Platform, Mapping[str, Answer]] = {
    Platform.APNS: {
        "200": TAKEN,
        # 400: the request
        "BadCollapseId": REFUSED,
        "BadDeviceToken": REFUSED,
        "BadExpirationDate": REFUSED,
        "BadMessageId": REFUSED,
        "BadPriority": REFUSED,
        "BadTopic": REFUSED,
        "DeviceTokenNotForTopic": REFUSED,
        "DuplicateHeaders": REFUSED,
        "IdleTimeout": NOT_NOW,
        "InvalidPushType": REFUSED,
        "MissingDeviceToken": REFUSED,
        "MissingTopic": REFUSED,
        "PayloadEmpty": REFUSED,
        "TopicDisallowed": REFUSED,
        # 403: whoever sends, who may mend it and send again
        "BadCertificate": NOT_NOW,
        "BadCertificateEnvironment": NOT_NOW,
        "BadEnvironmentKeyIdInToken": NOT_NOW,
        "ExpiredProviderToken": NOT_NOW,
        "Forbidden": NOT_NOW,
        "InvalidProviderToken": NOT_NOW,
        "MissingProviderToken": NOT_NOW,
        "UnrelatedKeyIdInToken": NOT_NOW,
        # 404, 405
        "BadPath": REFUSED,
        "MethodNotAllowed": REFUSED,
        # 410: the token
        "ExpiredToken": REFUSED,
        "Unregistered": REFUSED,
        # 413
        "PayloadTooLarge": REFUSED,
        # 429
        "TooManyProviderTokenUpdates": NOT_NOW,
        "TooManyRequests": NOT_NOW,
        # 500, 503
        "InternalServerError": UNCERTAIN,
        "ServiceUnavailable": NOT_NOW,
        "Shutdown": NOT_NOW,
    },
    Platform.FCM: {
        "200": TAKEN,
        "INVALID_ARGUMENT": REFUSED,  # 400
        "THIRD_PARTY_AUTH_ERROR": NOT_NOW,  # 401: the certificate for APNs, or a key for the web
        "SENDER_ID_MISMATCH": REFUSED,  # 403
        "UNREGISTERED": REFUSED,  # 404
        "QUOTA_EXCEEDED": NOT_NOW,  # 429
        "INTERNAL": UNCERTAIN,  # 500
        "UNAVAILABLE": NOT_NOW,  # 503
    },
    Platform.HMS: {
        "80000000": TAKEN,
        "80100001": REFUSED,  # some parameters are wrong
        "80100003": REFUSED,  # the structure of the message
        "80100004": REFUSED,  # it had expired
        "80100013": REFUSED,  # its collapse key
        "80100016": REFUSED,  # it has sensitive information
        "80200001": NOT_NOW,  # OAuth
        "80200003": NOT_NOW,  # its token has expired
        "80300002": NOT_NOW,  # the app may not send
        "80300007": REFUSED,  # all tokens are invalid
        "80300008": REFUSED,  # too large
        "80300010": REFUSED,  # too many tokens
        "80300011": NOT_NOW,  # the app may not send with high priority
        "80600003": NOT_NOW,  # its OAuth service was not reached
        "81000001": UNCERTAIN,  # an internal error
    },
}


def answer_of(gateway: Platform, code: str) -> Answer | None:
    """What ``code`` means as the answer of ``gateway``, whose words are taken exactly; None: it is
    none that is known."""
    return ANSWERS[gateway].get(code)
