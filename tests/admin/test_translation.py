"""Every word that the console shows goes through translation, and the API speaks English."""

import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from notifications.admin.addresses import page_address, trace_address
from tests.conftest import DEVICE, INIT

TEMPLATES = Path(settings.BASE_DIR) / "templates"
# Names, which are the same in every language.
NAMES = {"UTC", "JSON", "SHA", "pushaudit"}

_TRANSLATED = re.compile(
    r"{% blocktranslate\b.*?{% endblocktranslate %}|{#.*?#}|{% comment %}.*?{% endcomment %}"
    r"|<!--.*?-->|<pre\b.*?</pre>|{% block bodyclass %}.*?{% endblock %}",
    re.DOTALL,
)
_CODE = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
# Words that code hands on: a label of an included part, what stands for a missing value.
_HANDED_ON = re.compile(
    r'\b(?:label|title|name|place|words)="([^"]*)"|\|(?:default|default_if_none|yesno|pluralize|add):"([^"]*)"'
)
_HEARD = re.compile(r'\s(?:title|aria-label|aria-description|alt|placeholder)="([^"]*)"')
_ELEMENT = re.compile(r"<[^>]*>")
_REQUEST = re.compile("[0-9a-f]{32}")  # the id of a request, in what it was refused with
_WORD = re.compile(r"[^\W\d_]{2,}")


def words_in(template: str) -> set[str]:
    """Those that no tag of translation holds; classes of the body are none."""
    rest = _TRANSLATED.sub(" ", template)
    code = "".join(_CODE.findall(rest))
    rest = re.sub(r"&\w+;", " ", _CODE.sub(" ", rest))
    given = ["".join(each) for each in _HANDED_ON.findall(code)]
    texts = [*given, *_HEARD.findall(rest), _ELEMENT.sub(" ", rest)]
    return {word for text in texts for word in _WORD.findall(text)} - NAMES - {"true", "false"}


def templates() -> list[str]:
    """All but those of the API's own page."""
    found = {str(each.relative_to(TEMPLATES)) for each in TEMPLATES.rglob("*.html")}
    return sorted(each for each in found if not each.startswith("api/"))


@pytest.mark.parametrize("name", templates())
def test_a_template_has_no_words_of_its_own(name: str) -> None:
    assert words_in((TEMPLATES / name).read_text()) == set()


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("<p>Hello</p>", {"Hello"}),
        ('<p title="Hello">{% translate "Good" %} UTC 12 →</p>', {"Hello"}),
        ('{% include "a.html" with label="Some words" %}', {"Some", "words"}),
        ('{{ value|default:"none" }} {{ value|yesno:"true,false" }}', {"none"}),
        ("{% blocktranslate %}All {{ this }}{% endblocktranslate %}{# that #}", set()),
        ('<a class="words" href="{% url "admin:index" %}">{{ name }}</a>&nbsp;', set()),
    ],
)
def test_words_are_found(template: str, words: set[str]) -> None:
    assert words_in(template) == words


def catalogue(messages: Mapping[str, str]) -> bytes:
    """A .mo file: a header, where each text is, the texts."""
    pairs = {"": "Content-Type: text/plain; charset=UTF-8\n", **messages}
    keys = sorted(pairs)
    texts = [key.encode() for key in keys] + [pairs[key].encode() for key in keys]
    place = 28 + 8 * len(texts)
    table = b""
    for text in texts:
        table += struct.pack("<II", len(text), place)
        place += len(text) + 1
    count = len(keys)
    head = struct.pack("<7I", 0x950412DE, 0, count, 28, 28 + 8 * count, 0, 0)
    return head + table + b"".join(text + b"\0" for text in texts)


TOLD = {
    "Facts": "Fakta",
    "Extras": "Přílohy",
    "Previous of this device": "Předchozí tohoto zařízení",
    "%(operation)s was announced %(whom)s at %(at)s.": "V %(at)s %(whom)s oznámeno: %(operation)s.",
    "The operation “%(name)s”": "operace „%(name)s“",
    "to device %(device)s": "zařízení %(device)s",
    "There is no such %(kind)s in the record.": "Záznam nemá žádné %(kind)s.",
    "required": "povinné",
    "Window of time": "Časové okno",
    "last 24 hours": "posledních 24 hodin",
    "24 hours": "24 hodin",
}


@pytest.fixture
def translated(settings: Any, tmp_path: Path) -> None:
    """The console in one more language, whose words are above."""
    place = tmp_path / "xx" / "LC_MESSAGES"
    place.mkdir(parents=True)
    (place / "django.mo").write_bytes(catalogue(TOLD))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en", "English"), ("xx", "made up")]


@pytest.mark.usefixtures("translated")
def test_pages_are_in_the_browser_s_language_and_the_api_is_not(
    operator_client: Client, record_one: Callable[..., UUID]
) -> None:
    key = record_one(extras=INIT, activation_id=DEVICE, emitted_at="2026-03-14T12:00:00Z")
    address = page_address("notification", key)
    english = operator_client.get(address).text
    told = operator_client.get(address, headers={"accept-language": "xx, en;q=0.5"}).text
    for words in (">Facts<", ">Extras <", ">required<"):
        assert words in english
        assert words not in told
    for words in ("Fakta", "Přílohy", "povinné"):
        assert words in told
    copied = told.split('data-copy-text="', 1)[1].split('"', 1)[0]
    assert copied.startswith(
        f"V 2026-03-14 12:00:00.000 UTC zařízení {DEVICE} oznámeno: operace „login“."
    )
    trace = trace_address("activation", DEVICE)
    assert "24 hodin" in operator_client.get(trace, headers={"accept-language": "xx"}).text
    lost = operator_client.get(
        page_address("activation", "lost"), headers={"accept-language": "xx"}, follow=True
    )
    assert "Záznam nemá žádné" in lost.text
    for asked in (f"/api/v1/notifications/{key}/", "/api/v1/notifications/?since=x", "/api/v1/x/"):
        plain, other = (
            operator_client.get(asked, headers={"accept-language": language})
            for language in ("en", "xx")
        )
        assert other.status_code == plain.status_code
        assert _REQUEST.sub("", other.text) == _REQUEST.sub("", plain.text)
