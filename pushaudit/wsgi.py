"""The WSGI application; ``gunicorn --config pushaudit/gunicorn.py pushaudit.wsgi`` serves it."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pushaudit.settings")

application = get_wsgi_application()
