"""Exports made as the command makes them, and read back by those who would read them."""

import csv
import gzip
import io
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias
from uuid import UUID

import duckdb
import pandas
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from msgspec import structs

from notifications.exports.asking import ask
from notifications.exports.columns import Kind
from notifications.exports.datasets import rows_of
from notifications.exports.directory import export_to
from notifications.ingest.deliveries import DeliveryTold, record_deliveries
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import AccessRecord, Export, Notification
from notifications.protocol.clients import Platform
from notifications.protocol.deliveries import Cause, DeviceBy, Outcome
from notifications.trace.access import Viewer
from tests.conftest import NOW

BEGINNING = "1970-01-02T00:00:00Z"
ALL = {"since": [BEGINNING]}
Filters: TypeAlias = Mapping[str, Sequence[str]]
Row: TypeAlias = tuple[Any, ...]


def tell(*envelopes: Mapping[str, Any], source: str = "bank") -> list[UUID]:
    """Records them in one transaction; gives their ids."""
    return list(record([emission_from(each, now=NOW) for each in envelopes], source=source).ids)


def answer_all(*codes: str, source: str = "bank") -> None:
    """A delivery report or two of each notification, with these codes in turn."""
    told = []
    for number, (key, at) in enumerate(
        Notification.objects.in_time_order().values_list("id", "emitted_at")
    ):
        outcome = list(Outcome)[number % 3]
        told.append(
            DeliveryTold(
                notification=key,
                key=f"{number}" if number % 2 else None,
                outcome=outcome,
                code=codes[number % len(codes)] if codes else None,
                gateway=list(Platform)[number % 3] if number % 4 else None,
                happened_at=at if number % 5 else None,
                observed_at=min(at, NOW) + timedelta(seconds=1),
                is_final=number % 3 == 0,
                cause=Cause.UNKNOWN if outcome is Outcome.PENDING else None,
                registration=codes[number % len(codes)] if codes else None,
                device_by=DeviceBy.REQUEST,
                told_at="2026-03-14 12:00:00.123",
                zone="Europe/Prague",
            )
        )
        if number % 7 == 0:
            told.append(structs.replace(told[-1], key=None, outcome=Outcome.ACCEPTED, cause=None))
    record_deliveries(told, source=source)


def asked(
    dataset: str,
    file_format: str = "csv",
    *,
    filters: Filters = ALL,
    tells_users: bool = True,
    apps: Sequence[str] | None = None,
    **options: Any,
) -> Export:
    return ask(
        Viewer("analyst", AccessRecord.Via.COMMAND, apps=apps),
        dataset=dataset,
        file_format=file_format,
        filters=filters,
        tells_users=tells_users,
        delivery=Export.Delivery.DIRECTORY,
        **options,
    )


def made(directory: Path, export: Export) -> list[Path]:
    """The parts, in their order."""
    return [directory / part.name for part in export_to(directory, export, tell=lambda rows: None)]


def kinds_of(export: Export) -> dict[str, Kind]:
    rows = rows_of(export)
    try:
        return {column.name: column.kind for column in rows.columns}
    finally:
        rows.close()


def read_by_everybody(export: Export, parts: Sequence[Path]) -> dict[str, list[Row]]:
    """What each reader takes the parts for, as Python values."""
    kinds = kinds_of(export)
    readers = {
        "csv": (csv_by_python, csv_by_duckdb, csv_by_arrow, csv_by_pandas),
        "ndjson": (ndjson_by_python, ndjson_by_duckdb, ndjson_by_pandas),
        "parquet": (parquet_by_arrow, parquet_by_duckdb, parquet_by_pandas),
    }[export.format]
    return {read.__name__: [row for part in parts for row in read(part, kinds)] for read in readers}


def opened(part: Path) -> bytes:
    return gzip.decompress(part.read_bytes()) if part.suffix == ".gz" else part.read_bytes()


