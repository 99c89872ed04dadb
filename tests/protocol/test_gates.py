"""Where rules apply: from the first emission that was seen on, or as it was set."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from notifications.protocol.copies import copies_owed
from notifications.protocol.expectations import Gap
from notifications.protocol.extras import MessageType
from notifications.protocol.gates import Gates, Says, Setting
from notifications.protocol.lives import announcements_owed, status_changes_owed
from notifications.protocol.merging import merge
from notifications.protocol.reasons import Reason, Rule

from .messages import (
    APP,
    FINISHED,
    GRACE,
    HOUR,
    INIT,
    PHONE,
    PUSH_SERVER,
    SOURCE,
    finish,
    init,
    judged,
    knowing,
    life,
    moment,
    registered,
    setting,
    status,
)

APPLIES, NOT, LEARNED = Says.APPLIES, Says.APPLIES_NOT, Says.LEARNED
CHANGE = MessageType.STATUS_CHANGE
BLOCKED = [
    registered(-2 * HOUR, app=APP),
    status("ACTIVE", -2 * HOUR, app=APP),
    status("BLOCKED", 0, app=APP),
]


def untold(**known: Any) -> list[Gap]:
    """What the phone's change of status at second 0 owes (E4)."""
    return list(status_changes_owed(PHONE, (), knowing(events=BLOCKED, **known)))


def reasons(gaps: Sequence[Gap]) -> list[Reason]:
    return [each.reason for each in gaps]


# --- Learned


@pytest.mark.parametrize(("begun", "owed"), [(-HOUR, True), (0, True), (0.001, False)])
def test_a_rule_applies_from_the_first_emission_on(begun: float, owed: bool) -> None:
    found = untold(begun=begun, emits={CHANGE: APP})
    assert reasons(found) == [Reason.CHANGE_UNTOLD] * owed


def test_what_was_owed_before_the_first_emission_is_not_known_where_recording_had_not_begun() -> (
    None
):
    unheard = {"begun": 60, "emits": {CHANGE: APP}}
    assert reasons(untold(**unheard, first=30)) == [Reason.RECORDING_BEGAN]
    assert reasons(untold(**unheard, first=-GRACE)) == []
    hole = {"covered": [(-HOUR, -1), (30, HOUR)]}
    assert reasons(untold(**unheard, **hole)) == [Reason.NOT_COVERED]
    assert reasons(untold(**unheard, first=30, covered=[(-HOUR, HOUR)])) == []


def test_a_copy_is_owed_from_the_first_that_was_seen_on() -> None:
    events = [registered(-HOUR, app=APP, recipient=1)]
    known = knowing(events=events, copied=[(-HOUR, HOUR)], compared=HOUR)
    asked = [init(0, app=APP)]

    def gaps(begun: float) -> list[Gap]:
        told = replace(known, copying_since={(APP, PUSH_SERVER): moment(begun)})
        return list(copies_owed(asked, merge(asked), told, {PHONE}))

    assert (len(gaps(0)), len(gaps(1))) == (1, 0)


# --- Set


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ([setting(Rule.E4)], Reason.CHANGE_UNTOLD),
        ([setting(Rule.E4, app=APP)], Reason.CHANGE_UNTOLD),
        ([setting(Rule.E4, app="other")], None),
        ([setting(Rule.E0)], None),
        ([setting(Rule.E4, since=0)], Reason.CHANGE_UNTOLD),
        ([setting(Rule.E4, since=1)], None),
        ([setting(Rule.E4, until=0)], None),
        ([setting(Rule.E4, until=1)], Reason.CHANGE_UNTOLD),
        ([setting(Rule.E4), setting(Rule.E4, NOT, APP)], None),
        ([setting(Rule.E4, NOT), setting(Rule.E4, app=APP)], Reason.CHANGE_UNTOLD),
        ([setting(Rule.E4), setting(Rule.E4, LEARNED, APP)], None),
        ([setting(Rule.E4), setting(Rule.E4, NOT, APP, since=1)], Reason.CHANGE_UNTOLD),
        ([setting(Rule.E4), setting(Rule.E4, NOT)], None),
        ([setting(Rule.E4, NOT), setting(Rule.E4)], Reason.CHANGE_UNTOLD),
    ],
)
def test_where_nothing_was_seen_a_rule_applies_as_it_was_set(
    settings: Sequence[Setting], expected: Reason | None
) -> None:
    """That of the app before that of any, the later of one before the earlier."""
    found = untold(emits={}, settings=settings)
    assert reasons(found) == ([] if expected is None else [expected])
    assert {each.anchor.source for each in found} <= {SOURCE}


def test_where_it_was_seen_what_is_set_not_to_be_owed_is_explained() -> None:
    known = {"emits": {CHANGE: APP}, "settings": [setting(Rule.E4, NOT, APP, set_at=7)]}
    (gap,) = untold(**known)
    assert (gap.reason, gap.seen, gap.other) == (Reason.RULE_OFF, moment(7), ("E4",))
    assert reasons(untold(**known, begun=60)) == []  # it would not have been owed


