"""Every page that people see, each once: what looks at all pages goes through ``PLACES``."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

from notifications.admin import readonly
from notifications.admin.addresses import list_address, page_address, trace_address
from notifications.models.patience import TooMuch
from notifications.trace import gaps, told

from . import accounts, copies, coverage, exports, following, lives, rules, troubles

LOOKS: Mapping[str, dict[str, Any]] = {
    "light": {"scheme": "light", "width": 1280, "height": 800},
    "dark": {"scheme": "dark", "width": 1280, "height": 800},
    "narrow": {"scheme": "light", "width": 360, "height": 740},
}
DEVICE = "49414e31-f3df-4cea-87e6-f214ca3b8412"
OPERATION = "7e9e9b1d-1b5a-4d8e-9a3e-0c3f2b6d8a10"
RLO = "\u202e"
HOSTILE_OPERATION = f"<script>alert(1)</script>{RLO}gnp.exe"
HOSTILE_USER = f"{RLO}<i>evil</i>"
NOBODY, OPERATOR, AUDITOR, KEEPER = "", "operator", "auditor", "keeper"
KINDS = (
    "notification", "operation", "activation", "inboxmessage", "recipient", "source",
    "accessrecord", "export",
)  # fmt: skip


@contextmanager
def few(module: Any, name: str) -> Iterator[None]:
    """As if one row were more than can be looked at."""
    with patch.object(module, name, 1):
        yield


@contextmanager
def slow() -> Iterator[None]:
    """The first list that is asked for takes too long."""
    patience = readonly.at_most
    waits = iter((True,))

    def at_most(limit: str) -> Any:
        if next(waits, False):
            raise TooMuch("what can be read in time")
        return patience(limit)

    with patch.object(readonly, "at_most", at_most):
        yield


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One page. ``address`` may name fields of the site in braces; ``who`` has signed in, the
    auditor sees the most of the record; ``unfold`` is what to press first; ``under`` holds while
    it is opened."""

    address: str
    who: str = AUDITOR
    unfold: str = ""
    status: int = 200
    under: Callable[[], AbstractContextManager[None]] = field(default=nullcontext)

    def at(self, site: Any) -> str:
        return self.address.format_map(vars(site))


def _place(address: str, **more: Any) -> Place:
    return Place(address=address, **more)


def _lists() -> Iterator[tuple[str, Place]]:
    notifications = list_address("notification")
    for kind in KINDS:
        yield f"list-{kind}", _place(list_address(kind))
    yield "list-empty", _place(f"{notifications}?when=1h&message_type=other&finding=none")
    yield "list-about", _place(f"{notifications}?operation={OPERATION}&when=all")
    yield "list-found", _place(f"{notifications}?q={DEVICE}")
    yield "list-found-nothing", _place(f"{notifications}?q=nobody")
    yield "list-hostile", _place(f"{notifications}?operation={quote(HOSTILE_OPERATION)}&when=all")
    yield "list-slow", _place(f"{notifications}?when=all", under=slow)
    exporting = {"who": OPERATOR, "unfold": "Export this view"}
    yield "list-filters", _place(notifications, unfold="Filters")
    yield "list-exporting", _place(f"{notifications}?when=24h", **exporting)
    yield "list-exporting-no", _place(f"{notifications}?message_type=other", **exporting)
    yield "list-source-following", _place(list_address("source"), who=OPERATOR)
    yield "list-settingchange", _place(list_address("settingchange"))
    yield "list-settingchange-all", _place(f"{list_address('settingchange')}?when=all")
    yield "gaps", _place("/admin/gaps/")
    yield "gaps-none", _place("/admin/gaps/?since=1h&reason=source_silent")
    yield "gaps-as-of", _place("/admin/gaps/?as_of=0m&reason=never_finished")
    yield "gaps-open", _place("/admin/gaps/?acknowledged=false", who=OPERATOR)
    yield "gaps-acknowledged", _place("/admin/gaps/?acknowledged=true", who=OPERATOR)
    yield "gaps-long", _place("/admin/gaps/?since=90d")
    yield "gaps-exporting", _place("/admin/gaps/", **exporting)
    yield "gaps-too-much", _place("/admin/gaps/", under=lambda: few(gaps, "MOST_SUSPECTS"))


