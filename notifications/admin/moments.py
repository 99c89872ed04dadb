"""The moment that a device's page is asked about, and what was known then: from its address,
spelled as the windows of the console are. What cannot be read is said, and left out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from django.utils.translation import gettext as _

from notifications.protocol.window import written

from .asking import AS_OF, Question, asked, bounds, moment_asked
from .times import here

AT = "at"
USUAL = "30d"  # is drawn where nobody asks for another window
_OF_WINDOW = ("since", "until", "zone")
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """The state ``at`` a moment, by what was on record ``as_of`` another one; None: by what is now.
    ``is_now``: nobody asked for another one. ``ribbon`` is the window that is drawn."""

    now: datetime
    at: datetime
    as_of: datetime | None
    is_now: bool
    ribbon: Question
    problems: tuple[str, ...]

    @property
    def is_plain(self) -> bool:
        return self.is_now and self.as_of is None

    @property
    def end(self) -> datetime:
        """Nothing is told of later: nobody knows it, or nobody knew it then."""
        return self.as_of or self.now

    @property
    def until(self) -> datetime | None:
        """Events up to here are shown; None: all."""
        return None if self.is_now else max(self.at + _MILLISECOND, self.ribbon.window.until)

    @property
    def asked(self) -> dict[str, str]:
        told = {} if self.is_now else {AT: written(self.at)}
        return told if self.as_of is None else told | {AS_OF: written(self.as_of)}

    @property
    def fields(self) -> dict[str, str]:
        """For datetime-local fields; "" for what nobody asked."""
        told = {AT: None if self.is_now else self.at, AS_OF: self.as_of}
        return {name: f"{here(at):%Y-%m-%dT%H:%M:%S}" if at else "" for name, at in told.items()}

    @property
    def known_then(self) -> str:
        """Of the same moment, by what was on record at that moment itself."""
        return "?" + urlencode({AT: written(self.at), AS_OF: written(self.at)})

    @property
    def known_now(self) -> str:
        return "?" + urlencode({AT: written(self.at)})

    @property
    def exactly(self) -> str:
        """Of this page at any later time, whatever is told of the past until then."""
        told = {AT: written(self.at), AS_OF: written(self.end)}
        return "?" + urlencode({**bounds(self.ribbon.window), **told})

    @property
    def permalink(self) -> str:
        """ "" for the page as it opens."""
        return "" if self.is_plain and self.ribbon.length == USUAL else self.ribbon.permalink

    def just_after(self, moment: datetime) -> str:
        """The same page with what happened at ``moment`` among the last that it shows."""
        told = {AT: written(min(moment + _MILLISECOND, self.end))}
        return "?" + urlencode(told | ({AS_OF: written(self.as_of)} if self.as_of else {}))


def asked_of_device(parameters: Mapping[str, str], *, now: datetime) -> Moment:
    problems: list[str] = []
    as_of = moment_asked(parameters, AS_OF, now, problems)
    at = moment_asked(parameters, AT, now, problems)
    if at is not None and as_of is not None and at > as_of:
        told = _(
            "“at” is after “as_of”: of a later moment nothing was known then. It was left out."
        )
        problems.append(told)
        at = None
    at = at or as_of
    window = {name: parameters[name] for name in _OF_WINDOW if name in parameters}
    chosen = {} if at is None else {AT: written(at)}
    chosen |= {} if as_of is None else {AS_OF: written(as_of)}
    ribbon = asked(window, now=at or now, chosen=chosen, default=USUAL)
    return Moment(
        now=now,
        at=at or now,
        as_of=as_of,
        is_now=at is None,
        ribbon=ribbon,
        problems=(*problems, *ribbon.problems),
    )
