"""What emitters send through the documented proxy is on record, and they never feel it."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from http.client import HTTPConnection
from typing import Any

import pytest

from notifications.api.mirror import MIRRORED
from tests.conftest import INIT
from tests.ingest.mirroring import MESSAGE, sending

from . import servers
from .conftest import MIRROR, Service
from .servers import HOST, Certificate, StandIn, wait_for

CONTEXT = "/powerauth-push-server"
SEND = f"{CONTEXT}/push/message/send"
# Less than the least time that nginx waits for a pushaudit that is not well.
UNFELT = 0.5
SECRETS = {"Authorization": "Basic c2VjcmV0", "Cookie": "session=secret", "X-Api-Key": "secret"}

Proxied = Callable[..., AbstractContextManager[int]]


def emitter(port: int) -> AbstractContextManager[HTTPConnection]:
    """What calls the proxy, over one connection as long as the proxy lets it."""
    return closing(HTTPConnection(HOST, port))


def send(connection: HTTPConnection, path: str = SEND, **changes: Any) -> tuple[int, float]:
    """Status, and how long it took."""
    body = json.dumps(changes.pop("body", sending()))
    headers = {"Content-Type": "application/json", **changes.pop("headers", {})}
    began = time.monotonic()
    connection.request(changes.pop("method", "POST"), path, body, headers)
    response = connection.getresponse()
    response.read()
    return response.status, time.monotonic() - began


def read(service: Service, address: str) -> Any:
    """What the API tells of it."""
    status, told = servers.ask(service.port, address, service.reader)
    assert status == 200, told
    return json.loads(told)


def of_operation(service: Service, operation: str) -> Any:
    return read(service, f"/api/v1/notifications/?operation={operation}")["results"]


def about(operation: str) -> dict[str, Any]:
    extras = INIT | {"operationId": operation}
    return sending("message", value=MESSAGE | {"body": {"title": "Hi", "extras": extras}})


def test_a_message_sent_through_the_proxy_is_found(
    service: Service, push_server: StandIn, proxied: Proxied
) -> None:
    before = time.time()
    with proxied(service.port, service.token) as port, emitter(port) as connection:
        status, _ = send(connection, body=about("through-nginx"))
        (found,) = wait_for(lambda: of_operation(service, "through-nginx"), "the notification")
    assert status == 200
    assert found["source"] == MIRROR
    assert found["extras"]["operationId"] == "through-nginx"
    assert (found["user_id"], found["personal"]) == ("user-1", True)
    request_id, _, index = found["message_id"].partition("/")
    assert (len(request_id), index) == (32, "0")
    (original,) = push_server.heard
    assert original.path == SEND
    emitted = time.strptime(found["emitted_at"][:19], "%Y-%m-%dT%H:%M:%S")
    assert abs(time.mktime(emitted) - time.timezone - before) < 5


def test_a_probe_through_the_proxy_is_a_contact(service: Service, proxied: Proxied) -> None:
    with proxied(service.port, service.token) as port, emitter(port) as connection:
        connection.request("GET", f"{CONTEXT}/push/service/status")
        assert connection.getresponse().read() == b'{"status":"OK"}'
        told = wait_for(lambda: _source(service), "the source")
    assert told["slug"] == MIRROR


def _source(service: Service) -> Any:
    found = read(service, "/api/v1/sources/")["results"]
    return next((each for each in found if each["slug"] == MIRROR), None)


def test_each_call_is_copied_without_the_secrets_of_the_emitter(
    push_server: StandIn, certificate: Certificate, proxied: Proxied
) -> None:
    calls = [call for call in MIRRORED if not call.startswith("v2/")]
    asked = [("POST", call) for call in calls]
    asked += [("PUT", "push/device/status/update"), ("DELETE", "push/device/delete")]
    with servers.stand_in(tls=certificate.context) as pushaudit, proxied(pushaudit.port) as port:
        with emitter(port) as connection:
            for method, call in asked:
                told = {"method": method, "body": {"call": call}, "headers": SECRETS}
                assert send(connection, f"{CONTEXT}/{call}?secret", **told)[0] == 200
            # Not one of those that are mirrored:
            send(connection, f"{CONTEXT}/push/campaign/send/live/1")
        wait_for(lambda: len(pushaudit.heard) >= len(asked), "all copies")
    originals, copies = push_server.heard, pushaudit.heard
    assert len(originals) == len(asked) + 1
    heard = [(each.method, each.path, json.loads(each.body)) for each in copies]
    expected = [(method, f"/api/v1/mirror/{call}", {"call": call}) for method, call in asked]
    assert sorted(heard, key=repr) == sorted(expected, key=repr)
    for original in originals[:-1]:
        assert original.headers["authorization"] == SECRETS["Authorization"]
    for copy in copies:
        assert copy.headers["authorization"] == "Token t"
        assert copy.headers["content-type"] == copy.headers["accept"] == "application/json"
        assert copy.headers["x-request-start"].startswith("t=")
        assert "secret" not in json.dumps(copy.headers)
    assert len({copy.headers["x-request-id"] for copy in copies}) == len(copies)


@contextmanager
def answering_503(certificate: Certificate) -> Iterator[int]:
    with servers.stand_in(tls=certificate.context, status=503) as refusing:
        yield refusing.port


@contextmanager
def never_answering(certificate: Certificate) -> Iterator[int]:
    with servers.stand_in(tls=certificate.context, is_silent=True) as silent:
        yield silent.port


@contextmanager
def accepting_only(certificate: Certificate) -> Iterator[int]:
    with servers.accepting_only() as port:
        yield port


@contextmanager
def down(certificate: Certificate) -> Iterator[int]:
    yield servers.unused_port()


@pytest.mark.parametrize("unwell", [down, accepting_only, never_answering, answering_503])
def test_the_emitter_does_not_feel_a_pushaudit_that_is_not_well(
    push_server: StandIn,
    certificate: Certificate,
    proxied: Proxied,
    unwell: Callable[[Certificate], AbstractContextManager[int]],
) -> None:
    with (
        unwell(certificate) as pushaudit,
        proxied(pushaudit) as port,
        emitter(port) as connection,
    ):
        answers = [send(connection) for _ in range(10)]
    assert [status for status, _ in answers] == [200] * 10
    assert max(took for _, took in answers) < UNFELT
    assert [each.path for each in push_server.heard] == [SEND] * 10


def test_an_emitter_that_goes_away_takes_no_copy_with_it(
    service: Service, push_server: StandIn, proxied: Proxied
) -> None:
    push_server.delay = 0.3
    body = json.dumps(about("gone-early")).encode()
    head = (
        f"POST {SEND} HTTP/1.1\r\nHost: push\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with proxied(service.port, service.token) as port:
        with socket.create_connection((HOST, port)) as emitter:
            emitter.sendall(head.encode() + body)
        wait_for(lambda: of_operation(service, "gone-early"), "the notification")
        wait_for(lambda: push_server.heard, "the original")
