"""Notifications counted by hour and day: a projection that answers statistics, not evidence."""

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from .fields import IdentifierField, TransactionIdField
from .source import MAX_SLUG

DIMENSIONS = ("source", "message_type", "result", "app_id", "platform", "codes")

# The codes of one notification's findings, each once and in byte order.
_CODES = """
    CASE WHEN findings = '[]' THEN '{}'::text[] ELSE ARRAY(
        SELECT DISTINCT (code #>> '{}') COLLATE "C"
        FROM jsonb_path_query(findings, '$[*].code') AS told (code) ORDER BY 1
    ) END
"""


def counted(which: str) -> str:
    """The SELECT that counts notifications by hour (UTC) and ``DIMENSIONS``, as ``starts_at``,
    these, and ``count``; ``which`` is the condition on the notifications.

    All counting is by this one, so that what is counted ahead and what is counted when asked are
    the same.
    """
    return f"""
        SELECT
            date_trunc('hour', emitted_at, 'UTC') AS starts_at, source_id AS source,
            message_type, result, app_id, platform, {_CODES} AS codes, count(*)::integer AS count
        FROM notifications_notification
        WHERE {which}
        GROUP BY 1, 2, 3, 4, 5, 6, 7
    """  # noqa: S608 - of constants


class Tally(models.Model):
    """How many notifications of one combination were emitted in one stretch of time (UTC), of those
    below the mark. Every notification below the mark is in exactly one row of each table.

    ``key`` is the SHA-256 of the start and the dimensions: together these can be longer than what a
    b-tree takes. Null is "not told", as in the notification.
    """

    # In front, as PostgreSQL reads a row up to the last column that is asked for.
    starts_at = models.DateTimeField()
    # Sums of bigint are numeric, which is slow, and two billion of one combination in a day are
    # more than can be recorded.
    count = models.IntegerField()

    # Dimensions
    message_type = IdentifierField(null=True)
    result = IdentifierField(null=True)
    app_id = IdentifierField(null=True)
    platform = models.CharField(max_length=4, null=True)  # noqa: DJ001
    source = IdentifierField(max_length=MAX_SLUG, null=True)
    codes = ArrayField(
        models.TextField(db_collation="C"),
        help_text="Codes of the findings, each once, sorted; {} for none.",
    )

    # Identity
    key = models.BinaryField(primary_key=True, max_length=32)

    class Meta:
        abstract = True
        default_permissions = ()  # nobody is given rows of it; answers are made of them

    def __str__(self) -> str:
        return f"{self.count} from {self.starts_at}"


class HourlyTally(Tally):
    """Of one hour."""

    class Meta(Tally.Meta):
        # The rows of a window.
        indexes = (models.Index(fields=("starts_at",), name="hourly_tally_starts_at"),)


class DailyTally(Tally):
    """Of one day, in a table of their own: among those of hours they would lie scattered, and
    months by day would read them all."""

    class Meta(Tally.Meta):
        # The rows of a window.
        indexes = (models.Index(fields=("starts_at",), name="daily_tally_starts_at"),)


class TallyMark(models.Model):
    """The one row that says how far tallies are counted: all notifications with ``recorded_xid``
    below ``below`` are in them, and no other."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    below = TransactionIdField()
    moved_at = models.DateTimeField(db_default=Now())

    class Meta:
        default_permissions = ()
        constraints = (models.CheckConstraint(name="tally_mark_is_one", condition=models.Q(id=1)),)

    def __str__(self) -> str:
        return f"below {self.below}"


# The mark, as ``below`` and ``moved_at``. It is 0 where nothing counted can be relied on: the row
# is gone, or it is of another cluster, as after a restore, whose transactions had gone further.
MARK = """
    SELECT
        CASE WHEN below <= pg_snapshot_xmin(pg_current_snapshot()) THEN below ELSE '0'::xid8 END
            AS below,
        moved_at
    FROM (SELECT) AS one LEFT JOIN notifications_tallymark ON true LIMIT 1
"""
