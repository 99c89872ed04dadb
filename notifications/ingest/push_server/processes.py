"""Making messages in a process of its own, for a backfill: what it computes costs this one nothing
then but handing it over. It opens no database, and ends when whoever started it does, however that
ended: there is nothing more to read then."""

import gc
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from functools import partial
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import TypeAlias

import msgspec

from .batch import Batch
from .making import Made, make

SWITCH_SECONDS = 0.0005  # ten times as often as Python does
ROOT = Path(__file__).parents[3]  # of what is imported

Make: TypeAlias = Callable[[Batch], Made]
Submit: TypeAlias = Callable[[Batch], "Future[Made]"]


class _Answer(msgspec.Struct, frozen=True):
    """What was made, or why nothing was."""

    made: Made | None
    failed: str = ""


_batches, _answers = msgspec.msgpack.Decoder(Batch), msgspec.msgpack.Decoder(_Answer)


@contextmanager
def computing() -> Iterator[None]:
    """What is made of rows is in no cycles: looking for some costs a third of all computing. And
    whoever computes beside is soon to let go on who had waited for a database."""
    was_enabled, interval = gc.isenabled(), sys.getswitchinterval()
    gc.disable()
    sys.setswitchinterval(SWITCH_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)
        if was_enabled:
            gc.enable()


@contextmanager
def making(source: str, zone: str, *, is_long: bool) -> Iterator[Submit]:
    """Makes one batch after the other beside whoever submits them; in a process of its own where
    that goes on for long."""
    here: AbstractContextManager[Make] = nullcontext(partial(make, source=source, zone=zone))
    with _process(source, zone) if is_long else here as each, ThreadPoolExecutor(1) as beside:
        yield lambda batch: beside.submit(each, batch)


@contextmanager
def _process(source: str, zone: str) -> Iterator[Make]:
    ours, theirs = Pipe()
    with ours:
        with theirs:
            # A group of its own: a terminal interrupts only what was started from there.
            process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", __package__, str(theirs.fileno()), source, zone],
                stdin=subprocess.DEVNULL,
                cwd=ROOT,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        with process:
            try:
                yield partial(_made_by, process, ours)
            finally:
                process.kill()


def serve(asking: "Connection[bytes, bytes]", *, source: str, zone: str) -> None:
    """Makes what is asked for, batch by batch, until nobody asks any more."""
    gc.disable()  # as whoever reads does
    with suppress(EOFError, ConnectionError):
        while True:
            data = asking.recv_bytes()
            try:
                answer = _Answer(make(_batches.decode(data), source=source, zone=zone))
            except Exception:  # whatever it is, it is raised where the batch was asked for
                answer = _Answer(None, traceback.format_exc())
            asking.send_bytes(msgspec.msgpack.encode(answer))


def _made_by(
    process: "subprocess.Popen[bytes]", asked: "Connection[bytes, bytes]", batch: Batch
) -> Made:
    try:
        asked.send_bytes(msgspec.msgpack.encode(batch))
        answer = _answers.decode(asked.recv_bytes())
    except (EOFError, ConnectionError):
        words = f"the process that makes messages ended with {process.wait()}"
        raise RuntimeError(words) from None
    if answer.made is None:
        raise RuntimeError(f"in the process that makes messages: {answer.failed}")
    return answer.made
