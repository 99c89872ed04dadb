"""The subjects, derived once more from the evidence, which is notifications and events: what
differs from the running state, and putting that right.

The recorder writes evidence and subjects in one transaction, so within one snapshot of a healthy
database nothing differs, however busily it is recorded.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from notifications.protocol.extras import MAX_IDENTIFIER, MessageType

CHUNK = 1_000  # keys put right in one transaction, while which recorders wait

# Ids are compared as texts, since min(uuid) is not in PostgreSQL 15, and what comes with an id is
# written behind it: one pass and no join, whose plan could be a bad one.
_ID = 'id::text COLLATE "C"'
_NAME = "extras ->> 'operationName'"
_OPERATIONS = f"""
    SELECT
        id, first_notification_id,
        substr(naming, 37)::varchar COLLATE "C" AS name, left(naming, 36)::uuid AS named_by_id,
        first_init_id,
        left(finish, 36)::uuid AS last_finish_id,
        NULLIF(substr(finish, 37), '')::varchar COLLATE "C" AS result
    FROM (
        SELECT
            operation_id AS id,
            min({_ID})::uuid AS first_notification_id,
            min({_ID} || ({_NAME})) FILTER (
                WHERE jsonb_typeof(extras -> 'operationName') = 'string'
                AND length({_NAME}) BETWEEN 1 AND {MAX_IDENTIFIER}
            ) AS naming,
            min({_ID}) FILTER (WHERE message_type = '{MessageType.OPERATION_INIT}')::uuid
                AS first_init_id,
            max({_ID} || COALESCE(result, '')) FILTER (
                WHERE message_type = '{MessageType.OPERATION_FINISHED}'
            ) AS finish
        FROM notifications_notification
        WHERE operation_id {{which}}
        GROUP BY operation_id
    ) AS told
"""  # noqa: S608 - of constants
_SUBJECTS = f"""
    SELECT {{column}} AS id, min({_ID})::uuid AS first_notification_id
    FROM notifications_notification
    WHERE {{column}} {{{{which}}}}
    GROUP BY {{column}}
"""  # noqa: S608 - of constants


@dataclass(frozen=True, slots=True)
class Projection:
    """A table of subjects, its columns and the query that derives it from the notifications,
    ``which`` being a condition on the key; ``events`` are what else may name one, as a table and
    its column."""

    table: str
    columns: str
    notified: str
    events: Sequence[tuple[str, str]]

    def derived(self, which: str) -> str:
        """A subject that events alone name has its key and nothing else."""
        nothing = ", NULL" * self.columns.count(",")
        also = "".join(
            f" UNION SELECT {column}{nothing} FROM {table} WHERE {column} {which}"  # noqa: S608
            f" AND NOT EXISTS (SELECT FROM notified WHERE notified.id = {table}.{column})"
            for table, column in self.events
        )
        notified = self.notified.format(which=which)
        return f"WITH notified AS ({notified}) SELECT * FROM notified{also}"  # noqa: S608


PROJECTIONS: Mapping[str, Projection] = {
    "operations": Projection(
        "notifications_operation",
        "id, first_notification_id, name, named_by_id, first_init_id, last_finish_id, result",
        _OPERATIONS,
        (("notifications_operationevent", "operation_id"),),
    ),
    "activations": Projection(
        "notifications_activation",
        "id, first_notification_id",
        _SUBJECTS.format(column="activation_id"),
        (
            ("notifications_activationevent", "activation_id"),
            ("notifications_operationevent", "activation_id"),
        ),
    ),
    "inbox messages": Projection(
        "notifications_inboxmessage",
        "id, first_notification_id",
        _SUBJECTS.format(column="inbox_message_id"),
        (("notifications_inboxevent", "inbox_message_id"),),
    ),
}


class Fault(StrEnum):
    """How a subject departs from what the evidence tells of it."""

    MISSING = "missing"
    WRONG = "wrong"
    UNFOUNDED = "unfounded"


@dataclass(frozen=True, slots=True)
class Difference:
    """A subject (``key``) of ``projection`` that is not as the evidence has it."""

    projection: str
    key: str
    fault: Fault


def plan_rebuild() -> list[Difference]:
    """All that differs, in one snapshot. Reads every notification once per projection."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return [difference for name in PROJECTIONS for difference in _differences(cursor, name)]


def apply(plan: Sequence[Difference]) -> None:
    """Derives the subjects named anew. Recorders wait for each chunk, and for nothing else."""
    for name, projection in PROJECTIONS.items():
        keys = sorted(difference.key for difference in plan if difference.projection == name)
        for start in range(0, len(keys), CHUNK):
            _derive(projection, keys[start : start + CHUNK])


def _differences(cursor: CursorWrapper, name: str) -> list[Difference]:
    projection = PROJECTIONS[name]
    cursor.execute(f"""
        WITH derived AS ({projection.derived("IS NOT NULL")}),
             stored AS (SELECT {projection.columns} FROM {projection.table})
        SELECT COALESCE(derived.id, stored.id), derived.id IS NULL, stored.id IS NULL
        FROM derived FULL JOIN stored ON derived.id = stored.id
        WHERE derived.* IS DISTINCT FROM stored.*
        ORDER BY 1
    """)  # noqa: S608 - of constants
    return [
        Difference(name, key, _fault(unfounded=unfounded, missing=missing))
        for key, unfounded, missing in cursor.fetchall()
    ]


def _derive(projection: Projection, keys: list[str]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        # Those who wrote a subject here have committed, with their evidence, once this is granted;
        # those who come later fold theirs into what is derived now.
        cursor.execute(f"LOCK TABLE {projection.table} IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute(f"DELETE FROM {projection.table} WHERE id = ANY(%s)", [keys])  # noqa: S608
        cursor.execute(
            f"INSERT INTO {projection.table} ({projection.columns})"
            f" {projection.derived('= ANY(%(keys)s)')}",
            {"keys": keys},
        )


def _fault(*, unfounded: bool, missing: bool) -> Fault:
    if missing:
        return Fault.MISSING
    return Fault.UNFOUNDED if unfounded else Fault.WRONG
