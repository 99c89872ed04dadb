// The buttons of traces: copy and print. Without this file they stay hidden and nothing is missing.
"use strict";

for (const button of document.querySelectorAll("[data-copy], [data-copy-link], [data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => press(button));
}

async function press(button) {
    if ("print" in button.dataset) {
        window.print();
        return;
    }
    const { copy, copyLink } = button.dataset;
    const text = copy ? document.querySelector(copy).textContent : document.querySelector(copyLink).href;
    say((await written(text)) ? "Copied" : "The browser did not let it be copied");
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
