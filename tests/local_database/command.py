"""Commands of the tests: processes that use a local database until told otherwise.

Loading Django takes longer than all they do, so they are forked from one that has loaded it.
A command answers each line of its input: a statement with its result, `psql` and a statement
with psql's, `close` by closing the connection, `create_test_db` by its name, `exec SECONDS` by
becoming a program without Django.
"""

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

PATIENCE = 60.0
ROOT = Path(__file__).resolve().parent.parent.parent


class Command:
    """The test's end of a command."""

    def __init__(self, nursery: "Nursery", state: Path) -> None:
        (input_, write), (read, output), (errors, said) = os.pipe(), os.pipe(), os.pipe()
        self.pid = nursery.fork(state, (input_, output, said))
        for descriptor in (input_, output, said):
            os.close(descriptor)
        self._input = os.fdopen(write, "w")
        self._output = os.fdopen(read)
        self._errors = os.fdopen(errors)

    def ask(self, line: str) -> str:
        self.tell(line)
        return self.hear()

    def tell(self, line: str) -> None:
        self._input.write(line + "\n")
        self._input.flush()

    def hear(self) -> str:
        self._await_output()
        answer = self._output.readline()
        assert answer, self._errors.read()  # no line at all: it has ended
        return answer.strip()

    def postmaster(self) -> int:
        """Connects if need be; the process number of the server that answers."""
        return int(self.ask("SELECT pg_read_file('postmaster.pid', 0, 20)").split()[0])

    def end(self) -> str:
        """End it as a command ends; what it said on stderr."""
        self._input.close()
        self._await_output()
        said = self._errors.read()
        self._close()
        return said

    def kill(self) -> None:
        if self._errors.closed:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self._errors.read()  # ends when the process has
        self._close()

    def _await_output(self) -> None:
        """Wait for an answer or the end; fail rather than hang."""
        readable, _, _ = select.select([self._output], [], [], PATIENCE)
        assert readable, f"command {self.pid} says nothing"

    def _close(self) -> None:
        for stream in (self._input, self._output, self._errors):
            stream.close()


class Nursery:
    """The process that has loaded Django, and forks commands."""

    def __init__(self, python: str = sys.executable, **how: Any) -> None:
        self._socket, theirs = socket.socketpair()
        environment = environment_for(Path("/nonexistent")) | how.pop("env", {})
        self._process = subprocess.Popen(  # noqa: S603
            [python, "-m", "tests.local_database.command"],
            stdin=theirs,
            cwd=ROOT,
            env=environment,
            **how,
        )
        theirs.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()
        self._process.wait()

    def fork(self, state: Path, descriptors: tuple[int, int, int]) -> int:
        socket.send_fds(self._socket, [str(state).encode()], descriptors)
        return int(self._socket.recv(32))


def environment_for(state: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "PUSHAUDIT_", "DATABASE_URL", "DJANGO_"))
    }
    return {**kept, "PUSHAUDIT_LOCAL_DIR": str(state), "PYTHONDONTWRITEBYTECODE": "1"}


def serve_forks() -> None:
    import django.db.backends.postgresql.base
    import psycopg

    assert django.db.backends.postgresql.base
    assert psycopg
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how they ended
    with socket.socket(fileno=0) as test:
        while True:
            message, descriptors, _, _ = socket.recv_fds(test, 4096, 3)
            if not message:
                return
            pid = os.fork()
            if pid == 0:
                break
            for descriptor in descriptors:
                os.close(descriptor)
            test.send(str(pid).encode())
        for place, descriptor in enumerate(descriptors):
            os.dup2(descriptor, place)
        test.detach()
    os.closerange(3, 100)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    answer_lines(Path(message.decode()))


def answer_lines(directory: Path) -> None:
    from django.conf import settings

    from pushaudit.local_database.state import LocalDatabaseError, local_state

    database = local_state(ROOT, str(directory)).database_settings()
    settings.configure(DATABASES={"default": database}, USE_TZ=True)

    import django

    django.setup()
    try:
        for line in sys.stdin:
            sys.stdout.write(f"{_answer(line)}\n")
            sys.stdout.flush()
    except LocalDatabaseError as error:
        sys.exit(str(error))


def _answer(line: str) -> str:
    from django.db import connection

    match line.split():
        case ["close"]:
            connection.close()
            return "closed"
        case ["exec", seconds]:
            connection.close()
            sys.stdout.write("executing\n")
            sys.stdout.flush()
            os.execvp("sleep", ["sleep", seconds])  # noqa: S606, S607
        case ["psql", *arguments]:
            words, more = connection.client.settings_to_cmd_args_env(
                connection.settings_dict, ["-XAt", "-c", " ".join(arguments)]
            )
            environment = {**os.environ, **(more or {})}
            return subprocess.check_output(words, env=environment, text=True).strip()  # noqa: S603
        case ["create_test_db"]:
            return connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connection.health_check_done = False
    connection.close_if_health_check_failed()
    with connection.cursor() as cursor:
        cursor.execute(line)
        return " ".join(str(cursor.fetchone()[0]).split())


if __name__ == "__main__":
    serve_forks()
