"""What the apps' own parsers make of a payload, apart from whether it conforms."""

from typing import Any

import pytest

from notifications.protocol.clients import (
    PLATFORM_NAMES,
    RESULTS,
    ClientView,
    Generation,
    Platform,
    view,
    views,
)
from notifications.protocol.extras import OperationResult
from tests.conftest import FINISHED, INBOX_NEW, INIT, OPERATION, STATUS_CHANGE

IOS_2, IOS_3, ANDROID = Generation.IOS_2, Generation.IOS_3, Generation.ANDROID
APNS, FCM, HMS = Platform.APNS, Platform.FCM, Platform.HMS
CREATED = ClientView("operation_created")
NOTHING = ClientView(None)


@pytest.mark.parametrize(
    ("extras", "generation", "platform", "expected"),
    [
        (INIT, IOS_2, APNS, CREATED),
        (INIT, IOS_3, FCM, CREATED),
        (INIT, ANDROID, FCM, CREATED),
        (INIT, ANDROID, HMS, CREATED),
        # A gateway reaches its own kind of phone only.
        (INIT, ANDROID, APNS, NOTHING),
        (INIT, IOS_2, HMS, NOTHING),
        (INBOX_NEW, IOS_2, APNS, ClientView("inbox_message")),
        (INBOX_NEW, ANDROID, FCM, ClientView("inbox_message")),
        # Only iOS 3 knows the type, and asks for nothing else.
        (STATUS_CHANGE, IOS_2, APNS, NOTHING),
        (STATUS_CHANGE, ANDROID, FCM, NOTHING),
        ({"messageType": "mtoken.statusChange"}, IOS_3, APNS, ClientView("status_change")),
        (FINISHED, IOS_2, APNS, ClientView("operation_finished", "success")),
        (
            FINISHED | {"mtokenOperationResult": "error.unknown"},
            ANDROID,
            FCM,
            ClientView("operation_finished", "unknown"),
        ),
        ({**INIT, "messageType": "mtoken.operationFinished"}, IOS_2, APNS, NOTHING),
        (INIT | {"mtokenOperationResult": "authentication.fail"}, IOS_2, APNS, CREATED),
        # Nothing checks form, emptiness or unknown keys.
        (INIT | {"operationId": "", "operationName": "", "more": "x"}, IOS_2, APNS, CREATED),
        # Types stay over APNs and HMS; FCM makes everything text.
        (INIT | {"operationId": 123}, IOS_2, APNS, NOTHING),
        (INIT | {"operationId": 123}, IOS_2, FCM, CREATED),
        (INIT | {"operationId": 123}, ANDROID, FCM, CREATED),
        (INIT | {"operationId": 123}, ANDROID, HMS, NOTHING),
        # null is absent over APNs and fails the whole request over FCM.
        (INIT | {"operationId": None}, IOS_2, APNS, NOTHING),
        (INIT | {"more": None}, IOS_2, APNS, CREATED),
        (INIT | {"more": None}, ANDROID, FCM, NOTHING),
        (INIT | {"more": None}, ANDROID, HMS, CREATED),
        ({}, IOS_3, APNS, NOTHING),
        ({"messageType": "MTOKEN.operationInit", "operationId": OPERATION}, IOS_3, APNS, NOTHING),
    ],
)
def test_what_an_app_makes_of_it(
    extras: dict[str, Any], generation: Generation, platform: Platform, expected: ClientView
) -> None:
    assert view(extras, generation, platform) == expected


@pytest.mark.parametrize("result", OperationResult)
def test_every_result_has_a_name_in_the_apps(result: OperationResult) -> None:
    told = view(FINISHED | {"mtokenOperationResult": result.value}, ANDROID, FCM)
    assert told == ClientView("operation_finished", RESULTS[result])
    assert told.result != "unknown"


def test_without_a_platform_each_is_judged_on_its_usual_gateway() -> None:
    number = INIT | {"operationId": 123}  # lost over APNs, text over FCM
    assert views(number, None) == {IOS_2: NOTHING, IOS_3: NOTHING, ANDROID: CREATED}


def test_older_names_mean_the_same_gateways() -> None:
    assert PLATFORM_NAMES == {
        "apns": APNS, "fcm": FCM, "hms": HMS, "ios": APNS, "android": FCM, "huawei": HMS,
    }  # fmt: skip
