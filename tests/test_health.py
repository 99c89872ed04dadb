"""Probes."""

import pytest
from django.db import OperationalError, connection
from django.test import Client


def test_alive_asks_nothing_of_the_database() -> None:
    assert Client().get("/health/live").status_code == 200


@pytest.mark.django_db
def test_ready_follows_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Client().get("/health/ready").status_code == 200

    def refuse() -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", refuse)
    assert Client().get("/health/ready").status_code == 503


@pytest.mark.django_db
def test_pages_carry_a_strict_content_security_policy() -> None:
    policy = Client().get("/admin/login/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
