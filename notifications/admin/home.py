"""The home page: what stands out today. All of it is read from what is kept ahead, so that it takes
the same time at any size of the record, and each part says of when it is."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from notifications.integrity.tallies import HowFar, how_far
from notifications.protocol.reasons import CountsAs
from notifications.protocol.window import HOUR, Window
from notifications.trace.hours import Hour, day_of, hours_of
from notifications.trace.last_contacts import LastContact
from notifications.trace.overview import OpenGap, Standing, read_overview
from notifications.trace.sources import SourceStanding, standings

from .addresses import list_address
from .asking import around, bounds
from .day_chart import DayChart, chart_of_day
from .gaps import RIGHTS as SEE_GAPS
from .times import age

SEE_NOTIFICATIONS = ("notifications.view_notification",)
SEE_SOURCES = ("notifications.view_source",)
LATE = timedelta(minutes=3)  # the worker counts every few seconds
SILENT = timedelta(hours=3)
SOURCES_SHOWN = 12

May = Callable[[Sequence[str]], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A number of today, None where it is not known, in a word and with a sign that says how that
    is; ``told`` is what to know of it, ``address`` the list that has exactly so many."""

    name: str
    number: int | None
    word: str
    sign: str
    look: str
    told: str
    address: str


@dataclass(frozen=True, slots=True)
class Age:
    """``at`` which moment it was so, and how long ago that is."""

    at: datetime
    length: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """``silent`` says for how long, when that is long and its coverage is not measured."""

    standing: SourceStanding
    last: LastContact
    silent: str
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """What somebody may see: ``figures`` of ``day``; ``chart``, None without anything to draw;
    ``counted``, up to when they are counted, None when all is; ``standing`` with its age, None
    before it was first made; ``gaps``, each with the trace of its device around it, "" without one.
    ``is_late``: no worker kept it lately."""

    day: Window
    figures: Sequence[Figure]
    chart: DayChart | None
    counted: Age | None
    standing: Standing | None
    as_of: Age | None
    gaps: Sequence[tuple[OpenGap, str]]
    gaps_address: str
    contacts: Sequence[Contact]
    more_contacts: int
    is_late: bool


def home_of(now: datetime, zone: tzinfo, may: May) -> Home:
    day = day_of(now, zone)
    sees_gaps, sees_sources = may(SEE_GAPS), may(SEE_SOURCES)
    standing = read_overview() if sees_gaps or sees_sources else None
    far = how_far() if may(SEE_NOTIFICATIONS) else None
    hours = hours_of(day, zone) if far is not None and _is_counted(far) else None
    figures = [_missing(standing, day)] if sees_gaps else []
    if far is not None:
        figures = [_emitted(hours, day, now, zone), *figures, _nonconforming(hours, day)]
    contacts = _contacts(standing, now) if sees_sources and standing else []
    gaps = standing.gaps if sees_gaps and standing else None
    return Home(
        day=day,
        figures=figures,
        chart=_chart(hours, now, zone) if hours else None,
        counted=_age(far.waiting_since, now) if far and far.waiting_since else None,
        standing=standing,
        as_of=_age(standing.as_of, now) if standing else None,
        gaps=_with_traces(gaps.newest) if gaps else (),
        gaps_address=_gaps_address(gaps.window, acknowledged="false") if gaps else "",
        contacts=contacts[:SOURCES_SHOWN],
        more_contacts=max(0, len(contacts) - SOURCES_SHOWN),
        is_late=_is_late(far, standing, now) or (standing is None and (sees_gaps or sees_sources)),
    )


def _age(at: datetime, now: datetime) -> Age:
    return Age(at, age(now - at))


def _is_late(far: HowFar | None, standing: Standing | None, now: datetime) -> bool:
    waiting = far.waiting_since if far else None
    if standing is not None and standing.is_late(now):
        return True
    return waiting is not None and waiting < now - LATE


def _with_traces(gaps: Sequence[OpenGap]) -> list[tuple[OpenGap, str]]:
    return [(each, around(each.at, activation=each.activation)) for each in gaps]


def _is_counted(far: HowFar) -> bool:
    """Else the tallies are of another database, or being made anew."""
    return far.has_begun or far.waiting_since is None


