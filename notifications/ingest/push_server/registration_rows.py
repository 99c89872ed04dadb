"""The rows of ``push_device_registration`` as they are copied from there to here, and set against
what was seen before: set by set, since nearly all are as they were.

What is copied lies in temporary tables of our database, of which only what changed is ever looked
at. Of a push token nothing but its fingerprint leaves the database that it is in.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import psycopg
from django.db import connection
from psycopg import sql

from notifications.protocol.clients import PLATFORM_NAMES
from notifications.protocol.extras import MAX_IDENTIFIER

_PLATFORM = " ".join(
    f"WHEN '{word}' THEN '{platform}'" for word, platform in PLATFORM_NAMES.items()
)
# When the rows that are read were so at the latest: a standby has what was replayed by then, and a
# transaction may have begun to read before.
_BEGUN = """
    SELECT LEAST(
        CASE current_setting('transaction_isolation')
            WHEN 'read committed' THEN clock_timestamp() ELSE now()
        END,
        CASE WHEN pg_is_in_recovery() THEN pg_last_xact_replay_timestamp() END
    )
"""
# The fingerprint is that of protocol.events (a test holds them equal). The last row tells when the
# statement had begun to see, and is of no registration.
_COPY = f"""
    COPY (
        SELECT registration.id, registration.activation_id, registration.user_id,
            credentials.app_id,
            CASE lower(registration.platform) {_PLATFORM} ELSE '?' || registration.platform END,
            encode(sha256(convert_to(registration.push_token, 'UTF8')), 'hex'),
            registration.timestamp_last_registered::text, registration.is_active
        FROM push_device_registration AS registration
        LEFT JOIN push_app_credentials AS credentials ON credentials.id = registration.app_id
        WHERE {{which}}
        UNION ALL
        SELECT NULL, NULL, NULL, NULL, NULL, NULL, extract(epoch FROM clock_timestamp())::text, NULL
    ) TO STDOUT (ENCODING 'UTF8')
"""  # noqa: S608 - of constants
_NUMBERED = "registration.id = ANY({numbers}) OR registration.activation_id = ANY({activations})"
# Compiling these statements takes longer than what they do; and both sides are hashed in memory.
_AS_IT_IS = "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"
_TABLES = """
    DROP TABLE IF EXISTS pg_temp.pushaudit_changed, pg_temp.pushaudit_seen;
    CREATE TEMPORARY TABLE pushaudit_seen (
        number bigint, activation text COLLATE "C", user_id text COLLATE "C", app text COLLATE "C",
        platform text, token text, told_at text, is_active boolean, unusable text[]
    );
"""
_SEEN = (
    "COPY pushaudit_seen (number, activation, user_id, app, platform, token, told_at, is_active)"
    " FROM STDIN (ENCODING 'UTF8')"
)
_MOMENT = """
    DELETE FROM pushaudit_seen WHERE ctid = (
        SELECT ctid FROM pushaudit_seen WHERE number IS NULL
    ) RETURNING to_timestamp(told_at::double precision)
"""
# As ``protocol.extras.identifier`` has it: a UUID in upper case names the same activation.
_UUID = "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$"
_USABLE = f"""
    UPDATE pushaudit_seen SET
        activation = CASE
            WHEN activation ~ '{_UUID}' THEN lower(activation)
            WHEN length(activation) BETWEEN 1 AND {MAX_IDENTIFIER} THEN activation
        END,
        user_id = CASE WHEN length(user_id) BETWEEN 1 AND {MAX_IDENTIFIER} THEN user_id END,
        app = CASE WHEN length(app) BETWEEN 1 AND {MAX_IDENTIFIER} THEN app END,
        platform = CASE WHEN left(platform, 1) <> '?' THEN platform END,
        told_at = CASE WHEN length(told_at) <= 64 THEN told_at END,
        unusable = array_remove(ARRAY[
            CASE WHEN activation IS NULL AND user_id IS NULL
                OR length(activation) NOT BETWEEN 1 AND {MAX_IDENTIFIER} THEN 'activation_id' END,
            CASE WHEN length(user_id) NOT BETWEEN 1 AND {MAX_IDENTIFIER} THEN 'user_id' END,
            CASE WHEN app IS NULL OR length(app) NOT BETWEEN 1 AND {MAX_IDENTIFIER}
                THEN 'app_id' END,
            CASE WHEN left(platform, 1) = '?' THEN 'platform' END
        ], NULL)
    WHERE activation <> lower(activation) OR activation IS NULL AND user_id IS NULL
        OR length(activation) NOT BETWEEN 1 AND {MAX_IDENTIFIER}
        OR length(user_id) NOT BETWEEN 1 AND {MAX_IDENTIFIER}
        OR app IS NULL OR length(app) NOT BETWEEN 1 AND {MAX_IDENTIFIER}
        OR left(platform, 1) = '?' OR length(told_at) > 64
