"""Which sources report the copies that were made for devices, learned from what they reported."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from notifications.protocol.merging import WITHIN
from notifications.protocol.message import LAST, later
from notifications.protocol.reasons import Rule

from .reporting import Reporting


@dataclass(frozen=True, slots=True)
class Copiers:
    """The sources that report copies, by app, and since when; None has those of which it was set
    for any app. Of those that read a Push Server, ``compared`` has when its registrations were last
    seen; the first of all moments, if they never were."""

    by_app: Mapping[str | None, tuple[str, ...]] = field(default_factory=dict)
    since: Mapping[tuple[str, str], datetime] = field(default_factory=dict)
    compared: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def sources(self) -> frozenset[str]:
        return frozenset(each for of_one in self.by_app.values() for each in of_one)


NO_COPIERS = Copiers()


def copiers(reporting: Reporting) -> Copiers:
    """Those that reported a copy, by the apps of their copies; and those of which it was set:
    before and after the setting holds, nothing is known of these in that app."""
    since: dict[tuple[str, str], datetime] = {}
    for each in reporting.messages:
        if each.per_device and each.app is not None:
            begun = later(each.since, -WITHIN)  # by another clock than a request
            key = each.app, each.source
            since[key] = min(begun, since.get(key, begun))
    by_app: dict[str | None, tuple[str, ...]] = {}
    for app, source in sorted(since):
        by_app[app] = (*by_app.get(app, ()), source)
    for source, set_for in dict.fromkeys(reporting.gates.ever_applying(Rule.E7)):
        if source not in by_app.get(set_for, ()):
            by_app[set_for] = (*by_app.get(set_for, ()), source)
            since[set_for or "", source] = LAST
    found = Copiers(by_app, since)
    compared = {each: at for each, at in reporting.compared.items() if each in found.sources}
    return Copiers(by_app, since, compared)
