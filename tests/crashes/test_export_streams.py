"""A stream that breaks off does not look whole, and its row says what became of it."""

import json
import socket

import pytest

from tests.crashes.conftest import HOST, PATIENCE, Service, lines
from tests.local_database.conftest import wait_for

COUNT, SIZE = 4_000, 10_000  # more than the buffers of a connection hold
HEADED = b"HTTP/1.1 200 OK\r\n"
LAST_CHUNK = b"0\r\n\r\n"


@pytest.fixture(scope="module", autouse=True)
def recorded(service: Service) -> None:
    told = [json.loads(line) for line in lines("streamed", COUNT)]
    for each in told:
        each["extras"]["text"] = "x" * SIZE
    status, report = service.post(b"\n".join(json.dumps(each).encode() for each in told))
    assert (status, report["recorded"]) == (200, COUNT)


def opened(service: Service) -> socket.socket:
    """A stream of which some has come."""
    connection = socket.create_connection((HOST, service.port), timeout=PATIENCE)
    asked = (
        "GET /api/v1/exports/notifications/?format=ndjson"
        "&since=2026-03-14T00:00:00Z&until=2026-03-15T00:00:00Z HTTP/1.1",
        f"Host: {HOST}:{service.port}",
        f"Authorization: Token {service.analyst}",
        "Connection: close",
    )
    connection.sendall("\r\n".join([*asked, "", ""]).encode())
    assert connection.recv(1_000).startswith(HEADED)
    return connection


def rest_of(connection: socket.socket) -> bytes:
    data = bytearray()
    try:
        while piece := connection.recv(1 << 20):
            data += piece
    except ConnectionResetError:
        pass
    connection.close()
    return bytes(data)


def streams(service: Service, state: str) -> int:
    return service.ask(f"SELECT count(*) FROM notifications_export WHERE state = '{state}'")  # noqa: S608


def test_a_whole_stream_ends_with_its_last_chunk(service: Service) -> None:
    data = rest_of(opened(service))
    assert data.endswith(LAST_CHUNK)
    assert len(data) > COUNT * SIZE
    assert streams(service, "finished") == 1


def test_the_database_ends_the_connection_midway(service: Service) -> None:
    connection = opened(service)
    ended = service.ask(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE query LIKE 'COPY %'"
    )
    assert ended == 1
    data = rest_of(connection)
    assert len(data) < COUNT * SIZE
    assert not data.endswith(LAST_CHUNK)
    wait_for(lambda: streams(service, "failed") == 1, "what became of it")


def test_the_client_goes_away_midway(service: Service) -> None:
    opened(service).close()
    wait_for(lambda: streams(service, "cancelled") == 1, "what became of it")
    copying = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'COPY %'"
    wait_for(lambda: service.ask(copying) == 0, "the end of its connection")