"""  # noqa: S608 - of constants
# What is no longer as it was, or was not there, or is there no more. The comparing before is the
# last of all registrations, or one of this registration alone that came after it.
_CHANGED = """
    CREATE TEMPORARY TABLE pushaudit_changed AS
    SELECT COALESCE(seen.number, open.number) AS number, seen.number IS NOT NULL AS is_there,
        seen.activation, seen.user_id, seen.app, seen.platform, seen.token, seen.told_at,
        seen.is_active, seen.unusable,
        open.id AS open_id, open.activation_id AS old_activation, open.user_id AS old_user_id,
        open.app_id AS old_app, open.platform AS old_platform, open.token AS old_token,
        open.told_at AS old_told_at, open.registered_at AS old_registered_at,
        CASE WHEN earlier.at IS NOT NULL THEN LEAST(earlier.at, %(moment)s) END AS not_before,
        false AS is_elsewhere
    FROM (
        SELECT * FROM pushaudit_seen
        WHERE %(numbers)s::bigint[] IS NULL OR number = ANY(%(numbers)s)
    ) AS seen
    FULL JOIN (
        SELECT registration.*, recipient.user_id
        FROM notifications_pushregistration AS registration
        LEFT JOIN notifications_recipient AS recipient ON recipient.id = recipient_id
        WHERE source_id = %(source)s AND gone_at IS NULL
            AND (%(numbers)s::bigint[] IS NULL OR number = ANY(%(numbers)s))
    ) AS open ON open.number = seen.number
    CROSS JOIN LATERAL (SELECT GREATEST(%(before)s, open.seen_at, (
        SELECT max(gone_at) FROM notifications_pushregistration AS ended
        WHERE source_id = %(source)s AND ended.number = seen.number AND open.id IS NULL
    )) AS at) AS earlier
    WHERE (
        seen.number, seen.activation, seen.user_id, seen.app, seen.platform, seen.token,
        seen.told_at, seen.is_active
    ) IS DISTINCT FROM (
        open.number, open.activation_id, open.user_id, open.app_id, open.platform, open.token,
        open.told_at, open.is_active
    );
    UPDATE pushaudit_changed AS changed SET is_elsewhere = true
    FROM pushaudit_seen AS seen
    WHERE seen.activation = old_activation AND old_activation IS DISTINCT FROM changed.activation;
    CREATE INDEX ON pushaudit_changed (number);
    ANALYZE pushaudit_changed;
"""
_OPEN = """
    SELECT DISTINCT activation_id FROM notifications_pushregistration
    WHERE source_id = %s AND number = ANY(%s) AND gone_at IS NULL AND activation_id IS NOT NULL
"""
_CHUNK = "SELECT * FROM pushaudit_changed WHERE number > %s ORDER BY number LIMIT %s"


class Change(NamedTuple):
    """What one registration is now (``is_there``), and what it was; as in ``pushaudit_changed``.

    ``is_elsewhere``: the activation that it was has a registration yet, this one or another.
    """

    number: int
    is_there: bool
    activation: str | None
    user_id: str | None
    app: str | None
    platform: str | None
    token: str | None
    told_at: str | None
    is_active: bool | None
    unusable: list[str] | None
    open_id: int | None
    old_activation: str | None
    old_user_id: str | None
    old_app: str | None
    old_platform: str | None
    old_token: str | None
    old_told_at: str | None
    old_registered_at: datetime | None
    not_before: datetime | None
    is_elsewhere: bool


def begun(foreign: "psycopg.Connection[Any]") -> datetime:
    """By the clock there: what is read from now on was not so later than this."""
    (moment,) = foreign.execute(_BEGUN).fetchone() or (None,)
    if not isinstance(moment, datetime):
        raise TypeError("PostgreSQL has no clock")
    return moment


def copy_rows(
    foreign: "psycopg.Connection[Any]", *, source: str, numbers: Collection[int] | None
) -> tuple[datetime, int]:
    """All rows (or those of ``numbers``, with what else the devices are now that these were) to
    here, in a transaction: by when they were so, and how many there are."""
    which: sql.Composable = sql.SQL("true")
    with connection.cursor() as cursor:
        if numbers is not None:
            cursor.execute(_OPEN, [source, list(numbers)])
            were = [name for (name,) in cursor.fetchall()]
            which = sql.SQL(_NUMBERED).format(
                numbers=sql.Literal(list(numbers)),
                activations=sql.Literal([*were, *(each.upper() for each in were)]),
            )
        cursor.execute(_AS_IT_IS)
        cursor.execute(_TABLES)
        foreign.execute("SET jit = off")
        statement = sql.SQL(_COPY).format(which=which)
        with foreign.cursor() as there, there.copy(statement) as rows, cursor.copy(_SEEN) as seen:
            for block in rows:
                seen.write(block)
        read = cursor.rowcount - 1
        cursor.execute(_MOMENT)
        (moment,) = cursor.fetchone()
        cursor.execute(_USABLE)
    return moment, read


def find_changes(
    *, source: str, moment: datetime, before: datetime | None, numbers: Collection[int] | None
) -> None:
    """In the same transaction. ``before`` is when all were compared last."""
    given: dict[str, Any] = {"source": source, "moment": moment, "before": before}
    with connection.cursor() as cursor:
        cursor.execute(_CHANGED, given | {"numbers": None if numbers is None else list(numbers)})


def changes(most: int) -> Iterator[Sequence[Change]]:
    """In order of their numbers, at most so many at a time."""
    last = -(2**63)
    while True:
        with connection.cursor() as cursor:
            cursor.execute(_CHUNK, [last, most])
            found = [Change(*row) for row in cursor.fetchall()]
        if not found:
            return
        last = found[-1].number
        yield found
