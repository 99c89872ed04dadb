"""About how many rows there are, as the planner has it: counting them reads them all."""

import json
from typing import Any

from django.db.models import QuerySet


def planned_rows(queryset: "QuerySet[Any]") -> int:
    """In the time that planning takes, however many there are. It is an estimate: 0 only means
    that Django knows that nothing can be found."""
    return rows_in(queryset.explain(format="json"))


def rows_in(plan: str | list[Any]) -> int:
    """What the answer to EXPLAIN (FORMAT json) says of the whole statement."""
    if not plan:
        return 0
    (explained,) = json.loads(plan) if isinstance(plan, str) else plan
    return int(explained["Plan"]["Plan Rows"])
