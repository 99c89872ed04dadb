"""The product's settings with the measurement's database and the barest view beside its own."""

import os

from pushaudit.settings import *  # noqa: F403

DATABASES["default"]["NAME"] = os.environ["BENCH_DATABASE"]  # noqa: F405
ROOT_URLCONF = "bench._barest"
