"""A probe is asked for through the proxy; what fails is said once, and never what is secret."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import ClassVar

import pytest

from notifications.ingest import probes
from notifications.ingest.probes import Probes


class Proxy(BaseHTTPRequestHandler):
    seen: ClassVar[list[str]] = []
    status = 200

    def do_GET(self) -> None:
        self.seen.append(f"{self.path} {self.headers['User-Agent']}")
        self.send_response(self.status)
        if self.status == 302:
            self.send_header("Location", "file:///etc/passwd")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Nothing."""


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", port), Proxy) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/push/service/status"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def told(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(Proxy, "seen", [])
    with caplog.at_level(logging.INFO):
        yield


def test_a_request_is_made_and_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with served() as url:
        Probes().send([url])
    assert Proxy.seen == ["/push/service/status pushaudit-probe"]
    assert caplog.messages == []


def test_what_fails_is_said_once_and_once_when_it_is_well_again(
    caplog: pytest.LogCaptureFixture,
) -> None:
    sent = Probes()
    with served() as url:
        port = int(url.split(":")[2].split("/")[0])
    for _ in range(3):
        sent.send([url])
    with served(port):
        sent.send([url])
        sent.send([url])
    assert caplog.messages == [
        f"probe of {url}: ConnectionRefusedError",
        f"probe of {url}: well again",
    ]


@pytest.mark.parametrize("status", [302, 404, 502])
def test_an_answer_that_is_none_of_the_path_is_said(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(Proxy, "status", status)
    with served() as url:
        Probes().send([url])
    assert caplog.messages == [f"probe of {url}: answered {status}"]
    assert len(Proxy.seen) == 1


def test_one_that_never_answers_holds_nothing_up(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "TIMEOUT", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent, served() as well:
        mute = f"http://127.0.0.1:{silent.getsockname()[1]}"
        addresses = [f"{mute}/a", f"{mute}/b", well]
        began = time.monotonic()
        Probes().send(addresses)
        assert time.monotonic() - began < 2
    assert len(Proxy.seen) == 1
    assert {each.split(": ")[0] for each in caplog.messages} == {
        f"probe of {each}" for each in addresses[:2]
    }


def test_what_is_shown_of_an_address_has_nothing_secret() -> None:
    assert probes._shown("https://user:pass@push.example:8443/status?key=1") == (
        "https://push.example:8443/status"
    )
