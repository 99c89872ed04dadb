"""The table of rights in docs/api.md, each cell of it over HTTP."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from rest_framework.test import APIClient

from notifications.admin.addresses import list_address, trace_address
from notifications.models import AccessRecord, Activation, Operation, Recipient
from notifications.models.pseudonyms import pseudonym_of
from notifications.protocol.window import Window
from notifications.trace.access import Viewer, record_access
from notifications.trace.gaps import find_gaps
from tests.conftest import DEVICE, INBOX, INIT, OPERATION, SOURCE

API = "/api/v1"
# "": in no group.
GROUPS = (
    "Emitters",
    "Support",
    "Operators",
    "Analysts",
    "Auditors",
    "Monitors",
    "",
)  # "": in no group
POSTS = {"Emitters"}
READS = {"Support", "Operators", "Analysts", "Auditors"}
READS_USER_IDS = {"Support", "Operators", "Auditors"}
TRACES = {"Support", "Operators", "Auditors"}
ACKNOWLEDGES = {"Support", "Operators"}
READS_ACCESS_RECORDS = {"Auditors"}
SCRAPES = {"Monitors"}
SETS = {"Operators"}
SEES_SETTINGS = {"Operators", "Auditors"}
EXPORTS = {"Operators", "Analysts"}
SEES_EXPORTS = {"Operators", "Analysts", "Auditors"}  # the former their own
SENT = json.dumps({"extras": INIT})
MIRRORED = json.dumps(
    {"requestObject": {"appId": "a", "message": {"userId": "user-1", "body": {"extras": INIT}}}}
)
CALLBACK = json.dumps({"type": "ACTIVATION", "activationId": DEVICE})
ASKED = json.dumps({"dataset": "stats", "filters": {"since": "2026-03-01T00:00:00Z"}})
RULE = json.dumps({"rule": "E4", "says": "learned", "note": "as it was"})
NDJSON = {"content_type": "application/x-ndjson"}

DAY = datetime(2026, 3, 14, tzinfo=UTC)
SINCE = {"since": "2026-03-01T00:00:00Z"}

Ask = Callable[[Any], Any]


def get(address: str, **parameters: str) -> Ask:
    """``{notification}`` and ``{recipient}`` stand for the keys of what is recorded."""
    return lambda client: client.get(address.format(**_keys()), parameters)


def streamed(dataset: str) -> Ask:
    def ask(client: Any) -> Any:
        response = client.get(f"{API}/exports/{dataset}/", SINCE)
        for _ in getattr(response, "streaming_content", ()):
            pass  # to its end, or it would keep its connection
        return response

    return ask


def _keys() -> dict[str, Any]:
    return {
        "notification": Operation.objects.get().first_notification_id,
        "recipient": Recipient.objects.get().pk,
        "access": AccessRecord.objects.order_by("id").first().pk,
    }


def _note_of_a_gap() -> str:
    window = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}
    found = find_gaps(Window(DAY, DAY + timedelta(days=1)), now=DAY + timedelta(days=2)).entries
    return json.dumps({"keys": [each.key for each in found], "note": "Known.", **window})


# What, who may, how it is asked. A new endpoint gets its rows here.
OVER_REST: tuple[tuple[str, set[str], Ask], ...] = (
    (
        "post one",
        POSTS,
        lambda client: client.post(f"{API}/notifications/", SENT, content_type="application/json"),
    ),
    (
        "post many",
        POSTS,
        lambda client: client.post(f"{API}/notifications/bulk/", SENT, **NDJSON),
    ),
    (
        "mirror a message",
        POSTS,
        lambda client: client.post(
            f"{API}/mirror/push/message/send", MIRRORED, content_type="application/json"
        ),
    ),
    (
        "mirror a push status",
        POSTS,
        lambda client: client.put(
            f"{API}/mirror/push/device/status/update",
            '{"activationId": "a"}',
            content_type="application/json",
        ),
    ),
    ("probe a mirror", POSTS, get(f"{API}/mirror/push/service/status")),
    ("send a heartbeat", POSTS, lambda client: client.post(f"{API}/heartbeats/")),
    (
        "post a callback of PowerAuth",
        POSTS,
        lambda client: client.post(
            f"{API}/powerauth/callbacks/", CALLBACK, content_type="application/json"
        ),
    ),
    (
        "tell what became of one",
        POSTS,
        lambda client: client.post(
            f"{API}/notifications/{_keys()['notification']}/deliveries/",
            '{"outcome": "accepted"}',
            content_type="application/json",
        ),
    ),
    (
        "tell what became of many",
        POSTS,
        lambda client: client.post(f"{API}/deliveries/bulk/", "{}", **NDJSON),
    ),
    (
        "read what became of one",
        READS,
        get(f"{API}/notifications/{{notification}}/deliveries/"),
    ),
    ("list notifications", READS, get(f"{API}/notifications/")),
    ("read a notification", READS, get(f"{API}/notifications/{{notification}}/")),
    ("list by user id", READS_USER_IDS, get(f"{API}/notifications/", user_id="user-1")),
    ("list by another user id", READS_USER_IDS, get(f"{API}/notifications/", user_id="x")),
    ("feed", READS, get(f"{API}/notifications/feed/")),
    ("list operations", READS, get(f"{API}/operations/")),
    ("operations of a user", READS_USER_IDS, get(f"{API}/operations/", user_id="user-1")),
    ("read an operation", READS, get(f"{API}/operations/{OPERATION}/")),
    ("list activations", READS, get(f"{API}/activations/")),
    ("activations of a user", READS_USER_IDS, get(f"{API}/activations/", user_id="x")),
    ("read an activation", READS, get(f"{API}/activations/{DEVICE}/")),
    ("events of a device", READS, get(f"{API}/activations/{DEVICE}/events/")),
    ("state of a device", READS, get(f"{API}/activations/{DEVICE}/state/")),
    ("events of an operation", READS, get(f"{API}/operations/{OPERATION}/events/")),
    ("list inbox messages", READS, get(f"{API}/inbox-messages/")),
    ("inbox messages of a user", READS_USER_IDS, get(f"{API}/inbox-messages/", user_id="x")),
    ("read an inbox message", READS, get(f"{API}/inbox-messages/{INBOX}/")),
    ("list by recipient", READS_USER_IDS, get(f"{API}/notifications/", recipient="1")),
    ("list recipients", READS_USER_IDS, get(f"{API}/recipients/")),
    ("read a recipient", READS_USER_IDS, get(f"{API}/recipients/{{recipient}}/")),
    ("list sources", READS, get(f"{API}/sources/")),
    ("read a source", READS, get(f"{API}/sources/{SOURCE}/")),
    ("coverage of a source", READS, get(f"{API}/sources/{SOURCE}/coverage/")),
    ("where rules apply", READS, get(f"{API}/sources/{SOURCE}/rules/")),
    (
        "set where a rule applies",
        SETS,
        lambda client: client.post(
            f"{API}/sources/{SOURCE}/rules/", RULE, content_type="application/json"
        ),
    ),
    ("list changes of settings", SEES_SETTINGS, get(f"{API}/setting-changes/")),
    ("list access records", READS_ACCESS_RECORDS, get(f"{API}/access-records/")),
    ("read an access record", READS_ACCESS_RECORDS, get(f"{API}/access-records/{{access}}/")),
    ("gaps", READS, get(f"{API}/gaps/")),
    ("stats", READS, get(f"{API}/stats/")),
    ("find a recipient", READS_USER_IDS, get(f"{API}/recipients/", user_id="user-1")),
    ("trace a device", TRACES, get(f"{API}/activations/{DEVICE}/trace/")),
    ("trace a user", TRACES, get(f"{API}/recipients/{{recipient}}/trace/")),
    ("timeline", TRACES, get(f"{API}/operations/{OPERATION}/timeline/")),
    ("export notifications", EXPORTS, streamed("notifications")),
    ("export operations", EXPORTS, streamed("operations")),
    ("export delivery reports", EXPORTS, streamed("deliveries")),
    ("export gaps", EXPORTS, streamed("gaps")),
    ("export statistics", EXPORTS, streamed("stats")),
    (
        "note something of gaps",
        ACKNOWLEDGES,
        lambda client: client.post(
            f"{API}/gaps/notes/", _note_of_a_gap(), content_type="application/json"
        ),
    ),
    ("list notes on gaps", READS, get(f"{API}/gaps/notes/")),
    ("count gaps", READS, get(f"{API}/gaps/stats/")),
    ("read metrics", SCRAPES, get("/metrics")),
    (
        "ask for an export",
        EXPORTS,
        lambda client: client.post(f"{API}/exports/", ASKED, content_type="application/json"),
    ),
    ("list exports", SEES_EXPORTS, get(f"{API}/exports/")),
)
IN_THE_CONSOLE: tuple[tuple[str, set[str], Callable[[], str]], ...] = (
    ("notifications", READS, lambda: list_address("notification")),
    ("operations", READS, lambda: list_address("operation")),
    ("activations", READS, lambda: list_address("activation")),
    ("inbox messages", READS, lambda: list_address("inboxmessage")),
    ("sources", READS, lambda: list_address("source")),
    ("gaps", READS, lambda: "/admin/gaps/"),
    ("recipients", READS_USER_IDS, lambda: list_address("recipient")),
    ("trace a device", TRACES, lambda: trace_address("activation", DEVICE)),
    ("trace a user", TRACES, lambda: trace_address("recipient", _keys()["recipient"])),
    ("timeline", TRACES, lambda: trace_address("operation", OPERATION)),
    ("where rules apply", READS, lambda: f"/admin/notifications/source/{SOURCE}/rules/"),
    ("changes of settings", SEES_SETTINGS, lambda: list_address("settingchange")),
    ("access records", READS_ACCESS_RECORDS, lambda: list_address("accessrecord")),
    ("accounts", set(), lambda: list_address("account")),
)


@pytest.fixture
def recorded(record_one: Callable[..., UUID]) -> None:
    """One of each kind."""
    record_one(
        extras=INIT | {"inboxId": INBOX},
        activation_id=DEVICE,
        user_id="user-1",
        emitted_at="2026-03-14T09:00:00Z",
    )
    viewer = Viewer("support", AccessRecord.Via.API)
    record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject=DEVICE)
    assert Activation.objects.get().pk == DEVICE


@pytest.mark.parametrize("group", GROUPS)
@pytest.mark.parametrize(("what", "who", "ask"), OVER_REST, ids=[each[0] for each in OVER_REST])
def test_over_rest(
    recorded: None,
    persona: Callable[..., APIClient],
    group: str,
    what: str,
    who: set[str],
    ask: Ask,
) -> None:
    client, seen = persona(group, SOURCE), AccessRecord.objects.count()
    response = ask(client)
    assert response.status_code in ((200, 201, 202) if group in who else (403,)), what
    if group not in who:
        problem = response.json()
        assert problem["code"] == "permission_denied"
        assert "notifications." in problem["detail"]
        assert AccessRecord.objects.count() == seen


@pytest.mark.parametrize(("what", "who", "ask"), OVER_REST, ids=[each[0] for each in OVER_REST])
def test_nobody_without_a_token(recorded: None, what: str, who: set[str], ask: Ask) -> None:
    response = ask(APIClient())
    assert (response.status_code, response.json()["code"]) == (401, "not_authenticated")


@pytest.mark.parametrize("group", sorted(READS))
def test_user_ids_are_read_or_stood_for(
    recorded: None, persona: Callable[..., APIClient], group: str
) -> None:
    client = persona(group)
    told = "user-1" if group in READS_USER_IDS else pseudonym_of(Recipient.objects.get().pk)
    (listed,) = client.get(f"{API}/notifications/", SINCE).json()["results"]
    one = client.get(f"{API}/notifications/{listed['id']}/")
    assert listed["user_id"] == one.json()["user_id"] == told
    assert (b"user-1" in one.content) == (group in READS_USER_IDS)


@pytest.mark.parametrize("group", ["Support", "Analysts"])
def test_a_forgotten_user_keeps_the_pseudonym(
    recorded: None, persona: Callable[..., APIClient], group: str
) -> None:
    Recipient.objects.update(user_id=None)
    (listed,) = persona(group).get(f"{API}/notifications/", SINCE).json()["results"]
    known = pseudonym_of(Recipient.objects.get().pk) if group == "Analysts" else None
    assert listed["user_id"] == known


def test_a_user_id_is_not_confirmed_by_its_refusal(
    recorded: None, persona: Callable[..., APIClient]
) -> None:
    client = persona("Analysts")
    for address in (f"{API}/notifications/", f"{API}/recipients/"):
        known, unknown = (
            _without_the_request(client.get(address, {"user_id": each}).json())
            for each in ("user-1", "nobody")
        )
        assert known == unknown
        assert known["code"] == "permission_denied"


def _without_the_request(problem: Mapping[str, Any]) -> dict[str, Any]:
    return {name: problem[name] for name in ("status", "code", "detail", "errors")}


@pytest.mark.parametrize("group", [each for each in GROUPS if each])
@pytest.mark.parametrize(
    ("what", "who", "address"), IN_THE_CONSOLE, ids=[each[0] for each in IN_THE_CONSOLE]
)
def test_in_the_console(
    recorded: None,
    browser_of: Callable[[str], Client],
    group: str,
    what: str,
    who: set[str],
    address: Callable[[], str],
) -> None:
    """The same rights, for people with a group who may sign in."""
    assert browser_of(group).get(address()).status_code == (200 if group in who else 403), what
