"""Operations as they stood at the bound."""

from collections.abc import Sequence
from typing import Any

from django.db.models import DecimalField, Func, QuerySet

from notifications.integrity.projections import PROJECTIONS
from notifications.protocol.identity import first_id_at

from .columns import Column, Kind, TimeIn, in_order
from .tables import TableRows

_SECONDS = Func(
    TimeIn("last_finish_id"),
    TimeIn("first_init_id"),
    template="extract(epoch FROM %(expressions)s)",
    arg_joiner=" - ",
    output_field=DecimalField(),
)
# The operations as they stood at the bound, under their table's name, so that filters ask them and
# not the table. Nearly all stand as they did; those that were told of since are derived from the
# notifications up to the bound, which stand under their table's name in the same way.
_LATER = """
    WITH later AS MATERIALIZED (
        SELECT DISTINCT operation_id FROM notifications_notification
        WHERE recorded_xid >= %s::xid8 AND operation_id IS NOT NULL
    ),
"""
_DERIVED = PROJECTIONS["operations"]
_SHADOWS = f"""
    {_LATER}
    notifications_notification AS NOT MATERIALIZED (
        SELECT * FROM notifications_notification WHERE recorded_xid < %s::xid8
    ),
    notifications_operation AS (
        SELECT {_DERIVED.columns} FROM notifications_operation AS stored
        WHERE NOT EXISTS (SELECT FROM later WHERE later.operation_id = stored.id)
        UNION ALL
        SELECT {_DERIVED.columns}
        FROM ({_DERIVED.notified.format(which="IN (SELECT operation_id FROM later)")}) AS derived
    )
"""  # noqa: S608 - of constants
# For whoever is limited to apps all are derived: those that one of their notifications in the
# window is about, of which the filters keep the ones that were first told of in it.
_SHADOWS_OF_APPS = f"""
    WITH notifications_notification AS NOT MATERIALIZED (
        SELECT * FROM notifications_notification
        WHERE recorded_xid < %s::xid8 AND app_id = ANY(%s::text[])
    ),
    told AS MATERIALIZED (
        SELECT DISTINCT operation_id FROM notifications_notification
        WHERE operation_id IS NOT NULL
            AND (%s::uuid IS NULL OR id >= %s) AND (%s::uuid IS NULL OR id < %s)
    ),
    notifications_operation AS (
        SELECT {_DERIVED.columns}
        FROM ({_DERIVED.notified.format(which="IN (SELECT operation_id FROM told)")}) AS derived
    )
"""  # noqa: S608 - of constants


class OperationRows(TableRows):
    """Operations as the notifications up to the bound have them."""

    keyset = "first_notification_id"
    columns = in_order(
        [
            Column("first_told_at", Kind.MOMENT, TimeIn("first_notification_id")),
            Column("announced_at", Kind.MOMENT, TimeIn("first_init_id")),
            Column("finished_at", Kind.MOMENT, TimeIn("last_finish_id")),
            Column("first_notification", Kind.ID, "first_notification_id"),
            Column("name", Kind.NAME, "name"),
            Column("result", Kind.NAME, "result"),
            Column("operation", Kind.TEXT, "id"),
            Column("seconds_to_finish", Kind.DECIMAL, _SECONDS),
        ]
    )

    def found(self) -> "QuerySet[Any]":
        return self.asked.qs.exclude(first_notification=None)

    def shadowing(self) -> tuple[str, Sequence[Any]]:
        below = str(self.extent.below)
        if self.extent.apps is None:
            return _SHADOWS, (below, below)
        bounds = self.asked.bounds
        since, until = (
            None if each is None else first_id_at(each) for each in (bounds.since, bounds.until)
        )
        return _SHADOWS_OF_APPS, (below, list(self.extent.apps), since, since, until, until)
