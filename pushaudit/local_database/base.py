"""Django's PostgreSQL backend, which has the local server started before it connects."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from django.db.backends.postgresql import base, client

from pushaudit.local_database import binaries, lease
from pushaudit.local_database.state import LocalState, local_state


@cache
def state_at(directory: str) -> LocalState:
    return local_state(Path(directory), override=directory)


class DatabaseClient(client.DatabaseClient):
    """psql of the local server: it need not be on the PATH, and no environment leads it away."""

    @classmethod
    def settings_to_cmd_args_env(
        cls, settings_dict: dict[str, Any], parameters: Iterable[str]
    ) -> tuple[list[str], dict[str, str] | None]:
        state = state_at(settings_dict["STATE_DIRECTORY"])
        lease.ensure_running(state)
        arguments, environment = super().settings_to_cmd_args_env(settings_dict, parameters)
        psql = binaries.choose(state).program(cls.executable_name)
        return [str(psql), *arguments[1:]], {**(environment or {}), "PGHOSTADDR": ""}


class DatabaseWrapper(base.DatabaseWrapper):
    client_class = DatabaseClient

    def get_new_connection(self, conn_params: dict[str, Any] | None) -> Any:
        state = state_at(self.settings_dict["STATE_DIRECTORY"])
        lease.ensure_running(state)
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            # The server ended between the question and the connection: wait for it to be gone.
            lease.ensure_answering(state)
            return super().get_new_connection(conn_params)
