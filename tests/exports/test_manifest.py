"""An export is proved by its manifest: whatever was done to a file, it is found and named."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
from django.core.management import call_command

from notifications.exports import parts
from notifications.exports.manifest import verify
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.world import Faults, World
from tests.conftest import NOW, SOURCE

FAULTS = Faults.believable()
FORMATS = ("csv", "csv.gz", "ndjson", "ndjson.gz", "parquet")


@pytest.fixture(scope="module")
def exports(
    cloned_db: Callable[[], AbstractContextManager[str]], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    """By format, each of several parts."""
    directory = tmp_path_factory.mktemp("exports")
    with cloned_db(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "MOST_ROWS", 20)
        envelopes = (each.envelope for each in World(seed=1, size=60, until=NOW).emissions(FAULTS))
        record([emission_from(each, now=NOW) for each in envelopes if each], source=SOURCE)
        for each in FORMATS:
            file_format, _, gzip = each.partition(".")
            call_command(
                "export", "notifications", "--since", "2026-03-01T00:00:00Z", "--format",
                file_format, "--out", str(directory / each), verbosity=0,
                gzip=bool(gzip),
            )  # fmt: skip
    return {each: directory / each for each in FORMATS}


@pytest.fixture(params=FORMATS)
def export(request: pytest.FixtureRequest, exports: dict[str, Path], tmp_path: Path) -> Path:
    """One that may be harmed."""
    return Path(copytree(exports[request.param], tmp_path / "export"))


def second_of(export: Path) -> tuple[Path, str]:
    name = json.loads((export / "_manifest.json").read_bytes())["parts"][1]["name"]
    return export / name, name


def rewrite(export: Path, change: Callable[[dict[str, Any]], object]) -> None:
    path = export / "_manifest.json"
    manifest = json.loads(path.read_bytes())
    change(manifest)
    path.write_text(json.dumps(manifest))


def test_one_that_nothing_was_done_to_is_as_it_was_exported(export: Path) -> None:
    found = verify(export)
    assert found.problems == ()
    assert (found.files, found.rows) == (len(list(export.rglob("notifications-*"))), found.rows)
    assert found.files >= 3
    assert found.rows > 40


def test_an_altered_byte_is_found_wherever_it_is(export: Path) -> None:
    part, name = second_of(export)
    content = part.read_bytes()
    for place in (0, len(content) // 2, len(content) - 1):
        harmed = bytearray(content)
        harmed[place] ^= 1
        part.write_bytes(harmed)
        (problem,) = verify(export).problems
        assert problem.startswith(f"{name} is not what was exported: its SHA-256 is ")
    part.write_bytes(content)
    assert verify(export).problems == ()


def test_a_file_that_is_missing_or_cut_or_too_many_is_named(export: Path) -> None:
    part, name = second_of(export)
    content = part.read_bytes()
    part.write_bytes(content[:-1])
    assert [each.partition(":")[0] for each in verify(export).problems] == [
        f"{name} is not what was exported"
    ]
    part.unlink()
    assert verify(export).problems == (f"{name} is missing.",)
    part.write_bytes(content)
    (part.parent / "more.csv").write_bytes(content)
    more = (part.parent / "more.csv").relative_to(export)
    assert verify(export).problems == (f"{more} is in no manifest.",)


def test_each_of_several_faults_is_named(export: Path) -> None:
    first, *_, last = json.loads((export / "_manifest.json").read_bytes())["parts"]
    (export / first["name"]).unlink()
    (export / last["name"]).write_bytes(b"")
    (export / "extra").touch()
    missing, altered, extra = verify(export).problems
    assert missing == f"{first['name']} is missing."
    assert altered.startswith(f"{last['name']} is not what was exported")
    assert extra == "extra is in no manifest."


def test_two_files_in_each_others_place_are_both_named(export: Path) -> None:
    first, second, *_ = (
        export / each["name"]
        for each in json.loads((export / "_manifest.json").read_bytes())["parts"]
    )
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    names = [each.partition(" ")[0] for each in verify(export).problems]
    assert names == [str(each.relative_to(export)) for each in (first, second)]


WRONG: list[tuple[Callable[[dict[str, Any]], object], str]] = [
    (lambda told: told.update(rows=5), "_manifest.json tells 5 rows, and its parts "),
    (lambda told: told["parts"][1].update(rows=3), " rows, not 3."),
    (lambda told: told["parts"][1].update(sha256="0" * 64), "not 0000"),
    (lambda told: told["parts"][1].update(name="../x"), "../x is outside of the export."),
    (lambda told: told["parts"][1].pop("sha256"), "_manifest.json is no manifest of ours."),
    (lambda told: told["parts"][1].update(rows="many"), "_manifest.json is no manifest of ours."),
    (lambda told: told.pop("parts"), "_manifest.json is no manifest of ours."),
    (lambda told: told["parts"].pop(), " is in no manifest."),
]


@pytest.mark.parametrize(("change", "told"), WRONG)
def test_a_wrong_manifest_is_found(
    export: Path, change: Callable[[dict[str, Any]], object], told: str
) -> None:
    rewrite(export, change)
    assert any(told in problem for problem in verify(export).problems)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "5", '"x"', '{"parts": 5}', "\xff"])
def test_what_is_no_manifest_is_told(export: Path, text: str) -> None:
    (export / "_manifest.json").write_bytes(text.encode("latin-1"))
    assert "_manifest.json is no manifest of ours." in verify(export).problems


@pytest.mark.parametrize(
    "change",
    [
        {"format": "parquet"}, {"format": "csv"}, {"format": "ndjson"}, {"format": "xlsx"},
        {"gzip": True}, {"gzip": False}, {"format": "csv", "gzip": True},
    ],
    ids=str,
)  # fmt: skip
def test_a_manifest_of_another_format_is_told_or_does_not_matter(
    export: Path, change: dict[str, Any]
) -> None:
    before = (export / "_manifest.json").read_bytes()
    rewrite(export, lambda told: told.update(change))
    is_the_same = json.loads(before).items() >= change.items()
    is_parquet = json.loads((export / "_manifest.json").read_bytes())["format"] == "parquet"
    if not is_the_same and not (is_parquet and json.loads(before)["format"] == "parquet"):
        assert verify(export).problems != ()


def test_a_directory_without_manifest_is_no_export(export: Path) -> None:
    (export / "_manifest.json").unlink()
    first, *others = verify(export).problems
    assert first == "there is no _manifest.json: this is no export, or it was not finished."
    assert len(others) >= 3


def test_the_command_needs_no_database(exports: dict[str, Path], tmp_path: Path) -> None:
    export = Path(copytree(exports["csv"], tmp_path / "export"))

    def run() -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603
            [sys.executable, "manage.py", "verify_export", str(export)],
            env={
                **os.environ,
                "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
                "PUSHAUDIT_ENVIRONMENT": "local",
            },
            cwd=Path(__file__).parents[2],
            capture_output=True,
            text=True,
        )

    whole = run()
    assert (whole.returncode, whole.stderr) == (0, "")
    assert whole.stdout.startswith("As it was exported: ")
    part, name = second_of(export)
    part.unlink()
    harmed = run()
    assert (harmed.returncode, harmed.stdout, harmed.stderr) == (1, "", f"{name} is missing.\n")
