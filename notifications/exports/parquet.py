"""Parquet: typed columns, zstd, row groups of a bounded size."""

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from .behind import each_behind
from .columns import Column, Kind
from .slices import Chunk

PARSED = 1 << 20  # bytes of rows parsed at a time
GROUP = 100_000  # rows in a row group, or as many as take so many bytes:
GROUP_BYTES = 64 << 20
MOMENT = pa.timestamp("us", tz="UTC")
TYPES = {
    Kind.MOMENT: MOMENT,
    Kind.FLAG: pa.bool_(),
    Kind.NUMBER: pa.int64(),
    Kind.DECIMAL: pa.float64(),
}


def write_parquet(rows: Iterable[Chunk], columns: Sequence[Column]) -> Iterator[bytes]:
    schema = pa.schema([(each.name, TYPES.get(each.kind, pa.string())) for each in columns])
    # What nearly every row has another value of is only longer with a dictionary.
    names = [each.name for each in columns if each.kind is Kind.NAME]
    sink = _Sink()
    with pa.parquet.ParquetWriter(sink, schema, compression="zstd", use_dictionary=names) as writer:
        group = _Group(schema, writer)
        for _ in each_behind(_pieces(rows), group.add):
            yield sink.taken()
        group.write()
    yield sink.taken()


class _Sink(io.RawIOBase):
    """Holds what was written since it was last taken."""

    def __init__(self) -> None:
        self._blocks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, block: "pa.Buffer | bytes") -> int:
        self._blocks.append(bytes(block))
        return len(block)

    def taken(self) -> bytes:
        taken = b"".join(self._blocks)
        self._blocks.clear()
        return taken


class _Group:
    """Rows that are written together."""

    def __init__(self, schema: pa.Schema, writer: Any) -> None:
        self._schema, self._writer = schema, writer
        self._tables: list[pa.Table] = []

    def add(self, piece: bytes) -> None:
        self._tables.append(_table(piece, self._schema))
        rows, size = (sum(map(of, self._tables)) for of in (len, lambda table: table.nbytes))
        if rows >= GROUP or size >= GROUP_BYTES:
            self.write()

    def write(self) -> None:
        if self._tables:
            self._writer.write_table(pa.concat_tables(self._tables), row_group_size=GROUP)
            self._tables.clear()


def _pieces(rows: Iterable[Chunk]) -> Iterator[bytes]:
    """Whole rows as CSV: what reads a stream of them cuts it anywhere, and refuses a row that is
    longer than a block."""
    some: list[bytes] = []
    size = 0
    for chunk in rows:
        some += chunk
        size += sum(map(len, chunk))
        if size >= PARSED:
            yield b"".join(some)
            some.clear()
            size = 0
    if some:
        yield b"".join(some)


def _table(block: bytes, schema: pa.Schema) -> pa.Table:
    return pa.csv.read_csv(
        pa.BufferReader(block),
        read_options=pa.csv.ReadOptions(
            column_names=schema.names, block_size=len(block) + 1, use_threads=False
        ),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=schema,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            true_values=["true"],
            false_values=["false"],
        ),
    )
