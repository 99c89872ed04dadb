"""`python -m pushaudit.local_database.hold COMMAND...`: run a command while holding the lease.

Keeps the server, once its commands start it, for all of them; starts none itself.
"""

import os
import sys

from pushaudit.local_database.lease import hold
from pushaudit.local_database.state import LocalDatabaseError, checkout_state


def main(command: list[str]) -> None:
    if not os.environ.get("DATABASE_URL"):
        try:
            hold(checkout_state())
        except LocalDatabaseError as error:
            sys.exit(str(error))
    os.execvp(command[0], command)  # noqa: S606 - the command is the caller's own


if __name__ == "__main__":
    main(sys.argv[1:])
