"""Log lines say which request they belong to, and nothing of what it asked."""

import logging
import re

# Query strings, and what the web server quotes of a request that it could not read.
ASKED = re.compile(r"\?.*|'.*'|\".*\"", re.DOTALL)


class RequestIdFilter(logging.Filter):
    """Adds ``request_id`` to a record: that of the request it was logged with (``extra={"request":
    request}``, as Django does), else ``-``."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = getattr(getattr(record, "request", None), "request_id", "-")
        return True


class ServerFilter(logging.Filter):
    """For the web server's own lines on requests, which quote addresses with what is asked."""

    def filter(self, record: logging.LogRecord) -> bool:
        message = record.getMessage()
        if message.startswith(("Invalid request", "Error handling request")):
            record.msg, record.args = ASKED.sub("(left out)", message), ()
        return True
