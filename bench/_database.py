"""A migrated database for one measurement, removed afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import django


@contextmanager
def migrated() -> Iterator[None]:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pushaudit.settings")
    django.setup()
    from django.db import connection

    served = connection.settings_dict["NAME"]
    connection.settings_dict["TEST"]["NAME"] = f"bench_{served}"
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(served, verbosity=0)
