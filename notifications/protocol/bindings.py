"""Which device a registration of the Push Server was when a message went to it.

Its table has no history: a row is bound to another activation and user, or deleted, and nothing
there tells of it. So its readings are compared, and between two of them lies what changed. Source:
the Push Server's ``push_device_registration`` and ``push_message.device_registration_id``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

# Two readings that are no further apart show every binding: nobody activates an app, registers it,
# and does both again within this. Further apart, any number may have come and gone.
ONCE_WITHIN = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What one row of the table was for as long as it was seen unchanged.

    It became so after ``not_before`` (None: not seen) and by ``seen_at``; it was still so at
    ``last_seen_at`` and no longer at ``gone_at`` (both None: it is so yet). ``registered_at`` is
    what the row itself tells, by the clock of whoever wrote it.
    """

    number: int
    activation: str | None
    recipient: int | None
    app: str | None = None
    platform: str | None = None
    is_active: bool | None = None
    registered_at: datetime | None = None
    not_before: datetime | None = None
    seen_at: datetime
    last_seen_at: datetime | None = None
    gone_at: datetime | None = None

    def may_have_been_within(self, since: datetime, until: datetime) -> bool:
        """At some moment between the two, both included."""
        has_begun = self.not_before is None or self.not_before < until
        return has_begun and (self.gone_at is None or since < self.gone_at)


def device_at(
    bindings: Sequence[Binding], *, recipient: int | None, since: datetime, until: datetime
) -> Binding | None:
    """The one of ``bindings`` (of one registration, in order) that a message to ``recipient`` went
    to, which was sent at some moment from ``since`` to ``until``.

    None wherever it may have been another: two activations of the user may have been bound in that
    time, one may have been bound unseen, or what was before the first reading is not known. Of
    several of one activation it is the latest.
    """
    if recipient is None or not bindings or _has_hidden(bindings, since, until):
        return None
    found = [
        each
        for each in bindings
        if each.recipient == recipient and each.may_have_been_within(since, until)
    ]
    if len({each.activation for each in found}) != 1 or found[-1].activation is None:
        return None
    return found[-1]


def _has_hidden(bindings: Sequence[Binding], since: datetime, until: datetime) -> bool:
    """Whether another may have been bound in that time that no reading shows."""
    follows = [False, *(_follows(*each) for each in pairwise(bindings)), False]
    return any(
        (not follows[n] and _hides_before(each, since, until, is_first=n == 0))
        or (not follows[n + 1] and _hides_after(each, since, until))
        for n, each in enumerate(bindings)
    )


def _hides_before(each: Binding, since: datetime, until: datetime, *, is_first: bool) -> bool:
    """What was before it ended by when it was registered, as its own row tells. Before the reading
    that had none yet there may have been another."""
    if each.registered_at is not None and each.registered_at <= since:
        return False
    if each.not_before is None:
        return since < each.seen_at
    if is_first and since < each.not_before:
        return True
    return _is_long(each.not_before, each.seen_at, since, until)


def _hides_after(each: Binding, since: datetime, until: datetime) -> bool:
    if each.gone_at is None or each.last_seen_at is None:
        return False
    return _is_long(each.last_seen_at, each.gone_at, since, until)


def _follows(before: Binding, after: Binding) -> bool:
    """Nothing was registered between the two: a status that the Push Server is told leaves the
    time of registration as it is."""
    at_once = before.gone_at == after.seen_at
    return at_once and None is not before.registered_at == after.registered_at


def _is_long(begin: datetime, end: datetime, since: datetime, until: datetime) -> bool:
    """Whether a time between two readings too far apart has any of that."""
    return end - begin > ONCE_WITHIN and begin < until and since < end
