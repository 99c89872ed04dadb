"""Exports as one answer, made while it is sent. Its row tells afterwards what was sent, or that it
broke off."""

from collections.abc import Generator, Iterator
from itertools import chain, islice

from notifications.models import Export, ExportPart

from .asking import ended
from .datasets import rows_of
from .failures import reason_of
from .parts import Tally, name_of
from .slices import Rows, Slice
from .writers import blocks, how_copied, is_defused

EVERYTHING = 2**62  # rows, of which there are never so many


class Sent(Iterator[bytes]):
    """Blocks, the first of which is made at once. To be closed by whoever does not want the rest,
    which is then not made."""

    def __init__(self, blocks: Generator[bytes]) -> None:
        self._made, self._blocks = list(islice(blocks, 1)), blocks

    def __next__(self) -> bytes:
        return self._made.pop() if self._made else next(self._blocks)

    def close(self) -> None:
        self._blocks.close()


def stream(export: Export) -> Sent:
    """The file. Its first row is looked for at once, so that what cannot be answered is told
    before anything is; raises ``TooMuch``, then and later."""
    return Sent(_noted(export, rows_of(export)))


def _noted(export: Export, rows: Rows) -> Generator[bytes]:
    tally = Tally()
    try:
        with rows.slice(
            how_copied(export.format),
            "",
            stop=None,
            most=EVERYTHING,
            defused=is_defused(export),
        ) as found:
            following = iter(found)
            first = list(islice(following, 1))  # before a header is given
            for block in blocks(chain(first, following), rows.columns, export):
                tally.add(block)
                yield block
        _finished(export, tally, found)
    except GeneratorExit:
        ended(export, Export.State.CANCELLED, reason="The client went away.")
        raise
    except Exception as error:
        ended(export, Export.State.FAILED, reason=reason_of(error))
        raise
    finally:
        rows.close()


def _finished(export: Export, tally: Tally, found: Slice) -> None:
    ExportPart.objects.create(
        export=export,
        number=1,
        name=name_of(export, 1),
        rows=found.count,
        bytes=tally.bytes,
        sha256=tally.sha256,
    )
    ended(export, Export.State.FINISHED, rows=found.count, bytes=tally.bytes)
