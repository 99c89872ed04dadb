"""A browser against the served app, on a database of its own: what is recorded there stays, and
everything in it is made before the browser starts."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from shutil import which
from threading import Thread
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.core.servers.basehttp import ThreadedWSGIServer
from django.core.wsgi import get_wsgi_application
from django.db import connections
from django.test.testcases import QuietWSGIRequestHandler
from django.test.utils import override_settings, setup_databases, teardown_databases
from django.utils import timezone
from playwright.sync_api import Browser, Page, sync_playwright

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.models import AccessRecord, Account, Recipient
from notifications.trace.access import Viewer, record_access

from . import exports, troubles

CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))))
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
OUTPUT = Path(__file__).resolve().parents[2] / "e2e-output"
PASSWORD = "correct horse battery staple"

OPERATION = "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10"
DEVICE = "49414e31-f3df-4cea-87e6-f214ca3b8412"
RLO = "\u202e"
ABOUT_OPERATION = {"operationId": OPERATION, "operationName": "payment", "activationId": DEVICE}
INIT = {"messageType": "mtoken.operationInit", **ABOUT_OPERATION}
FINISHED = {
    "messageType": "mtoken.operationFinished",
    **ABOUT_OPERATION,
    "mtokenOperationResult": "authentication.success",
}
HOSTILE = {
    "messageType": "mtoken.operationFinished",
    "operationId": f"<script>alert(1)</script>{RLO}gnp.exe",
    "operationName": "اردو نام <b>bold</b> " + "W" * 200,
    "mtokenOperationResult": "authentication.perhaps",
    "note": "<img src=x onerror=alert(2)>\x01\x02" + "no-space-" * 7200,
    "<key>": {"deep": [1, None, {"x": "y"}]},
}


@dataclass
class Site:
    """The served app; ``hostile`` is the id of a notification meant to break the page, ``user``
    the recipient whose devices have troubles."""

    url: str
    hostile: str
    finished: str
    user: int


@pytest.fixture(scope="module")
def site(
    django_test_environment: None, django_db_blocker: Any, tmp_path_factory: Any
) -> Iterator[Site]:
    """Set up here and not by pytest-django, which would hold a transaction open in this thread."""
    store = {
        "BACKEND": "notifications.exports.storage.WholeFiles",
        "OPTIONS": {"location": str(tmp_path_factory.mktemp("exports"))},
    }
    stores = override_settings(STORAGES=settings.STORAGES | {"exports": store})
    with django_db_blocker.unblock(), stores:
        made = setup_databases(
            verbosity=0, interactive=False, aliases={"default"}, serialized_aliases=set()
        )
        hostile, finished, user = _fill()
        connections.close_all()
        server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
        server.set_app(get_wsgi_application())
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Site(f"http://127.0.0.1:{server.server_port}", hostile, finished, user)
        server.shutdown()
        server.server_close()
        thread.join()
        teardown_databases(made, verbosity=0)


def _fill() -> tuple[str, str, int]:
    """A believable day, one operation to follow and one notification that is hostile."""
    now = timezone.now()
    call_command("demo", size=600, seed=7, verbosity=0)
    common = {
        "user_id": "martin.novak",
        "app_id": "mobile-bank",
        "activation_id": DEVICE,
        "platform": "apns",
        "personal": True,
        "silent": False,
    }
    told = [
        {**common, "extras": INIT, "message_id": "push-481923"},
        {**common, "extras": {**FINISHED, "reason": "none"}, "message_id": "push-481931"},
        {"extras": HOSTILE, "user_id": f"{RLO}<i>evil</i>", "app_id": "x" * 256},
    ]
    times = [now - timedelta(seconds=seconds) for seconds in (47, 2, 90)]
    emissions = [
        emission_from({**each, "emitted_at": time.isoformat(timespec="milliseconds")}, now=now)
        for each, time in zip(told, times, strict=True)
    ]
    ids = record(emissions, source="retail-bank").ids
    viewer = Viewer("support", AccessRecord.Via.API, case_number=f"{RLO}<i>" + "W" * 60)
    record_access(
        viewer, action=AccessRecord.Action.USER_TRACE, subject="1", since=times[0], until=now
    )
    record_access(viewer, action=AccessRecord.Action.DEVICE_TRACE, subject="W" * 256)
    for name, group in (("operator", "Operators"), ("auditor", "Auditors")):
        account = Account.objects.create_user(name, password=PASSWORD, is_staff=True)
        account.groups.add(Group.objects.get(name=group))
    troubles.tell(now)
    exports.fill(now)
    Account.objects.create_superuser("keeper", password=PASSWORD)
    return str(ids[2]), str(ids[1]), Recipient.objects.get(user_id=troubles.USER).pk


@pytest.fixture(scope="module")
def browser(site: Site) -> Iterator[Browser]:
    OUTPUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield chromium
        chromium.close()


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a new window; at the end nothing may have violated the policy or failed in it."""
    complaints: list[str] = []
    contexts = []

    def open_window(*, width: int = 1280, height: int = 800, scheme: str = "light") -> Page:
        context = browser.new_context(
            base_url=site.url, viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: _note(complaints, said.type, said.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("response", lambda got: _note_status(complaints, got))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def signed_in(visit: Callable[..., Page]) -> Callable[..., Page]:
    def sign_in(name: str = "operator", **window: Any) -> Page:
        page = visit(**window)
        page.goto("/admin/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile("/admin/$"))
        return page

    return sign_in


def _note(complaints: list[str], kind: str, text: str) -> None:
    if kind in ("error", "warning") or "Content Security Policy" in text:
        complaints.append(text)


def _note_status(complaints: list[str], response: Any) -> None:
    if response.status >= 400:
        complaints.append(f"{response.status} {response.url}")
