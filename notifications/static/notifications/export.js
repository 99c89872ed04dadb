// How far an export is, every two seconds until it ended. Without this file the page is loaded anew.
"use strict";

const PAUSE = 2000;
const LONGER = 10000; // where the service did not answer

wait(PAUSE);

function wait(pause) {
    if (shown().dataset.live) {
        setTimeout(look, pause);
    }
}

function shown() {
    return document.getElementById("export-progress");
}

async function look() {
    let fresh;
    try {
        const answer = await fetch(shown().dataset.live);
        if (answer.status >= 500) {
            throw new Error(answer.status);
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        fresh = page.getElementById("export-progress");
    } catch {
        wait(LONGER);
        return;
    }
    if (!fresh) { // signed out meanwhile: the page itself says so
        location.reload();
        return;
    }
    const focused = document.activeElement?.id;
    const told = fresh.dataset.told;
    shown().replaceWith(fresh);
    show(fresh); // its buttons, of console.js
    if (focused) {
        document.getElementById(focused)?.focus();
    }
    const said = document.getElementById("export-told");
    if (said.textContent !== told) { // else it would be read again and again
        said.textContent = told;
    }
    wait(PAUSE);
}
