"""The service over HTTP on a measurement's database, and senders that cost little themselves."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import StringIO
from pathlib import Path
from threading import Thread

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
WORKERS, THREADS = 2, 4

GUNICORN = (
    "gunicorn",
    "--config",
    "pushaudit/gunicorn.py",
    "--bind",
    "{address}",
    "pushaudit.wsgi",
)
GRANIAN = (
    *("granian", "--interface", "wsgi", "--workers", str(WORKERS)),
    *("--blocking-threads", str(THREADS), "--no-ws", "--log-level", "warning"),
    *("--host", HOST, "--port", "{port}", "pushaudit.wsgi:application"),
)


class Service:
    """Where it listens, its main process and a token of an account of the group."""

    def __init__(self, port: int, pid: int, token: str) -> None:
        self.port, self.pid, self.token = port, pid, token

    def request(self, path: str, body: bytes, content_type: str) -> bytes:
        """A whole HTTP request as it goes over the wire."""
        return self.head(path, len(body), content_type) + body

    def head(self, path: str, length: int, content_type: str) -> bytes:
        fields = (f"Content-Type: {content_type}", f"Content-Length: {length}")
        return self._lines(f"POST {path} HTTP/1.1", *fields)

    def asking(self, path: str) -> bytes:
        return self._lines(f"GET {path} HTTP/1.1")

    def _lines(self, first: str, *fields: str) -> bytes:
        to = (f"Host: {HOST}:{self.port}", f"Authorization: Token {self.token}")
        return "\r\n".join([first, *to, *fields, "", ""]).encode()

    def workers(self) -> list[int]:
        said = subprocess.check_output(["pgrep", "-P", str(self.pid)], text=True)  # noqa: S603, S607
        return [int(word) for word in said.split()]


@contextmanager
def service(command: Sequence[str] = GUNICORN, *, group: str = "Emitters") -> Iterator[Service]:
    """Runs within ``migrated()``, on its database."""
    from django.core.management import call_command
    from django.db import connection

    printed = StringIO()
    call_command("create_token", "bench", group=group, stdout=printed)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    words = [word.format(port=port, address=f"{HOST}:{port}") for word in command]
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "bench._settings",
        "BENCH_DATABASE": connection.settings_dict["NAME"],
        "WEB_CONCURRENCY": str(WORKERS),
        "PUSHAUDIT_LOG_LEVEL": "ERROR",
    }
    program = Path(sys.executable).parent / words[0]
    process = subprocess.Popen([program, *words[1:]], cwd=ROOT, env=environment)  # noqa: S603
    try:
        _await(port)
        yield Service(port, process.pid, printed.getvalue().splitlines()[-1])
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            socket.create_connection((HOST, port)).close()
            return
        except ConnectionRefusedError:
            assert time.monotonic() < deadline, "the server does not come up"
            time.sleep(0.05)


def exchange(port: int, requests: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """Sends requests one after the other over one kept connection; status and body of each."""
    answers = []
    with socket.create_connection((HOST, port)) as connection:
        for request in requests:
            connection.sendall(request)
            answers.append(answer_on(connection))
    return answers


def exchange_at_once(port: int, each: Sequence[Sequence[bytes]]) -> list[list[tuple[int, bytes]]]:
    """``exchange`` for several senders at the same time."""
    answers: list[list[tuple[int, bytes]]] = [[] for _ in each]

    def send(number: int) -> None:
        answers[number] = exchange(port, each[number])

    threads = [Thread(target=send, args=(number,)) for number in range(len(each))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def answer_on(connection: socket.socket) -> tuple[int, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _received(connection)
    head, _, body = data.partition(b"\r\n\r\n")
    fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
    while len(body) < int(fields[b"content-length"]):
        body += _received(connection)
    return int(head.split(b" ", 2)[1]), body


def _received(connection: socket.socket) -> bytes:
    data = connection.recv(65536)
    assert data, "the server closed the connection"
    return data
