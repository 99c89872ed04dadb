"""axe-core on a page: what it finds, in words to mend it by."""

from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
OF_COLOUR = ["color-contrast", "link-in-text-block"]
# Of many rows the first tell as much as all, and axe measures each.
SHORTEN = """most => {
    for (const part of document.querySelectorAll("tbody, ol, ul, section"))
        for (const child of [...part.children].slice(most)) child.remove();
}"""
MOST = 8
IS_THERE = "'axe' in window"  # from an earlier look at the same page
# Colours pass from one scheme to the other; what they pass through is no colour of the page.
RUN = """async options => {
    const passing = document.getAnimations().filter(each => each instanceof CSSTransition);
    await Promise.allSettled(passing.map(each => each.finished));
    return axe.run(options);
}"""


def faults(page: Page, *, of_colour: bool = False) -> list[str]:
    """One line for each element that fails a rule, or one ``of_colour`` where nothing else differs
    from what was looked at. The policy of the page stays as it is: what the debugger evaluates is
    not subject to it."""
    run = {"type": "rule", "values": OF_COLOUR} if of_colour else {"type": "tag", "values": RULES}
    page.evaluate(SHORTEN, MOST)
    options = {"runOnly": run, "resultTypes": ["violations"]}
    if not page.evaluate(IS_THERE):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(RUN, options)["violations"]
    return [_told(rule, node) for rule in found for node in rule["nodes"]]


def _told(rule: dict[str, Any], node: dict[str, Any]) -> str:
    checks = [each["message"] for kind in ("any", "all", "none") for each in node[kind]]
    where = " ".join(str(each) for each in node["target"])
    markup = node["html"][:160]
    return (
        f"{rule['id']} at {where}: {'; '.join(checks)}\n        {markup}\n        {rule['helpUrl']}"
    )
