"""One client that asks over one kept connection, and the figures of how long the answers took."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from time import perf_counter
from typing import Any

from bench._service import HOST, Service, answer_on


class Asker:
    def __init__(self, serving: Service, connection: socket.socket) -> None:
        self.serving, self.connection = serving, connection

    def ask(self, path: str) -> tuple[int, bytes]:
        """Status and body."""
        self.connection.sendall(self.serving.asking(path))
        return answer_on(self.connection)

    def seconds(self, path: str) -> float:
        """How long the answer takes, which must be one."""
        start = perf_counter()
        status, body = self.ask(path)
        took = perf_counter() - start
        assert status == 200, (path, body)
        return took

    def document(self, path: str) -> Any:
        status, body = self.ask(path)
        assert status == 200, (path, body)
        return json.loads(body)


@contextmanager
def asker(serving: Service) -> Iterator[Asker]:
    with socket.create_connection((HOST, serving.port)) as connection:
        yield Asker(serving, connection)


def seconds_of(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1]


def milliseconds(seconds: list[float]) -> str:
    return f"p50 {median(seconds) * 1000:.1f} ms, p95 {p95(seconds) * 1000:.1f} ms"
