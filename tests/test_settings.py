"""A wrong variable stops the start and is named; a deployment has no defaults for secrets."""

import os
import re
import runpy
import subprocess
import sys

import pytest
from django.core import signing
from django.test import Client
from pytest_django.fixtures import Settings

DEPLOYED = {
    "PUSHAUDIT_ENVIRONMENT": "production",
    "PUSHAUDIT_SECRET_KEY": "abcdefghij" * 6,
    "PUSHAUDIT_ALLOWED_HOSTS": "pushaudit.example",
    "DATABASE_URL": "postgresql://pushaudit:secret@db.example/pushaudit",
}


def start(**variables: str) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PUSHAUDIT_") and name != "DATABASE_URL"
    }
    return subprocess.run(
        [sys.executable, "manage.py", "diffsettings", "--output=unified"],
        env=clean | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PUSHAUDIT_DEBUG", "ture"),
        ("PUSHAUDIT_ENVIRONMENT", "line\nbreak"),
        ("PUSHAUDIT_LOG_LEVEL", "LOUD"),
        ("PUSHAUDIT_THROTTLE_READ", "600 per minute"),
        ("PUSHAUDIT_THROTTLE_INGEST", "0/min"),
        ("PUSHAUDIT_TOKEN_CACHE_SECONDS", "301"),
        ("PUSHAUDIT_TOKEN_CACHE_SECONDS", "5s"),
        ("PUSHAUDIT_SESSION_IDLE", "59"),
        ("PUSHAUDIT_SESSION_IDLE", "43201"),
        ("PUSHAUDIT_SESSION_LIFE", "never"),
        ("PUSHAUDIT_CSRF_TRUSTED_ORIGINS", "pushaudit.example"),
        ("PUSHAUDIT_TRUST_FORWARDED_PROTO", "maybe"),
        ("PUSHAUDIT_THROTTLE_EXPORT", "many"),
        ("PUSHAUDIT_EXPORT_DAYS", "0"),
        ("PUSHAUDIT_EXPORT_DAYS", "a week"),
        ("PUSHAUDIT_EXPORT_STORE_OPTIONS", "{}"),
        ("PUSHAUDIT_SECRET_KEY", "short"),
        ("PUSHAUDIT_PSEUDONYM_KEY", "short"),
        ("PUSHAUDIT_PSEUDONYM_KEY", "a" * 50),
        ("PUSHAUDIT_SECRET_KEY_FALLBACKS", "pa[ss"),
        ("PUSHAUDIT_SECRET_KEY_FALLBACKS", "abcdefghij" * 6 + ",pa[ss"),
        ("PUSHAUDIT_SECRET_KEY_FALLBACKS", "a" * 60),
        ("PUSHAUDIT_ALLOWED_HOSTS", "*"),
        ("PUSHAUDIT_PUSH_SERVERS", "push-server=postgresql://u:pa[ss@db/push"),
        ("DATABASE_URL", "sqlite:///db.sqlite3"),
        ("DATABASE_URL", "postgresql://user:pa[ss@host:port/x"),
    ],
)
def test_a_wrong_value_stops_the_start_in_one_line_with_its_name(variable: str, value: str) -> None:
    result = start(**{variable: value})
    assert result.returncode == 1
    assert result.stderr.startswith(f"pushaudit cannot start: environment variable {variable}")
    assert len(result.stderr.strip().splitlines()) == 1
    assert "pa[ss" not in result.stderr


@pytest.mark.parametrize("variable", [name for name in DEPLOYED if name != "PUSHAUDIT_ENVIRONMENT"])
def test_a_deployment_starts_only_when_everything_is_given(variable: str) -> None:
    given = {name: value for name, value in DEPLOYED.items() if name != variable}
    result = start(**given)
    assert result.returncode == 1
    assert f"environment variable {variable} is required" in result.stderr


def test_a_deployment_cannot_show_debug_pages() -> None:
    result = start(**DEPLOYED, PUSHAUDIT_DEBUG="true")
    assert result.returncode == 1
    assert "PUSHAUDIT_DEBUG" in result.stderr


def test_the_key_of_pseudonyms_is_derived_unless_it_is_given() -> None:
    def key(**variables: str) -> str:
        (line,) = re.findall(r"\+ PSEUDONYM_KEY = '(.+)'", start(**DEPLOYED | variables).stdout)
        return line

    derived = key()
    assert derived == key() != key(PUSHAUDIT_SECRET_KEY="klmnopqrst" * 6)
    assert "abcdefghij" not in derived
    assert key(PUSHAUDIT_PSEUDONYM_KEY="0123456789" * 6) == "0123456789" * 6


