"""Lists of the console, as a browser is shown them."""

import re
from typing import Any

from django.test import Client

from notifications.admin.addresses import list_address

LIST = list_address("notification")
IN_TIME = ("notification", "operation", "activation", "inboxmessage", "accessrecord", "export")
DAY = {"since": "2026-03-14T00:00:00Z", "until": "2026-03-15T00:00:00Z"}


def shown(client: Client, address: str, query: dict[str, Any] | str) -> list[Any]:
    answer = client.get(address + query) if isinstance(query, str) else client.get(address, query)
    assert answer.status_code == 200
    return [row.pk for row in answer.context["cl"].result_list]


def text_of(client: Client, address: str, query: dict[str, Any]) -> str:
    """What can be read on the page, in one line."""
    html = re.sub(
        r"<(title|script).*?</\1>|<[^>]+>", " ", client.get(address, query).content.decode()
    )
    return re.sub(r"\s+", " ", html)
