"""How gunicorn serves the application, on a developer's machine and in a deployment alike."""

import os
import signal
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = 4

timeout = 60  # of a worker's main thread, not of a request: a long export is no reason to kill
graceful_timeout = 20
keepalive = 5

errorlog = "-"
accesslog = None  # addresses can carry user ids, which belong in no log

# Which proxy to believe is Django's setting PUSHAUDIT_TRUST_FORWARDED_PROTO and nothing else's.
forwarded_allow_ips = ""
# No second way in, and no file in somebody's home.
control_socket_disable = True


def post_fork(server: Any, worker: Any) -> None:
    """No worker outlives its master, however that one ends."""
    # Imported late: the directory of the project is on the path only by now.
    from pushaudit.local_database.parent_death import die_with_parent

    die_with_parent(signal.SIGTERM, server.pid)
