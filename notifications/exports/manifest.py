"""What proves an export: what was asked, by whom, of which bound, and each file with its rows and
its SHA-256."""

import csv
import gzip
import hashlib
import io
import json
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from notifications.models import Export
from notifications.protocol.identity import timestamp

from .writers import is_defused

NAME = "_manifest.json"  # what begins so, tools that read a directory of files pass by
VERSION = 1


# What a file is that is not of the format that its manifest names.
_UNREADABLE = (csv.Error, EOFError, OSError, UnicodeDecodeError, zlib.error)


class PartLike(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...


def manifest_of(export: Export, parts: Iterable[PartLike]) -> dict[str, Any]:
    told = [
        {"name": each.name, "rows": each.rows, "bytes": each.bytes, "sha256": each.sha256}
        for each in parts
    ]
    return {
        "manifest": VERSION,
        "export": str(export.pk),
        "dataset": export.dataset,
        "format": export.format,
        "gzip": export.gzip,
        "formulas": "defused" if is_defused(export) else "kept",
        "filters": export.filters,
        "apps": export.apps,
        "user_id": "user id" if export.tells_users else "pseudonym",
        "who": export.who,
        "via": export.via,
        "case": export.case_number,
        "asked_at": timestamp(export.asked_at),
        "recorded_below": str(export.below),
        "rows": sum(each["rows"] for each in told),
        "parts": told,
    }


def as_text(manifest: dict[str, Any]) -> bytes:
    return json.dumps(manifest, ensure_ascii=False, indent=2).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Verified:
    """What the manifests of a directory promise, and what of it does not hold."""

    files: int
    rows: int
    problems: tuple[str, ...]


def verify(directory: Path) -> Verified:
    """Holds each file against its manifest; one that no manifest names is a problem, too."""
    manifests = sorted(directory.rglob("_*manifest.json"))
    problems: list[str] = []
    named = set(manifests)
    files = rows = 0
    if not manifests:
        problems.append(f"there is no {NAME}: this is no export, or it was not finished.")
    for path in manifests:
        try:
            manifest = json.loads(path.read_bytes())
            parts = [(path.parent / part["name"], part) for part in manifest["parts"]]
            problems += _total(path.relative_to(directory), manifest)
            for file, part in parts:
                problems += [
                    f"{_shown(file, directory)} {told}" for told in _faults(file, part, manifest)
                ]
                rows += part["rows"]
            named.update(file for file, _ in parts)
            files += len(parts)
        except (ValueError, KeyError, TypeError):
            problems.append(f"{path.relative_to(directory)} is no manifest of ours.")
    others = (each for each in directory.rglob("*") if each.is_file() and each not in named)
    problems += [f"{each.relative_to(directory)} is in no manifest." for each in sorted(others)]
    return Verified(files, rows, tuple(problems))


def _shown(file: Path, directory: Path) -> Path:
    return file.relative_to(directory) if file.is_relative_to(directory) else file


def _total(path: Path, manifest: dict[str, Any]) -> Iterator[str]:
    total = sum(part["rows"] for part in manifest["parts"])
    if manifest["rows"] != total:
        yield f"{path} tells {manifest['rows']:,} rows, and its parts {total:,}."


def _faults(file: Path, part: dict[str, Any], manifest: dict[str, Any]) -> Iterator[str]:
    if ".." in Path(part["name"]).parts or Path(part["name"]).is_absolute():
        yield "is outside of the export."
        return
    if not file.is_file():
        yield "is missing."
        return
    with file.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    if digest != part["sha256"]:
        yield f"is not what was exported: its SHA-256 is {digest}, not {part['sha256']}."
        return
    try:
        counted = _rows_in(file, manifest)
    except _UNREADABLE as error:
        yield f"is no {manifest['format']} as its manifest has it ({type(error).__name__})."
        return
    if counted != part["rows"]:
        yield f"has {counted:,} rows, not {part['rows']:,}."


def _rows_in(file: Path, manifest: dict[str, Any]) -> int:
    file_format = Export.Format(manifest["format"])
    if file_format == Export.Format.PARQUET:
        from pyarrow.parquet import read_metadata  # as in writers: 50 MB for those who want it

        return int(read_metadata(file).num_rows)
    with gzip.open(file) if manifest["gzip"] else file.open("rb") as opened:
        if file_format == Export.Format.NDJSON:
            return sum(1 for _ in opened)
        csv.field_size_limit(sys.maxsize)  # extras can be longer than the module expects
        lines = io.TextIOWrapper(opened, encoding="utf-8", newline="")
        return sum(1 for _ in csv.reader(lines, strict=True)) - 1
