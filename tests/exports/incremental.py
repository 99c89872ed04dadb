"""Increments again and again, until a test kills it: ``python -m tests.exports.incremental DATABASE
STATE DIRECTORY``."""

import os
import sys

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "pushaudit.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command

    settings.DATABASES["default"]["NAME"] = sys.argv[1]
    while True:
        call_command(
            *("export", "notifications"),
            **{"format": "ndjson", "incremental": sys.argv[2], "out": sys.argv[3], "verbosity": 0},
        )
        sys.stdout.flush()
