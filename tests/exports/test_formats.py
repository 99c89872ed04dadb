"""What holds of the files of any export, whatever is in them."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from notifications.exports import parquet, parts, slices
from notifications.exports.columns import Kind
from notifications.exports.directory import export_to
from notifications.models import Export

from .reading import (
    ALL,
    Filters,
    Row,
    answer_all,
    asked,
    kinds_of,
    made,
    opened,
    read_by_everybody,
    tell,
)

UNTIL = datetime(2026, 3, 14, 6, tzinfo=UTC)
WINDOW: Filters = {"since": ["2026-03-12T00:00:00Z"], "until": ["2026-03-15T00:00:00Z"]}
NOTHING: Filters = {"since": ["2020-01-01T00:00:00Z"], "until": ["2020-01-03T00:00:00Z"]}
DATASETS = Export.DataSet.values
FORMATS: list[tuple[str, dict[str, Any]]] = [
    ("csv", {}), ("csv", {"gzip": True}), ("ndjson", {}), ("ndjson", {"gzip": True}),
    ("parquet", {}),
]  # fmt: skip
TYPES = {
    Kind.MOMENT: pa.timestamp("us", tz="UTC"), Kind.FLAG: pa.bool_(), Kind.NUMBER: pa.int64(),
    Kind.DECIMAL: pa.float64(),
}  # fmt: skip


@pytest.fixture(scope="module")
def three_days(cloned_db: Callable[[], AbstractContextManager[str]]) -> Iterator[None]:
    """Of two invented days, each from six to six."""
    with cloned_db():
        for seed in (1, 2):
            until = UNTIL - timedelta(days=seed - 1)
            call_command(
                "demo", "--size", "250", "--seed", str(seed), "--until", until.isoformat(),
                verbosity=0,
            )  # fmt: skip
        answer_all("200", "Unregistered")
        yield


pytestmark = pytest.mark.usefixtures("three_days")


def again(export: Export) -> Export:
    """Another one that asks the same of the same bound."""
    fields = {each.attname: getattr(export, each.attname) for each in Export._meta.fields}
    return Export.objects.create(**{name: each for name, each in fields.items() if name != "id"})


def read(export: Export, files: list[Path]) -> list[Row]:
    """By any reader, once all agree."""
    first, *others = read_by_everybody(export, files).values()
    assert all(other == first for other in others)
    return first


@pytest.mark.parametrize(("file_format", "options"), FORMATS, ids=str)
@pytest.mark.parametrize("dataset", DATASETS)
def test_an_export_that_finds_nothing_is_one_file_of_its_format(
    tmp_path: Path, dataset: str, file_format: str, options: dict[str, Any]
) -> None:
    export = asked(dataset, file_format, filters=NOTHING, **options)
    (part,) = made(tmp_path, export)
    suffix = ".gz" if options else ""
    assert part.relative_to(tmp_path) == Path(f"{dataset}-00001.{file_format}{suffix}")
    kinds = kinds_of(export)
    if file_format == "csv":
        assert opened(part).decode() == ",".join(kinds) + "\r\n"
    elif file_format == "ndjson":
        assert opened(part) == b""
    else:
        schema = pa.parquet.read_schema(part)
        assert schema.names == list(kinds)
        assert schema.types == [TYPES.get(kind, pa.string()) for kind in kinds.values()]
    assert read(export, [part]) == []


@pytest.mark.parametrize("dataset", DATASETS)
def test_parquet_is_typed_and_compressed_by_zstd(tmp_path: Path, dataset: str) -> None:
    export = asked(dataset, "parquet", filters=WINDOW)
    for part in made(tmp_path, export):
        file = pa.parquet.ParquetFile(part)
        expected = [TYPES.get(kind, pa.string()) for kind in kinds_of(export).values()]
        assert file.schema_arrow.types == expected
        for group, column in itertools.product(
            range(file.num_row_groups), range(file.metadata.num_columns)
        ):
            assert file.metadata.row_group(group).column(column).compression == "ZSTD"


@pytest.mark.parametrize("bound", ["GROUP", "GROUP_BYTES"])
def test_row_groups_are_bounded_by_rows_and_by_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(parquet, "PARSED", 5_000)
    monkeypatch.setattr(slices, "AT_ONCE", 10)
    monkeypatch.setattr(parquet, bound, {"GROUP": 20, "GROUP_BYTES": 20_000}[bound])
    export = asked("notifications", "parquet", filters=WINDOW)
    files = made(tmp_path, export)
    groups = [
        file.metadata.row_group(place).num_rows
        for file in map(pa.parquet.ParquetFile, files)
        for place in range(file.num_row_groups)
    ]
    assert len(groups) > 10
    assert max(groups) <= {"GROUP": 20, "GROUP_BYTES": 60}[bound]
    assert len(read(export, files)) == sum(groups) > 400


@pytest.mark.parametrize(("file_format", "options"), FORMATS, ids=str)
@pytest.mark.parametrize("dataset", DATASETS)
def test_the_same_question_and_bound_are_the_same_files(
    tmp_path: Path, dataset: str, file_format: str, options: dict[str, Any]
) -> None:
    export = asked(dataset, file_format, filters=WINDOW, **options)
    first = export_to(tmp_path / "first", export, tell=lambda rows: None)
    second = export_to(tmp_path / "second", again(export), tell=lambda rows: None)
    assert [(each.name, each.rows, each.sha256) for each in first] == [
        (each.name, each.rows, each.sha256) for each in second
    ]
    assert sum(each.rows for each in first) > 5


@pytest.mark.parametrize("dataset", DATASETS)
def test_each_row_of_parquet_is_in_the_directory_of_its_day(tmp_path: Path, dataset: str) -> None:
    export = asked(dataset, "parquet", filters=WINDOW)
    files = made(tmp_path, export)
    assert len(files) >= 2
    for number, part in enumerate(files, start=1):
        days = {row[0].date().isoformat() for row in read(export, [part])}
        assert len(days) == 1
        expected = Path(f"day={days.pop()}/{dataset}-{number:05}.parquet")
        assert part.relative_to(tmp_path) == expected
    assert len({part.parent for part in files}) == len(files)


@pytest.mark.parametrize(("file_format", "options"), FORMATS, ids=str)
@pytest.mark.parametrize("dataset", DATASETS)
def test_no_row_is_lost_or_twice_where_parts_meet(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    dataset: str,
    file_format: str,
    options: dict[str, Any],
) -> None:
    export = asked(dataset, file_format, filters=WINDOW, **options)
    whole = read(export, made(tmp_path / "whole", export))
    # Gaps and statistics are cut between days.
    has_whole_days = dataset in ("gaps", "stats")
    most = 1 if has_whole_days else 23
    monkeypatch.setattr(parts, "MOST_ROWS", most)
    cut = export_to(tmp_path / "cut", again(export), tell=lambda rows: None)
    assert read(export, [tmp_path / "cut" / part.name for part in cut]) == whole
    extension = f"{file_format}.gz" if options else file_format
    assert [Path(part.name).name for part in cut] == [
        f"{dataset}-{number:05}.{extension}" for number in range(1, len(cut) + 1)
    ]
    if has_whole_days:
        assert len(cut) == len({row[0].date() for row in whole}) > 1
    else:
        assert max(part.rows for part in cut) == most
        assert len(cut) > 5


def test_a_part_that_ends_exactly_at_the_last_row_is_the_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    export = asked("notifications", "csv", filters=WINDOW)
    total = len(read(export, made(tmp_path / "whole", export)))
    for most, count in ((total, 1), (total - 1, 2)):
        monkeypatch.setattr(parts, "MOST_ROWS", most)
        assert len(made(tmp_path / str(most), again(export))) == count


@pytest.mark.parametrize("dataset", ["gaps", "stats"])
@pytest.mark.parametrize("file_format", ["csv", "parquet"])
def test_days_without_notifications_cost_nothing(
    tmp_path: Path, dataset: str, file_format: str
) -> None:
    """Of the twenty thousand days since 1970 there are three."""
    export = asked(dataset, file_format, filters=ALL)
    with CaptureQueriesContext(connection) as queries:
        files = made(tmp_path / "all", export)
    assert len(queries) < 200
    of_window = asked(dataset, file_format, filters=WINDOW)
    assert read(export, files) == read(of_window, made(tmp_path / "window", of_window))


@pytest.mark.parametrize("interval", ["hour", "day"])
def test_counts_of_cut_hours_and_days_are_of_the_whole(tmp_path: Path, interval: str) -> None:
    """Also where all that was emitted in them lies beyond the window."""
    tell(*({"emitted_at": f"2026-03-1{day}T15:30:00Z", "extras": {}} for day in (5, 7, 9)))
    cut = {"hour": ("15:45", "15:15"), "day": ("23:00", "01:00")}[interval]
    filters = {
        "since": [f"2026-03-15T{cut[0]}:00Z"], "until": [f"2026-03-19T{cut[1]}:00Z"],
        "interval": [interval], "by": ["platform"],
    }  # fmt: skip
    export = asked("stats", "parquet", filters=filters)
    hour = 15 if interval == "hour" else 0
    assert read(export, made(tmp_path, export)) == [
        (datetime(2026, 3, day, hour, tzinfo=UTC), None, 1) for day in (15, 17, 19)
    ]