def test_one_of_two_sources_is_still_owed_by_the_other() -> None:
    known = knowing(events=BLOCKED, settings=[setting(Rule.E4, NOT)])
    emitters = replace(known.emitters, by_app={(CHANGE, APP): (SOURCE, "second")})
    heard = dict.fromkeys((SOURCE, "second"), known.heard[SOURCE])
    known = replace(known, emitters=emitters, heard=heard)
    (gap,) = status_changes_owed(PHONE, (), known)
    assert (gap.reason, gap.anchor.source) == (Reason.CHANGE_UNTOLD, "second")


def test_a_source_that_is_set_to_send_and_never_reported_anything_is_silent() -> None:
    settings = [setting(Rule.E4, source="stranger")]
    assert reasons(untold(emits={}, settings=settings)) == [Reason.SOURCE_SILENT]


def test_an_operation_is_taken_to_have_its_name_in_messages_where_it_is_set_to_be_announced() -> (
    None
):
    begun, unseen = [life("PENDING", apps=(APP,))], {"emits": {}, "linked": ()}
    told = knowing(**unseen, settings=[setting(Rule.E0, app=APP)])  # type: ignore[arg-type]
    assert reasons(list(announcements_owed(begun, (), told))) == [Reason.CREATED_UNANNOUNCED]
    assert not list(announcements_owed(begun, (), knowing(**unseen)))  # type: ignore[arg-type]


def test_what_tells_no_app_is_owed_where_it_is_of_any_app() -> None:
    begun = [life("PENDING", apps=())]
    for settings, owed in (
        ([setting(Rule.E0)], True),
        ([setting(Rule.E0, app=APP)], True),
        ([setting(Rule.E0, app=APP, until=-1)], False),
    ):
        told = knowing(emits={}, settings=settings)
        assert bool(list(announcements_owed(begun, (), told))) == owed


def test_a_finish_is_owed_by_a_source_that_is_set_to_send_some() -> None:
    known = {"types": {INIT}, "settings": [setting(Rule.E1)]}
    assert judged(init(0), **known).gaps[0].reason is Reason.NEVER_FINISHED
    known = {"types": {FINISHED}, "settings": [setting(Rule.E2, app=APP)]}
    assert judged(finish(0, app=APP), **known).gaps[0].reason is Reason.NEVER_ANNOUNCED
    assert judged(finish(0), **known).gaps[0].reason is Reason.SOURCE_NEVER_SENDS


@pytest.mark.parametrize(
    ("off", "rule", "reason"),
    [
        ((), Rule.E6, Reason.FINALIZED_UNTOLD),
        ((Rule.E6,), Rule.E1, Reason.NEVER_FINISHED),
        ((Rule.E1,), Rule.E6, Reason.FINALIZED_UNTOLD),
        ((Rule.E1, Rule.E6), Rule.E1, Reason.RULE_OFF),
    ],
)
def test_without_e6_a_finish_is_owed_by_the_end_of_the_operations_life(
    off: Sequence[Rule], rule: Rule, reason: Reason
) -> None:
    settings = [setting(each, NOT) for each in off]
    (gap,) = judged(init(0), happened=[life("APPROVED", 20)], settings=settings).gaps
    assert (gap.rule, gap.reason) == (rule, reason)


@pytest.mark.parametrize(
    ("settings", "owed"),
    [
        ([setting(Rule.E7, NOT, source=PUSH_SERVER)], False),
        ([setting(Rule.E7, NOT, source=PUSH_SERVER), setting(Rule.E7, app=APP)], False),
        ([setting(Rule.E7, NOT, "other", source=PUSH_SERVER)], True),
        ([setting(Rule.E7, NOT, source=PUSH_SERVER, since=1)], True),
    ],
)
def test_where_e7_is_off_a_message_is_what_it_was_without_copies(
    settings: Sequence[Setting], owed: bool
) -> None:
    """The source of the request makes no copies of it, whatever is set."""
    events = [registered(-HOUR, app=APP, recipient=1)]
    known = knowing(events=events, copied=[(-HOUR, HOUR)], compared=HOUR, settings=settings)
    asked = [init(0, app=APP)]
    assert bool(list(copies_owed(asked, merge(asked), known, {PHONE}))) == owed


def test_e7_applies_where_it_is_set_though_no_copy_was_seen() -> None:
    events = [registered(-HOUR, app=APP, recipient=1)]
    asked = [init(0, app=APP)]
    for app, owed in ((APP, 1), (None, 1), ("other", 0)):
        settings = [setting(Rule.E7, app=app, source=PUSH_SERVER)]
        known = knowing(events=events, copied=[(-HOUR, HOUR)], compared=HOUR, settings=settings)
        found = copies_owed(asked, merge(asked), replace(known, copiers={}), {PHONE})
        assert len(list(found)) == owed


def test_of_nothing_that_is_set_nothing_is_said() -> None:
    gates = Gates()
    assert gates.off(Rule.E1, [SOURCE, None], APP, moment(0)) is None
    assert gates.off(Rule.E1, [], APP, moment(0)) is None
    assert not gates.is_on(Rule.E1, None, None, moment(0))
