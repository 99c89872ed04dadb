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
from knox.models import AuthToken
from playwright.sync_api import Browser, Page, sync_playwright

from notifications.ingest.envelope import emission_from
from notifications.ingest.recorder import record
from notifications.integrity.tallies import fold_tallies
from notifications.models import AccessRecord, Account, Recipient
from notifications.trace.access import Viewer, record_access
from notifications.trace.overview import keep_overview

from . import accounts, copies, coverage, exports, following, lives, rules, troubles, worklist
from .places import DEVICE, HOSTILE_OPERATION, HOSTILE_USER, OPERATION, RLO
from .watch import Watch

CHROMIUM = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))))
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync"
)
OUTPUT = Path(__file__).resolve().parents[2] / "e2e-output"
PASSWORD = "correct horse battery staple"

ABOUT_OPERATION = {"operationId": OPERATION, "operationName": "payment", "activationId": DEVICE}
INIT = {"messageType": "mtoken.operationInit", **ABOUT_OPERATION}
FINISHED = {
    "messageType": "mtoken.operationFinished",
    **ABOUT_OPERATION,
    "mtokenOperationResult": "authentication.success",
}
HOSTILE = {
    "messageType": "mtoken.operationFinished",
    "operationId": HOSTILE_OPERATION,
    "operationName": "اردو نام <b>bold</b> " + "W" * 200,
    "mtokenOperationResult": "authentication.perhaps",
    "note": "<img src=x onerror=alert(2)>\x01\x02" + "no-space-" * 7200,
    "long-key-" * 400: "short value",
    "<key>": {"deep": [1, None, {"x": "y"}]},
}


@dataclass(kw_only=True)
class Site:
    """The served app, and keys of what tests look at: ``hostile`` is a notification meant to break
    the page and ``evil`` its recipient, ``presented`` one whose texts are kept, ``user`` the
    recipient whose devices have troubles, ``reached`` one of whom gateways' answers are known."""

    hostile: str
    evil: int
    presented: str
    finished: str
    user: int
    reached: int
    service: int
    url: str = ""


@pytest.fixture(scope="session")
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
        with following.served():
            filled = _fill()
            connections.close_all()
            server = ThreadedWSGIServer(("127.0.0.1", 0), QuietWSGIRequestHandler)
            server.set_app(get_wsgi_application())
            thread = Thread(target=server.serve_forever, daemon=True)
            thread.start()
            filled.url = f"http://127.0.0.1:{server.server_port}"
            yield filled
            server.shutdown()
            server.server_close()
            thread.join()
        teardown_databases(made, verbosity=0)


def _fill() -> Site:
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
        {"extras": HOSTILE, "user_id": HOSTILE_USER, "app_id": "x" * 256},
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
    lives.tell(now)
    copies.tell(now)
    lives.present(str(ids[0]), now)
    coverage.fill(now)
    following.fill(now, ids[1], ids[2])
    while fold_tallies().more:
        pass
    worklist.note(now)
    keep_overview(timezone.now())
    worklist.count(timezone.now())
    exports.fill(now)
    accounts.fill()
    rules.fill(now)
    keeper = Account.objects.create_superuser("keeper", password=PASSWORD)
    AuthToken.objects.create(keeper)
    people = Recipient.objects
    return Site(
        hostile=str(ids[2]),
        evil=people.get(user_id=HOSTILE_USER).pk,
        presented=str(ids[0]),
        finished=str(ids[1]),
        user=people.get(user_id=troubles.USER).pk,
        reached=people.get(user_id=copies.USER).pk,
        service=Account.objects.get(username=accounts.REPORTER).pk,
    )


@pytest.fixture(scope="session")
def browser(site: Site) -> Iterator[Browser]:
    OUTPUT.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET.split())
        yield chromium
        chromium.close()


class Sessions:
    """What a browser keeps of those who have signed in, once for all windows."""

    def __init__(self, browser: Browser, url: str) -> None:
        self._browser, self._url = browser, url
        self._kept: dict[str, Any] = {}

    def __call__(self, name: str) -> dict[str, Any]:
        """Options of a new window in which ``name`` has signed in; nobody if that is ""."""
        if name and name not in self._kept:
            with self._browser.new_context(base_url=self._url) as context:
                self.sign_in(context.new_page(), name)
        return {"storage_state": self._kept[name]} if name else {}

    def sign_in(self, page: Page, name: str) -> None:
        page.goto("/admin/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(re.compile("/admin/$"))
        self._kept[name] = page.context.storage_state()


@pytest.fixture(scope="session")
def sessions(site: Site, browser: Browser) -> Sessions:
    return Sessions(browser, site.url)


@pytest.fixture
def visit(site: Site, browser: Browser) -> Iterator[Callable[..., Page]]:
    """Opens a new window; at the end nothing may have violated the policy or failed in it."""
    watches = []
    contexts = []

    def open_window(
        *, width: int = 1280, height: int = 800, scheme: str = "light", **more: Any
    ) -> Page:
        size = {"width": width, "height": height}
        context = browser.new_context(base_url=site.url, viewport=size, color_scheme=scheme, **more)
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch.over(page))
        return page

    yield open_window
    for context in contexts:
        context.close()
    assert [told for watch in watches for told in watch.complaints] == []


@pytest.fixture
def signed_in(visit: Callable[..., Page], sessions: Sessions) -> Callable[..., Page]:
    """Opens a new window in which somebody has signed in, on the home page."""

    def sign_in(name: str = "operator", **window: Any) -> Page:
        page = visit(**window, **sessions(name))
        page.goto("/admin/")
        if "/login/" in page.url:  # a test before has ended the session
            sessions.sign_in(page, name)
        return page

    return sign_in
