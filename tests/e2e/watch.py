"""What a browser complains of: errors and warnings, answers that refuse, breaches of the policy."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from playwright.sync_api import ConsoleMessage, Page, Response

# A breach is an event of the document, whether or not the console mentions it.
LISTEN = """addEventListener("securitypolicyviolation", event => console.error(
    "Breach of", event.violatedDirective, "by", event.blockedURI, "at", event.sourceFile));"""


@dataclass  # without slots: the browser's events keep notes on the methods they call
class Watch:
    """Over one window. ``allowed`` are addresses that are meant to refuse."""

    complaints: list[str] = field(default_factory=list)
    allowed: set[str] = field(default_factory=set)

    @classmethod
    def over(cls, page: Page) -> "Watch":
        watch = cls()
        page.add_init_script(LISTEN)
        page.on("console", watch._console)
        page.on("pageerror", lambda error: watch.complaints.append(str(error)))
        page.on("response", watch._response)
        page.on("dialog", watch._dialog)
        return watch

    def _console(self, said: ConsoleMessage) -> None:
        if said.type in ("error", "warning") and said.location["url"] not in self.allowed:
            self.complaints.append(said.text)

    def _response(self, response: Response) -> None:
        if response.status >= 400 and response.url not in self.allowed:
            self.complaints.append(f"{response.status} {response.url}")

    def _dialog(self, dialog: Any) -> None:
        self.complaints.append(f"A script asked: {dialog.message}")
        dialog.dismiss()


class _Inline(HTMLParser):
    """Finds scripts and styles that are written into a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = {name for name, _ in attrs}
        is_inline = tag == "style" or (tag == "script" and "src" not in names)
        handlers = {name for name in names if name == "style" or name.startswith("on")}
        scripts = [name for name, value in attrs if (value or "").strip().startswith("javascript:")]
        if is_inline or handlers or scripts:
            self.found.append(self.get_starttag_text() or tag)


def inline(html: str) -> list[str]:
    """The tags of ``html`` that the policy forbids, as they came from the server: what a script of
    ours sets on an element later is no breach."""
    parser = _Inline()
    parser.feed(html)
    return parser.found
