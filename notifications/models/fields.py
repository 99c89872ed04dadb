"""Column types that Django does not have."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

from notifications.protocol.extras import MAX_IDENTIFIER


class IdentifierField(models.CharField[Any, Any]):
    """An identifier as a message carries it: up to 256 characters, compared byte by byte.

    In the C collation one b-tree serves equality, order and prefixes. The type is spelled out
    because Django adds a second, ``_like`` index to every key whose type starts with "varchar".
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", MAX_IDENTIFIER)
        super().__init__(*args, **kwargs)

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return f'character varying({self.max_length}) COLLATE "C"'

    def rel_db_type(self, connection: BaseDatabaseWrapper) -> str:
        return self.db_type(connection)


class TransactionIdField(models.Field[int, int]):
    """PostgreSQL's 64-bit transaction id (``xid8``), an int in Python."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return "xid8"

    def from_db_value(self, value: str | None, *args: Any) -> int | None:
        return None if value is None else int(value)

    def get_prep_value(self, value: Any) -> str | None:
        return None if value is None else str(int(value))


class CurrentTransactionId(models.Func):
    function = "pg_current_xact_id"
    output_field = TransactionIdField()


class Horizon(models.Func):
    """The least number of a transaction that may still commit: below it the record is complete."""

    template = "pg_snapshot_xmin(pg_current_snapshot())"
    output_field = TransactionIdField()


class Row(models.Func):
    template = "(%(expressions)s)"
    output_field = models.Field()


class LaterThan(models.Func):
    """Whether one ``Row`` comes behind another, compared as a whole so that one index serves it."""

    template, arg_joiner = "%(expressions)s", " > "
    output_field = models.BooleanField()
