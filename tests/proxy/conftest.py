"""A mirror as it is documented: nginx, a stand-in Push Server, and the served app on a database of
its own."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from knox.models import AuthToken

from notifications.models import Account

from . import servers
from .servers import Certificate, StandIn

MIRROR = "push-server-mirror"


@dataclass(frozen=True)
class Service:
    port: int
    token: str  # of the mirror
    reader: str


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return Certificate.made_in(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def service(
    cloned_db: Callable[[], AbstractContextManager[str]],
    django_db_blocker: Any,
    certificate: Certificate,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Service]:
    with cloned_db():
        with django_db_blocker.unblock():
            token, reader = _token(MIRROR, "Emitters"), _token("reader", "Support")
            connection.close()
        with servers.pushaudit(tmp_path_factory.mktemp("pushaudit"), certificate) as port:
            yield Service(port, token, reader)


def _token(name: str, group: str) -> str:
    account = Account.objects.create(username=name)
    account.groups.add(Group.objects.get(name=group))
    token: str = AuthToken.objects.create(account)[1]
    return token


@pytest.fixture
def push_server() -> Iterator[StandIn]:
    with servers.stand_in() as stands:
        yield stands


@pytest.fixture
def proxied(
    push_server: StandIn, certificate: Certificate, tmp_path: Path
) -> Callable[..., AbstractContextManager[int]]:
    """Runs nginx in front of the Push Server, with its copies sent to this port."""

    def run(pushaudit: int, token: str = "t") -> AbstractContextManager[int]:  # noqa: S107
        return servers.nginx(
            tmp_path,
            push_server=push_server.port,
            pushaudit=pushaudit,
            token=token,
            trusted=certificate.path,
        )

    return run