def ndjson_by_python(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    lines = opened(part).split(b"\n")
    assert lines.pop() == b""
    objects = [json.loads(line) for line in lines]
    assert all(list(each) == list(kinds) for each in objects)
    return [_of_json(each, kinds) for each in objects]


def ndjson_by_duckdb(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    """Each value as its JSON, of which it makes nothing by itself."""
    found = duckdb.execute(
        "SELECT json FROM read_ndjson_objects(?, maximum_object_size = 50000000)", [str(part)]
    )
    return [_of_json(json.loads(line), kinds) for (line,) in found.fetchall()]


def ndjson_by_pandas(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    frame = pandas.read_json(part, lines=True, dtype=False, precise_float=True)
    if frame.empty:
        return []
    return [
        _of_json(dict(zip(kinds, row, strict=True)), kinds)
        for row in _rows(frame.astype(object), kinds)
    ]


def csv_by_python(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    csv.field_size_limit(sys.maxsize)
    lines = csv.reader(io.StringIO(opened(part).decode(), newline=""), strict=True)
    assert next(lines) == list(kinds)
    return [_of_cells(line, kinds) for line in lines]


def csv_by_duckdb(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    found = duckdb.execute(
        """SELECT * FROM read_csv(?, auto_detect = false, header = true, delim = ',', quote = '"',
            escape = '"', max_line_size = 50000000, buffer_size = 200000000, columns = ?)""",
        [str(part), dict.fromkeys(kinds, "VARCHAR")],
    )
    return [_of_cells(line, kinds) for line in found.fetchall()]


def csv_by_arrow(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    table = pa.csv.read_csv(
        part,
        read_options=pa.csv.ReadOptions(block_size=50_000_000),
        parse_options=pa.csv.ParseOptions(newlines_in_values=True),
        convert_options=pa.csv.ConvertOptions(
            column_types=dict.fromkeys(kinds, pa.string()), strings_can_be_null=True,
            null_values=[""], quoted_strings_can_be_null=False,
        ),
    )  # fmt: skip
    assert table.column_names == list(kinds)
    return [_of_cells(list(row.values()), kinds) for row in table.to_pylist()]


def csv_by_pandas(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    frame = pandas.read_csv(part, dtype=object, keep_default_na=False, na_values=[""])
    return [_of_cells(row, kinds) for row in _rows(frame, kinds)]


def parquet_by_arrow(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    table = pa.parquet.ParquetFile(part).read()
    assert table.column_names == list(kinds)
    return [_of_values(list(row.values()), kinds) for row in table.to_pylist()]


def parquet_by_duckdb(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    found = duckdb.sql(
        "SELECT * FROM read_parquet(?, hive_partitioning = false)", params=[str(part)]
    ).to_arrow_table()
    return [_of_values(list(row.values()), kinds) for row in found.to_pylist()]


def parquet_by_pandas(part: Path, kinds: Mapping[str, Kind]) -> list[Row]:
    frame = pandas.read_parquet(part, partitioning=None)
    return [_of_values(row, kinds) for row in _rows(frame.astype(object), kinds)]


def _rows(frame: Any, kinds: Mapping[str, Kind]) -> list[list[Any]]:
    assert list(frame.columns) == list(kinds)
    return [
        [None if _is_null(value) else value for value in row]
        for row in frame.itertuples(index=False, name=None)
    ]


def _is_null(value: Any) -> bool:
    return not isinstance(value, (dict, list)) and bool(pandas.isna(value))


def _of_json(told: Mapping[str, Any], kinds: Mapping[str, Kind]) -> Row:
    return tuple(
        _moment(told[name]) if kind is Kind.MOMENT else told[name] for name, kind in kinds.items()
    )


def _of_cells(cells: Sequence[Any], kinds: Mapping[str, Kind]) -> Row:
    return tuple(
        _CELLS.get(kind, str)(cell) if cell not in (None, "") else None
        for cell, kind in zip(cells, kinds.values(), strict=True)
    )


def _of_values(values: Sequence[Any], kinds: Mapping[str, Kind]) -> Row:
    return tuple(
        json.loads(value)
        if kind is Kind.JSON
        else value.astimezone(UTC)
        if isinstance(value, datetime)
        else value
        for value, kind in zip(values, kinds.values(), strict=True)
    )


def _moment(text: str | None) -> datetime | None:
    assert text is None or text.endswith("Z")
    return None if text is None else datetime.fromisoformat(text)


def _flag(cell: str) -> bool:
    return {"true": True, "false": False}[cell]


_CELLS: dict[Kind, Any] = {
    Kind.MOMENT: _moment, Kind.FLAG: _flag, Kind.NUMBER: int, Kind.DECIMAL: float,
    Kind.JSON: json.loads,
}  # fmt: skip
