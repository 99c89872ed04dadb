"""`manage.py run`: what it prints works, and nothing outlives whoever started it."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from pushaudit.local_database.state import LocalState
from tests.local_database.command import ROOT, environment_for
from tests.local_database.conftest import is_running, wait_for, wait_until_gone

# Each question that docs/api.md answers in one line.
QUESTIONS = re.findall(r"^curl -sS \"\$API.*$", (ROOT / "docs/api.md").read_text(), re.MULTILINE)
DELIVERY, DELIVERIES, JOB = re.findall(
    r"^curl -sSf -X POST .*\\\n.*$", (ROOT / "docs/api.md").read_text(), re.MULTILINE
)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@pytest.fixture
def service(
    state: LocalState, port: int, tmp_path: Path
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The service below a shell, as below make; the shell and the file of what is printed."""
    printed = tmp_path / "printed"
    run = f'"{sys.executable}" manage.py run --port {port} --parent $$ & wait'
    with printed.open("wb") as file:
        shell = subprocess.Popen(  # noqa: S603
            ["/bin/sh", "-c", run],
            cwd=ROOT,
            env=environment_for(state.directory),
            stdout=file,
            stderr=file,
        )
    try:
        wait_for(lambda: "Listening" in printed.read_text(), "the service")
        yield shell, printed
    finally:
        shell.kill()
        shell.wait()


def test_the_documentation_asks_ten_questions_and_more() -> None:
    assert len(QUESTIONS) >= 10


def test_a_used_port_is_named_with_the_remedy() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(CommandError, match=rf"port {taken} .*make run PORT={taken + 1}"):
            call_command("run", port=taken)


def test_a_deployment_is_refused(settings: Any) -> None:
    settings.IS_LOCAL, settings.ENVIRONMENT = False, "production"
    with pytest.raises(CommandError, match=r"not production; a deployment runs: gunicorn"):
        call_command("run")


def test_what_is_printed_works_and_nothing_outlives_the_killed_parent(
    service: tuple[subprocess.Popen[bytes], Path], state: LocalState, port: int
) -> None:
    shell, printed = service
    text = printed.read_text()
    assert f"http://127.0.0.1:{port}/admin/" in text
    assert f"http://127.0.0.1:{port}/api/v1/docs/" in text
    assert re.search(r"password +([a-z2-7]{4}-){3}[a-z2-7]{4}\n", text)
    post, timeline, gaps = (line for line in text.splitlines() if line.startswith("curl "))
    assert [_curl(post)["status"] for _ in range(2)] == ["recorded", "duplicate"]
    notification, owed = _curl(timeline)["entries"]
    assert notification["message_type"] == "mtoken.operationInit"
    assert owed["counts_as"] == "pending"
    assert sum(_curl(gaps)["counts"].values()) > 0
    (exports,) = (line for line in text.splitlines() if line.startswith("export "))
    values = dict(word.split("=", 1) for word in shlex.split(exports)[1:])
    for expected in ("recorded", "duplicate"):
        told = _curl(Template(DELIVERY).substitute(values))
        assert (told["status"], told["outcome"]) == (expected, "failed")
    (rejected,) = _curl(Template(DELIVERIES).substitute(values))["rejected"]
    assert rejected["code"] == "unknown_notification"
    for line in QUESTIONS:
        answer = _curl(Template(line).substitute(values))
        assert answer.keys() & {"results", "entries", "notifications", "types", "state"} or (
            "standing" in answer["status"]
        )
    assert _curl(Template(JOB).substitute(values))["state"] == "queued"
    told = _curl(Template(QUESTIONS[0]).substitute(values))
    assert told["id"] == values["OPERATION"]
    assert values["DEVICE"] in told["activations"]

    wait_for(lambda: bool(_workers(shell)), "the worker")
    workers = _workers(shell)
    shell.kill()
    wait_until_gone(state)
    wait_for(lambda: not any(map(is_running, workers)), "the worker's end")
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) != 0


def test_nothing_outlives_the_killed_service(
    service: tuple[subprocess.Popen[bytes], Path], state: LocalState
) -> None:
    shell, _ = service
    wait_for(lambda: bool(_workers(shell)), "the worker")
    workers = _workers(shell)
    (master,) = _children(shell.pid)
    os.kill(master, signal.SIGKILL)
    wait_until_gone(state)
    wait_for(lambda: not any(map(is_running, workers)), "the worker's end")


def _workers(shell: subprocess.Popen[bytes]) -> list[int]:
    """The `manage.py work` of the service below this shell."""
    return [pid for master in _children(shell.pid) for pid in _children(master, "manage.py work")]


def _children(parent: int, command: str = "") -> list[int]:
    asked = ["pgrep", "-P", str(parent), "-f", command]
    said = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603
    return [int(word) for word in said.stdout.split()]


def _curl(line: str) -> dict[str, Any]:
    """What a curl command line would get."""
    words = shlex.split(line)
    address = next(word for word in words if word.startswith("http://"))
    given = [words[i + 1] for i, word in enumerate(words) if word == "-H"]
    data = words[words.index("-d") + 1].encode() if "-d" in words else None
    headers = dict(header.split(": ", 1) for header in given)
    request = urllib.request.Request(address, data, headers)  # noqa: S310 - our own address
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        document: dict[str, Any] = json.load(answer)
    return document