def _emitted(hours: Sequence[Hour] | None, day: Window, now: datetime, zone: tzinfo) -> Figure:
    return Figure(
        name="emitted",
        number=None if hours is None else sum(each.total for each in hours),
        word=_("emitted"),
        sign="▸",
        look="",
        told=_("Not counted yet.") if hours is None else _compared(hours, now, zone),
        address=_list(day),
    )


def _nonconforming(hours: Sequence[Hour] | None, day: Window) -> Figure:
    number = None if hours is None else sum(each.nonconforming for each in hours)
    return Figure(
        name="nonconforming",
        number=number,
        word=_("nonconforming"),
        **_standing_out(number, look="warn", sign="!"),
        told=_("Their extras depart from the specification.") if number else "",
        address=_list(day, finding="any"),
    )


def _standing_out(number: int | None, *, look: str, sign: str) -> dict[str, str]:
    if number is None:
        return {"look": "quiet", "sign": "?"}
    return {"look": look, "sign": sign} if number else {"look": "good", "sign": "✓"}


def _compared(hours: Sequence[Hour], now: datetime, zone: tzinfo) -> str:
    """Whole hours with whole hours; those that the clocks did not have a week ago with nothing."""
    over = [each for each in hours if each.at + HOUR <= now and each.before is not None]
    if not over:
        return ""
    return _("%(today)s by %(time)s; a week ago it was %(before)s.") % {
        "today": f"{sum(each.total for each in over):,}",
        "time": f"{(over[-1].at + HOUR).astimezone(zone):%H:%M}",
        "before": f"{sum(each.before or 0 for each in over):,}",
    }


def _missing(standing: Standing | None, day: Window) -> Figure:
    number, told = None, ""
    if standing is None or standing.as_of < day.since:
        told = _("Not looked for yet.")
    elif standing.gaps is None:
        told = _("Too many operations are not in order to judge a whole day.")
    else:
        counts, acknowledged = standing.gaps.counted(day), standing.gaps.acknowledged(day)
        number = counts.get(CountsAs.MISSING, 0)
        others = {
            _("%(number)s undecided"): counts.get(CountsAs.UNDECIDED, 0),
            _("%(number)s not due yet"): counts.get(CountsAs.PENDING, 0),
        }
        parts = [words % {"number": f"{count:,}"} for words, count in others.items() if count]
        sentences = [
            _("Of these %(number)s acknowledged.") % {"number": f"{acknowledged:,}"}
            if acknowledged
            else "",
            _("Besides: %(others)s.") % {"others": ", ".join(parts)} if parts else "",
        ]
        told = " ".join(filter(None, sentences))
    return Figure(
        name="missing",
        number=number,
        word=_("missing"),
        **_standing_out(number, look="bad", sign="✕"),
        told=told,
        address=_gaps_address(day),
    )


def _chart(hours: Sequence[Hour], now: datetime, zone: tzinfo) -> DayChart | None:
    if not any(each.total or each.before for each in hours):
        return None
    return chart_of_day(
        hours, now=now, zone=zone, address=lambda hour: _list(Window(hour.at, hour.at + HOUR))
    )


def _contacts(standing: Standing, now: datetime) -> list[Contact]:
    """The last one heard first, which ends with those that are silent; before all of them those
    for which something has to be done, and those that are not covered."""
    of_each = {each.source: each for each in standing.contacts}
    found = standings(of_each, now, last=of_each)
    told = sorted(
        standing.contacts,
        key=lambda each: (
            found[each.source].is_ill,
            found[each.source].is_covered(now) is False,
            each.emitted_at is not None,
            each.emitted_at or standing.as_of,
        ),
        reverse=True,
    )
    return [_contact(found[each.source], standing.as_of) for each in told]


def _contact(source: SourceStanding, as_of: datetime) -> Contact:
    last = source.last
    silent = as_of - last.emitted_at if last.emitted_at is not None else timedelta()
    query = urlencode({"source": last.source})
    is_measured = source.contact_at is not None
    return Contact(
        standing=source,
        last=last,
        silent=age(silent) if silent >= SILENT and not is_measured else "",
        address=f"{list_address('notification')}?{query}",
    )


def _list(window: Window, **filters: str) -> str:
    return f"{list_address('notification')}?{urlencode({**bounds(window), **filters})}"


def _gaps_address(window: Window, **narrowed: str) -> str:
    counted = {"counts_as": CountsAs.MISSING.value, **narrowed}
    return f"{reverse('admin:gaps')}?{urlencode({**bounds(window), **counted})}"
