"""A migrated database for one measurement, removed afterwards; unless it is kept."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django


@contextmanager
def migrated(kept_as: str | None = None) -> Iterator[None]:
    """One that is ``kept_as`` a name stays, and is found again under it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pushaudit.settings")
    django.setup()
    from django.db import connection

    served = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{kept_as or served}"
    keep = kept_as is not None
    connection.creation.create_test_db(verbosity=0, autoclobber=True, keepdb=keep, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(served, verbosity=0, keepdb=keep)
