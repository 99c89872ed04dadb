"""Whether any question that a list can be asked has the database read the whole record.

The questions are made of the lists' own filters, so that a new filter is asked of by itself; their
plans are of the queries that the API really sends.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from notifications.api.lists import ListViewSet
from notifications.api.urls import router
from notifications.filters.base import ListFilters, WindowedFilters
from notifications.filters.notifications import NotificationFilters
from notifications.models import AccessRecord, Notification, Operation, SettingChange
from notifications.models.partitions import month_of, partition_name

DAY = timedelta(days=1)
HOW = ("since", "until", "order")  # parameters that are part of every question
FEW = 200  # rows of a table that may be read as a whole
PEOPLE = "notifications_recipient"
CHOICES: Mapping[str, tuple[str, ...]] = {
    "platform": ("hms", "unknown"),
    "finding": ("any", "none", "not_uuid", "unknown_message_type"),
    "silent": ("true", "unknown"),
    "personal": ("false", "unknown"),
    "finished": ("true", "false"),
    "via": ("api", "admin"),
    "action": ("device_trace", "user_trace"),
    "state": ("finished", "expired"),
    "dataset": ("notifications", "gaps"),
    "format": ("csv", "parquet"),
    "delivery": ("job", "stream"),
    "extras.operationName": ("login", "no-such-name"),
}
# Where the record is asked for the values that most rows have, and so are the hardest.
FREQUENT: Mapping[str, tuple[Any, str]] = {
    "operation": (Notification, "operation"),
    "activation": (Notification, "activation"),
    "inbox_message": (Notification, "inbox_message"),
    "user_id": (Notification, "recipient__user_id"),
    "recipient": (Notification, "recipient"),
    "message_id": (Notification, "message_id"),
    "message_type": (Notification, "message_type"),
    "result": (Notification, "result"),
    "operation_name": (Operation, "name"),
    "app_id": (Notification, "app_id"),
    "source": (Notification, "source"),
    "subject": (AccessRecord, "subject"),
    "who": (AccessRecord, "who"),
    "case": (AccessRecord, "case_number"),
    "name": (SettingChange, "name"),
    "about": (SettingChange, "about"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """``window``: the first moment of the day that it asks about; None when it names no time but an
    identifier."""

    address: str
    parameters: Mapping[str, Sequence[str]]
    window: datetime | None

    def __str__(self) -> str:
        given = "&".join(f"{key}={one}" for key, each in self.parameters.items() for one in each)
        return f"{self.address}?{given}"


@dataclass(frozen=True, slots=True)
class Index:
    """``name`` is that of the whole table's index, whichever partition this is of."""

    name: str
    column: str


@dataclass(frozen=True, slots=True)
class Scan:
    """How one table or partition is read: by which indexes with which conditions; by none of them,
    it is read from its beginning to its end."""

    table: str
    kind: str
    by: Sequence[tuple[str, str]]

    def __str__(self) -> str:
        how = ", ".join(f"{index} ({condition or 'all of it'})" for index, condition in self.by)
        return f"{self.kind} of {self.table}" + (f" by {how}" if how else "")


def values() -> dict[str, tuple[str, ...]]:
    """Of each parameter, those to ask with: what most rows have."""
    found = {name: _frequent(*where) for name, where in FREQUENT.items()}
    return {**CHOICES, **found}


def _frequent(model: Any, column: str) -> tuple[str, ...]:
    counted = model.objects.exclude(**{column: None}).order_by().values_list(column)
    return tuple(str(each) for each, _ in counted.annotate(n=Count("pk")).order_by("-n")[:2])


def questions(day: datetime, known: Mapping[str, tuple[str, ...]]) -> Iterator[Question]:
    """Of every list, with every one of its filters, one value or more: within ``day``, beside each
    identifier, and beside both; by itself in either order. ``known`` are the values, without which
    a filter is a ``KeyError``: it needs an example above."""
    for prefix, viewset, _ in router.registry:
        if issubclass(viewset, ListViewSet):
            filters = viewset.question_class
            address = f"/api/v1/{prefix}/"
            within = {"since": [day.isoformat()], "until": [(day + DAY).isoformat()]}
            for given, narrow in _given(filters, known):
                for order in ({}, {"order": ["asc"]})[: 1 if len(given) > 1 else 2]:
                    if narrow:
                        yield Question(address, {**given, **order}, None)
                    if issubclass(filters, WindowedFilters):
                        yield Question(address, {**given, **within, **order}, day)


