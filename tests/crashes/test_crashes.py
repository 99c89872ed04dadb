"""Whatever is killed in mid bulk: what was answered for is there once, a repeat completes it."""

import os
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.crashes.conftest import SOURCE, Service, answer, lines
from tests.local_database.conftest import wait_for

COUNT = 12_000
HALF = 7_000  # more than one batch and less than two


def send_half(service: Service, name: str) -> tuple[socket.socket, bytes]:
    """A stream whose first batch is recorded and whose second is under way; and its rest."""
    body = b"\n".join(lines(name, COUNT))
    at = len(b"\n".join(lines(name, HALF)))
    connection = service.open_bulk(f"Content-Length: {len(body)}")
    connection.sendall(body[:at])
    wait_for(lambda: service.count(name) == 5_000, "the first batch")
    return connection, body[at:]


def assert_a_repeat_completes_it(service: Service, name: str, *, kept: int) -> None:
    assert service.count(name) == service.distinct(name) == kept
    status, report = service.post(b"\n".join(lines(name, COUNT)))
    assert status == 200
    assert (report["recorded"], report["duplicates"]) == (COUNT - kept, kept)
    assert (report["conflict_count"], report["rejected_count"]) == (0, 0)
    assert service.count(name) == service.distinct(name) == COUNT


def test_a_chunked_stream_is_recorded(service: Service) -> None:
    connection = service.open_bulk("Transfer-Encoding: chunked")
    for line in lines("chunked", 50):
        connection.sendall(f"{len(line) + 1:x}\r\n".encode() + line + b"\n\r\n")
    connection.sendall(b"0\r\n\r\n")
    assert answer(connection)[1]["recorded"] == 50


def test_the_database_is_killed(service: Service) -> None:
    connection, rest = send_half(service, "database")
    os.kill(service.database.postmaster(), signal.SIGKILL)
    service.database.ask("close")
    connection.sendall(rest)
    status, problem = answer(connection)
    assert (status, problem["code"]) == (503, "unavailable")
    assert problem["committed_through_line"] == problem["recorded"] == 5_000
    # What was under way may be committed although nobody could say so any more; never in part.
    kept = service.count("database")
    assert kept in (5_000, 10_000)
    assert_a_repeat_completes_it(service, "database", kept=kept)


def test_the_worker_is_killed(service: Service) -> None:
    connection, _ = send_half(service, "worker")
    for worker in service.workers():
        os.kill(worker, signal.SIGKILL)
    assert _is_over(connection)
    wait_for(lambda: len(service.workers()) == 2, "new workers")
    assert_a_repeat_completes_it(service, "worker", kept=5_000)


def test_the_client_goes(service: Service) -> None:
    connection, _ = send_half(service, "client")
    connection.close()
    wait_for(lambda: service.count("client") > 5_000, "what it had sent whole")
    assert_a_repeat_completes_it(service, "client", kept=service.count("client"))


def test_a_chunked_client_goes(service: Service) -> None:
    connection = service.open_bulk("Transfer-Encoding: chunked")
    whole = lines("cut", COUNT)
    for start in range(0, HALF, 1_000):
        piece = b"\n".join(whole[start : start + 1_000]) + b"\n"
        connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    wait_for(lambda: service.count("cut") == 5_000, "the first batch")
    connection.close()
    wait_for(lambda: service.count("cut") > 5_000, "what it had sent whole")
    assert_a_repeat_completes_it(service, "cut", kept=service.count("cut"))


def test_a_client_that_falls_silent_holds_nothing_for_ever(service: Service) -> None:
    body = b"\n".join(lines("silent", 1_000))
    bulk = service.open_bulk(f"Content-Length: {len(body) + 1}")
    bulk.sendall(body)
    single = service.open("/api/v1/notifications/", "application/json", "Content-Length: 10")
    single.sendall(b"{")
    status, problem = answer(bulk)
    assert (status, problem["code"]) == (400, "incomplete_body")
    # What it sent last is still with the web server, which gives nothing out by halves.
    assert 0 < problem["committed_through_line"] == service.count("silent") < 1_000
    assert answer(single)[1]["code"] == "incomplete_body"


def test_two_clients_post_the_same_lines_at_once(service: Service) -> None:
    body = b"\n".join(lines("same", 20_000))
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(service.post, [body, body]))
    assert [status for status, _ in answers] == [200, 200]
    assert sum(report["recorded"] for _, report in answers) == 20_000
    assert sum(report["duplicates"] for _, report in answers) == 20_000
    assert service.count("same") == service.distinct("same") == 20_000


def test_the_command_is_killed_and_started_again(service: Service, tmp_path: Path) -> None:
    file = tmp_path / "lines"
    file.write_bytes(b"\n".join(lines("file", COUNT)))
    record = ("record", str(file), "--source", SOURCE)
    killed = service.manage(*record)
    wait_for(lambda: service.count("file") >= 5_000, "the first batch")
    killed.kill()
    killed.communicate()
    kept = service.count("file")
    said, _ = service.manage(*record).communicate()
    assert said.decode().startswith(f"{COUNT - kept:,} recorded, {kept:,} duplicates")
    assert service.count("file") == service.distinct("file") == COUNT


def test_after_all_of_it_the_record_is_well(service: Service) -> None:
    doctor = service.manage("doctor")
    said, _ = doctor.communicate()
    assert doctor.returncode == 0, said.decode()


def _is_over(connection: socket.socket) -> bool:
    with connection:
        try:
            return connection.recv(1) == b""
        except ConnectionResetError:
            return True