def _pages() -> Iterator[tuple[str, Place]]:
    hostile = "/admin/notifications/notification/{hostile}/change/"
    yield "notification", _place("/admin/notifications/notification/{finished}/change/")
    yield "notification-hostile", _place(hostile)
    yield "notification-json", _place(hostile, unfold="As JSON")
    yield "operation", _place(page_address("operation", OPERATION))
    yield "operation-hostile", _place(page_address("operation", HOSTILE_OPERATION))
    yield "activation", _place(page_address("activation", DEVICE))
    yield "activation-hostile", _place(page_address("activation", troubles.HOSTILE_DEVICE))
    yield "activation-busy", _place(page_address("activation", troubles.BUSY))
    phone = page_address("activation", troubles.PHONE)
    yield "activation-life", _place(phone)
    yield "activation-table", _place(f"{phone}?since=7d", unfold="The same as a table")
    then = "?at=2026-01-31T12:00:00Z&as_of=2026-01-31T12:00:00Z"
    yield "activation-unknown", _place(phone + then)
    yield "activation-bad-moment", _place(f"{phone}?at=yesterday&as_of=2150-01-01T00:00:00Z")
    yield "activation-events-alone", _place(page_address("activation", lives.QUIET))
    yield "operation-events", _place(page_address("operation", troubles.PAYMENT))
    yield "operation-events-alone", _place(page_address("operation", lives.UNANNOUNCED))
    yield "inboxmessage-events-alone", _place(page_address("inboxmessage", lives.SILENT))
    presented = "/admin/notifications/notification/{presented}/change/"
    yield "notification-presented", _place(presented)
    yield "notification-texts", _place(presented, who=KEEPER)
    yield "inboxmessage", _place(page_address("inboxmessage", troubles.INBOX))
    yield "recipient", _place("/admin/notifications/recipient/{user}/change/")
    yield "recipient-hostile", _place("/admin/notifications/recipient/{evil}/change/")
    yield "source", _place(page_address("source", coverage.HOLED))
    yield "source-silent", _place(f"{page_address('source', coverage.SILENT)}?since=7d")
    yield "source-reading", _place(page_address("source", following.READING), who=OPERATOR)
    yield "source-unread", _place(page_address("source", following.UNREAD), who=OPERATOR)
    yield "source-stores-nothing", _place(page_address("source", following.SILENT))
    seen, of_rules = "/admin/notifications/source/{}/rules/", quote(rules.SOURCE)
    yield "source-rules", _place(seen.format(of_rules), who=OPERATOR)
    yield "source-rules-seen", _place(seen.format(of_rules))
    yield (
        "source-rules-filled",
        _place(f"{seen.format(of_rules)}?rule=E4&app={rules.APP}#set", who=OPERATOR),
    )
    yield "accessrecord", _place("/admin/notifications/accessrecord/1/change/")
    yield "accessrecord-hostile", _place("/admin/notifications/accessrecord/2/change/")
    for name, key in exports.KEYS.items():
        yield f"export-{name}", _place(page_address("export", key), who=OPERATOR)


