"""What the page of a notification says of its payload."""

from typing import Any

import pytest

from notifications.admin import reading
from notifications.admin.addresses import quote_key, unquote_key
from notifications.admin.reading import Role, judged_today, pretty_json, read_apps, read_extras
from notifications.protocol.extras import RULES_VERSION, check
from notifications.templatetags.console import visible, visible_json
from tests.conftest import FINISHED, INIT, STATUS_CHANGE


def roles(extras: dict[str, Any]) -> dict[str, Role]:
    return {entry.key: entry.role for entry in read_extras(extras, ())}


def test_the_specification_s_keys_come_first_absent_ones_included() -> None:
    extras = {"zeta": "1", "messageType": "mtoken.operationInit", "alpha": "2"}
    entries = read_extras(extras, ())
    keys = ["messageType", "operationId", "operationName", "alpha", "zeta"]
    assert [entry.key for entry in entries] == keys
    assert [entry.value for entry in entries][1:3] == [None, None]


def test_each_key_has_its_role() -> None:
    extras = INIT | {"activationId": "a", "mtokenOperationResult": "x", "extra": "y"}
    assert roles(extras) == {
        "messageType": Role.REQUIRED,
        "operationId": Role.REQUIRED,
        "operationName": Role.REQUIRED,
        "activationId": Role.OPTIONAL,
        "mtokenOperationResult": Role.IGNORED,
        "extra": Role.UNEXPECTED,
    }


@pytest.mark.parametrize("message_type", [None, 7, "mtoken.unheardOf", ["mtoken.operationInit"]])
def test_nothing_is_specified_for_an_unknown_type(message_type: Any) -> None:
    assert roles({"messageType": message_type, "operationId": "x"}) == {
        "messageType": Role.REQUIRED,
        "operationId": Role.UNKNOWN,
    }


def test_a_finding_stands_at_its_key() -> None:
    finding = {"code": "not_uuid", "key": "operationId", "detail": "d"}
    found = {entry.key: entry.findings for entry in read_extras(INIT, [finding])}
    assert found == {"messageType": (), "operationId": (finding,), "operationName": ()}


@pytest.mark.parametrize(
    ("value", "text", "kind"),
    [("é", "é", ""), (None, "null", "null"), (True, "true", "boolean"), (0.5, "0.5", "number")],
)
def test_a_value_that_is_no_string_says_what_it_is(value: Any, text: str, kind: str) -> None:
    (entry,) = [each for each in read_extras({"k": value}, ()) if each.key == "k"]
    assert (entry.value, entry.kind) == (text, kind)


def test_apps_over_the_gateways_that_reach_them() -> None:
    apps = read_apps(STATUS_CHANGE, "fcm")
    assert apps.gateways == (("APNs", False), ("FCM", True), ("HMS", False))
    seen = {name: [cell.text for cell in cells] for name, cells in apps.rows}
    assert seen == {
        "iOS 2 and older": ["Passed by", "Passed by", None],
        "iOS 3": ["Status change", "Status change", None],
        "Android": [None, "Passed by", "Passed by"],
    }


def test_the_result_an_app_tells() -> None:
    (_, cells), *_ = read_apps(FINISHED, None).rows
    assert cells[0].text == "Operation finished: success"


def test_no_word_of_today_while_the_rules_are_the_same() -> None:
    assert judged_today({}, [], RULES_VERSION) is None


def test_older_rules_that_agree_need_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "RULES_VERSION", RULES_VERSION + 1)
    repaired = {"code": "repaired_value", "key": "n", "detail": "of the way in, not of the rules"}
    stored = [{"code": str(each.code), "key": each.key, "detail": ""} for each in check({})]
    assert judged_today({}, [*stored, repaired], RULES_VERSION) is None


def test_older_rules_that_differ_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "RULES_VERSION", RULES_VERSION + 1)
    assert judged_today({}, [], RULES_VERSION) == check({})
    stored = [{"code": "unexpected_key", "key": "x", "detail": ""}]
    assert judged_today(INIT, stored, RULES_VERSION) == ()


@pytest.mark.parametrize("key", [".", "..", "a.b", "_", "_2E", "a/b", "ünï", "x:y?z#%", " ", "\n"])
def test_every_key_survives_an_address(key: str) -> None:
    assert unquote_key(quote_key(key)) == key
    assert quote_key(key) not in (".", "..")
    assert "/" not in quote_key(key)


def test_what_would_not_show_is_shown() -> None:
    assert visible("a\u202eb\x01\n") == "a⟨U+202E⟩b⟨U+0001⟩\n"
    assert visible("ünï 日本 👩‍👩‍👧 اردو") == "ünï 日本 👩‍👩‍👧 اردو"


def test_json_keeps_its_meaning() -> None:
    assert visible_json(pretty_json({"k": "\u202e\x7f\x01"})) == (
        '{\n  "k": "\\u202e\\u007f\\u0001"\n}'
    )
