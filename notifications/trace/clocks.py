"""The clocks of sources as the worker estimated them, for answers."""

import re
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from typing import Any

from notifications.models.clock import BEFORE, ask_clocks_of, clocks_of, days_of
from notifications.models.querysets import Extent
from notifications.models.statements import Answer, nothing
from notifications.protocol.clocks import NO_CLOCKS, Clocks
from notifications.protocol.message import later
from notifications.protocol.window import DAY, Window

EARLIEST = date.min + BEFORE * DAY
_CASE = r" WHEN \1.source_id = {0} AND \1.emitted_at >= {1} AND \1.emitted_at < {2} THEN {3}"


def clocks_at(sources: Collection[str], moments: Iterable[datetime], extent: Extent) -> Clocks:
    """The clocks of ``sources`` at these moments, in one query; in none where there are fewer than
    two, which have nothing to be compared with. Estimates that were made later than the ``extent``
    allows are left out; which apps it is of makes no difference to clocks."""
    return ask_clocks(sources, moments, extent)()


def ask_clocks(
    sources: Collection[str], moments: Iterable[datetime], extent: Extent
) -> Answer[Clocks]:
    if len(sources) < 2:
        return nothing(NO_CLOCKS)
    told = {each.date() for each in moments}  # in UTC
    days = {each - back * DAY for each in told for back in range(BEFORE) if each > EARLIEST}
    found = ask_clocks_of(days, extent)
    return lambda: Clocks.of(each for each, _ in found() if each.source in sources)


def clocks_in(window: Window, extent: Extent) -> Clocks:
    """Those of all sources, for statements over what any of them told in ``window``."""
    return Clocks.of(each for each, _ in clocks_of(days_of(window.since, window.until), extent))


def by_its_clock(
    statement: str, clocks: Clocks, window: Window, reach: timedelta
) -> tuple[str, dict[str, Any]]:
    """A ``statement`` in which each ``AT(name)`` is when the notification of that name was emitted,
    by the clock that all are measured by; and its parameters. It is about what was told up to
    ``reach`` before or after ``window``."""
    told = clocks.steps(later(window.since, -reach), later(window.until, reach))
    given: dict[str, Any] = {"apart": clocks.apart}
    cases = ""
    for place, step in enumerate(told):
        names = [f"clock_{place}_{name}" for name in ("source", "since", "until", "ahead")]
        given |= dict(zip(names, step, strict=True))
        cases += _CASE.format(*(f"%({name})s" for name in names))
    at = rf"(\1.emitted_at - CASE{cases} ELSE interval '0' END)" if cases else r"\1.emitted_at"
    return re.sub(r"AT\((\w+)\)", at, statement), given
