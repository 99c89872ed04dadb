"""Exports into a directory, once or again and again."""

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection
from tqdm import tqdm

from notifications.exports.asking import BadExport, ask
from notifications.exports.datasets import OFFERS, UNCHANGING, rows_of
from notifications.exports.directory import NotFree, export_to, held, require_empty
from notifications.exports.incremental import BadState, Increments
from notifications.exports.parts import Part
from notifications.filters.base import Filters
from notifications.models import Export
from notifications.models.patience import TooMuch

from ._answers import add_case, viewer_of
from ._nice import be_nice

_WINDOW = ("since", "until")
_OPTIONS = (*_WINDOW, "gzip")  # the others are filters


class Command(BaseCommand):
    help = (
        "Writes notifications, operations, gaps or statistics into files, and a manifest that"
        " proves them. A --filter is a parameter of the API, as name=value; it can be repeated."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("dataset", choices=[str(each) for each in OFFERS], metavar="DATASET")
        parser.add_argument("--format", choices=Export.Format.values, default=Export.Format.CSV)
        parser.add_argument("--out", required=True, metavar="DIR", help="an empty or new directory")
        parser.add_argument(
            "--incremental",
            metavar="STATE",
            help="add to DIR what was recorded since the last run with this file; notifications"
            " only",
        )
        parser.add_argument(
            "--since",
            help="from this moment on (with its zone), or a time before now (30d), or all",
        )
        parser.add_argument("--until", help="before this moment; default now")
        parser.add_argument("--filter", action="append", default=[], metavar="NAME=VALUE")
        parser.add_argument("--gzip", action="store_true", help="compress CSV or NDJSON")
        parser.add_argument(
            "--keep-formulas",
            action="store_true",
            help="leave cells of CSV as they are that a spreadsheet would calculate",
        )
        parser.add_argument(
            "--user-ids", action="store_true", help="tell user ids, not the pseudonyms for them"
        )
        add_case(parser)

    def handle(self, *, out: str, incremental: str | None, **options: Any) -> None:
        be_nice()
        connection.ensure_connection()  # a local database may start here: its lines, then the bar
        with _told_of(out):
            if incremental is None:
                parts = _once(Path(out), options)
            else:
                parts = _again(Path(incremental), Path(out), options)
        rows, size = sum(part.rows for part in parts), sum(part.bytes for part in parts)
        self.stdout.write(f"{rows:,} rows in {len(parts):,} files of {size:,} bytes.")


def _once(directory: Path, options: dict[str, Any]) -> Sequence[Part]:
    with held(directory):
        require_empty(directory)
        export = ask(
            viewer_of(options["case"]), delivery=Export.Delivery.DIRECTORY, **_asked(options)
        )
        with _bar(export, options["verbosity"]) as tell:
            return export_to(directory, export, tell=tell)


def _again(state: Path, directory: Path, options: dict[str, Any]) -> Sequence[Part]:
    if options["dataset"] not in UNCHANGING:
        raise CommandError(
            f"--incremental is for {' and '.join(UNCHANGING)}, which never change:"
            f" {options['dataset']} do, so export them whole."
        )
    with (
        Increments(state, directory, viewer_of(options["case"])) as increments,
        _bar(None, options["verbosity"]) as tell,
    ):
        return increments.run(tell=tell, **_asked(options))


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    """As ``ask`` takes it."""
    return {
        "dataset": options["dataset"],
        "file_format": options["format"],
        "filters": _filters(OFFERS[options["dataset"]].question, options),
        "tells_users": options["user_ids"],
        "gzip": options["gzip"],
        "keep_formulas": options["keep_formulas"],
    }


def _filters(question: type[Filters], options: dict[str, Any]) -> Mapping[str, list[str]]:
    filters: dict[str, list[str]] = {}
    for each in options["filter"]:
        name, equals, value = each.partition("=")
        if not equals:
            raise CommandError(f"--filter {each}: write it as name=value.")
        filters.setdefault(name, []).append(value)
    return filters | {name: [options[name]] for name in _WINDOW if options[name] is not None}


@contextmanager
def _bar(export: Export | None, verbosity: int) -> Iterator[Callable[[int], Any]]:
    """Gives what is to be told the rows so far."""
    about = None if export is None else _estimate(export)
    with tqdm(
        total=about, unit=" rows", unit_scale=True, file=sys.stderr, disable=verbosity == 0
    ) as bar:
        yield lambda rows: bar.update(rows - bar.n)
        bar.total = bar.n  # it was an estimate


def _estimate(export: Export) -> int | None:
    rows = rows_of(export)
    try:
        return rows.estimate()
    finally:
        rows.close()


@contextmanager
def _told_of(out: str) -> Iterator[None]:
    """What goes wrong, in words for whoever called."""
    try:
        yield
    except BadExport as error:
        told = (
            f"--{name} {text}" if name in _OPTIONS else f"--filter {name}: it {text}"
            for name, texts in error.problems.items()
            for text in texts
        )
        raise CommandError("\n".join(told)) from None
    except (NotFree, BadState, TooMuch) as error:
        raise CommandError(str(error)) from None
    except OSError as error:
        raise CommandError(f"{error.filename or out}: {error.strerror}") from None
    except KeyboardInterrupt:
        raise CommandError("Interrupted; start it again.", returncode=130) from None
