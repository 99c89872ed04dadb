// How far an export or a reading is, every few seconds until it ended. Without this file the page is
// loaded anew.
"use strict";

const PAUSE = 2000;
const LONGER = 10000; // where the service did not answer
const ID = document.querySelector("[data-told]").id;

wait(pause());

function wait(length) {
    if (shown().dataset.live) {
        setTimeout(look, length);
    }
}

function pause() {
    return Number(shown().dataset.pause ?? PAUSE);
}

function shown() {
    return document.getElementById(ID);
}

async function look() {
    let fresh;
    try {
        const answer = await fetch(shown().dataset.live);
        if (answer.status >= 500) {
            throw new Error(answer.status);
        }
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        fresh = page.getElementById(ID);
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
    const said = document.getElementById(`${ID}-told`);
    if (said.textContent !== told) { // else it would be read again and again
        said.textContent = told;
    }
    wait(pause());
}
