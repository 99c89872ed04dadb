"""What stands around a mirror in these tests: nginx itself with the documented configuration, the
real service, and stand-ins for the Push Server and for a pushaudit that is not well."""

import os
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from shutil import which
from threading import Event, Thread
from typing import Any
from urllib.parse import quote

from django.db import connection

ROOT = Path(__file__).resolve().parents[2]
CONFIGURATION = ROOT / "docs" / "nginx-mirror.conf"
HOST, NAME = "127.0.0.1", "pushaudit.bank.example"
PATIENCE = 30.0  # seconds until what should happen has not

MAIN = """
daemon off;
master_process off;
pid {directory}/nginx.pid;
error_log {directory}/error.log info;
events {{}}
http {{
    access_log off;
    client_body_temp_path {directory}/body;
    proxy_temp_path {directory}/proxy;
    fastcgi_temp_path {directory}/fastcgi;
    uwsgi_temp_path {directory}/uwsgi;
    scgi_temp_path {directory}/scgi;
    include {directory}/nginx-mirror.conf;
}}
"""


@dataclass
class Heard:
    """One request that a stand-in was sent."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class StandIn:
    """A server that keeps what it hears and says 200, ``delay`` seconds later; with ``silence`` set
    it never answers."""

    port: int = 0
    delay: float = 0.0
    status: int = 200
    heard: list[Heard] = field(default_factory=list)
    released: Event = field(default_factory=Event)
    is_silent: bool = False

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length", "0"))
        body = handler.rfile.read(length)
        headers = {name.lower(): value for name, value in handler.headers.items()}
        self.heard.append(Heard(handler.command, handler.path, headers, body))
        if self.is_silent:
            self.released.wait(PATIENCE)
            return
        time.sleep(self.delay)
        handler.send_response(self.status)
        handler.send_header("Content-Length", "15")
        handler.end_headers()
        handler.wfile.write(b'{"status":"OK"}')


@contextmanager
def stand_in(*, tls: ssl.SSLContext | None = None, **how: Any) -> Iterator[StandIn]:
    stands = StandIn(**how)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            stands.answer(self)

        do_GET = do_PUT = do_DELETE = do_POST

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    server.daemon_threads = True
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    stands.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield stands
    stands.released.set()
    server.shutdown()
    server.server_close()
    thread.join()


@contextmanager
def accepting_only() -> Iterator[int]:
    """The port of something that takes connections and says nothing at all."""
    with socket.create_server((HOST, 0), backlog=128) as server:
        yield server.getsockname()[1]


def unused_port() -> int:
    with socket.create_server((HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


@dataclass(frozen=True)
class Certificate:
    path: Path
    key: Path

    @classmethod
    def made_in(cls, directory: Path) -> "Certificate":
        """For ``NAME``, signed by itself."""
        made = cls(directory / "certificate.pem", directory / "key.pem")
        subprocess.run(  # noqa: S603
            [
                *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
                *("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}"),
                *("-keyout", made.key, "-out", made.path),
            ],
            check=True,
            capture_output=True,
        )
        return made

    @property
    def context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.path, self.key)
        return context


@contextmanager
def nginx(
    directory: Path, *, push_server: int, pushaudit: int, token: str, trusted: Path
) -> Iterator[int]:
    """Runs nginx with the documented configuration; gives the port that emitters call."""
    port = unused_port()
    configured = CONFIGURATION.read_text()
    for documented, ours in {
        "server 127.0.0.1:8080;": f"server {HOST}:{push_server};",
        "server 127.0.0.1:8443;": f"server {HOST}:{pushaudit};",
        "listen 127.0.0.1:8081;": f"listen {HOST}:{port};",
        f'"Token {"0" * 64}"': f'"Token {token}"',
        "/etc/ssl/certs/ca-certificates.crt": str(trusted),
    }.items():
        assert configured.count(documented) == 1, documented
        configured = configured.replace(documented, ours)
    (directory / "nginx-mirror.conf").write_text(configured)
    (directory / "nginx.conf").write_text(MAIN.format(directory=directory))
    program = which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    assert program is not None, "nginx is missing; make e2e installs it"
    said = directory / "said"
    with said.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603
            [program, "-p", directory, "-c", directory / "nginx.conf"], stderr=file
        )
    try:
        wait_for(lambda: _listens(port) or process.poll() is not None, "nginx")
        assert process.poll() is None, said.read_text()
        yield port
    finally:
        process.terminate()
        process.wait()


@contextmanager
def pushaudit(directory: Path, certificate: Certificate) -> Iterator[int]:
    """Serves the database that is connected to, over TLS, as in a deployment; gives the port."""
    port = unused_port()
    database = connection.settings_dict
    address = f"{quote(database['HOST'], safe='')}:{database['PORT'] or 5432}"
    said = directory / "gunicorn"
    with said.open("wb") as file:
        process = subprocess.Popen(  # noqa: S603
            [
                *(sys.executable, "-m", "gunicorn", "--config", ROOT / "pushaudit" / "gunicorn.py"),
                *("--bind", f"{HOST}:{port}", "pushaudit.wsgi"),
                *("--certfile", certificate.path, "--keyfile", certificate.key),
            ],
            cwd=ROOT,
            env=os.environ
            | {
                "DATABASE_URL": f"postgresql://{database['USER']}@{address}/{database['NAME']}",
                "PUSHAUDIT_ALLOWED_HOSTS": f"{NAME},{HOST}",
                "WEB_CONCURRENCY": "1",
            },
            stdout=file,
            stderr=file,
        )
    try:
        # Until it has answered once: a proxy would not wait for a process that just begins.
        wait_for(lambda: _is_ready(port) or process.poll() is not None, "gunicorn")
        assert process.poll() is None, said.read_text()
        yield port
    finally:
        process.terminate()
        process.wait()


def wait_for(condition: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE
    while not (met := condition()):
        assert time.monotonic() < until, f"{what}: not in {PATIENCE} seconds"
        time.sleep(0.02)
    return met


def ask(port: int, address: str, token: str = "") -> tuple[int, bytes]:
    """Over TLS, whoever signed its certificate."""
    unchecked = ssl.create_default_context()
    unchecked.check_hostname, unchecked.verify_mode = False, ssl.CERT_NONE
    with closing(HTTPSConnection(HOST, port, context=unchecked)) as connection:
        connection.request("GET", address, headers={"Authorization": f"Token {token}"})
        response = connection.getresponse()
        return response.status, response.read()


def _is_ready(port: int) -> bool:
    return _listens(port) and ask(port, "/api/v1/notifications/")[0] == 401


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0
