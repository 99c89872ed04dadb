"""Probes: requests of a harmless path through the proxy in front of the Push Server, whose copies
prove that what the proxy mirrors arrives here.

What is answered proves nothing: the answer is the Push Server's, and whether the copy came is for
those to note who receive it. A request that fails is a hint for the log.
"""

import logging
import time
from collections.abc import Iterable
from http.client import HTTPException
from threading import Thread
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

TIMEOUT = 5.0  # seconds, for all of them together
AGENT = "pushaudit-probe"
_log = logging.getLogger(__name__)


class Probes:
    """Sends one to each of ``urls`` at a time, and logs which begin to fail and which are well
    again."""

    def __init__(self) -> None:
        self._failing: set[str] = set()
        self._running: dict[str, Thread] = {}

    def send(self, urls: Iterable[str]) -> None:
        """Ends after ``TIMEOUT`` at the latest. Each has a thread: no limit of the standard library
        holds for a name that is not resolved, nor for an answer that comes byte by byte."""
        told: dict[str, str] = {}
        for url in urls:
            if url not in self._running or not self._running[url].is_alive():
                self._running[url] = Thread(target=_ask, args=(url, told), daemon=True)
                self._running[url].start()
        end = time.monotonic() + TIMEOUT
        for url in urls:
            self._running[url].join(max(0.0, end - time.monotonic()))
            self._tell(url, told.get(url, f"no answer within {TIMEOUT:.0f} s"))

    def _tell(self, url: str, problem: str) -> None:
        if problem and url not in self._failing:
            self._failing.add(url)
            _log.warning("probe of %s: %s", _shown(url), problem)
        elif not problem and url in self._failing:
            self._failing.remove(url)
            _log.info("probe of %s: well again", _shown(url))


class _Answers(HTTPRedirectHandler):
    """Follows to nowhere else."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


def _ask(url: str, told: dict[str, str]) -> None:
    """What is wrong with the answer, in ``told`` ("": nothing)."""
    request = Request(url, headers={"User-Agent": AGENT})  # noqa: S310 - the setting is checked
    try:
        build_opener(_Answers).open(request, timeout=TIMEOUT).close()
    except HTTPError as answer:
        told[url] = f"answered {answer.code}"  # a proxy that sends elsewhere may not mirror
        answer.close()
    except (OSError, HTTPException, ValueError) as error:
        # By its kind: its text may quote the address.
        told[url] = type(getattr(error, "reason", None) or error).__name__
    else:
        told[url] = ""


def _shown(url: str) -> str:
    """Without what may be secret in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
