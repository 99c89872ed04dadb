"""Which sources could have told something of a device, a user or an operation in a window, and
whether they were listening: the evidence of absence.

Any number of sources takes one query. What is limited to apps names only sources that told
something of these apps; of those it tells when they were recorded, as the reasons of gaps do.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.conf import settings

from notifications.models.statements import Answer
from notifications.protocol.coverage import (
    SourceCoverage,
    Tells,
    in_order_of_telling,
    in_window,
)
from notifications.protocol.events import ActivationEvent, OperationEvent
from notifications.protocol.message import FIRST, Message
from notifications.protocol.window import Window

from .coverage import Kept, ask_kept
from .reporting import Reporting


@dataclass(slots=True)
class _Listener:
    tells: set[Tells] = field(default_factory=set)
    moments: list[datetime] = field(default_factory=list)
    compared: datetime | None = None
    stores_nothing_since: datetime | None = None


def told_by(
    messages: Iterable[Message], events: Mapping[Tells, Iterable[ActivationEvent | OperationEvent]]
) -> dict[str, frozenset[Tells]]:
    """What the sources of these told."""
    found: dict[str, set[Tells]] = {}
    for each in messages:
        tells = Tells.COPIES if each.per_device else Tells.NOTIFICATIONS
        found.setdefault(each.source or "", set()).add(tells)
    for kind, of_kind in events.items():
        for event in of_kind:
            found.setdefault(event.source or "", set()).add(kind)
    found.pop("", None)
    return {source: frozenset(told) for source, told in found.items()}


def ask_who_listened(
    window: Window,
    *,
    now: datetime,
    reporting: Reporting,
    as_of: datetime | None,
    apps: Collection[str] | None = None,
    named: Mapping[str, frozenset[Tells]],
) -> Answer[tuple[SourceCoverage, ...]]:
    """The sources that are ``named``, since they told something of what is asked about, and those
    known to tell of ``apps`` (None: of any), with when they were recorded in ``window``. One that
    began after it could not have told anything then."""
    found = _listeners(reporting, apps, named)
    answer = ask_kept(found.keys(), window.since, window.until, as_of=as_of)

    def read() -> tuple[SourceCoverage, ...]:
        kept = answer()
        coverage = (
            _coverage(source, each, kept[source], window, now) for source, each in found.items()
        )
        return in_order_of_telling(each for each in coverage if not each.began_after)

    return read


def _listeners(
    reporting: Reporting, apps: Collection[str] | None, named: Mapping[str, frozenset[Tells]]
) -> dict[str, _Listener]:
    found = {source: _Listener(set(tells)) for source, tells in named.items()}
    naming_apps = {each.source for each in reporting.reports if each.app is not None}
    for each in reporting.reports:
        # What a source that names no app at all reports may be of any.
        is_of_any = each.app is None and each.source not in naming_apps
        if apps is None or is_of_any or each.app in apps:
            listener = found.setdefault(each.source, _Listener())
            listener.tells.add(each.tells)
            listener.moments += [each.since, each.last]
    for source, listener in found.items():
        compared = reporting.compared.get(source, FIRST)
        listener.compared = None if compared == FIRST else compared
        listener.stores_nothing_since = reporting.storage_off.get(source)
    return found


def _coverage(
    source: str, told: _Listener, kept: Kept, window: Window, now: datetime
) -> SourceCoverage:
    shown = in_window(kept.covered, window, now=now, silence=settings.COVERAGE_SILENCE)
    return SourceCoverage(
        source=source,
        tells=tuple(each for each in Tells if each in told.tells),
        shown=shown,
        kinds=kept.kinds_in(window) if shown.is_measured else (),
        first_report=min(told.moments, default=None),
        last_report=max(told.moments, default=None),
        compared=told.compared,
        stores_nothing_since=told.stores_nothing_since,
    )


def apps_told(*evidence: Iterable[Message | ActivationEvent]) -> set[str] | None:
    """The apps that this names; None, that is any, where it names none."""
    return {each.app for of_kind in evidence for each in of_kind if each.app is not None} or None
