"""What tests read off the pages of one thing, and who reads."""

import re
from html import unescape
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from notifications.admin.addresses import page_address
from notifications.models import Account


def happened(client: Client, kind: str, key: Any) -> str:
    """The sentence as the page shows it, without how long ago that was."""
    page = client.get(page_address(kind, key)).content.decode()
    (shown,) = re.findall(r'<p class="happened">(.*?)</p>', page, flags=re.DOTALL)
    bare = re.sub(r"<[^>]+>", "", re.sub(r' <span class="ago">.*?</span>', "", shown))
    copied = page.split('data-copy-text="', 1)[1].split('"', 1)[0]
    assert unescape(copied) == unescape(bare).replace("⟨U+202E⟩", "\u202e")
    return unescape(bare)


def trail(client: Client, address: str) -> list[str]:
    page = client.get(address).content.decode()
    crumbs = page.split('<div class="breadcrumbs">', 1)[1].split("</div>", 1)[0]
    assert crumbs.count('aria-current="page"') == 1
    return [
        " ".join(unescape(re.sub(r"<[^>]+>", "", each)).split())
        for each in crumbs.split("<li>")[1:]
    ]


def reader(*rights: str) -> Client:
    """Somebody who may see these kinds and no others."""
    account = Account.objects.create_user("reader", is_staff=True)
    codenames = [f"view_{each}" for each in rights]
    account.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(account)
    return client
