"""Exports that go on where they ended: each notification once, in the order of recording, whenever
and however often the command is run, and wherever it is killed.

What is exported, where it goes on and which files are to be seen stand in one state file, which is
replaced whole. A part is made out of sight, then the state names it, and only then is it given its
name: so a part is seen if and only if the state is behind it.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files.base import ContentFile
from django.db.models import F

from notifications.models import AccessRecord, Export
from notifications.models.querysets import GREATEST_ID, horizon
from notifications.trace.access import Viewer

from . import manifest
from .asking import ask, record
from .directory import PENDING, held, require_empty
from .parts import Part, Parts
from .slices import Place
from .storage import SCRATCH, WholeFiles

VERSION = 1


class BadState(Exception):
    """{path} {why}"""

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path} {why}")


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """``place`` is behind the last notification of part ``parts``; ``publishing`` are names of
    files that may still be out of sight. ``asked`` is what every run must ask the same, and where
    its parts go: two directories would share them."""

    export: str
    asked: dict[str, Any]
    state: int = VERSION
    place: Place = ""
    parts: int = 0
    rows: int = 0
    publishing: Sequence[str] = field(default_factory=tuple)


class Increments:
    """The state file ``path`` and the ``directory`` that its parts are in, both of this process
    alone while the context lasts. Raises ``BadState``, ``NotFree`` and ``OSError``."""

    def __init__(self, path: Path, directory: Path, viewer: Viewer) -> None:
        self._path, self._viewer = path, viewer
        self._where = WholeFiles(directory)
        self._pending = Path(directory, PENDING)
        self._locks = ExitStack()

    def __enter__(self) -> "Increments":
        self._locks.enter_context(held(Path(self._where.location)))
        return self

    def __exit__(self, *error: object) -> None:
        self._locks.close()

    def run(self, *, tell: Callable[[int], None], **asked: Any) -> Sequence[Part]:
        """Exports what was recorded since the last run; ``asked`` are the arguments of ``ask``.
        ``tell`` is given the rows so far. Raises ``TooMuch``, ``BadExport``."""
        state, export = self._begun(asked | {"out": str(Path(self._where.location).resolve())})
        self._publish(state)
        export.below = horizon()
        if state.place and int(state.place.split(":")[0]) >= export.below:
            raise BadState(self._path, "is of another database: it is ahead of this one.")
        made: list[Part] = []

        def beat(rows: int) -> None:
            tell(sum(part.rows for part in made) + rows)

        place: Place | None = state.place
        with Parts(export, self._where, f"{PENDING}/", beat) as parts:
            while place is not None and (part := parts.make(state.parts + 1, place)):
                state = self._finish(export, state, part)
                made.append(part)
                place = part.place
        # Behind all that was complete by now, whether it was asked for or not.
        self._write(replace(state, place=f"{export.below - 1}:{GREATEST_ID}"))
        return made

    def _finish(self, export: Export, state: State, part: Part) -> State:
        name = f"_{export.dataset}-{part.number:09}.manifest.json"
        told = manifest.as_text(manifest.manifest_of(export, [part]))
        self._where.save(f"{PENDING}/{name}", ContentFile(told))
        record(export, self._viewer, AccessRecord.Action.EXPORT)
        state = replace(
            state,
            place=part.place or f"{export.below - 1}:{GREATEST_ID}",
            parts=part.number,
            rows=state.rows + part.rows,
            publishing=(part.name, name),
        )
        self._write(state)
        self._publish(state)
        Export.objects.filter(pk=export.pk).update(
            below=export.below, rows=state.rows, bytes=F("bytes") + part.bytes
        )
        return state

    def _begun(self, asked: Mapping[str, Any]) -> tuple[State, Export]:
        if not self._path.exists():
            require_empty(Path(self._where.location))
            question = {name: value for name, value in asked.items() if name != "out"}
            export = ask(self._viewer, delivery=Export.Delivery.INCREMENTS, **question)
            state = State(export=str(export.pk), asked=dict(asked))
            self._write(state)
            return state, export
        state = self._read()
        for name, value in asked.items():
            if state.asked.get(name) != value:
                told = (
                    f"has another {name} ({state.asked.get(name)}); each export has its own file."
                )
                raise BadState(self._path, told)
        found = Export.objects.filter(pk=state.export).first()
        if found is None:
            raise BadState(self._path, "is of another database: this one has no such export.")
        return state, found

    def _read(self) -> State:
        try:
            told = json.loads(self._path.read_bytes())
            state = State(**told)
        except (ValueError, TypeError):
            raise BadState(self._path, "is no state of an export.") from None
        if state.state != VERSION:
            raise BadState(self._path, "is of another version of this program.")
        return state

    def _write(self, state: State) -> None:
        text = json.dumps(asdict(state), ensure_ascii=False, indent=2).encode()
        with NamedTemporaryFile(dir=self._path.parent, delete=False) as file:
            try:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
                Path(file.name).replace(self._path)
                _sync(self._path.parent)
            finally:
                Path(file.name).unlink(missing_ok=True)

    def _publish(self, state: State) -> None:
        """Gives the files that the state is behind their names, and removes the others."""
        for name in state.publishing:
            with suppress(FileNotFoundError):  # it has its name, or had it
                Path(self._pending, name).rename(Path(self._where.location, name))
        for directory in (self._pending, Path(self._where.location, SCRATCH)):
            for left in directory.glob("*"):
                left.unlink()


def _sync(directory: Path) -> None:
    """Names in it are on disk: a state that went back would give again what was given."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
