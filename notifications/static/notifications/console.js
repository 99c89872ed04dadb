// What pages offer beside their links and forms: copying, printing, "/" to search, and the browser's
// time zone. Without this file its buttons stay hidden and nothing is missing.
"use strict";

const BUTTONS = "[data-copy], [data-copy-text], [data-copy-link], [data-print]";

show(document);
document.addEventListener("click", (event) => {
    const button = event.target.closest(BUTTONS);
    if (button) press(button);
});
document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
    const field = document.querySelector('[data-search="first"]') ?? document.querySelector("[data-search]");
    if (!field) return;
    event.preventDefault();
    field.focus();
    field.select();
});
for (const field of document.querySelectorAll("[data-own-zone]")) {
    field.value = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
}

function show(part) {
    for (const button of part.querySelectorAll(BUTTONS)) button.hidden = false;
}

function isTyping(place) {
    return place.isContentEditable || place.matches("select, textarea, input:not([type=checkbox], [type=radio])");
}

async function press(button) {
    if ("print" in button.dataset) {
        window.print();
        return;
    }
    const { copy, copyText, copyLink } = button.dataset;
    const text = copyText ?? (copy ? document.querySelector(copy).textContent : document.querySelector(copyLink).href);
    const said = document.querySelector("[data-said]").dataset;
    say((await written(text)) ? said.copied : said.refused);
}

// Browsers offer the clipboard over https and on localhost only.
async function written(text) {
    try {
        await navigator.clipboard.writeText(text);
        return true;
    } catch {
        return false;
    }
}

function say(words) {
    const said = document.querySelector("[data-said]");
    said.textContent = words;
    setTimeout(() => { said.textContent = ""; }, 4000);
}
