"""What one notification stands among: the nearest ones of its device, of its operation, of its
minute. Each is read from an index on the relation and the id, a fixed number of rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from notifications.models import Notification

from .rows import for_rows

MOST = 10  # to either side, of one operation or inbox message
MOST_OF_DEVICE = 5  # to either side, within the minute
MINUTE = timedelta(minutes=1)
# What a notification can have in common with others, the nearest first: whom and what.
WHOM = ("activation", "recipient")
WHAT = ("operation", "inbox_message")
ALL = ""  # the whole record


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """The nearest that have the ``relation`` in common with ``shown``, in time order."""

    relation: str
    shown: Notification
    before: tuple[Notification, ...]
    after: tuple[Notification, ...]
    more_before: bool
    more_after: bool

    @property
    def key(self) -> object:
        return getattr(self.shown, f"{self.relation}_id")

    @property
    def previous(self) -> Notification | None:
        return self.before[-1] if self.before else None

    @property
    def following(self) -> Notification | None:
        return self.after[0] if self.after else None

    @property
    def rows(self) -> tuple[Notification, ...]:
        return (*self.before, self.shown, *self.after)

    @property
    def more(self) -> bool:
        return self.more_before or self.more_after


def around(shown: Notification, relation: str, most: int) -> Around:
    """At most ``most`` to either side."""
    about = for_rows(Notification.objects.all())
    if relation != ALL:
        about = about.filter(**{relation: getattr(shown, f"{relation}_id")})
    before = list(about.filter(id__lt=shown.pk).newest_first()[: most + 1])
    after = list(about.filter(id__gt=shown.pk).in_time_order()[: most + 1])
    return Around(
        relation=relation,
        shown=shown,
        before=tuple(before[:most][::-1]),
        after=tuple(after[:most]),
        more_before=len(before) > most,
        more_after=len(after) > most,
    )


def neighbourhoods(shown: Notification, may: Callable[[str], bool]) -> tuple[Around, ...]:
    """Around it by whom it is to and by what it is about, or in the whole record if it tells
    neither. Whoever may not see recipients is not led from one of a recipient to the next."""
    whom = [each for each in WHOM if each != "recipient" or may("notifications.view_recipient")]
    found = []
    for relations, most in ((whom, MOST_OF_DEVICE), (WHAT, MOST)):
        told = [each for each in relations if getattr(shown, f"{each}_id") is not None]
        found += [around(shown, each, most) for each in told[:1]]
    return tuple(found) or (around(shown, ALL, 1),)


def within_a_minute(of_device: Around) -> tuple[Notification, ...]:
    """Of the same device and about something else: what is about the same is told with that."""
    shown = of_device.shown
    near = [
        each
        for each in (*of_device.before, *of_device.after)
        if abs(each.emitted_at - shown.emitted_at) <= MINUTE and not _is_about_the_same(each, shown)
    ]
    return tuple(near)


def _is_about_the_same(one: Notification, other: Notification) -> bool:
    about = [(getattr(one, f"{each}_id"), getattr(other, f"{each}_id")) for each in WHAT]
    return any(a == b and a is not None for a, b in about)
