"""Settings, read from the environment alone; `.env.example` lists every variable.

``PUSHAUDIT_ENVIRONMENT=local`` (the default) is for one machine: embedded PostgreSQL, a secret key
made on first use, loopback only. Any other name is a deployment, and what it needs must be given.
"""

import gc
import sys
import tomllib
from datetime import timedelta
from pathlib import Path

import django_stubs_ext
from csp.constants import NONE, SELF
from django.utils.crypto import salted_hmac
from django.utils.translation import to_language

from pushaudit.environment import Environment
from pushaudit.local_database.state import local_state

django_stubs_ext.monkeypatch()
# Garbage is looked for each time so many more objects are there, and every hundredth time among
# all. An answer of thousands of rows makes objects and no cycles: looked for at each 700 of them,
# as Python does, it takes a sixth of the processor's time.
gc.set_threshold(10_000, 10, 10)

BASE_DIR = Path(__file__).resolve().parent.parent
WEEK = 7 * 24 * 3600
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]
env = Environment()

# The name operators see in the banner, so that nobody takes a test system for production.
ENVIRONMENT = env.word("PUSHAUDIT_ENVIRONMENT", default="local")
IS_LOCAL = ENVIRONMENT == "local"

LOCAL = local_state(BASE_DIR, override=env.text("PUSHAUDIT_LOCAL_DIR", default=""))

DEBUG = env.flag("PUSHAUDIT_DEBUG", default=False)
if DEBUG and not IS_LOCAL:
    env.refuse("PUSHAUDIT_DEBUG", "is for PUSHAUDIT_ENVIRONMENT=local only; unset it")
SECRET_KEY = env.secret("PUSHAUDIT_SECRET_KEY", default=IS_LOCAL and LOCAL.secret_key)
# What stands for people where user ids may not be read.
PSEUDONYM_KEY = env.secret(
    "PUSHAUDIT_PSEUDONYM_KEY",
    default=lambda: salted_hmac(
        "pushaudit.pseudonyms", "key", secret=SECRET_KEY, algorithm="sha256"
    ).hexdigest(),
)
ALLOWED_HOSTS = env.hosts(
    "PUSHAUDIT_ALLOWED_HOSTS", local_default=IS_LOCAL and ["127.0.0.1", "localhost", "[::1]"]
)
# What was signed before the key was exchanged stays valid: sessions, cursors of pages and feeds.
SECRET_KEY_FALLBACKS = env.former_secrets("PUSHAUDIT_SECRET_KEY_FALLBACKS")
CSRF_TRUSTED_ORIGINS = env.origins("PUSHAUDIT_CSRF_TRUSTED_ORIGINS", default=[])

DATABASES = {
    "default": env.database("DATABASE_URL", local_default=IS_LOCAL and LOCAL.database_settings)
}
# Statements are prepared where that is asked for, see models/statements.py, and never because they
# came often; those are planned once, for whatever parameters. All else carries these in its text.
_of_database = DATABASES["default"].setdefault("OPTIONS", {})
_of_database["prepare_threshold"] = sys.maxsize
_of_database["options"] = f"{_of_database.get('options', '')} -c plan_cache_mode=force_generic_plan"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# In each process, by account: a token, and the times of requests in each bucket. With the default,
# 300 entries, a hundred accounts would push each other's out, and with them the limits.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.locmem.LocMemCache",
        "OPTIONS": {"MAX_ENTRIES": 4000},
    }
}

INSTALLED_APPS = [
    "notifications",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "pushaudit.apps.ConsoleConfig",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "knox",
]
AUTH_USER_MODEL = "notifications.Account"

