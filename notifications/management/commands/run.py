"""A working service on this machine: database, demo data, a login and the lines to try it."""

import base64
import json
import os
import socket
import subprocess
import sys
import uuid
from argparse import ArgumentParser
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone
from django.utils.crypto import salted_hmac

from notifications.models import Account, Notification

from ._examples import as_export, variables
from ._parent import add_parent, end_with

HOST = "127.0.0.1"
OPERATOR = "operator"
EMITTER, READER, ANALYST = "demo-bank", "demo-support", "demo-analyst"


class Command(BaseCommand):
    help = (
        "Prepares the database, prints a login and example requests, and serves on this machine"
        " only. For PUSHAUDIT_ENVIRONMENT=local; `make run` calls it."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000, help="default 8000")
        add_parent(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_LOCAL:
            raise CommandError(
                f"this is for PUSHAUDIT_ENVIRONMENT=local, not {settings.ENVIRONMENT}; a"
                " deployment runs: gunicorn --config pushaudit/gunicorn.py pushaudit.wsgi"
            )
        if options["parent"] is not None:
            end_with(options["parent"])
        port: int = options["port"]
        _require_free(port)
        self._prepare()
        self._introduce(f"http://{HOST}:{port}")
        connections.close_all()
        self._work()
        self._serve(port)

    def _prepare(self) -> None:
        executor = MigrationExecutor(connection)
        if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
            self._say(f"Preparing the database: {len(plan)} migrations")
            call_command("migrate", verbosity=0, interactive=False)
        call_command("partitions", apply=True, verbosity=0, stdout=StringIO())
        if not Notification.objects.exists():
            self._say("Recording a day of demo data")
            call_command("demo")

    def _introduce(self, address: str) -> None:
        password = _operator_password()
        emit, read = _token(EMITTER, "Emitters"), _token(READER, "Support")
        analyse = _token(ANALYST, "Analysts")
        operation = str(uuid.uuid4())
        post = _curl(f"{address}/api/v1/notifications/", emit, _example(operation))
        get = _curl(f"{address}/api/v1/operations/{operation}/timeline/", read)
        gaps = _curl(f"{address}/api/v1/gaps/?since=24h", read)
        told = variables(f"{address}/api/v1", reader=read, analyst=analyse, emitter=emit)
        examples = as_export(told)
        self._say(
            f"\n  {address}/admin/\n  user name  {OPERATOR}\n  password   {password}\n"
            f"\nRecord a notification; repeated, it is answered as a duplicate:\n\n{post}\n"
            f"\nAsk what its operation owes, and what was sent:\n\n{get}\n"
            f"\nAsk what was owed and not sent since yesterday:\n\n{gaps}\n"
            f"\nSet what the questions in docs/api.md ask for:\n\n{examples}\n"
            f"\nRead how the API is asked at {address}/api/v1/docs/\n"
            "\nThe tokens are valid for a day. Ctrl-C stops the service.\n"
        )

    def _work(self) -> None:
        """A worker beside the service, which ends with this process and what replaces it."""
        manage = Path(settings.BASE_DIR, "manage.py")
        command = [sys.executable, str(manage), "work", "--parent", str(os.getpid())]
        subprocess.Popen(command, stdin=subprocess.DEVNULL)  # noqa: S603 - fixed program, no shell

    def _serve(self, port: int) -> None:
        config = Path(settings.BASE_DIR, "pushaudit", "gunicorn.py")
        # In place of this process, so that signals reach it and the database stays leased.
        os.execv(  # noqa: S606 - fixed program, no shell
            sys.executable,
            [
                *(sys.executable, "-m", "gunicorn", "--config", str(config)),
                *("--chdir", str(settings.BASE_DIR), "--bind", f"{HOST}:{port}", "pushaudit.wsgi"),
            ],
        )

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()  # exec would drop what is buffered


def _require_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn will
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"port {port} cannot be used ({error}); choose another: make run PORT={port + 1}"
            ) from None


def _operator_password() -> str:
    """The operator's password, the same at every start: derived from the secret key."""
    digest = salted_hmac("pushaudit.local.operator", OPERATOR, algorithm="sha256").digest()
    letters = base64.b32encode(digest).decode().lower()
    password = "-".join(letters[i : i + 4] for i in range(0, 16, 4))
    account, _ = Account.objects.get_or_create(username=OPERATOR)
    if not account.check_password(password):
        account.set_password(password)
    account.is_staff = account.is_active = True
    account.save()
    account.groups.add(Group.objects.get(name="Operators"))
    return password


def _token(name: str, group: str) -> str:
    printed = StringIO()
    call_command("create_token", name, group=group, expires="1d", stdout=printed)
    return printed.getvalue().splitlines()[-1]


def _example(operation: str) -> dict[str, Any]:
    return {
        "emitted_at": timezone.now().isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "message_id": f"try-{operation[:8]}",
        "extras": {
            "messageType": "mtoken.operationInit",
            "operationId": operation,
            "operationName": "login",
            "activationId": str(uuid.uuid4()),
        },
    }


def _curl(address: str, token: str, body: dict[str, Any] | None = None) -> str:
    data = f" -H 'Content-Type: application/json' -d '{json.dumps(body)}'" if body else ""
    return f"curl -sS '{address}' -H 'Authorization: Token {token}'{data}"
