"""Exports into a directory of whoever calls: the command's."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.files.base import ContentFile
from django.utils import timezone

from notifications.models import Export, ExportPart

from . import manifest
from .asking import ended
from .failures import reason_of
from .parts import Part, Parts, as_row
from .storage import SCRATCH, WholeFiles

State = Export.State
PENDING = ".pending"
HIDDEN = (SCRATCH, PENDING)  # what a killed process left, and nobody reads


class NotFree(Exception):
    """{directory} {why}; give an empty directory, or one that does not exist."""

    def __init__(self, directory: Path, why: str) -> None:
        super().__init__(str(self.__doc__).format(directory=directory, why=why))


@contextmanager
def held(directory: Path) -> Iterator[None]:
    """``directory`` for this process alone, made if need be. Raises ``NotFree``, ``OSError``."""
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotFree(directory, "is being written by another export") from None
        yield
    finally:
        os.close(descriptor)


def require_empty(directory: Path) -> None:
    names = sorted(each.name for each in directory.iterdir() if each.name not in HIDDEN)
    if manifest.NAME in names:
        raise NotFree(directory, "holds an export already")
    if names:
        raise NotFree(directory, f"is not empty (it has {names[0]})")


def export_to(directory: Path, export: Export, *, tell: Callable[[int], None]) -> list[Part]:
    """Makes all parts, then the manifest, without which it is no finished export. ``tell`` is given
    the rows so far. What fails is noted, and raised; then nothing is left in the directory."""
    where = WholeFiles(directory)
    where.sweep(timezone.now())  # what a killed one left: the directory is this one's by now
    made: list[Part] = []
    try:
        with Parts(export, where, "", lambda rows: tell(sum(p.rows for p in made) + rows)) as parts:
            place: str | None = ""
            while place is not None and (part := parts.make(len(made) + 1, place)):
                made.append(part)
                place = part.place
        where.save(manifest.NAME, ContentFile(manifest.as_text(manifest.manifest_of(export, made))))
    except BaseException as error:
        _undo(where, made)
        ended(export, State.FAILED, reason=reason_of(error))
        raise
    finally:
        where.scratch.rmdir()
    note(export, made)
    return made


def note(export: Export, made: list[Part]) -> None:
    ExportPart.objects.bulk_create(as_row(export, part) for part in made)
    rows, size = sum(part.rows for part in made), sum(part.bytes for part in made)
    ended(export, State.FINISHED, rows=rows, bytes=size)


def _undo(where: WholeFiles, made: list[Part]) -> None:
    for part in made:
        where.delete(part.name)
        parent = Path(where.path(part.name)).parent
        if parent != Path(where.location) and not any(parent.iterdir()):
            parent.rmdir()
