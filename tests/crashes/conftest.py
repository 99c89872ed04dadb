"""A service of its own, on a cluster of its own, that tests may kill parts of."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pushaudit.local_database.state import LocalState, local_state
from tests.local_database.command import ROOT, Command, Nursery, environment_for
from tests.local_database.conftest import wait_for, wait_until_gone

HOST = "127.0.0.1"
PATIENCE = 60.0
SILENCE = 2  # seconds until a client within a body is taken for gone
SOURCE = "demo-bank"  # the account of the token that is printed


@dataclass
class Service:
    port: int
    token: str
    analyst: str  # the token that exports
    state: LocalState
    process: "subprocess.Popen[bytes]"
    database: Command

    def ask(self, statement: str) -> int:
        return int(self.database.ask(statement))

    def count(self, name: str) -> int:
        """How many notifications of this message id, up to its last hyphen, are recorded."""
        return self.ask(f"SELECT count(*) FROM notifications_notification WHERE {_named(name)}")  # noqa: S608

    def distinct(self, name: str) -> int:
        return self.ask(
            "SELECT count(DISTINCT message_id) FROM notifications_notification"  # noqa: S608
            f" WHERE {_named(name)}"
        )

    def workers(self) -> list[int]:
        said = subprocess.run(  # noqa: S603
            ["pgrep", "-P", str(self.process.pid), "-f", "gunicorn"],  # noqa: S607
            capture_output=True,
            text=True,
            check=False,  # it fails when there are none
        )
        return [int(word) for word in said.stdout.split()]

    def open_bulk(self, *headers: str) -> socket.socket:
        return self.open("/api/v1/notifications/bulk/", "application/x-ndjson", *headers)

    def open(self, path: str, content_type: str, *headers: str) -> socket.socket:
        """A request whose head is sent."""
        connection = socket.create_connection((HOST, self.port), timeout=PATIENCE)
        lines = (
            f"POST {path} HTTP/1.1",
            f"Host: {HOST}:{self.port}",
            f"Authorization: Token {self.token}",
            f"Content-Type: {content_type}",
            "Connection: close",
            *headers,
        )
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        return connection

    def post(self, body: bytes) -> tuple[int, dict[str, Any]]:
        connection = self.open_bulk(f"Content-Length: {len(body)}")
        connection.sendall(body)
        return answer(connection)

    def manage(self, *words: str) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment_for(self.state.directory),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )


def _named(name: str) -> str:
    return f"message_id LIKE '{name}-%%'"


def answer(connection: socket.socket) -> tuple[int, dict[str, Any]]:
    """Status and document of the answer, which ends the connection."""
    data = b""
    while piece := connection.recv(65536):
        data += piece
    connection.close()
    head, _, body = data.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def lines(name: str, count: int) -> list[bytes]:
    """Envelopes that share operations, devices and users."""
    return [
        json.dumps(
            {
                "emitted_at": f"2026-03-14T{n // 3600 % 24:02}:{n // 60 % 60:02}:{n % 60:02}Z",
                "message_id": f"{name}-{n}",
                "user_id": f"user-{n % 97}",
                "activation_id": f"device-{n % 131}",
                "extras": {
                    "messageType": "mtoken.operationInit",
                    "operationId": f"operation-{n % 1009}",
                    "operationName": "login",
                },
            }
        ).encode()
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def service() -> Iterator[Service]:
    directory = Path(tempfile.mkdtemp(prefix="pushaudit-crashes-"))
    directory.chmod(0o711)  # the server runs as another user when the tests run as root
    state = local_state(ROOT, str(directory / "state"))
    printed = directory / "printed"
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    with printed.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "manage.py", "run", "--port", str(port)],
            cwd=ROOT,
            env=environment_for(state.directory) | {"PUSHAUDIT_BODY_TIMEOUT": str(SILENCE)},
            stdout=file,
            stderr=file,
        )
    try:
        wait_for(lambda: "Listening" in printed.read_text(), "the service")
        (token, *_) = re.findall(r"Token (\w+)", printed.read_text())
        (analyst,) = re.findall(r"ANALYST=(\w+)", printed.read_text())
        with Nursery() as nursery:
            database = Command(nursery, state.directory)
            yield Service(port, token, analyst, state, process, database)
            database.kill()
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        wait_until_gone(state)
        shutil.rmtree(directory)
