"""Files of exports in a directory, each of them whole or not there."""

import os
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from django.core.files.storage import FileSystemStorage

SCRATCH = ".unfinished"


class WholeFiles(FileSystemStorage):
    """Writes elsewhere and renames, so that under a name there is a whole file, on disk, or none,
    whatever becomes of this process or the machine. Writing a name again replaces it."""

    def __init__(self, location: Any = None, **options: Any) -> None:
        """Nobody else on this machine can read them: they tell of people."""
        options = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700} | options
        super().__init__(location=location, allow_overwrite=True, **options)

    @property
    def scratch(self) -> Path:
        """Where files are made that are to be saved here, since renaming them is all it takes. What
        a killed process leaves there is in nobody's way, and ``sweep`` removes it."""
        made = Path(self.location, SCRATCH)
        _make(made)
        return made

    def sweep(self, before: datetime) -> None:
        for left in self.scratch.iterdir():
            with suppress(FileNotFoundError):  # another worker was first
                if datetime.fromtimestamp(left.stat().st_mtime, tz=UTC) < before:
                    left.unlink()

    def _save(self, name: str, content: Any) -> str:
        if hasattr(content, "temporary_file_path"):
            self._put(content.temporary_file_path(), name)
            return name
        with NamedTemporaryFile(dir=self.scratch, delete=False) as file:
            try:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                self._put(file.name, name)
            finally:
                Path(file.name).unlink(missing_ok=True)
        return name

    def _put(self, made: str, name: str) -> None:
        path = Path(self.path(name))
        _make(path.parent)
        with Path(made).open("rb") as file:
            os.fsync(file.fileno())
        Path(made).chmod(self.file_permissions_mode or 0o600)
        Path(made).replace(path)


def _make(directory: Path) -> None:
    """With what is missing above it, all of them for this account alone."""
    if not directory.is_dir():
        _make(directory.parent)
        directory.mkdir(mode=0o700, exist_ok=True)
