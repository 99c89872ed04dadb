"""One post to an inbox, told twice: by the request for it, which cannot name it and may tell that
no push is wanted, and by the Push Server's own table, which names it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from .events import InboxEvent
from .merging import WITHIN


@dataclass(frozen=True, slots=True)
class Post:
    """``told`` is the event that tells most of it: the table's, where there is one, with whether
    the request for it wanted a push. ``events`` are both."""

    told: InboxEvent
    events: tuple[InboxEvent, ...]


def posts_of(events: Iterable[InboxEvent]) -> list[Post]:
    """One-to-one and the nearest first, between different sources alone; what no other source
    tells of is a post by itself."""
    told = sorted(events, key=lambda each: (each.at, each.id))
    requests = [each for each in told if each.inbox_message is None]
    rows = [each for each in told if each.inbox_message is not None]
    pairs = sorted(
        ((row, request) for row in rows for request in requests if _may_be_one(row, request)),
        key=lambda pair: (abs(pair[0].at - pair[1].at), pair[0].id, pair[1].id),
    )
    found: dict[InboxEvent, InboxEvent] = {}
    taken: set[InboxEvent] = set()
    for row, request in pairs:
        if row not in found and request not in taken:
            found[row] = request
            taken.add(request)
    return [_post(each, found.get(each)) for each in told if each not in taken]


def _may_be_one(row: InboxEvent, request: InboxEvent) -> bool:
    return (
        row.source != request.source
        and row.recipient == request.recipient
        and abs(row.at - request.at) <= WITHIN
        and _agree(row.apps, request.apps)
    )


def _agree(one: Sequence[str], other: Sequence[str]) -> bool:
    return not one or not other or not set(one).isdisjoint(other)


def _post(told: InboxEvent, request: InboxEvent | None) -> Post:
    if request is None:
        return Post(told, (told,))
    silent = told.silent if request.silent is None else request.silent
    apps = told.apps or request.apps
    return Post(replace(told, silent=silent, apps=apps), (told, request))
