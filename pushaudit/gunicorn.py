"""How gunicorn serves the application, on a developer's machine and in a deployment alike."""

import gc
import os
import signal
import sys
import threading
import time
from typing import Any


def _number(name: str, default: int) -> int:
    value = os.environ.get(name) or str(default)
    if not value.isdecimal() or int(value) == 0:
        sys.exit(f"environment variable {name} must be a whole number from 1, not {value!r}")
    return int(value)


worker_class = "gthread"
workers = _number("WEB_CONCURRENCY", 2)
threads = 4

timeout = 60  # of a worker's main thread, not of a request: a long export is no reason to kill
graceful_timeout = 20
keepalive = 5
# A client that is silent for so long within a body is gone; else it would hold a thread for ever.
body_timeout = _number("PUSHAUDIT_BODY_TIMEOUT", 60)  # seconds

errorlog = "-"
accesslog = None  # addresses can carry user ids, which belong in no log

SETTINGS_RETRY = 60  # seconds

# Which proxy to believe is Django's setting PUSHAUDIT_TRUST_FORWARDED_PROTO and nothing else's.
forwarded_allow_ips = ""
# No second way in, and no file in somebody's home.
control_socket_disable = True


def on_starting(server: Any) -> None:
    """No line of the server's own says what was asked."""
    # Imported late: the directory of the project is on the path only by now.
    from pushaudit.logging import ServerFilter

    server.log.error_log.addFilter(ServerFilter())


def pre_request(worker: Any, request: Any) -> None:
    """Sets the time of silence within a body. Not where a long answer is read, all of which would
    have to be sent within it."""
    if request.method in ("POST", "PUT", "DELETE"):
        request.unreader.sock.settimeout(body_timeout)


def post_worker_init(worker: Any) -> None:
    """What was loaded for good is not looked through again by each collection of garbage, which is
    what made one answer of twenty much slower than the others."""
    gc.collect()
    gc.freeze()
    # Not before the first request can be answered, and as often as it takes.
    threading.Thread(target=_note_settings, args=(worker.log,), daemon=True).start()


def _note_settings(log: Any) -> None:
    """Notes what verdicts rest on, once the database can be reached: no request writes it."""
    from django.db import Error, connection

    from notifications.integrity.settings import note_settings

    while True:
        try:
            note_settings("web")
            return
        except Error as error:
            kind = type(error.__cause__ or error).__name__
            log.warning("settings: %s; again in %d s", kind, SETTINGS_RETRY)
        finally:
            connection.close()
        time.sleep(SETTINGS_RETRY)


def post_fork(server: Any, worker: Any) -> None:
    """No worker outlives its master, however that one ends."""
    from pushaudit.local_database.parent_death import die_with_parent

    die_with_parent(signal.SIGTERM, server.pid)
