"""What a trace's page was asked, from its address, and the addresses that ask the same otherwise.

Nothing that an address can hold is an error: what cannot be read is said, and left out.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from notifications.models.governance import MAX_CASE_NUMBER
from notifications.protocol.window import (
    EARLIEST,
    LATEST,
    LONGEST,
    BadWindow,
    Window,
    day_around,
    read_moment,
    read_window,
    written,
)

from .addresses import trace_address
from .times import here
from .zones import named_zone

LENGTHS: Mapping[str, str] = {
    "1h": gettext_noop("1 hour"),
    "24h": gettext_noop("24 hours"),
    "7d": gettext_noop("7 days"),
    "30d": gettext_noop("30 days"),
}
DEFAULT = "24h"
AS_OF = "as_of"
NOTHING_CHOSEN: Mapping[str, str] = MappingProxyType({})
_FIRST = datetime(1971, 1, 1, tzinfo=UTC)  # before it no window of a month fits
# As browsers send a datetime-local field; beside it the page tells the zone that it is in.
_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?")


@dataclass(frozen=True, slots=True)
class Choice:
    """A window that the page offers: its ``query`` string and what to call it."""

    query: str
    label: str
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """``length`` is the choice that ``window`` is, if it is one; ``cursor`` names a page;
    ``chosen`` are the page's own filters; ``problems`` are what to say about the address. One not
    ``windowed`` is of all time. With ``as_of`` it is asked as if it were that moment."""

    now: datetime
    windowed: bool
    window: Window
    length: str | None
    case_number: str
    cursor: str | None
    problems: tuple[str, ...]
    chosen: Mapping[str, str] = field(default_factory=dict)
    as_of: datetime | None = None

    @property
    def end(self) -> datetime:
        """Nothing is told of later: nobody knows it, or nobody knew it then."""
        return self.as_of or self.now

    @property
    def exactly(self) -> dict[str, str]:
        """The parameters that ask the same at any later time."""
        return {**(bounds(self.window) if self.windowed else {}), **self._kept}

    @property
    def permalink(self) -> str:
        return "?" + urlencode(self.exactly) if self.exactly else ""

    @property
    def known_now(self) -> str:
        """The same window, by what is known now."""
        kept = {name: text for name, text in self.exactly.items() if name != AS_OF}
        return "?" + urlencode(kept)

    @property
    def known_as_here(self) -> str:
        """The same answer at any later time, whatever is told of the past until then."""
        return "?" + urlencode({**self.exactly, AS_OF: written(self.end)})

    @property
    def fields(self) -> dict[str, str]:
        """The window for datetime-local fields, to whole seconds that hold all of it; and as of
        which moment it is asked."""
        told = fields_of(self.window.since, self.window.until)
        return told | {AS_OF: f"{here(self.as_of):%Y-%m-%dT%H:%M:%S}" if self.as_of else ""}

    @property
    def lengths(self) -> list[Choice]:
        return [
            Choice("?" + urlencode({"since": value, **self._kept}), _(label), value == self.length)
            for value, label in LENGTHS.items()
        ]

    @property
    def earlier(self) -> str | None:
        return self._moved(-(self.window.until - self.window.since))

    @property
    def later(self) -> str | None:
        length = self.window.until - self.window.since
        return self._moved(length) if self.window.until < self.end else None

    @property
    def case_query(self) -> str:
        """For links to pages without a window."""
        return "?" + urlencode(self.kept) if self.kept else ""

    @property
    def window_query(self) -> str:
        """For pages that have a window and note no case."""
        return "?" + urlencode({**bounds(self.window), **self._as_of})

    def page(self, cursor: str | None) -> str | None:
        """A page of exactly this window: one that ends now would move on."""
        return "?" + urlencode({**self.exactly, "cursor": cursor}) if cursor else None

    @property
    def here(self) -> str | None:
        """The page that is shown."""
        return self.page(self.cursor)

    def around(self, moment: datetime) -> str | None:
        window = day_around(moment)
        return "?" + urlencode({**bounds(window), **self._kept}) if window else None

    def shorter(self) -> list[Choice]:
        """Where this window held too much: shorter ones with the same end."""
        if not self.windowed:
            return []
        found = []
        for part, words in ((2, _("half of it")), (8, _("an eighth")), (64, _("a 64th"))):
            length = (self.window.until - self.window.since) / part
            window = Window(self.window.until - length, self.window.until)
            found.append(Choice("?" + urlencode({**bounds(window), **self._kept}), words))
        return found

    @property
    def kept(self) -> dict[str, str]:
        """What goes along to other pages: the case, and as of which moment it is asked."""
        return {**({"case": self.case_number} if self.case_number else {}), **self._as_of}

    @property
    def _kept(self) -> dict[str, str]:
        return {**self.kept, **self.chosen}

    @property
    def _as_of(self) -> dict[str, str]:
        return {AS_OF: written(self.as_of)} if self.as_of else {}

    def _moved(self, by: timedelta) -> str | None:
        since, until = self.window.since + by, self.window.until + by
        if since < EARLIEST or until > LATEST:
            return None
        return "?" + urlencode({**bounds(Window(since, until)), **self._kept})


def asked(
    parameters: Mapping[str, str],
    *,
    now: datetime,
    windowed: bool = True,
    longest: timedelta = LONGEST,
    chosen: Mapping[str, str] = NOTHING_CHOSEN,
    default: str = DEFAULT,
) -> Question:
    """``default`` is the choice that the window is where none is asked for."""
    problems: list[str] = []
    as_of = moment_asked(parameters, AS_OF, now, problems)
    given = parameters if windowed else {}
    zone = named_zone(given.get("zone", ""))
    since, until = (moment_in(zone, given.get(name, "")) for name in ("since", "until"))
    end = _whole_second_after(as_of or now)  # so that addresses are short
    length = since if until is None and since in LENGTHS else None
    usual = read_window(default, None, now=end)
    try:
        window = read_window(
            since, until, now=end, default=usual.until - usual.since, longest=longest
        )
    except BadWindow as problem:
        told = _("These are the last %(length)s.") % {"length": _(LENGTHS[default])}
        problems.append(f"{problem} {told}")
        window, since, until = usual, None, None
    if since is None and until is None:
        length = default
    case_number, told = read_case_number(parameters.get("case", ""))
    if told:
        problems.append(f"{told} {_('None was noted.')}")
    return Question(
        now=now,
        windowed=windowed,
        window=window,
        length=length,
        case_number=case_number,
        cursor=parameters.get("cursor"),
        problems=tuple(problems),
        chosen=chosen,
        as_of=as_of,
    )


def moment_asked(
    parameters: Mapping[str, str], name: str, now: datetime, problems: list[str]
) -> datetime | None:
    """None where none is told, or none that can be asked about, which is then said."""
    text = moment_in(named_zone(parameters.get("zone", "")), parameters.get(name, "").strip())
    if text is None:
        return None
    try:
        moment = read_moment(name, text, now=now)
    except BadWindow as problem:
        problems.append(_left_out(name, problem.detail))
        return None
    if not _FIRST <= moment <= now:
        problems.append(_left_out(name, _("must lie between 1971 and now.")))
        return None
    return moment


def _left_out(name: str, detail: str) -> str:
    told = _("“%(name)s” %(detail)s It was left out.")
    return told % {"name": name, "detail": detail}


def read_case_number(given: str) -> tuple[str, str]:
    """The case number, or what is wrong with it."""
    text = given.strip()
    if len(text) > MAX_CASE_NUMBER:
        told = _("A case number has at most %(number)s characters.")
        return "", told % {"number": MAX_CASE_NUMBER}
    if not text.isprintable() or "\ufffd" in text:  # which stands for what is no text
        return "", _("A case number has characters that show, and no others.")
    return text, ""


def bounds(window: Window) -> dict[str, str]:
    return {"since": written(window.since), "until": written(window.until)}


def around(
    moment: datetime,
    *,
    activation: object,
    recipient: object = None,
    asked_beside: Question | None = None,
) -> str:
    """The trace of a notification's device, else of its user, around its ``moment``, for the case
    and as of the moment of what is ``asked_beside``; "" when it names neither or its clock was
    astray."""
    kind, key = ("activation", activation) if activation is not None else ("recipient", recipient)
    window = day_around(moment)
    if key is None or window is None:
        return ""
    kept = asked_beside.kept if asked_beside is not None else {}
    return f"{trace_address(kind, key)}?{urlencode({**bounds(window), **kept})}"


def fields_of(since: datetime | None, until: datetime | None) -> dict[str, str]:
    """For datetime-local fields, to whole seconds that hold all of it; "" for an open side."""
    rounded = until and until + timedelta(microseconds=999_999)
    told = {"since": since, "until": rounded}
    return {name: f"{here(at):%Y-%m-%dT%H:%M:%S}" if at else "" for name, at in told.items()}


def moment_in(zone: ZoneInfo, text: str) -> str | None:
    """What a field of the page sends is of ``zone``, and becomes an instant."""
    if not _LOCAL.fullmatch(text):
        return text or None
    try:
        return written(datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC))
    except (ValueError, OverflowError):
        return f"{text}Z"  # no such day, or outside the calendar: refused like any other


def _whole_second_after(moment: datetime) -> datetime:
    return moment.replace(microsecond=0) + timedelta(seconds=1)