def _traces() -> Iterator[tuple[str, Place]]:
    device = trace_address("activation", troubles.PHONE)
    busy = trace_address("activation", troubles.BUSY)
    phone_of_copies = trace_address("activation", copies.PHONE)
    user = "/admin/notifications/recipient/{user}/trace/"
    yield "trace", _place(f"{device}?case=C-2026-481")
    yield "trace-week", _place(f"{device}?since=7d")
    yield "trace-unfolded", _place(device, unfold="Extras and apps")
    yield "trace-table", _place(device, unfold="The same as a table")
    listeners = "The same as a table, and how it is known"
    yield "trace-listening", _place(phone_of_copies, unfold=listeners)
    yield "gaps-listening", _place("/admin/gaps/", unfold=listeners)
    long_ago = "?since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z"
    yield "trace-empty", _place(device + long_ago)
    yield "trace-as-of", _place(f"{device}?as_of=0m")
    yield "trace-as-of-before", _place(f"{device}?since=24h&as_of=12h&case=C-2026-481")
    yield "trace-as-of-ahead", _place(f"{device}?as_of=2150-01-01T00:00:00Z")
    yield "trace-well", _place(trace_address("activation", DEVICE))
    yield "trace-long", _place(busy)
    yield "trace-bad-window", _place(f"{device}?since=yesterday&case={'x' * 65}&cursor=x")
    yield "trace-hostile", _place(trace_address("activation", troubles.HOSTILE_DEVICE))
    yield "trace-too-much", _place(device, under=lambda: few(told, "MOST"))
    yield "trace-copies", _place(phone_of_copies, unfold="Answers, extras and apps")
    yield "trace-pending", _place(trace_address("activation", copies.TABLET))
    yield "timeline-copies", _place(trace_address("operation", copies.PAYMENT))
    yield "trace-user-copies", _place("/admin/notifications/recipient/{reached}/trace/")
    yield "timeline", _place(trace_address("operation", troubles.PAYMENT))
    yield "timeline-as-of", _place(f"{trace_address('operation', troubles.PAYMENT)}?as_of=0m")
    yield "timeline-rounds", _place(trace_address("operation", troubles.TWICE))
    yield "timeline-well", _place(trace_address("operation", OPERATION))
    yield "timeline-hostile", _place(trace_address("operation", troubles.HOSTILE_OPERATION))
    yield "trace-user", _place(user)
    yield "trace-user-as-of", _place(f"{user}?as_of=0m")
    yield "trace-user-empty", _place(user + long_ago)
    yield "trace-user-hostile", _place("/admin/notifications/recipient/{evil}/trace/")


def _accounts() -> Iterator[tuple[str, Place]]:
    yield "home-keeper", _place("/admin/", who=KEEPER)
    for name, app in (("account", "notifications"), ("group", "auth")):
        base = f"/admin/{app}/{name}"
        yield f"list-{name}", _place(f"{base}/", who=KEEPER)
        yield f"list-{name}-found-nothing", _place(f"{base}/?q=nobody", who=KEEPER)
        yield f"{name}-add", _place(f"{base}/add/", who=KEEPER)
        yield f"{name}", _place(f"{base}/1/change/", who=KEEPER)
    yield "account-history", _place("/admin/notifications/account/1/history/", who=KEEPER)
    yield "account-password", _place("/admin/notifications/account/1/password/", who=KEEPER)
    service = "/admin/notifications/account/{service}/change/"
    yield "account-service", _place(service, who=KEEPER)
    services = "/admin/notifications/account/?kind=service"
    yield "list-account-services", _place(services, who=KEEPER)
    yield "source-of-account", _place(page_address("source", accounts.REPORTER), who=KEEPER)
    yield "tokens", _place("/admin/knox/authtoken/", who=KEEPER)
    yield "token-form", _place("/admin/knox/authtoken/add/", who=KEEPER)
    yield "password", _place("/admin/password_change/", who=OPERATOR)
    yield "password-changed", _place("/admin/password_change/done/", who=OPERATOR)


def _others() -> Iterator[tuple[str, Place]]:
    yield "sign-in", _place("/admin/login/", who=NOBODY)
    yield "home", _place("/admin/")
    yield "search-nothing", _place("/admin/search/?q=nobody")
    yield "search-several", _place(f"/admin/search/?q={troubles.AMBIGUOUS}")
    yield "search-beginnings", _place("/admin/search/?q=push-481")
    yield "search-hostile", _place(f"/admin/search/?q={quote(troubles.HOSTILE_AMBIGUOUS)}")
    yield "not-found", _place("/admin/no-such-page/", status=404)
    yield "zone", _place("/admin/zone/?back=/admin/")
    yield "forbidden", _place("/admin/auth/group/", who=OPERATOR, status=403)
    yield "api-docs", _place("/api/v1/docs/", who=NOBODY)


PLACES: Mapping[str, Place] = dict([*_others(), *_lists(), *_pages(), *_traces(), *_accounts()])
