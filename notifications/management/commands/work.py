"""The worker: keeps what must be kept beside recording. Any number of them may run."""

import logging
import time
from argparse import ArgumentParser
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import Error, connection
from django.utils import timezone

from notifications.exports import jobs as exports
from notifications.ingest.probes import Probes
from notifications.ingest.push_server.turns import Turns
from notifications.ingest.reports import Reports
from notifications.integrity.settings import note_settings as note
from notifications.integrity.tallies import fold_tallies
from notifications.models import partitions
from notifications.trace.gap_hours import keep_gap_hours
from notifications.trace.overview import keep_overview
from notifications.trace.skews import keep_clocks

from ._ending import Ending
from ._nice import be_nice
from ._parent import add_parent, end_with, has_ended

RETRY_SECONDS = 5.0
PROBES, REPORTS, TURNS = Probes(), Reports(), Turns()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """``do`` does a piece of the work in transactions of its own and says whether more is left,
    which is then done at once; else it is done again after so many seconds."""

    every: float
    do: Callable[[], bool]


def fold() -> bool:
    return fold_tallies().more


def make_partitions() -> bool:
    partitions.apply(partitions.plan_partitions(timezone.now()))
    return False


def expire_exports() -> bool:
    exports.expire()
    return False


def look_around() -> bool:
    keep_overview(timezone.now())  # if it is due, which depends on how long it took last
    return False


def count_gaps() -> bool:
    return keep_gap_hours(timezone.now())


def compare_clocks() -> bool:
    return keep_clocks(timezone.now())


def send_probes() -> bool:
    PROBES.send(settings.PROBE_URLS)
    return False


def note_reports() -> bool:
    REPORTS.look()
    return False


def follow_push_servers() -> bool:
    return TURNS.take(settings.PUSH_SERVERS)


def note_settings() -> bool:
    note("worker")
    return False


JOBS: Mapping[str, Job] = {
    "settings": Job(every=3600, do=note_settings),
    "partitions": Job(every=3600, do=make_partitions),
    "tallies": Job(every=3, do=fold),
    "overview": Job(every=5, do=look_around),
    "gaps": Job(every=5, do=count_gaps),
    "clocks": Job(every=60, do=compare_clocks),
    "probes": Job(every=60, do=send_probes),
    "reports": Job(every=5, do=note_reports),
    "push servers": Job(every=1, do=follow_push_servers),
    "exports": Job(every=1, do=exports.work),
    "expired exports": Job(every=30, do=expire_exports),
}


class Command(BaseCommand):
    help = (
        "Keeps what must be kept beside recording: counts notifications for the statistics, makes"
        " the months that are due, counts the gaps of each hour, sends probes through the"
        " proxy, notes who reports and which settings changed, estimates how far the clocks of"
        " sources are apart, reads on in the databases of Push Servers that are followed, and makes"
        " exports. Any number of workers may run."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do all that is due, then end")
        add_parent(parser)

    def handle(self, **options: Any) -> None:
        if options["once"]:
            for job in JOBS.values():
                while job.do():
                    pass
            return
        parent: int | None = options["parent"]
        be_nice()
        ending = Ending()
        if parent is not None:
            end_with(parent)
        _log.info("working: %s", ", ".join(JOBS))
        due = dict.fromkeys(JOBS, 0.0)
        failing: set[str] = set()
        # Where no kernel tells of a parent's end, it is noticed here.
        while not ending.is_asked and (parent is None or not has_ended(parent)):
            name = min(due, key=lambda each: due[each])
            if (wait := due[name] - time.monotonic()) > 0:
                ending.sleep(wait)
            else:
                due[name] = time.monotonic() + _do(name, failing)
        connection.close()


def _do(name: str, failing: set[str]) -> float:
    """Does a piece of this job; in how many seconds the next is due. ``failing`` are the jobs whose
    last piece was not done."""
    job = JOBS[name]
    try:
        wait = 0.0 if job.do() else job.every
    except Error as error:
        # By its kind alone: its text could hold values of the row that it is about.
        kind = type(error.__cause__ or error).__name__
        _log.error("%s: %s; again in %d s", name, kind, RETRY_SECONDS)
        connection.close()
        failing.add(name)
        return RETRY_SECONDS
    if name in failing:
        failing.remove(name)
        _log.info("%s: well again", name)
    return wait
