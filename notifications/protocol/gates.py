"""Where rules apply: as an operator set it for a source and an app, else as was learned.

A setting holds for what is owed from a moment on and until another, or for all time. That of one
app comes before that of any app; where neither holds, what was learned does.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from .extras import MessageType
from .reasons import Rule


class Says(StrEnum):
    """What is set of a rule."""

    APPLIES = "applies"
    APPLIES_NOT = "applies_not"
    LEARNED = "learned"  # as if nothing were set; before what is set for any app


GATED = tuple(rule for rule in Rule if rule is not Rule.E3)  # that one marks and owes nothing
# Of what events owe: the message type that one must be known to send.
OWED_BY_EVENTS: Mapping[str, Rule] = {
    MessageType.OPERATION_INIT: Rule.E0,
    MessageType.STATUS_CHANGE: Rule.E4,
    MessageType.INBOX_MESSAGE_NEW: Rule.E5,
}

_Key = tuple[Rule, str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What was set ``set_at`` a moment, of messages of ``source`` to ``app`` (None: to any). It
    holds from ``since`` on and before ``until``; None leaves that side open."""

    rule: Rule
    source: str
    app: str | None
    says: Says
    set_at: datetime
    since: datetime | None = None
    until: datetime | None = None

    def holds_at(self, moment: datetime) -> bool:
        begun = self.since is None or self.since <= moment
        return begun and (self.until is None or moment < self.until)


@dataclass(frozen=True, slots=True)
class Gates:
    """The settings that hold: one of each rule, source and app, the latest."""

    settings: Mapping[_Key, Setting] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: Iterable[Setting]) -> "Gates":
        """Of several with one key the last counts."""
        return cls({(each.rule, each.source, each.app): each for each in settings})

    def find(self, rule: Rule, source: str | None, app: str | None, at: datetime) -> Setting | None:
        """What is set of it at that moment. None: nothing, so that what was learned counts."""
        if not self.settings:  # as nearly everywhere; and it is asked of every gap
            return None
        for name in dict.fromkeys((app, None)):
            found = self.settings.get((rule, source or "", name))
            if found is not None and found.holds_at(at):
                return None if found.says is Says.LEARNED else found
        return None

    def is_on(self, rule: Rule, source: str | None, app: str | None, at: datetime) -> bool:
        """It was set to apply."""
        found = self.find(rule, source, app, at)
        return found is not None and found.says is Says.APPLIES

    def on(
        self, rule: Rule, source: str | None, apps: Sequence[str], at: datetime
    ) -> Setting | None:
        """What says that it applies to any of these ``apps``, or where none is told, to any."""
        told: Iterable[str | None] = apps or dict.fromkeys(
            each.app for each in self.settings.values() if each.source == source
        )
        found = (self.find(rule, source, app, at) for app in told)
        return next((each for each in found if each and each.says is Says.APPLIES), None)

    def off(
        self, rule: Rule, sources: Iterable[str | None], app: str | None, at: datetime
    ) -> Setting | None:
        """What says that it does not apply, where that is so of all ``sources``."""
        if not self.settings:  # as nearly always
            return None
        found = [self.find(rule, each, app, at) for each in sources]
        is_off = all(each is not None and each.says is Says.APPLIES_NOT for each in found)
        return found[0] if found and is_off else None

    def applying(self, rule: Rule, app: str | None, at: datetime) -> Iterator[str]:
        """The sources of which it was set to apply; to any app at all, where none is told."""
        for each in self.settings.values():
            is_of_app = app is None or each.app in (None, app)
            if each.rule is rule and each.says is Says.APPLIES and is_of_app:
                asked = each.app if app is None else app
                if self.is_on(rule, each.source, asked, at):
                    yield each.source

    def ever_applying(self, rule: Rule) -> Iterator[tuple[str, str | None]]:
        """The sources and apps of which it was set to apply at any time."""
        for each in self.settings.values():
            if each.rule is rule and each.says is Says.APPLIES:
                yield each.source, each.app


NO_GATES = Gates()
