"""Answers at a bound and as of a moment rest on the settings that were on record by then."""

from typing import Any

import pytest
from django.utils import timezone

from notifications.ingest.recorder import record
from notifications.models.querysets import Extent
from notifications.protocol.gates import Says
from notifications.protocol.reasons import Reason, Rule
from notifications.trace.gaps import find_gaps
from notifications.trace.gates import ask_gates
from tests.conftest import NOW, STATUS_CHANGE

from .happening import DAY
from .test_rules import blocked, heard, set_it, told
from .test_stats import horizon

pytestmark = pytest.mark.usefixtures("committed_db")


def test_answers_of_before_a_setting_are_as_they_were() -> None:
    heard()
    blocked()
    record([told(STATUS_CHANGE, -100, activation_id="other")], source="bank")
    below, moment = horizon(), timezone.now()
    set_it(Rule.E4, Says.APPLIES_NOT)

    def reasons(**bound: Any) -> list[Reason | None]:
        return [each.reason for each in find_gaps(DAY, now=NOW, **bound).entries]

    assert reasons() == reasons(below=horizon()) == [Reason.RULE_OFF]
    assert reasons(below=below) == [Reason.CHANGE_UNTOLD]
    assert not ask_gates(Extent(as_of=moment))().settings
    assert len(ask_gates(Extent(as_of=timezone.now()))().settings) == 1