def test_exports_go_to_a_directory_or_to_a_store_of_ones_own() -> None:
    there = start(**DEPLOYED, PUSHAUDIT_EXPORT_DIR="/srv/exports").stdout
    assert "'location': '/srv/exports'" in there
    other = {"PUSHAUDIT_EXPORT_STORE": "storages.backends.s3.S3Storage"}
    options = {"PUSHAUDIT_EXPORT_STORE_OPTIONS": '{"bucket_name": "exports"}'}
    assert "'bucket_name': 'exports'" in start(**DEPLOYED, **other, **options).stdout
    refused = start(**DEPLOYED, **other, PUSHAUDIT_EXPORT_STORE_OPTIONS='{"secret": "abc}')
    assert refused.returncode != 0
    assert "PUSHAUDIT_EXPORT_STORE_OPTIONS must be a JSON object" in refused.stderr
    assert "abc" not in refused.stderr


def test_a_flag_set_to_nothing_is_not_set() -> None:
    assert start(**DEPLOYED, PUSHAUDIT_DEBUG="").returncode == 0


def test_a_complete_deployment_starts_with_tls_on() -> None:
    result = start(**DEPLOYED)
    assert result.returncode == 0, result.stderr
    assert "+ SECURE_SSL_REDIRECT = True" in result.stdout
    assert "+ SESSION_COOKIE_SECURE = True" in result.stdout


def test_former_secret_keys_are_listed_in_their_order() -> None:
    former = ["klmnopqrst" * 6, "uvwxyzabcd" * 5]
    result = start(**DEPLOYED, PUSHAUDIT_SECRET_KEY_FALLBACKS=f"{former[0]}, {former[1]},")
    assert result.returncode == 0, result.stderr
    assert f"+ SECRET_KEY_FALLBACKS = {former!r}" in result.stdout


def test_what_a_former_key_signed_stays_valid(operator_client: Client, settings: Settings) -> None:
    signed = signing.dumps("a page")
    former, settings.SECRET_KEY = settings.SECRET_KEY, "klmnopqrst" * 6
    settings.SECRET_KEY_FALLBACKS = [former]
    assert signing.loads(signed) == "a page"
    assert operator_client.get("/admin/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(signing.BadSignature):
        signing.loads(signed)


def test_a_local_start_needs_no_variable_at_all() -> None:
    result = start()
    assert result.returncode == 0, result.stderr
    assert "+ SECURE_SSL_REDIRECT" not in result.stdout


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PUSHAUDIT_OPERATION_LIFE", "0"),
        ("PUSHAUDIT_OPERATION_LIFE", "604801"),
        ("PUSHAUDIT_OPERATION_LIFE", "5m"),
        ("PUSHAUDIT_TRACE_GRACE", "-1"),
        ("PUSHAUDIT_COVERAGE_SILENCE", "9"),
        ("PUSHAUDIT_PROBE_URLS", "push.bank.example/push/service/status"),
        ("PUSHAUDIT_PROBE_URLS", "file:///etc/passwd"),
        ("PUSHAUDIT_PROBE_URLS", "https://user:pa[ss@push.bank.example/"),
        ("PUSHAUDIT_PROBE_URLS", "https://push.bank.example/status?key=pa[ss"),
        ("PUSHAUDIT_PROBE_URLS", "https://push.bank.example:port/"),
        ("PUSHAUDIT_PROBE_URLS", "https://push.bank.example/, https://push.bank.example/"),
        ("PUSHAUDIT_OPERATION_LIVES", "login"),
        ("PUSHAUDIT_OPERATION_LIVES", "=60"),
        ("PUSHAUDIT_OPERATION_LIVES", "login=60,login=61"),
        ("PUSHAUDIT_OPERATION_LIVES", "login=0"),
        ("PUSHAUDIT_OPERATION_IDS", "numbers"),
    ],
)
def test_a_wrong_term_of_the_trace_stops_the_start(name: str, value: str) -> None:
    result = start(**{name: value})
    assert result.returncode == 1
    assert f"environment variable {name} must" in result.stderr


def test_the_terms_of_the_trace_are_read() -> None:
    result = start(PUSHAUDIT_OPERATION_LIVES="login=120, a=b=60", PUSHAUDIT_OPERATION_IDS="any")
    assert result.returncode == 0, result.stderr
    for line in (
        "'login': datetime.timedelta(seconds=120)",
        "'a=b': datetime.timedelta(seconds=60)",
    ):
        assert line in result.stdout
    assert "+ OPERATION_IDS_ARE_UUIDS = False" in result.stdout


@pytest.mark.parametrize("name", ["WEB_CONCURRENCY", "PUSHAUDIT_BODY_TIMEOUT"])
@pytest.mark.parametrize("value", ["x", "0", "-1", "1.5"])
def test_a_wrong_number_stops_the_web_server(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=f"{name} must be a whole number from 1, not '{value}'"):
        runpy.run_path("pushaudit/gunicorn.py")
