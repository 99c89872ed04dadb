"""Files of finished exports as they go out: one of them, or all with their manifest.

What differs from what was exported breaks off before its end, and is never taken for whole.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from zipstream import ZipStream

from notifications.models import Export, ExportPart

from . import manifest
from .jobs import directory_of, store
from .parts import Tally

BLOCK = 1 << 20  # bytes


class Unreadable(Exception):
    """The file store does not give {name} ({why})."""

    def __init__(self, name: str, why: str) -> None:
        super().__init__(str(self.__doc__).format(name=name, why=why))


class Changed(Exception):
    """{name} in the file store is not what was exported."""

    def __init__(self, name: str) -> None:
        super().__init__(str(self.__doc__).format(name=name))


@dataclass(frozen=True, slots=True)
class Download:
    """``blocks`` of ``size`` bytes in all, to be saved by this ``name``."""

    name: str
    size: int
    blocks: Iterator[bytes]


def file_of(export: Export, part: ExportPart) -> Download:
    """Raises ``Unreadable``."""
    _require_readable(export, part)
    return Download(part.name.rpartition("/")[2], part.bytes, _blocks(export, part))


def archive_of(export: Export) -> Download:
    """A ZIP that is made while it is sent, without compression: what is in it is compressed where
    that was asked for, and its size is known beforehand. Raises ``Unreadable``."""
    parts = list(export.parts.order_by("number"))
    _require_readable(export, parts[0])
    archive = ZipStream(sized=True)
    archive.add(manifest.as_text(manifest.manifest_of(export, parts)), manifest.NAME)
    for part in parts:
        archive.add(_blocks(export, part), part.name, size=part.bytes)
    return Download(f"{name_of(export)}.zip", len(archive), iter(archive))


def name_of(export: Export) -> str:
    """What to save it by, without an extension: ``notifications-20260131T120000Z``."""
    return f"{export.dataset}-{export.asked_at:%Y%m%dT%H%M%SZ}"


def _require_readable(export: Export, part: ExportPart) -> None:
    """Told while it can be told."""
    try:
        with store().open(_path(export, part)) as file:
            file.read(1)
    except Exception as error:  # stores of other makers raise anything
        raise Unreadable(part.name, type(error).__name__) from error


def _blocks(export: Export, part: ExportPart) -> Iterator[bytes]:
    """Raises ``Changed`` before the last of them."""
    tally, held = Tally(), b""
    with store().open(_path(export, part)) as file:
        for block in file.chunks(BLOCK):
            tally.add(block)
            if held:
                yield held
            held = block
    if tally.sha256 != part.sha256:
        raise Changed(part.name)
    yield held


def _path(export: Export, part: ExportPart) -> str:
    return f"{directory_of(export)}{part.name}"
