#!/usr/bin/env python
"""Entry point of every command: ``python manage.py help`` lists them."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pushaudit.settings")
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        _ = settings.INSTALLED_APPS  # a wrong variable is one line here, not a traceback
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as problem:
        sys.exit(f"pushaudit cannot start: {problem}")


if __name__ == "__main__":
    main()
