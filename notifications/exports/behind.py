"""Threads beside the one that makes a file, so that the database is not kept waiting for it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from queue import Empty, Queue
from threading import Event, Thread
from typing import Any, TypeAlias, TypeVar

MOST_WAITING = 4

Item = TypeVar("Item")
_Read: TypeAlias = tuple[Item] | BaseException | None


def each_behind(items: Iterable[Item], do: Callable[[Item], Any]) -> Iterator[Item]:
    """Gives the ``items``, and does this with each in a thread, in their order, while the next is
    made; few wait, so that little is held in memory. All is done when they have ended; what it
    raises comes with a later item."""
    doing: deque[Future[Any]] = deque()
    with ThreadPoolExecutor(1) as pool:
        for item in items:
            if len(doing) == MOST_WAITING:
                doing.popleft().result()
            doing.append(pool.submit(do, item))
            yield item
        for each in doing:
            each.result()


def read_ahead(items: Iterable[Item], most: int) -> Generator[Item]:
    """Gives the ``items``; a thread reads up to ``most`` of them ahead. For those whose work is
    done outside of the interpreter: any other would keep that thread from reading.

    Close it: then the thread has ended, once it has read the one that it is at.
    """
    read: Queue[_Read[Item]] = Queue(most)
    ended = Event()

    def go_on() -> None:
        last: _Read[Item] = None
        try:
            for item in items:
                read.put((item,))
                if ended.is_set():
                    return
        except BaseException as error:
            last = error
        read.put(last)

    thread = Thread(target=go_on, daemon=True)
    thread.start()
    try:
        while got := read.get():
            if isinstance(got, BaseException):
                raise got
            yield got[0]
    finally:
        ended.set()
        while thread.is_alive():
            with suppress(Empty):
                read.get(timeout=0.05)  # so that it is not kept from ending
