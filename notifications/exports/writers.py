"""Files made of copied rows: each writer turns rows into blocks of bytes, of which the file
consists, and holds no more than one.

What COPY gives is nearly what is written; only moments, names and pseudonyms are put in here.
"""

import json
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial

from notifications.models import Export
from notifications.models.pseudonyms import pseudonym_of

from .columns import Column, How, Kind
from .slices import AT_ONCE, Chunk

MOST_KEPT = 100_000  # pseudonyms, or names; some 20 MB
LINE_END = b"\r\n"
NULL = b"\x0b"  # in rows as text
PLAIN = bytes({*range(0x20, 0x100)} - {ord("\\")})
_UNESCAPED = {
    b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v", b"\\": b"\\",
}  # fmt: skip

Format = Export.Format
Write = Callable[[Iterable[Chunk], Sequence[Column]], Iterator[bytes]]


def how_copied(file_format: str) -> How:
    return How.TEXT if file_format == Format.NDJSON else How.CSV


def is_defused(export: Export) -> bool:
    """Spreadsheets read CSV; whoever reads the others gets what was recorded."""
    return export.format == Format.CSV and not export.keep_formulas


def blocks(rows: Iterable[Chunk], columns: Sequence[Column], export: Export) -> Iterator[bytes]:
    """The file of this format, compressed where that was asked for."""
    if columns[-1].kind is Kind.PERSON and how_copied(export.format) is How.CSV:
        rows = _with_pseudonyms(rows)
    written = WRITERS[Format(export.format)](rows, columns)
    return _gzipped(written) if export.gzip else written


def write_csv(rows: Iterable[Chunk], columns: Sequence[Column]) -> Iterator[bytes]:
    """CSV as RFC 4180 has it; null is an empty cell."""
    moments = _count(columns, Kind.MOMENT)
    yield ",".join(column.name for column in columns).encode() + LINE_END
    for chunk in rows:
        *told, others = zip(*(row[:-1].split(b",", moments) for row in chunk), strict=True)
        lines = map(b",".join, zip(*map(_moments, told), others, strict=True))
        yield LINE_END.join([*lines, b""])


def write_ndjson(rows: Iterable[Chunk], columns: Sequence[Column]) -> Iterator[bytes]:
    """One JSON object a line. Null is written; a key is never left out.

    The rows of a chunk are cut at once, put right column by column and formatted at once: in half
    the time that it takes row by row. Tabs and line feeds are only between cells: within one COPY
    writes them as two characters.
    """
    put_right: Mapping[Kind, Callable[[list[bytes]], Iterable[bytes]]] = {
        Kind.MOMENT: _json_moments,
        Kind.NAME: partial(map, _Quoted().__getitem__),
        Kind.TEXT: _json_texts,
        Kind.USER: _json_texts,
        Kind.PERSON: partial(map, _Pseudonyms(b'"%b"', null=b"null").__getitem__),
    }
    width = len(columns)
    line = b"{" + b",".join(_member(column) for column in columns) + b"}\n"
    lines = line * AT_ONCE
    for chunk in rows:
        cells = b"".join(chunk).replace(b"\n", b"\t").split(b"\t")[:-1]
        for place, column in enumerate(columns):
            if column.kind in put_right:
                cells[place::width] = put_right[column.kind](cells[place::width])
        block = (lines if len(chunk) == AT_ONCE else line * len(chunk)) % tuple(cells)
        yield block.replace(b"\\\\", b"\\") if b"\\" in block else block


def write_parquet(rows: Iterable[Chunk], columns: Sequence[Column]) -> Iterator[bytes]:
    # Loaded by those alone who want it: pyarrow takes 50 MB.
    from .parquet import write_parquet

    return write_parquet(rows, columns)


WRITERS: Mapping[Format, Write] = {
    Format.CSV: write_csv,
    Format.NDJSON: write_ndjson,
    Format.PARQUET: write_parquet,
}


class _Quoted(dict[bytes, bytes]):
    """Of names as COPY writes them as text, the JSON, in which backslashes are doubled as they are
    in all that COPY writes."""

    def __missing__(self, name: bytes) -> bytes:
        if len(self) > MOST_KEPT:
            self.clear()
        found = self[name] = b"null" if name == NULL else _quoted(_unescaped(name))
        return found


class _Pseudonyms(dict[bytes, bytes]):
    """Of keys of recipients, the pseudonyms in this form."""

    def __init__(self, form: bytes, *, null: bytes) -> None:
        super().__init__()
        self._form, self._null = form, null

    def __missing__(self, key: bytes) -> bytes:
        if len(self) > MOST_KEPT:
            self.clear()
        known = key not in (NULL, b"")
        found = self[key] = self._form % pseudonym_of(int(key)).encode() if known else self._null
        return found


def _with_pseudonyms(rows: Iterable[Chunk]) -> Iterator[Chunk]:
    """Rows as CSV, whose last column has the keys of recipients."""
    known = _Pseudonyms(b"%b", null=b"")
    for chunk in rows:
        cut = (row[:-1].rpartition(b",") for row in chunk)
        yield [b"%b,%b\n" % (told, known[key]) for told, _, key in cut]


def _gzipped(written: Iterable[bytes]) -> Iterator[bytes]:
    """With no name and no time in it, so that the same rows are the same file."""
    packer = zlib.compressobj(wbits=31)
    for block in written:
        if packed := packer.compress(block):
            yield packed
    yield packer.flush()


def _count(columns: Sequence[Column], kind: Kind) -> int:
    return sum(column.kind is kind for column in columns)


def _member(column: Column) -> bytes:
    value = b'"%b"' if column.kind is Kind.ID else b"%b"
    return json.dumps(column.name).encode().replace(b"%", b"%%") + b":" + value


def _moments(told: Sequence[bytes]) -> list[bytes]:
    """RFC 3339 of what PostgreSQL writes in UTC: ``2026-01-31 12:00:00.5+00``; null stays."""
    joined = b"\t".join(told)
    return joined.replace(b" ", b"T").replace(b"+00", b"Z").split(b"\t")


def _json_moments(told: Sequence[bytes]) -> list[bytes]:
    return [b"null" if each == NULL else b'"%b"' % each for each in _moments(told)]


def _json_texts(cells: list[bytes]) -> list[bytes]:
    """Of texts in quotes: they are JSON as they stand, but where one has a quote, a backslash or a
    control character. That is looked for in all of them at once."""
    told = b"".join(cells)
    as_many = told.count(b'"') + 2 * cells.count(b"null") == 2 * len(cells)
    if as_many and not told.translate(None, PLAIN):
        return cells
    return [each if each == b"null" else _quoted(_unescaped(each[1:-1])) for each in cells]


def _quoted(name: bytes) -> bytes:
    text = json.dumps(name.decode(), ensure_ascii=False)
    return text.replace("\\", "\\\\").encode()


def _unescaped(told: bytes) -> bytes:
    first, *others = told.split(b"\\")
    found = [first]
    following = iter(others)
    for part in following:
        if part:
            found.append(_UNESCAPED[part[:1]] + part[1:])
        else:  # of two backslashes
            found.append(b"\\" + next(following))
    return b"".join(found)