MIDDLEWARE = [
    "pushaudit.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "pushaudit.middleware.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "notifications.admin.middleware.ConsoleMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    # Behind what activates the language and what keeps messages: it tells why a session ended.
    "pushaudit.middleware.SessionEndMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "pushaudit.urls"
WSGI_APPLICATION = "pushaudit.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
# Those that the console's own words are translated to: in any other, Django's would be alone.
LANGUAGES = [
    (LANGUAGE_CODE, "English"),
    *(
        (to_language(each.name), each.name)
        for each in sorted(LOCALE_PATHS[0].glob("*"))
        if (each / "LC_MESSAGES" / "django.mo").exists()
    ),
]
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "static/"
# Local runs serve straight from the apps: no collectstatic step between an edit and a reload.
WHITENOISE_USE_FINDERS = IS_LOCAL
STATIC_ROOT = None if IS_LOCAL else BASE_DIR / "staticfiles"
# How long the files of an export are kept.
EXPORT_LIFE = timedelta(days=env.whole("PUSHAUDIT_EXPORT_DAYS", default=7, least=1, most=365))
STORAGES = {
    "exports": env.file_store(
        "PUSHAUDIT_EXPORT_STORE",
        options="PUSHAUDIT_EXPORT_STORE_OPTIONS",
        default={
            "BACKEND": "notifications.exports.storage.WholeFiles",
            "OPTIONS": {
                "location": env.text("PUSHAUDIT_EXPORT_DIR", default="")
                or (LOCAL.directory / "exports" if IS_LOCAL else BASE_DIR / "exports")
            },
        },
    ),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if IS_LOCAL
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
LOGIN_URL = "admin:login"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
# A session ends with the browser, unused for a while, or at this age; see SessionEndMiddleware.
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_IDLE = env.seconds("PUSHAUDIT_SESSION_IDLE", default=1800, least=60, most=12 * 3600)
SESSION_COOKIE_AGE = env.seconds("PUSHAUDIT_SESSION_LIFE", default=12 * 3600, least=60, most=WEEK)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not IS_LOCAL
SECURE_SSL_REDIRECT = not IS_LOCAL
SECURE_REDIRECT_EXEMPT = [r"^health/"]  # probes come from inside, in plain HTTP
SECURE_HSTS_SECONDS = 0 if IS_LOCAL else 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not IS_LOCAL
# Only a proxy that always sets the header itself makes it trustworthy, so it is off unless asked.
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https")
    if env.flag("PUSHAUDIT_TRUST_FORWARDED_PROTO", default=False)
    else None
)

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "notifications.api.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_RENDERER_CLASSES": ["notifications.api.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PERMISSION_CLASSES": ["notifications.api.permissions.ModelPermissions"],
    "DEFAULT_THROTTLE_CLASSES": ["notifications.api.throttling.AccountThrottle"],
    "DEFAULT_THROTTLE_RATES": {
        # A refused post is lost evidence, so ingest is not limited unless the operator wants it.
        "ingest": env.rate("PUSHAUDIT_THROTTLE_INGEST", default=None),
        "read": env.rate("PUSHAUDIT_THROTTLE_READ", default="600/min"),
        "export": env.rate("PUSHAUDIT_THROTTLE_EXPORT", default="600/min"),
    },
    # `?format=` chooses nothing here: answers have one format, and exports their own parameter.
    "URL_FORMAT_OVERRIDE": None,
    "DEFAULT_SCHEMA_CLASS": "notifications.api.schema.OperationSchema",
    "EXCEPTION_HANDLER": "notifications.api.problems.problem_response",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
REST_KNOX = {
    "TOKEN_TTL": None,  # tokens are for machines; `create_token --expires` sets an end
    "AUTH_HEADER_PREFIX": "Token",
}

SPECTACULAR_SETTINGS = {
    "OAS_VERSION": "3.1.1",
    "TITLE": "pushaudit",
    "VERSION": "1",
    "DESCRIPTION": (
        "Notification audit: what devices should have been told and were told. Errors are"
        " `application/problem+json` (RFC 9457)."
    ),
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVERS": [],
    "ENUM_SUFFIX": "",
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    # Named, so that a field added elsewhere with the same choices renames nothing.
    "ENUM_NAME_OVERRIDES": {
        "ActivationEventKind": "notifications.protocol.events.ActivationEventKind",
        "AddressedTo": "notifications.models.notification.AddressedTo",
        "Basis": "notifications.protocol.audience.Basis",
        "Certainty": "notifications.protocol.audience.Certainty",
        "ClientKind": "notifications.api.serializers.CLIENT_KINDS",
        "ClientResult": "notifications.api.serializers.CLIENT_RESULTS",
        "ContactKind": "notifications.models.coverage.ContactKind",
        "CountsAs": "notifications.protocol.reasons.CountsAs",
        "DataSet": "notifications.models.export.DataSet",
        "DeliveryCause": "notifications.protocol.deliveries.Cause",
        "DeliveryOutcome": "notifications.protocol.deliveries.Outcome",
        "DeviceBy": "notifications.protocol.deliveries.DeviceBy",
        "EntryKind": "notifications.trace.entries.Kind",
        "ExportDelivery": "notifications.models.export.ExportDelivery",
        "ExportFormat": "notifications.models.export.ExportFormat",
        "ExportState": "notifications.models.export.ExportState",
        "FindingCode": "notifications.protocol.extras.Code",
        "GatedRule": "notifications.protocol.gates.GATED",
        "Grade": "notifications.protocol.audience.Grade",
        "Mark": "notifications.protocol.expectations.Mark",
        "Platform": "notifications.api.serializers.GATEWAYS",
        "Reason": "notifications.protocol.reasons.Reason",
        "ReceiptStatus": "notifications.api.receipts.RECEIPTS",
        "RegistrationEnding": "notifications.protocol.registrations.Ending",
        "Rule": "notifications.protocol.reasons.Rule",
        "RuleSays": "notifications.models.setting.RuleSays",
        "RuleWhy": "notifications.trace.rules.Why",
        "Standing": "notifications.protocol.told.Standing",
        "StatsDimension": "notifications.trace.stats.Dimension",
        "StatsInterval": "notifications.trace.stats.Interval",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "notifications.api.schema.add_components",
    ],
}

TOKEN_CACHE_SECONDS = env.seconds("PUSHAUDIT_TOKEN_CACHE_SECONDS", default=5, most=300)

# What a trace takes for owed in time.
OPERATION_LIFE = timedelta(
    seconds=env.seconds("PUSHAUDIT_OPERATION_LIFE", default=300, least=1, most=WEEK)
)
OPERATION_LIVES = {
    name: timedelta(seconds=seconds)
    for name, seconds in env.seconds_by_name("PUSHAUDIT_OPERATION_LIVES", most=WEEK).items()
}
TRACE_GRACE = timedelta(seconds=env.seconds("PUSHAUDIT_TRACE_GRACE", default=120, most=86_400))
OPERATION_IDS_ARE_UUIDS = (
    env.choice("PUSHAUDIT_OPERATION_IDS", default="uuid", choices=("uuid", "any")) == "uuid"
)

# Between two contacts of a source no further apart, it is taken for recorded.
COVERAGE_SILENCE = timedelta(
    seconds=env.seconds("PUSHAUDIT_COVERAGE_SILENCE", default=300, least=10, most=86_400)
)
# Asked for through the proxy of a mirror, whose copies prove that it mirrors.
PROBE_URLS = env.urls("PUSHAUDIT_PROBE_URLS", most=20)

# The Push Servers whose databases the worker follows once somebody starts that on a source's page.
PUSH_SERVERS = env.push_servers("PUSHAUDIT_PUSH_SERVERS")

# Whether the titles and bodies of mirrored messages are kept, beside the evidence.
KEEP_CONTENT = env.flag("PUSHAUDIT_KEEP_CONTENT", default=False)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "pushaudit.logging.RequestIdFilter"}},
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}
    },
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": env.log_level("PUSHAUDIT_LOG_LEVEL", default="INFO")},
}
