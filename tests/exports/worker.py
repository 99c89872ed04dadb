"""A worker that a test may kill: ``python -m tests.exports.worker DATABASE STORE``. Its parts have
a few rows, so that it has many to make."""

import os
import sys

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "pushaudit.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    from notifications.exports import jobs, parts

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    settings.STORAGES["exports"]["OPTIONS"]["location"] = sys.argv[2]
    parts.MOST_ROWS = 20
    jobs.AT_ONCE = 0.0
    call_command("work")
