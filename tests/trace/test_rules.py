"""Where rules apply, on record: learned by date, set for a source and an app, as of any moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from notifications.ingest.emission import Emission
from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import RuleSetting, SettingChange, Source
from notifications.models.querysets import Extent
from notifications.protocol.gates import Says
from notifications.protocol.reasons import CountsAs, Reason, Rule
from notifications.trace.copiers import copiers
from notifications.trace.gaps import find_gaps
from notifications.trace.gates import ask_gates
from notifications.trace.operation import trace_operation
from notifications.trace.reporting import reporting_of
from notifications.trace.rules import Why, history_of, rules_of, set_rule
from tests.conftest import INIT, NOW, OPERATION, STATUS_CHANGE

from .happening import (
    APP,
    DAY,
    REGISTERED,
    at,
    gaps,
    happened,
    life,
    only,
    push,
    sent,
    status,
    traced,
)

pytestmark = pytest.mark.django_db

CHANGE = str(STATUS_CHANGE["messageType"])
# What is always heard and owes nothing: the source goes on all the while.
NOTHING = {"messageType": "mtoken.inboxMessage.new", "inboxId": "m-1"}


def told(extras: dict[str, Any], minutes: float = 0, **more: Any) -> Emission:
    return emission_from(sent(extras, minutes, **more), now=NOW)


def heard(source: str = "bank", *minutes: float) -> None:
    for each in minutes or (-600, 170):
        record([told(NOTHING, each, user_id=None, activation_id=None)], source=source)


def set_it(rule: Rule, says: Says = Says.APPLIES, app: str = "", **more: Any) -> RuleSetting:
    given = {"source_id": "bank", "who": "operator", "note": "told so"} | more
    return set_rule(RuleSetting(rule=rule, says=says, app=app, **given))


def blocked() -> None:
    happened(push(REGISTERED, -60), status("ACTIVE", -60), status("BLOCKED", 0))


# --- Learned


def test_a_change_before_the_first_statusChange_owes_none() -> None:
    heard()
    blocked()
    record([told(STATUS_CHANGE, 5, activation_id="other")], source="bank")
    assert gaps() == []
    assert traced().entries == ()
    record([told(STATUS_CHANGE, -0.5, activation_id="other")], source="bank")
    assert gaps() == [(Rule.E4, Reason.CHANGE_UNTOLD)]


def test_before_recording_began_whether_it_was_owed_is_not_known() -> None:
    heard("bank", 3, 170)
    blocked()
    record([told(STATUS_CHANGE, 5, activation_id="other")], source="bank")
    assert gaps() == [(Rule.E4, Reason.RECORDING_BEGAN)]


def test_the_first_is_dated_to_the_millisecond_within_what_is_asked_about() -> None:
    record([told(STATUS_CHANGE, each) for each in (-30, 10, 20)], source="bank")
    record([told(STATUS_CHANGE, 15, app_id="other")], source="bank")
    record([told(STATUS_CHANGE, 12, app_id=None)], source="nameless")

    def since(extent: Extent = Extent()) -> dict[tuple[str | None, str], float]:  # noqa: B008
        found = reporting_of(NOW, extent).emitters({APP, "other", None}).since
        return {
            (app, source): (first - at(0)) / timedelta(minutes=1)
            for (name, app, source), first in found.items()
            if name == CHANGE
        }

    assert since()[APP, "bank"] == -30
    assert (since()["other", "bank"], since()[None, "bank"]) == (15, -30)
    assert since()[APP, "nameless"] == 12  # may be to any app
    assert since(Extent(("other",))) == {("other", "bank"): 15, (None, "bank"): 15}
    assert since(Extent(below=1)) == {}


def test_copies_are_dated_too() -> None:
    source = "push-server"
    for app, minutes in ((APP, 0), (APP, 60), ("other", 30)):
        envelope = {"per_device": True, "addressed_to": "user", "app_id": app}
        record([told(INIT, minutes, **envelope)], source=source)
    found = copiers(reporting_of(NOW, Extent())).since
    minute = timedelta(minutes=1)  # so far may its clock be from that of a request
    assert found == {(APP, source): at(0) - minute, ("other", source): at(30) - minute}


# --- Set


def test_an_operation_is_owed_its_announcement_where_that_is_set_and_none_was_seen() -> None:
    heard()
    happened(push(REGISTERED, -60, user_id="u1"), status("ACTIVE", -60), life("PENDING", 0))
    assert gaps() == []
    set_it(Rule.E0, app=APP, since=at(-1))
    assert gaps() == [(Rule.E0, Reason.CREATED_UNANNOUNCED)]
    entry = only(trace_operation(OPERATION, now=NOW))  # type: ignore[arg-type]
    assert (entry.rule, entry.reason) == (Rule.E0, Reason.CREATED_UNANNOUNCED)
    assert only(traced()).reason is Reason.CREATED_UNANNOUNCED
    assert "That it is owed here was set at 20" in entry.sentence
    set_it(Rule.E0, app=APP, since=at(1))
    assert gaps() == []


def test_what_is_set_not_to_be_owed_is_explained_and_says_since_when() -> None:
    heard()
    blocked()
    record([told(STATUS_CHANGE, -100, activation_id="other")], source="bank")
    assert gaps() == [(Rule.E4, Reason.CHANGE_UNTOLD)]
    made = set_it(Rule.E4, Says.APPLIES_NOT)
    assert gaps() == [(Rule.E4, Reason.RULE_OFF)]
    entry = only(traced())
    assert (entry.reason, entry.counts_as) == (Reason.RULE_OFF, CountsAs.EXPLAINED)
    assert f"it was set at {made.recorded_at:%Y-%m-%d %H:%M:%S} UTC that E4" in entry.sentence
    set_it(Rule.E4, app=APP)  # before what is set for any app
    assert gaps() == [(Rule.E4, Reason.CHANGE_UNTOLD)]
    set_it(Rule.E4, Says.LEARNED, APP)
    set_it(Rule.E4, Says.LEARNED)
    assert gaps() == [(Rule.E4, Reason.CHANGE_UNTOLD)]


def test_a_finish_that_is_set_not_to_be_owed_is_explained() -> None:
    heard()
    record([told(INIT)], source="bank")
    set_it(Rule.E1, Says.APPLIES_NOT, APP, until=at(1))
    assert gaps() == [(Rule.E1, Reason.RULE_OFF)]
    set_it(Rule.E1, Says.APPLIES_NOT, APP, until=at(0))
    assert gaps() == [(Rule.E1, Reason.SOURCE_NEVER_SENDS)]
    assert "was set at" not in traced().entries[-1].sentence
    set_it(Rule.E1)
    assert gaps() == [(Rule.E1, Reason.NEVER_FINISHED)]
    assert "That it is owed here was set at 20" in traced().entries[-1].sentence


def test_an_account_of_some_apps_is_answered_by_what_is_set_of_them() -> None:
    heard()
    happened(life("PENDING", 0, apps=(APP, "other")))
    set_it(Rule.E0, app="other")
    assert [each.rule for each in find_gaps(DAY, now=NOW, apps=("other",)).entries] == [Rule.E0]
    assert find_gaps(DAY, now=NOW, apps=(APP,)).entries == ()
    set_it(Rule.E0)
    assert [each.rule for each in find_gaps(DAY, now=NOW, apps=(APP,)).entries] == [Rule.E0]


# --- Told


def test_what_holds_is_told_with_how_it_is_known() -> None:
    heard()
    record([told(STATUS_CHANGE, -5)], source="bank")
    off = set_it(Rule.E1, Says.APPLIES_NOT)
    on = set_it(Rule.E1, app=APP)
    set_it(Rule.E0, app="gone", until=at(-1))
    found = {(each.rule, each.app): each for each in rules_of("bank", NOW)}
    assert {app for _, app in found} == {None, APP, "gone"}
    change = found[Rule.E4, APP]
    assert (change.applies, change.why, change.since) == (True, Why.SEEN, at(-5))
    assert found[Rule.E4, "gone"].why is Why.NOT_SEEN
    assert found[Rule.E1, "gone"].setting == found[Rule.E1, None].setting == off
    assert (found[Rule.E1, APP].applies, found[Rule.E1, APP].setting) == (True, on)
    assert (found[Rule.E0, "gone"].applies, found[Rule.E0, "gone"].why) == (False, Why.NOT_SEEN)
    assert [each.rule for each in history_of("bank")] == [Rule.E0, Rule.E1, Rule.E1]
    assert history_of("bank", before=on.pk) == [off]


def test_a_setting_is_noted_with_what_it_was_before() -> None:
    Source.objects.create(slug="bank")
    set_it(Rule.E4, Says.APPLIES_NOT, APP)
    set_it(Rule.E4, app=APP, since=at(0), note="told otherwise")
    first, second = SettingChange.objects.order_by("pk")
    assert (first.name, first.about, first.who, first.note) == (
        "rule E4", "bank", "operator", "told so",
    )  # fmt: skip
    assert (first.before, first.after) == ("app retail: learned", "app retail: applies_not")
    assert second.before == first.after
    assert second.after.startswith("app retail: applies since 2026-")


def test_the_latest_settings_are_found_by_their_index(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    Source.objects.create(slug="bank")
    for number in range(30):
        set_it(Rule.E4, app=f"app-{number % 3}")
    with django_assert_num_queries(1):
        found = ask_gates(Extent())()
    assert len(found.settings) == 3
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        cursor.execute(
            "EXPLAIN SELECT DISTINCT ON (source_id, app, rule) * FROM notifications_rulesetting"
            " ORDER BY source_id, app, rule, id DESC"
        )
        assert "rule_setting_latest" in str(cursor.fetchall())