def _given(
    filters: type[ListFilters], known: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[dict[str, Sequence[str]], bool]]:
    """Parameters, and whether an identifier is among them."""
    parameters = filters.parameters()
    names = [name for name in parameters if name not in HOW]
    if issubclass(filters, NotificationFilters):
        names += [name for name in known if name.startswith("extras.")]
    identifiers = [name for name in names if getattr(parameters.get(name), "identifies", False)]
    yield {}, False
    for name in names:
        narrow = name in identifiers
        if len(known[name]) > 1:
            yield {name: known[name]}, narrow
        for value in known[name]:
            yield {name: [value]}, narrow
        for other in identifiers:
            if other != name:
                yield {name: known[name][:1], other: known[other][:1]}, True
                yield {name: known[name], other: known[other]}, True


class Plans:
    """What the database does for a question, asked through ``client``, who may read everything."""

    def __init__(self, client: APIClient) -> None:
        self.client = client
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT part.relname, coalesce(whole.relname, part.relname),"
                " pg_get_indexdef(part.oid, 1, false)"
                " FROM pg_class AS part LEFT JOIN pg_inherits ON inhrelid = part.oid"
                " LEFT JOIN pg_class AS whole ON whole.oid = inhparent"
                " WHERE part.relkind = 'i'"
            )
            self.indexes = {part: Index(*of) for part, *of in cursor.fetchall()}
            cursor.execute("SELECT relname FROM pg_class WHERE reltuples < %s", [FEW])
            self.small = {name for (name,) in cursor.fetchall()}

    def offences(self, question: Question) -> list[Scan]:
        """The tables and partitions of which it reads more than it needs to."""
        return [
            scan
            for statement in self._statements(question)
            for scan in _scans(_plan(statement))
            if scan.table not in self.small and not self._is_bounded(scan, question)
        ]

    def _statements(self, question: Question) -> list[str]:
        with CaptureQueriesContext(connection) as captured:
            answer = self.client.get(question.address, question.parameters)
        assert answer.status_code == 200, (str(question), answer.content)
        sent = [each["sql"] for each in captured]
        return [each for each in sent if each.startswith(("SELECT", "("))]

    def _is_bounded(self, scan: Scan, question: Question) -> bool:
        indexes = [(self.indexes[name], condition) for name, condition in scan.by]
        if any(_names_one(index, condition) for index, condition in indexes):
            return not self._is_outside(scan, question)
        if question.window is None or self._is_outside(scan, question):
            return False
        return any(_is_of_time(index, condition) for index, condition in indexes)

    def _is_outside(self, scan: Scan, question: Question) -> bool:
        """Whether it is a month that the window of a list of notifications has nothing of."""
        lists = ("/notifications/", "/notification/")  # of the API, of the console
        if question.window is None or not question.address.endswith(lists):
            return False
        months = {partition_name(month_of(question.window + each)) for each in (0 * DAY, DAY)}
        return scan.table.startswith("notifications_notification_") and scan.table not in months


def _names_one(index: Index, condition: str) -> bool:
    """The index is of an identifier, and is asked for one or some."""
    of_many = index.name in ("notification_source_type", "notification_findings")
    return not of_many and bool(re.search(rf"\b{index.column}\)?(::\w+)? = ", condition))


def _is_of_time(index: Index, condition: str) -> bool:
    """The index is asked for a range of ids or of times, or for a finding, which few have."""
    if index.name == "notification_findings":
        return "@>" in condition
    return bool(re.search(r"\b((first_notification_)?id|at)\)? [<>]", condition))


def _plan(statement: str) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}")
        ((plan,),) = cursor.fetchall()
    told = json.loads(plan) if isinstance(plan, str) else plan
    return told[0]["Plan"]


def _scans(node: Mapping[str, Any]) -> Iterator[Scan]:
    """Without the people that a page of rows is joined to: where there are few, the planner has
    them all in memory for less than it takes to look a hundred of them up."""
    if "Relation Name" in node:
        yield Scan(node["Relation Name"], node["Node Type"], list(_indexes(node)))
    for part in node.get("Plans", ()):
        if node["Node Type"] != "Hash" or part.get("Relation Name") != PEOPLE:
            yield from _scans(part)


def _indexes(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Those that one table is read by, which a bitmap combines below it."""
    if "Index Name" in node:
        yield node["Index Name"], node.get("Index Cond", "")
    elif node["Node Type"].startswith("Bitmap"):
        for part in node["Plans"]:
            yield from _indexes(part)
